"""Which model to use when nobody chose one: as large as memory allows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import psutil

from bot.generation.models.disk import gigabytes

MEDIUM_NEEDS_BYTES = 6_000_000_000
"""Free memory from which ``ellie-medium`` is comfortable: weights, cache and the conversion."""

DEFAULT_MODELS = ("ellie-medium", "ellie-small")
"""What ``choose_default`` may choose, the most capable one first."""

_CGROUP_ROOT = Path("/sys/fs/cgroup")
_PROC_CGROUP = Path("/proc/self/cgroup")


@dataclass(frozen=True, slots=True)
class DefaultModel:
    """The model to use, and one sentence that tells the owner why."""

    name: str
    reason: str


def choose_default(available_bytes: int) -> DefaultModel:
    """The built-in model that suits this much free memory, in bytes."""
    medium, small = DEFAULT_MODELS
    name = medium if available_bytes >= MEDIUM_NEEDS_BYTES else small
    return DefaultModel(
        name,
        f"Using {name} because this machine has {gigabytes(available_bytes)} of free memory; "
        "set ELLIE_MODEL to choose another.",
    )


def available_memory(
    *,
    machine_bytes: int | None = None,
    cgroup_root: Path = _CGROUP_ROOT,
    proc_cgroup: Path = _PROC_CGROUP,
) -> int:
    """Bytes this process can still take: the machine's free memory or its container's, if less.

    The arguments are for tests; a machine without control groups has no container limit.
    """
    machine = psutil.virtual_memory().available if machine_bytes is None else machine_bytes
    left = [_left(folder) for folder in _memory_groups(cgroup_root, proc_cgroup)]
    return max(0, min([machine, *(free for free in left if free is not None)]))


def _memory_groups(root: Path, proc_cgroup: Path) -> Iterator[Path]:
    """The folders of this process's memory groups: its own and every parent's, v2 and v1."""
    try:
        lines = proc_cgroup.read_text(encoding="utf-8").splitlines()
    except OSError:  # no control groups here (macOS, Windows)
        return
    for line in lines:
        match = re.fullmatch(r"\d+:([^:]*):(/.*)", line)
        if match is None:
            continue
        controllers, path = match[1].split(","), PurePosixPath(match[2])
        if controllers == [""]:
            base = root
        elif "memory" in controllers:
            base = root / "memory"
        else:
            continue
        # In a container the path may be the host's and not exist here; the root is then our own.
        for level in (path, *path.parents):
            yield base / str(level).lstrip("/")


def _left(group: Path) -> int | None:
    """Bytes left under this group's limit; ``None`` when it sets none."""
    for limit_file, usage_file, cache_line in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        limit, usage = _number(group / limit_file), _number(group / usage_file)
        if limit is not None and usage is not None:
            # The kernel drops cached file pages before it refuses memory, so they count as free.
            return limit - usage + _stat(group / "memory.stat", cache_line)
    return None


def _number(file: Path) -> int | None:
    """The number in this file; ``None`` when there is none ("max") or no such file."""
    try:
        text = file.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None


def _stat(file: Path, key: str) -> int:
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.split()[:1] == [key]), 0)
