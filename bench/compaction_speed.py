"""How long compaction takes, and whether anybody who chats meanwhile notices.

    python bench/compaction_speed.py --data locomo10.json [--turns 1000 5000]
        [--chat MODEL [--messages 20] [--rounds 3]] [--read MODEL [--read-turns 12]]

People with turns made of LoCoMo's messages, on SQLite in a temporary folder. First one person after
the other is made compact by rules alone: seconds, and how much the process grew. With ``--chat``, a
model answers a person on the same machine and database while hundreds of other memories are made
compact, by the same process and by ``ellie compact`` in another one, in turns with nothing beside.
With ``--read`` the model reads every turn and writes the summaries: slow, so only a few turns.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import psutil
from crowd import add_rows, turn_row
from recall_data import HOW_TO_GET, load_dialogues
from rich.console import Console
from rich.table import Table
from sqlalchemy import update

from bot.app import App, assembled_app, local_generator, model_store
from bot.config import Settings
from bot.config_choices import Extraction, LogLevel
from bot.config_loading import load_settings
from bot.domain.compaction import CompactionJob
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import IdentityRef, Person, Platform
from bot.domain.message import InboundMessage
from bot.engine.reply import ReplyStatus
from bot.generation.models.pull import pull
from bot.generation.models.sources import parse_source
from bot.log import configure_logging
from bot.ports.scripted import ScriptedGenerator
from bot.system import SystemClock
from storage.database import SqlStorage, open_storage
from storage.tables import persons, turns

PEOPLE = 300
TURNS_OF_PEOPLE = 400
TURNS_OF_SESSION = 20
MOST_SECONDS = 10.0
MOST_RATIO = 1.3
WARM_UP = 2
REPLY_TOKENS = 16
CHATTER = "sam"


@dataclass(frozen=True, slots=True)
class Sized:
    """One memory that was made compact: seconds, megabytes by which the process grew, counts."""

    turns: int
    seconds: float
    megabytes: float
    job: CompactionJob


class Peak:
    """The most memory that this process takes while a block runs."""

    def __enter__(self) -> Self:
        self._process = psutil.Process()
        self.began = self.most = self._process.memory_info().rss
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._over.wait(0.01):
            self.most = max(self.most, self._process.memory_info().rss)

    @property
    def megabytes(self) -> float:
        """By how much it grew."""
        return (self.most - self.began) / 1e6


def main() -> None:
    """Print a table for each part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help=HOW_TO_GET)
    parser.add_argument("--turns", type=int, nargs="*", default=[1000, 5000])
    parser.add_argument("--chat", metavar="MODEL", help="answers people meanwhile")
    parser.add_argument("--messages", type=int, default=20, help="in each round, of each kind")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--read", metavar="MODEL", help="reads turns and sums them up")
    parser.add_argument("--read-turns", type=int, default=12)
    options = parser.parse_args()
    configure_logging(LogLevel.ERROR)
    texts = [turn.text for one in load_dialogues(options.data) for turn, _ in one.turns]
    console = Console(width=110)
    owner = load_settings()
    with tempfile.TemporaryDirectory() as folder:
        if options.turns:
            settings = quiet(owner, Path(folder) / "sizes")
            sizes = asyncio.run(by_size(settings, texts, sorted(options.turns)))
            console.print(sizes_table(sizes, "Compaction by rules, one person"))
        if options.chat:
            settings = quiet(owner, Path(folder) / "chat", reply_tokens=REPLY_TOKENS)
            times = asyncio.run(
                chat(settings, options.chat, texts, options.messages, options.rounds)
            )
            console.print(chat_table(times))
        if options.read:
            settings = quiet(
                owner,
                Path(folder) / "read",
                extraction=Extraction.AUTO,
                compact_model="auto",
                model=options.read,
            )
            sizes = asyncio.run(by_model(settings, options.read, texts, options.read_turns))
            console.print(sizes_table(sizes, f"Compaction with {options.read} (slow)"))


def quiet(owner: Settings, folder: Path, **rest: Any) -> Settings:
    """Settings under which nothing happens by itself, and no model is asked by compaction."""
    folder.mkdir()
    chosen = {
        "data_dir": folder,
        "extraction": Extraction.RULES,
        "compact_model": "none",
        "compaction_schedule": "off",
        "retention_schedule": "off",
        "reply_time_limit_seconds": 3600.0,
        **rest,
    }
    return owner.model_copy(update=chosen)


