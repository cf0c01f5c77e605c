"""How quick memory is as it grows: cold load, recall, write, and memory per person.

    python bench/memory_speed.py [--turns 1000 5000 10000 50000] [--others 100000] [--plot PNG]

One person with more and more turns, on SQLite in a temporary folder, first alone and then among
many others. Recall is Ellie's whole rank of a question without an encoder, beside the same question
asked of SQLite's own full-text index (FTS5) over the same turns. A write is one new fact with its
evidence and journal entry, made durable, beside a bare row that is made durable.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import random
import sqlite3
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from crowd import BEGAN, add_others, add_person, sentence
from rich.console import Console
from rich.table import Table

from bot.config_choices import LogLevel
from bot.domain.conversation import Audience, Scope, Visibility
from bot.domain.fact import FactKind, FactStatus
from bot.domain.identity import Person
from bot.domain.operation import Actor
from bot.engine.memory_store import apply_patch
from bot.engine.recall_cache import RecallCache
from bot.log import configure_logging
from bot.memory.consolidation import consolidate
from bot.memory.extraction.candidate import Candidate
from bot.memory.operations import ChangeContext
from bot.memory.recall import RecallIndex
from storage.database import SqlStorage, open_storage

WIDTH = 130
QUESTIONS = 60
WRITES = 60
NEEDED = 5000
"""The size at which recall has a limit to keep."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One size. Milliseconds, and bytes of an index as it says itself and as Python counts."""

    turns: int
    cold: float
    recall: Sequence[float]
    full_text: Sequence[float]
    write: Sequence[float]
    bare_write: Sequence[float]
    index_bytes: int
    counted_bytes: int


def main() -> None:
    """Measure all sizes, alone and in company, and print a table for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, nargs="+", default=[1000, NEEDED, 10_000, 50_000])
    parser.add_argument("--others", type=int, default=100_000, help="other people, in the end")
    parser.add_argument("--plot", type=Path, default=None, help="where to save a picture")
    options = parser.parse_args()
    configure_logging(LogLevel.ERROR)
    alone, crowded = asyncio.run(measure(sorted(options.turns), options.others))
    console = Console(width=WIDTH)
    console.print(table(alone, "alone"))
    console.print(table(crowded, f"among {options.others:,} others"))
    console.print(verdict(alone, crowded))
    if options.plot is not None:
        plot(alone, crowded, options.plot)


async def measure(sizes: Sequence[int], others: int) -> tuple[list[Measured], list[Measured]]:
    """Each size alone, then each among others."""
    with tempfile.TemporaryDirectory() as folder:
        alone = [await one_size(Path(folder), size) for size in sizes]
        async with open_storage(f"sqlite:///{folder}/crowd.db") as storage:
            await add_others(storage, others)
            # Every size is a person of its own in the same database.
            crowded = [
                await measured(storage, Path(folder) / "crowd.db", size, name=f"sam{size}")
                for size in sizes
            ]
    return alone, crowded


async def one_size(folder: Path, size: int) -> Measured:
    """A database with nobody else in it."""
    file = folder / f"alone{size}.db"
    async with open_storage(f"sqlite:///{file}") as storage:
        return await measured(storage, file, size, name="sam")


async def measured(storage: SqlStorage, file: Path, size: int, *, name: str) -> Measured:
    """All figures of a new person with ``size`` turns."""
    chance = random.Random(size)  # noqa: S311 - the same words in every run
    person = await add_person(storage, name, size, chance)
    said = [sentence(chance) for _ in range(size)]
    questions = [sentence(chance, words=6) for _ in range(QUESTIONS)]
    gc.collect()
    cold, index = await cold_load(storage, person)
    tracemalloc.start()
    kept = (await cold_load(storage, person))[1]
    counted = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del kept
    return Measured(
        turns=size,
        cold=cold,
        recall=rank_times(index, person, questions),
        full_text=full_text_times(said, questions),
        write=await write_times(storage, person),
        bare_write=bare_write_times(file.parent / "bare.db"),
        index_bytes=index.size_bytes,
        counted_bytes=counted,
    )


async def cold_load(storage: SqlStorage, person: Person) -> tuple[float, RecallIndex]:
    """Milliseconds until the index of a person stands who has not been here yet."""
    async with storage.unit_of_work() as work:
        began = time.perf_counter()
        index = await RecallCache().index_of(person, work)
        return (time.perf_counter() - began) * 1000, index


def rank_times(index: RecallIndex, person: Person, questions: Sequence[str]) -> list[float]:
    """Milliseconds of each question."""
    scope = Scope.in_private(person.id)
    now = BEGAN + timedelta(days=400)
    index.rank("warm up", scope, now=now, limit=10)
    return [
        clocked(lambda q=question: index.rank(q, scope, now=now, limit=10))
        for question in questions
    ]


def full_text_times(said: Sequence[str], questions: Sequence[str]) -> list[float]:
    """The same questions asked of SQLite's full-text index, in memory."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE said USING fts5(text, tokenize = 'porter')")
    database.executemany("INSERT INTO said VALUES (?)", [(text,) for text in said])
    ask = "SELECT rowid FROM said WHERE said MATCH ? ORDER BY bm25(said) LIMIT 10"
    times = [
        clocked(lambda q=question: database.execute(ask, (" OR ".join(q.split()),)).fetchall())
        for question in questions
    ]
    database.close()
    return times


