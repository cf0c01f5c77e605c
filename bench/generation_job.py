"""What one engine is asked to measure, and what it found: JSON files between two processes.

Each engine has a process of its own, so that its peak memory is its own and no thread pool of the
other one stands in its way.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MEASURES = ("prefill", "decode", "returning", "people")


@dataclass(frozen=True, slots=True)
class Asked:
    """One prompt: as messages for Ellie, and as the very tokens they make for llama.cpp."""

    messages: list[tuple[str, str]]
    ids: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything that an engine's process needs to know."""

    engine: str
    model: str
    folder: str
    gguf: str
    precision: str
    threads: int
    kv_tokens: int
    measures: list[str]
    people: list[int]
    decode_tokens: int
    people_tokens: int
    cold: list[Asked]
    """Prompts that have nothing in common, for prefill and decode."""
    warm: Asked
    """What a returning person asked before."""
    returning: list[Asked]
    """What they ask now: the beginning is that of ``warm``."""
    crowd: list[list[Asked]]
    """For each round, and in it one after the other for each number of people: fresh prompts."""


@dataclass(slots=True, kw_only=True)
class Found:
    """All figures, a value for each round."""

    engine: str
    precision: str = ""
    problem: str = ""
    load_seconds: float = 0.0
    prefill: list[float] = field(default_factory=list)
    """Seconds until the first token of a cold prompt."""
    prefill_tokens: int = 0
    decode: list[float] = field(default_factory=list)
    """Tokens per second, each of which took a step of its own."""
    guessed: list[float] = field(default_factory=list)
    """The same where an engine guesses tokens and reads several in one step."""
    weight_bytes: float = 0.0
    """What it reads of weights in a step of one token."""
    returning: list[float] = field(default_factory=list)
    """Seconds until the first token."""
    people: dict[str, list[float]] = field(default_factory=dict)
    """Tokens per second of all together, by how many."""
    ended_early: int = 0
    """Replies that the model ended before the length that was asked for."""
    peak_mb: float = 0.0
    settled_mb: float = 0.0

    @property
    def title(self) -> str:
        """What the engine is called in tables."""
        return f"{self.engine} {self.precision}".strip()


def read_job(file: Path) -> Job:
    """The job that another process wrote."""
    raw: dict[str, Any] = json.loads(file.read_text())
    raw["warm"] = Asked(**raw["warm"])
    for name in ("cold", "returning"):
        raw[name] = [Asked(**asked) for asked in raw[name]]
    raw["crowd"] = [[Asked(**asked) for asked in one] for one in raw["crowd"]]
    return Job(**raw)


def write_json(value: Job | Found, file: Path) -> None:
    """Leave it for the other process."""
    file.write_text(json.dumps(asdict(value)))


def read_found(file: Path) -> Found:
    """What the engine's process found."""
    return Found(**json.loads(file.read_text()))


def seconds(action: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def memory_mb() -> tuple[float, float]:
    """The most resident memory this process ever had, and what it has now, in MB.

    Linux's own counter: ``getrusage`` would also know the process that this one was forked from.
    """
    found = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return (int(found["VmHWM"].split()[0]) / 1e3, int(found["VmRSS"].split()[0]) / 1e3)
