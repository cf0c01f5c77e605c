"""How many threads compute a product."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup/cpu.max")
"""What a container may use, where it is limited: microseconds of processor time in a period."""


def usable_cores(limits: Path = CGROUP) -> int:
    """The cores that this process has to itself, as far as the system tells; at least one.

    Two threads of one core share what multiplies, so cores are counted and not their threads.
    """
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    cores = psutil.cpu_count(logical=False) or allowed
    return max(1, min(allowed, cores, _share(limits) or allowed))


def _share(limits: Path) -> int | None:
    """Whole processors' worth of time that the container has; None without a limit."""
    try:
        quota, period = limits.read_text(encoding="ascii").split()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError):  # no container, or "max", which is no number
        return None