def clocked(action: Callable[[], object]) -> float:
    """How many milliseconds it takes."""
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1000


async def write_times(storage: SqlStorage, person: Person) -> list[float]:
    """Milliseconds of each new fact, from its statement to the durable row."""
    times = []
    for number in range(WRITES):
        began = time.perf_counter()
        await write_fact(storage, person, number)
        times.append((time.perf_counter() - began) * 1000)
    return times


async def write_fact(storage: SqlStorage, person: Person, number: int) -> None:
    """What learning does with one statement."""
    text = f"I like tea number {number}."
    candidate = Candidate(
        kind=FactKind.PREFERENCE,
        text=text,
        quote=text,
        start=0,
        end=len(text),
        topic="like",
        value=f"tea number {number}",
    )
    async with storage.unit_of_work() as work:
        first = await work.facts.begin_change(person.id)
        facts = await work.facts.of(Scope.in_private(person.id), {FactStatus.ACTIVE})
        ids = (f"{person.id}-{number}-{i}" for i in itertools.count())
        context = ChangeContext(
            person_id=person.id,
            audience=Audience(visibility=Visibility.DIRECT, channel=person.id),
            actor=Actor.EXTRACTION,
            now=BEGAN,
            new_id=lambda: next(ids),
            next_number=first,
        )
        await apply_patch(work, consolidate([candidate], facts, context))
        await work.commit()


def bare_write_times(file: Path) -> list[float]:
    """A row of the same text, with the same care for power cuts and nothing around it."""
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE IF NOT EXISTS bare (text TEXT)")
    times = [
        clocked(lambda n=n: database.execute("INSERT INTO bare VALUES (?)", (f"tea number {n}",)))
        for n in range(WRITES)
    ]
    database.close()
    return times


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of all values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def table(rows: Sequence[Measured], title: str) -> Table:
    """A line for each size."""
    shown = Table(title=f"One person, {title} (milliseconds)")
    for heading in (
        "turns", "cold load", "recall p50", "p95", "FTS5 p50", "p95", "write p50", "p95",
        "bare write p50", "index MB", "counted MB",
    ):  # fmt: skip
        shown.add_column(heading, justify="right")
    for row in rows:
        figures = [
            row.cold,
            statistics.median(row.recall),
            percentile(row.recall, 0.95),
            statistics.median(row.full_text),
            percentile(row.full_text, 0.95),
            statistics.median(row.write),
            percentile(row.write, 0.95),
            statistics.median(row.bare_write),
            row.index_bytes / 1e6,
            row.counted_bytes / 1e6,
        ]
        shown.add_row(f"{row.turns:,}", *(f"{figure:.2f}" for figure in figures))
    return shown


def verdict(alone: Sequence[Measured], crowded: Sequence[Measured]) -> Table:
    """The figures that have a limit, beside it."""
    shown = Table("limit", "to reach", "measured", title="Limits")
    for row in alone:
        if row.turns == NEEDED:
            figure = f"{percentile(row.recall, 0.95):.2f} ms"
            shown.add_row(f"recall p95 at {NEEDED:,} turns", "10 ms", figure)
    for lone, among in zip(alone, crowded, strict=True):
        ratio = statistics.median(among.recall) / statistics.median(lone.recall)
        shown.add_row(f"recall among others, {lone.turns:,} turns", "1.2 x", f"{ratio:.2f} x")
    writes = [time for row in (*alone, *crowded) for time in row.write]
    shown.add_row("write p50", "5 ms", f"{statistics.median(writes):.2f} ms")
    return shown


def plot(alone: Sequence[Measured], crowded: Sequence[Measured], file: Path) -> None:
    """Latency by size."""
    import matplotlib as mpl  # noqa: PLC0415 - only when a picture is wanted

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(figsize=(7, 4.2))
    sizes = [row.turns for row in alone]
    lines: dict[str, tuple[Sequence[Measured], Callable[[Measured], Sequence[float]], str]] = {
        "Ellie, alone": (alone, lambda row: row.recall, "o-"),
        "Ellie, among others": (crowded, lambda row: row.recall, "s--"),
        "SQLite FTS5": (alone, lambda row: row.full_text, "^:"),
    }
    for label, (rows, times, style) in lines.items():
        axes.plot(sizes, [percentile(times(row), 0.95) for row in rows], style, label=label)
    axes.axhline(10, color="grey", linewidth=0.8)
    axes.set(xscale="log", yscale="log", xlabel="turns of one person", ylabel="recall p95, ms")
    axes.set_title("Recall by size, without an encoder")
    axes.legend()
    figure.tight_layout()
    figure.savefig(file, dpi=120)


if __name__ == "__main__":
    main()
