"""The real clock, ids and process registry behind ``bot.ports.system``."""

from __future__ import annotations

import os
import platform
import time
import uuid
from datetime import UTC, datetime

import psutil


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The current moment in UTC."""
        return datetime.now(UTC)

    def elapsed(self) -> float:
        """Seconds on the monotonic clock."""
        return time.perf_counter()


class RandomIds:
    """Random 128-bit ids (UUID version 4) in 32 hexadecimal digits."""

    def new_id(self) -> str:
        """A new id."""
        return uuid.uuid4().hex


class ProcessRegistry:
    """Names this process ``host/pid/start/nonce`` and looks other ones up in the process table."""

    def __init__(self) -> None:
        process = psutil.Process()
        self._host = platform.node() or "localhost"
        started = int(process.create_time() * 1000)
        self._name = f"{self._host}/{os.getpid()}/{started}/{uuid.uuid4().hex[:8]}"

    @property
    def name(self) -> str:
        """This process's name."""
        return self._name

    def is_dead(self, name: str) -> bool:
        """Whether that process ran on this machine and is gone.

        Process ids are reused, so the start time has to match too.
        """
        parts = name.split("/")
        if len(parts) != 4 or parts[0] != self._host:  # noqa: PLR2004 - host/pid/start/nonce
            return False
        try:
            pid, started = int(parts[1]), int(parts[2])
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:  # ended; its parent did not notice yet
                return True
            return int(process.create_time() * 1000) != started
        except psutil.NoSuchProcess:
            return True
        except (psutil.AccessDenied, ValueError):
            return False
