"""How soon Slack gets to know that a message arrived, while a model writes.

    python bench/slack_acknowledgements.py [--model ellie-small] [--events 200] [--seconds 10]

Slack wants an acknowledgement within 3 seconds, and Ellie gives it when the message is stored. The
real adapter with the real Bolt hears, over a real socket, of a stand-in for Slack in another
process, which tells of many messages in a short time. Measured are messages that are not for Ellie,
as a baseline for what a socket and a busy machine cost, and as many direct messages of as many
people, which she stores and begins to answer with the real model.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from adapters.slack.adapter import SlackAdapter
from bot.app import running_app
from bot.cli.run import slack_adapter
from bot.config import Settings
from bot.config_choices import Extraction, LogLevel
from bot.config_loading import load_settings
from bot.generation.models.pull import pull
from bot.generation.models.sources import parse_source
from bot.local_models import model_store
from bot.log import configure_logging

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

TARGET_SECONDS = 1.0
ANSWER_SECONDS = 30.0
"""So long the model goes on writing after the last message."""


@dataclass(frozen=True)
class Phase:
    """What came of one burst of messages: seconds until each was acknowledged."""

    name: str
    acknowledged_after: Sequence[float]
    lost: int
    replies: int


class Silent:
    """No progress bar."""

    def stage(self, text: str) -> None:
        """Say nothing."""

    def advance(self, done_bytes: int, total_bytes: int) -> None:
        """Say nothing."""


def serve(orders: Connection) -> None:
    """Be Slack, in a process of its own."""
    asyncio.run(_serve(orders))


async def _serve(orders: Connection) -> None:
    from slack_stand_in import SlackStandIn  # noqa: PLC0415 - of the tests

    async with SlackStandIn() as slack:
        team = slack.add_team("T1", name="Acme")
        hall = team.add_channel("C1", name="hall", members=[])
        orders.send((slack.api_url, team.bot_token, team.app_token))
        while True:
            order, *values = await asyncio.to_thread(orders.recv)
            if order == "end":
                return
            if order == "connected":
                await slack.until(lambda: slack.connections(team), seconds=120)
                orders.send(True)
                continue
            is_for_her, events, seconds = values
            first = len(slack.deliveries)
            people = [team.add_user(f"U{order}{number}") for number in range(events)]
            places = [team.dm(who) if is_for_her else hall for who in people]
            before = len(slack.calls)
            began = time.monotonic()
            for number, (who, place) in enumerate(zip(people, places, strict=True)):
                await asyncio.sleep(max(0.0, began + number * seconds / events - time.monotonic()))
                await team.say(who, place, f"What could I cook with {number} carrots and rice?")
            await asyncio.sleep(ANSWER_SECONDS if is_for_her else 3)
            told = slack.deliveries[first:]
            orders.send(
                (
                    [one.acked_after for one in told if one.is_acked],
                    sum(not one.is_acked for one in told),
                    sum(
                        call.method in {"chat.startStream", "chat.postMessage"}
                        for call in slack.calls[before:]
                    ),
                )
            )


@contextmanager
def stand_in() -> Iterator[Connection]:
    """A Slack in another process, while this is entered."""
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours
        ours.send(("end",))
    finally:
        process.join(5)
        process.terminate()


async def measured(
    settings: Settings, folder: Path, remote: Connection, options: argparse.Namespace
) -> list[Phase]:
    """Both bursts, one after the other."""
    address, bot_token, app_token = await asyncio.to_thread(remote.recv)
    settings = settings.model_copy(
        update={"slack_bot_token": SecretStr(bot_token), "slack_app_token": SecretStr(app_token)}
    )
    phases = []
    async with running_app(settings, model=settings.model, folder=folder) as app:
        await app.generator.tokenizer()
        adapter = slack_adapter(app, settings, base_url=address)
        assert isinstance(adapter, SlackAdapter)
        running = asyncio.create_task(adapter.run())
        remote.send(("connected",))
        await asyncio.to_thread(remote.recv)
        for number, (name, is_for_her) in enumerate((("not for her", False), ("answered", True))):
            remote.send((number, is_for_her, options.events, options.seconds))
            acknowledged, lost, replies = await asyncio.to_thread(remote.recv)
            phases.append(Phase(name, acknowledged, lost, replies))
        await adapter.stop()
        await app.engine.stop(0)
        running.cancel()
        await asyncio.wait([running])
    return phases


def report(phases: Sequence[Phase]) -> Table:
    """The table, in milliseconds."""
    table = Table("", "p50", "p95", "max", "n", "lost", "replies", box=None, pad_edge=False)
    for phase in phases:
        ordered = sorted(value * 1000 for value in phase.acknowledged_after)
        table.add_row(
            phase.name,
            f"{statistics.median(ordered):.0f}",
            f"{ordered[int(len(ordered) * 0.95)]:.0f}",
            f"{ordered[-1]:.0f}",
            str(len(ordered)),
            str(phase.lost),
            str(phase.replies),
        )
    return table


def main() -> None:
    """Run both phases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default="ellie-small")
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    configure_logging(LogLevel.ERROR)
    with tempfile.TemporaryDirectory(prefix="ellie-bench-") as data, stand_in() as remote:
        updates: dict[str, Any] = {
            "model": options.model,
            "data_dir": Path(data),
            "extraction": Extraction.RULES,
            "compaction_schedule": "off",
            "retention_schedule": "off",
        }
        settings = load_settings().model_copy(update=updates)
        folder = pull(parse_source(options.model), model_store(settings), Silent(), verify=False)
        phases = asyncio.run(measured(settings, folder, remote, options))
    console = Console()
    console.print(report(phases))
    slowest = max(phases[1].acknowledged_after)
    is_met = slowest < TARGET_SECONDS and not phases[1].lost
    console.print(
        f"Acknowledged after at most {slowest * 1000:.0f} ms; the target, "
        f"{TARGET_SECONDS * 1000:.0f} ms, is {'met' if is_met else 'missed'}."
    )


if __name__ == "__main__":
    main()
