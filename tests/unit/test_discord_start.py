"""What is asked of Discord, and how Ellie starts and stops there."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import discord
import pytest
import structlog
from support.discord_server import APPLICATION_ID, TOKEN, DiscordServer, discord_server_beside
from support.discord_start import stand_in

import bot.cli.run
from adapters.discord.intents import PERMISSIONS, intents, invite_link, names_of
from bot.cli.main import main
from bot.cli.run import side_by_side
from bot.errors import PlatformRefusedError, PlatformUnreachableError

ROOT = Path(__file__).parents[2]

PROGRAM = """
import os, sys
from support.discord_start import main_with_stand_ins

main_with_stand_ins(os.environ["DISCORD_ADDRESS"])
"""


@dataclass
class Recorded:
    """An adapter that writes down what happens to it."""

    name: str
    events: list[str]
    error: Exception | None = None
    stop_error: Exception | None = None
    delivered: asyncio.Event | None = None
    began: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        self.events.append(f"{self.name} runs")
        self.began.set()
        try:
            if self.error is not None:
                raise self.error
            await self.stopped.wait()
            if self.delivered is not None:
                await self.delivered.wait()
        finally:
            self.events.append(f"{self.name} ended")

    async def stop(self) -> None:
        self.events.append(f"{self.name} stops")
        self.stopped.set()
        if self.stop_error is not None:
            raise self.stop_error


@pytest.fixture
def events() -> list[str]:
    return []


@pytest.fixture
def drain(events: list[str]) -> Callable[[], Awaitable[None]]:
    async def drain() -> None:
        await asyncio.sleep(0)
        events.append("drained")

    return drain


async def test_all_adapters_stop_before_replies_are_waited_for_and_deliver_them_after(
    events: list[str],
) -> None:
    told, delivered = asyncio.Event(), asyncio.Event()
    told.set()

    async def drained() -> None:
        events.append("drained")
        delivered.set()

    # They are not gone while replies end: somebody has to deliver them.
    adapters = [Recorded(name, events, delivered=delivered) for name in "ab"]
    await side_by_side(adapters, told=told, drain=drained)

    assert events[:2] == ["a runs", "b runs"]
    assert events[2:] == ["a stops", "b stops", "drained", "a ended", "b ended"]


async def test_the_first_fatal_error_stops_the_others_and_is_raised(
    events: list[str], drain: Callable[[], Awaitable[None]]
) -> None:
    refused = PlatformRefusedError("no")
    adapters = [Recorded("a", events), Recorded("b", events, error=refused)]

    with pytest.raises(PlatformRefusedError) as raised:
        await side_by_side(adapters, told=asyncio.Event(), drain=drain)

    assert raised.value is refused
    assert events[-4:] == ["a stops", "b stops", "a ended", "drained"]


async def test_an_error_while_stopping_does_not_hide_the_first_one(
    events: list[str], drain: Callable[[], Awaitable[None]]
) -> None:
    later = Recorded("a", events, stop_error=PlatformUnreachableError("later"))
    first = Recorded("b", events, error=PlatformRefusedError("first"))

    with pytest.raises(PlatformRefusedError, match="first"):
        await side_by_side([later, first], told=asyncio.Event(), drain=drain)

    assert "drained" in events
    assert "a ended" in events


async def test_an_adapter_that_does_not_end_is_ended(
    events: list[str], drain: Callable[[], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.cli.run, "DELIVERY_SECONDS", 0)
    told = asyncio.Event()
    told.set()

    await side_by_side([Recorded("a", events, delivered=asyncio.Event())], told=told, drain=drain)

    assert events[-2:] == ["drained", "a ended"]


async def test_being_cancelled_stops_in_the_same_order(
    events: list[str], drain: Callable[[], Awaitable[None]]
) -> None:
    adapter = Recorded("a", events)
    task = asyncio.create_task(side_by_side([adapter], told=asyncio.Event(), drain=drain))
    await adapter.began.wait()

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert events == ["a runs", "a stops", "a ended", "drained"]


def test_nothing_privileged_is_asked_for_unless_the_owner_wants_it() -> None:
    assert names_of(intents(message_content=False)) == ("guilds", "guild_messages", "dm_messages")
    assert set(names_of(intents(message_content=True))) - set(
        names_of(intents(message_content=False))
    ) == {"message_content"}


def test_the_invite_link_asks_for_the_least() -> None:
    assert invite_link(APPLICATION_ID) == (
        "https://discord.com/oauth2/authorize?client_id=1234567890&scope=bot+applications.commands"
        "&permissions=309237746688"
    )
    assert not PERMISSIONS & discord.Permissions.elevated()
    assert not PERMISSIONS.mention_everyone


def test_the_guide_has_the_permissions_and_all_their_names() -> None:
    guide = (ROOT / "docs" / "discord.md").read_text(encoding="utf-8")

    assert f"permissions={PERMISSIONS.value}" in guide
    table = guide.split("| permission |")[1].split("\n\n")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    granted = [name.replace("_", " ") for name, is_on in PERMISSIONS if is_on]
    assert sorted(rows, key=str.lower) == sorted(map(_in_the_client, granted), key=str.lower)


def _in_the_client(name: str) -> str:
    """What the client calls a permission that discord.py calls ``name``."""
    named = {
        "read messages": "View Channels",
        "send messages in threads": "Send Messages in Threads",
    }
    return named.get(name, name.title())


@pytest.fixture
def server() -> Iterator[DiscordServer]:
    with discord_server_beside() as running:
        yield running


@pytest.fixture
def environment(server: DiscordServer, tmp_path: Path) -> dict[str, str]:
    return {
        "DISCORD_ADDRESS": server.address,
        "DISCORD_TOKEN": TOKEN,
        "ELLIE_DATA_DIR": str(tmp_path / "data"),
        "ELLIE_EXTRACTION": "rules",
        "ELLIE_LOG_FORMAT": "json",
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests"))),
    }


Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Starts ``ellie run`` in a process of its own, which signals can be sent to."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "run"],
            cwd=tmp_path,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


Ellie = Callable[..., Ended]


@pytest.fixture
def ellie(
    environment: dict[str, str],
    server: DiscordServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[Ellie]:
    """Runs the command line to its end, in this process: starting Python takes long."""
    names = ("bot", "adapters", "storage", "migrations", "discord", "discord.gateway")
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in names}

    def run(*arguments: str, **variables: str) -> Ended:
        stand_in(monkeypatch, server.address)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["ellie", *arguments])
        for name, value in {**environment, **variables}.items():
            monkeypatch.setenv(name, value)
        code = 0
        try:
            main()
        except SystemExit as ending:
            code = ending.code if isinstance(ending.code, int) else 0
        return Ended(code, *capfd.readouterr())

    yield run
    root.handlers = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_in_order(start: Start, number: int) -> None:
    process = start()
    assert process.stdout
    assert [process.stdout.readline() for _ in range(2)] == ["model\n", "runs\n"]

    process.send_signal(number)
    out, err = process.communicate(timeout=30)

    assert process.returncode == 0
    assert out.splitlines() == ["stops", "ended", "closed"]
    assert err == (
        f"On Discord, Ellie is Ellie. To add her to a server: {invite_link(APPLICATION_ID)}\n"
    )


def test_a_signal_ends_the_wait_for_a_network(start: Start, server: DiscordServer) -> None:
    server.statuses = [503] * 1000
    process = start()
    assert process.stderr
    assert "discord_not_reached" in process.stderr.readline()

    process.terminate()
    out, err = process.communicate(timeout=30)

    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err


def test_a_token_refused_while_running_ends_with_the_sentence(ellie: Ellie) -> None:
    ended = ellie("run", REFUSED="1")

    assert ended.code == 77
    assert ended.out.splitlines() == ["model", "runs", "stops", "closed"]
    assert ended.err.splitlines()[-1] == "ellie: Discord no longer accepts the token."


def test_a_wrong_token_is_told_before_the_model_is_fetched(ellie: Ellie) -> None:
    ended = ellie("run", DISCORD_TOKEN="MTIz.hunter2.wrong")

    assert (ended.code, ended.out) == (77, "")
    assert ended.err.startswith("ellie: Discord does not accept the token. Copy it anew from")
    assert "hunter2" not in ended.err


def test_a_missing_switch_is_told_before_the_model_is_fetched(
    ellie: Ellie, server: DiscordServer
) -> None:
    server.flags = 0

    ended = ellie("run", ELLIE_DISCORD_MESSAGE_CONTENT="true")

    assert (ended.code, ended.out) == (77, "")
    assert "set ELLIE_DISCORD_MESSAGE_CONTENT=false" in ended.err


def test_the_switch_does_not_matter_where_it_is_not_asked_for(
    ellie: Ellie, server: DiscordServer
) -> None:
    server.flags = 0

    ended = ellie("run", REFUSED="1")

    assert ended.out.startswith("model\nruns\n")


def test_the_invite_command_prints_the_link_alone(ellie: Ellie) -> None:
    assert ellie("discord", "invite") == Ended(0, f"{invite_link(APPLICATION_ID)}\n", "")


def test_the_invite_command_needs_a_token(ellie: Ellie) -> None:
    ended = ellie("discord", "invite", DISCORD_TOKEN="")

    assert (ended.code, ended.out) == (64, "")
    assert ended.err.startswith("ellie: The link needs DISCORD_TOKEN.")


def test_the_invite_command_does_not_wait_for_a_network(
    ellie: Ellie, server: DiscordServer
) -> None:
    server.statuses = [503] * 1000

    ended = ellie("discord", "invite")

    assert (ended.code, ended.out) == (69, "")
    assert len(server.tokens) == 1
