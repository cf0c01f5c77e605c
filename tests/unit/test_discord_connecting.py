"""Whatever keeps Ellie from Discord is said in a sentence, and no secret in any of them."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import discord
import pytest
import structlog
from support.discord_server import APPLICATION_ID, TOKEN, DiscordServer, discord_server

from adapters.discord.connecting import Account, cleaned, connect, look_up, require_content
from adapters.discord.intents import intents
from adapters.discord.library_log import hear_library
from bot.config_choices import LogFormat, LogLevel
from bot.errors import PlatformError, PlatformRefusedError, PlatformUnreachableError
from bot.log import configure_logging


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    async with discord_server(monkeypatch) as running:
        yield running


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    names = ("adapters", "bot", "storage", "migrations", "discord", "discord.gateway")
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    root.handlers = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


def client(*, message_content: bool = False) -> discord.AutoShardedClient:
    return discord.AutoShardedClient(intents=intents(message_content=message_content))


class Pauses:
    """Time that passes at once."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


async def test_the_bot_of_a_token_is_looked_up_without_connecting(server: DiscordServer) -> None:
    account = await look_up(TOKEN)

    assert account == Account(application_id=APPLICATION_ID, name="Ellie", may_read_content=True)
    assert server.identified == []


@pytest.mark.parametrize("around", ["{}", " {}\n", '"{}"', "'{}'", "Bot {}", ' "bot {} " ', "“{}”"])
async def test_what_is_copied_along_with_a_token_does_no_harm(
    server: DiscordServer, around: str
) -> None:
    await look_up(around.format(TOKEN))

    assert server.tokens == [f"Bot {TOKEN}"]


@pytest.mark.parametrize("nothing", ["", '""', "Bot ", " "])
def test_a_token_of_nothing_is_refused(nothing: str) -> None:
    with pytest.raises(PlatformRefusedError, match="holds no token"):
        cleaned(nothing)


@pytest.mark.parametrize(
    "other", ["MTIz.se cret", "MTIz.sécret", "MTIz.sec\nret", "MTIz.sec\x00ret"]
)
def test_a_token_with_a_character_that_none_has_is_refused_and_not_shown(other: str) -> None:
    with pytest.raises(PlatformRefusedError, match="a blank or another character") as refused:
        cleaned(other)

    assert "MTIz" not in str(refused.value)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("MTIz.hunter2.wrong", "does not accept the token. Copy it anew from https://discord.com/"),
        ("12345678901234567", "looks like the application's id. Copy it anew"),
        ("0a" * 32, "looks like the application's public key. Copy it anew"),
        ("hunter2hunter2hunter2", "has no dots, as a client secret has none. Copy it anew"),
    ],
)
async def test_a_wrong_token_is_told_with_the_place_of_the_right_one(
    server: DiscordServer, wrong: str, told: str
) -> None:
    for attempt in (look_up(wrong), connect(client(), wrong)):
        with pytest.raises(PlatformRefusedError) as refused:
            await attempt

        assert told in str(refused.value)
        assert wrong not in str(refused.value)
        assert refused.value.exit_code == 77


async def test_a_portal_without_the_switch_is_told_before_anything_is_fetched(
    server: DiscordServer,
) -> None:
    server.flags = 0

    account = await look_up(TOKEN)

    with pytest.raises(
        PlatformRefusedError, match="ELLIE_DISCORD_MESSAGE_CONTENT=false"
    ) as refused:
        require_content(account)
    assert "Message Content Intent" in str(refused.value)


@pytest.mark.parametrize("flag", [1 << 18, 1 << 19])
async def test_the_switch_counts_for_small_and_for_reviewed_bots(
    server: DiscordServer, flag: int
) -> None:
    server.flags = flag

    require_content(await look_up(TOKEN))


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        (4004, PlatformRefusedError, "no longer accepts the token"),
        (4014, PlatformRefusedError, "ELLIE_DISCORD_MESSAGE_CONTENT=false"),
        (4013, PlatformRefusedError, "does not know the intents"),
        (4011, PlatformError, "does not accept the number of shards (code 4011)"),
        (4012, PlatformError, "pip install --upgrade discord.py"),
    ],
)
async def test_a_connection_that_discord_ends_for_good_is_explained(
    server: DiscordServer, code: int, kind: type[PlatformError], told: str
) -> None:
    server.close_identified = code
    connecting = client(message_content=True)

    with pytest.raises(PlatformError) as ended:
        await connect(connecting, TOKEN)

    assert type(ended.value) is kind
    assert told in str(ended.value)
    assert TOKEN not in str(ended.value)
    assert connecting.is_closed()


async def test_a_token_revoked_while_running_ends_with_the_sentence(server: DiscordServer) -> None:
    server.drop_when_ready = True
    server.close_resumed = 4004

    with pytest.raises(PlatformRefusedError, match="no longer accepts the token"):
        await connect(client(), TOKEN)

    assert len(server.identified) == 1
    assert len(server.resumed) == 1


