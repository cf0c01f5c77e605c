"""The real clock, ids, process registry and small files behind ports of ``bot.ports``."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import secrets
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import psutil


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The current moment in UTC."""
        return datetime.now(UTC)

    def elapsed(self) -> float:
        """Seconds on the monotonic clock."""
        return time.perf_counter()


CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without 0, 1, I, L, O and U, which are misread. Eight of these are 39 bits."""

CODE_LENGTH = 8


class RandomIds:
    """Random 128-bit ids (UUID version 4) in 32 hexadecimal digits, and one-time codes."""

    def new_id(self) -> str:
        """A new id."""
        return uuid.uuid4().hex

    def new_code(self) -> str:
        """A new code, from the system's cryptographic randomness."""
        return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


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


class ProbeFile:
    """Keeps probe results in a JSON file: what models were measured to do, and no person's words.

    A file that cannot be read counts as empty, and one that cannot be written is done without: the
    next start measures again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, key: str) -> Mapping[str, str | float] | None:
        """What was put under ``key``, or None."""
        found = self._read().get(key)
        return found if isinstance(found, dict) else None

    def put(self, key: str, result: Mapping[str, str | float]) -> None:
        """Keep a result, replacing an earlier one."""
        results = {**self._read(), key: dict(result)}
        beside = self._path.with_name(f"{self._path.name}.new")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(json.dumps(results, indent=2), encoding="utf-8")
            beside.replace(self._path)

    def _read(self) -> dict[str, object]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