async def add_memory(
    storage: SqlStorage, name: str, size: int, texts: Sequence[str], *, like: str = ""
) -> Person:
    """A person who has talked for weeks, a session a day, until yesterday; or one ``like`` them."""
    now = datetime.now(UTC)
    began = now - timedelta(days=1 + size // TURNS_OF_SESSION)
    identity = IdentityRef(platform=Platform.CONSOLE, external_id=name, display_name=name)
    ref = ConversationRef(platform=Platform.CONSOLE, channel_id=name, visibility=Visibility.DIRECT)
    async with storage.unit_of_work() as work:
        person = await work.persons.resolve(identity, new_id=name, seen_at=began)
        conversation = await work.conversations.resolve(ref, new_id=f"c-{name}")
        await work.commit()
    # The same words in every run.
    first = random.Random(like or name).randrange(len(texts))  # noqa: S311

    def row(number: int) -> dict[str, Any]:
        days, minutes = divmod(number - 1, TURNS_OF_SESSION)
        at = began + timedelta(days=days, minutes=2 * minutes)
        text = texts[(first + number) % len(texts)]
        plain = turn_row(name, conversation.id, conversation.audience, number, text)
        return {**plain, "received_at": at, "finished_at": at}

    await add_rows(storage, turns, (row(number) for number in range(1, size + 1)))
    async with storage.engine.begin() as connection:
        counted = update(persons).where(persons.c.id == name).values(last_turn_number=size)
        await connection.execute(counted)
    return person


async def by_size(settings: Settings, texts: Sequence[str], sizes: Sequence[int]) -> list[Sized]:
    """People with that many turns, made compact by rules one after the other."""
    async with (
        assembled_app(settings, ScriptedGenerator(), SystemClock()) as app,
        open_storage(settings.resolved_database_url) as storage,
    ):
        await add_memory(storage, "warm-up", 100, texts)
        await app.compactor.compact_due(at_most=1)
        return [await sized(app, storage, f"size{size}", size, texts) for size in sizes]


async def sized(app: App, storage: SqlStorage, name: str, size: int, texts: Sequence[str]) -> Sized:
    """One person."""
    person = await add_memory(storage, name, size, texts)
    with Peak() as peak:
        began = time.perf_counter()
        job = await app.compactor.compact(person.id)
        seconds = time.perf_counter() - began
    assert job is not None
    return Sized(size, seconds, peak.megabytes, job)


async def by_model(settings: Settings, name: str, texts: Sequence[str], turns: int) -> list[Sized]:
    """One person with few turns, read and summed up by a model."""
    async with with_model(settings, name) as (app, storage):
        return [await sized(app, storage, "read", turns, texts)]


@asynccontextmanager
async def with_model(settings: Settings, name: str) -> AsyncIterator[tuple[App, SqlStorage]]:
    """An Ellie who can talk, and her database."""
    folder = pull(parse_source(name), model_store(settings))
    generator = local_generator(settings, name, folder, SystemClock())
    async with (
        assembled_app(settings, generator, SystemClock()) as app,
        open_storage(settings.resolved_database_url) as storage,
    ):
        await generator.tokenizer()
        yield app, storage


KINDS = ("nothing", "the same process", "ellie compact")


async def chat(
    settings: Settings, name: str, texts: Sequence[str], messages: int, rounds: int
) -> dict[str, list[float]]:
    """Seconds to the first text, with each kind of work beside.

    For each kind somebody with the same memory says the same things, so that prompts are alike.
    """
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    async with with_model(settings, name) as (app, storage):
        chatters = dict(zip(KINDS, ("Ann", "Bea", "Eva"), strict=True))
        for who in chatters.values():
            person = await add_memory(storage, who, TURNS_OF_PEOPLE, texts, like=CHATTER)
            await app.compactor.compact(person.id)
        for number in range(PEOPLE):
            await add_memory(storage, f"other{number}", TURNS_OF_PEOPLE, texts)
        said = random.Random(1).choices(texts, k=rounds * messages + WARM_UP)  # noqa: S311
        for who in chatters.values():
            for text in said[:WARM_UP]:
                await first_text(app, who, text)
        besides = {
            "nothing": nullcontext,
            "the same process": lambda: same_process(app),
            "ellie compact": lambda: another_process(settings, app),
        }
        for begin in range(WARM_UP, len(said), messages):
            for kind, beside in besides.items():
                async with beside():
                    times[kind] += [
                        await first_text(app, chatters[kind], text)
                        for text in said[begin : begin + messages]
                    ]
        assert await app.compactor.due_count(), "there was not enough to do"
    return times


async def first_text(app: App, who: str, text: str) -> float:
    """Say something; seconds until the first word of the reply."""
    message = InboundMessage(
        event_key=f"chat-{time.perf_counter_ns()}",
        author=IdentityRef(platform=Platform.CONSOLE, external_id=who, display_name=who),
        conversation=ConversationRef(
            platform=Platform.CONSOLE, channel_id=who, visibility=Visibility.DIRECT
        ),
        text=text,
        received_at=datetime.now(UTC),
    )
    began = time.perf_counter()
    reply = await app.engine.handle(message)
    first = 0.0
    async for _ in reply:
        first = first or time.perf_counter() - began
    outcome = await reply.outcome()
    assert outcome.status is ReplyStatus.ANSWERED, outcome
    return first


@asynccontextmanager
async def same_process(app: App) -> AsyncIterator[None]:
    """One memory after the other is made compact by this process."""
    work = asyncio.create_task(app.compactor.compact_due())
    try:
        yield
        assert not work.done(), "there was not enough to do"
    finally:
        work.cancel()
        await asyncio.wait({work})


@asynccontextmanager
async def another_process(settings: Settings, app: App) -> AsyncIterator[None]:
    """The same, by ``ellie compact``."""
    environment = {
        **os.environ,
        "ELLIE_DATA_DIR": str(settings.data_dir),
        "ELLIE_EXTRACTION": "rules",
        "ELLIE_COMPACT_MODEL": "none",
    }
    due = await app.compactor.due_count()
    process = subprocess.Popen(  # noqa: ASYNC220 - it is waited for below
        [sys.executable, "-m", "bot", "compact"], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        while await app.compactor.due_count() == due:  # starting takes a while
            assert process.poll() is None, "ellie compact ended early"
            await asyncio.sleep(0.1)
        yield
        assert process.poll() is None, "ellie compact ended early"
    finally:
        process.send_signal(signal.SIGINT)
        await asyncio.to_thread(process.wait)


def sizes_table(rows: Sequence[Sized], title: str) -> Table:
    """A line for each size."""
    shown = Table(title=title, title_justify="left")
    for heading in ("turns", "seconds", "s / 1,000 turns", "grew by, MB", "what was done"):
        shown.add_column(heading, justify="left" if heading.startswith("what") else "right")
    for row in rows:
        done = ", ".join(f"{name} {count}" for name, count in row.job.counts.items() if count)
        shown.add_row(
            f"{row.turns:,}",
            f"{row.seconds:.1f}",
            f"{1000 * row.seconds / row.turns:.1f}",
            f"{row.megabytes:.0f}",
            f"{row.job.status.value}: {done}",
        )
    shown.caption = f"to reach: {MOST_SECONDS:.0f} s for 1,000 turns by rules"
    return shown


def chat_table(times: dict[str, list[float]]) -> Table:
    """Times to the first text, beside those with nothing else to do."""
    shown = Table(title="Time to the first text of a reply", title_justify="left")
    for heading in ("compaction by", "replies", "p50 s", "p95 s", "p50 ratio", "p95 ratio"):
        shown.add_column(heading, justify="left" if heading == "compaction by" else "right")
    alone = figures(times["nothing"])
    for kind, seconds in times.items():
        p50, p95 = figures(seconds)
        ratios = (f"{p50 / alone[0]:.2f}", f"{p95 / alone[1]:.2f}")
        shown.add_row(kind, str(len(seconds)), f"{p50:.2f}", f"{p95:.2f}", *ratios)
    shown.caption = f"to reach: p95 ratio {MOST_RATIO}"
    return shown


def figures(seconds: Sequence[float]) -> tuple[float, float]:
    """Median, and the value that 95 of 100 do not exceed."""
    ordered = sorted(seconds)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


if __name__ == "__main__":
    main()