async def test_connecting_asks_for_the_intents_and_ends_when_the_client_is_closed(
    server: DiscordServer,
) -> None:
    connecting = client()
    task = asyncio.create_task(connect(connecting, f" {TOKEN}"))
    await server.let_in.wait()

    await connecting.close()
    await task

    (identified,) = server.identified
    assert identified["intents"] == (1 << 0) | (1 << 9) | (1 << 12)
    assert identified["token"] == TOKEN


async def test_a_network_that_comes_late_is_waited_for(server: DiscordServer) -> None:
    server.statuses = [503, 520]
    pauses = Pauses()

    account = await look_up(TOKEN, wait=pauses)

    assert account.name == "Ellie"
    assert pauses.seconds == [1, 2]


async def test_patience_ends(server: DiscordServer) -> None:
    server.statuses = [503] * 100
    pauses = Pauses()

    with pytest.raises(PlatformUnreachableError, match="troubles of its own") as unreachable:
        await look_up(TOKEN, patience_seconds=300, wait=pauses)

    assert unreachable.value.exit_code == 69
    assert sum(pauses.seconds) == 248  # another minute would be more than 300


async def test_a_refused_token_is_not_tried_again(server: DiscordServer) -> None:
    pauses = Pauses()

    with pytest.raises(PlatformRefusedError):
        await look_up("MTIz.wrong.token", wait=pauses)

    assert pauses.seconds == []
    assert len(server.tokens) == 1


async def test_a_network_that_leads_nowhere_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and does not listen
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        monkeypatch.setattr(discord.http.Route, "BASE", address)

        for attempt in (look_up(TOKEN, patience_seconds=0), connect(client(), TOKEN)):
            with pytest.raises(PlatformUnreachableError) as unreachable:
                await attempt

            assert "Discord cannot be reached: " in str(unreachable.value)
            assert "port 443" in str(unreachable.value)


@pytest.mark.parametrize(
    ("status", "told"),
    [(429, "too many came from there"), (403, "refuses to let Ellie in"), (503, "discordstatus")],
)
async def test_an_answer_that_is_no_login_is_explained(
    server: DiscordServer, status: int, told: str
) -> None:
    server.statuses = [status]

    with pytest.raises(PlatformError, match=told):
        await look_up(TOKEN, patience_seconds=0)


def heard(level: LogLevel) -> io.StringIO:
    out = io.StringIO()
    configure_logging(level, LogFormat.JSON, out)
    hear_library()
    return out


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


async def test_connecting_is_logged_at_info_without_any_secret(server: DiscordServer) -> None:
    out = heard(LogLevel.INFO)
    server.drop_when_ready = True
    server.close_resumed = 4004

    with pytest.raises(PlatformRefusedError):
        await connect(client(), TOKEN)

    (line,) = lines(out)
    assert line["event"] == "Shard ID 0 has connected to Gateway (Session ID: …)."
    assert "0123456789abcdef" not in out.getvalue()
    assert TOKEN not in out.getvalue()


async def test_connecting_is_silent_at_warning(server: DiscordServer) -> None:
    out = heard(LogLevel.WARNING)
    server.close_identified = 4004

    with pytest.raises(PlatformRefusedError):
        await connect(client(), TOKEN)

    assert out.getvalue() == ""


def test_what_the_library_sends_and_receives_is_not_logged_even_at_debug() -> None:
    out = heard(LogLevel.DEBUG)

    logging.getLogger("discord.http").debug("POST /channels/1/messages with %s", "hunter2")
    logging.getLogger("discord.gateway").debug("For Shard ID 0: WebSocket Event: %s", "hunter2")

    assert out.getvalue() == ""


def test_the_address_of_an_interaction_is_logged_without_its_token() -> None:
    out = heard(LogLevel.WARNING)

    logging.getLogger("discord.http").warning(
        "We are being rate limited. %s %s responded with 429.",
        "PATCH",
        "https://discord.com/api/v10/webhooks/123/aW50ZXJhY3Rpb24/messages/@original",
    )

    (line,) = lines(out)
    assert "/webhooks/123/…/messages/@original responded with 429." in line["event"]


def test_a_dropped_connection_is_one_line_and_no_traceback() -> None:
    out = heard(LogLevel.WARNING)

    try:
        raise ConnectionResetError("gone")
    except ConnectionResetError as error:
        logging.getLogger("discord.shard").error("Attempting a reconnect", exc_info=error)

    (line,) = lines(out)
    assert line["event"] == "Attempting a reconnect (ConnectionResetError: gone)"
    assert line["level"] == "warning"
    assert "exception" not in line


def test_the_traceback_of_a_fault_of_our_own_is_kept() -> None:
    out = heard(LogLevel.WARNING)

    try:
        raise KeyError("fault")
    except KeyError:
        logging.getLogger("discord.client").exception("Ignoring exception in on_message")

    (line,) = lines(out)
    assert line["level"] == "error"
    assert "KeyError" in line["exception"]
