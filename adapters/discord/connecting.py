"""Getting connected to Discord and staying so, with a sentence for everything that prevents it.

discord.py resumes and reconnects by itself when the network or Discord drops a connection. What is
raised here is what trying again does not mend.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import aiohttp
import discord

from adapters.discord.intents import intents
from adapters.discord.library_log import hear_library
from bot.errors import (
    EllieError,
    PlatformError,
    PlatformRefusedError,
    PlatformUnreachableError,
)
from bot.log import get_logger

PATIENCE_SECONDS = 600.0
"""A server that has just started may have no network for minutes."""

_PORTAL = "https://discord.com/developers/applications"
_ANEW = f"Copy it anew from {_PORTAL}, your application → Bot → Reset Token, into DISCORD_TOKEN."
_INTENT_OFF = (
    "Discord does not grant the message-content intent, which ELLIE_DISCORD_MESSAGE_CONTENT asks "
    f"for. Switch it on in {_PORTAL}, your application → Bot → Privileged Gateway Intents → "
    "Message Content Intent, or set ELLIE_DISCORD_MESSAGE_CONTENT=false."
)

_UNAUTHORISED = 401
_TOO_MANY = 429
_SERVER_ERRORS = 500

_TOKEN_REFUSED = 4004
_INTENTS_UNKNOWN = 4013
_INTENTS_DISALLOWED = 4014
"""Close codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes"""

_OUTDATED = {4010: "shard", 4011: "number of shards", 4012: "version of its interface"}
_LIBRARY = "Upgrade with `pip install --upgrade discord.py`."

_TROUBLES = (
    discord.LoginFailure,
    discord.PrivilegedIntentsRequired,
    discord.ConnectionClosed,
    discord.GatewayNotFound,
    discord.HTTPException,
    aiohttp.ClientError,
    OSError,
    TimeoutError,
)

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The bot that a token belongs to. ``may_read_content``: the portal's switch is on."""

    application_id: int
    name: str
    may_read_content: bool


async def look_up(
    token: str,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Account:
    """Ask Discord whose token this is, without connecting. Waits for a network that comes late.

    Raises:
        PlatformRefusedError: Discord does not accept the token.
        PlatformUnreachableError: Discord cannot be reached, even after ``patience_seconds``.
    """
    hear_library()
    secret = cleaned(token)
    waited = 0.0
    for pause in _pauses():
        try:
            return await _ask(secret)
        except PlatformUnreachableError as trouble:
            if waited + pause > patience_seconds:
                raise
            log.warning("discord_not_reached", reason=str(trouble), again_in_seconds=pause)
        await wait(pause)
        waited += pause
    raise AssertionError("the pauses never end")


def require_content(account: Account) -> None:
    """Check that the bot may be sent the text of every message.

    Raises:
        PlatformRefusedError: it may not.
    """
    if not account.may_read_content:
        raise PlatformRefusedError(_INTENT_OFF)


async def connect(client: discord.Client, token: str) -> None:
    """Log in and stay connected until ``client`` is closed; it is closed afterwards in any case.

    Raises:
        PlatformRefusedError: the token or an intent is refused, at the start or later on.
        PlatformError: Discord cannot be reached at the start, or ended the connection for good.
    """
    hear_library()
    secret = cleaned(token)
    try:
        await client.login(secret)
        await client.connect(reconnect=True)
    except _TROUBLES as error:
        raise _explained(error, secret) from error
    finally:
        await client.close()


def cleaned(token: str) -> str:
    """The token without what gets copied along: blanks, quotes, the word that goes in front.

    Raises:
        PlatformRefusedError: there is nothing left, or something that no token has.
    """
    bare = token.strip().strip("\"'`“”‘’").strip()
    first, _, rest = bare.partition(" ")
    if first.lower() == "bot":
        bare = rest.strip()
    if not bare:
        raise PlatformRefusedError(f"DISCORD_TOKEN holds no token. {_ANEW}")
    if not (bare.isascii() and bare.isprintable()) or " " in bare:
        raise PlatformRefusedError(
            f"DISCORD_TOKEN holds a blank or another character that no token has. {_ANEW}"
        )
    return bare


def _pauses() -> Iterator[float]:
    """Seconds between attempts: short ones at first, then one attempt a minute."""
    return itertools.chain((1.0, 2.0, 5.0, 10.0, 20.0, 30.0), itertools.repeat(60.0))


async def _ask(token: str) -> Account:
    """One attempt, with a client of its own: discord.py's cannot be used again after a failure."""
    client = discord.Client(intents=intents(message_content=False))
    try:
        await client.login(token)
    except _TROUBLES as error:
        raise _explained(error, token) from error
    finally:
        await client.close()
    application = client.application
    if application is None:  # logging in fills it
        raise PlatformUnreachableError("Discord does not say which application the token is of.")
    flags = application.flags
    return Account(
        application_id=application.id,
        name=str(client.user),
        may_read_content=flags.gateway_message_content or flags.gateway_message_content_limited,
    )


def _explained(error: Exception, token: str) -> EllieError:
    """What ``error`` means to the owner."""
    match error:
        case discord.LoginFailure():
            return PlatformRefusedError(
                f"Discord does not accept the token{_mistaken_for(token)}. {_ANEW}"
            )
        case discord.PrivilegedIntentsRequired():
            return PlatformRefusedError(_INTENT_OFF)
        case discord.ConnectionClosed():
            return _ended(error.code)
        case discord.HTTPException(status=status):
            return _answered(status)
        case discord.GatewayNotFound():
            return PlatformUnreachableError(
                "Discord does not say where to connect; it may be down. See "
                "https://discordstatus.com and start Ellie again later."
            )
    reason = str(error) or type(error).__name__
    return PlatformUnreachableError(
        f"Discord cannot be reached: {reason}. Check that this machine resolves and reaches "
        "discord.com and gateway.discord.gg on port 443."
    )


def _ended(code: int) -> EllieError:
    """What it means that Discord closed the connection with this code."""
    if code == _TOKEN_REFUSED:
        return PlatformRefusedError(
            f"Discord no longer accepts the token: it was reset or the bot deleted. {_ANEW}"
        )
    if code == _INTENTS_DISALLOWED:
        return PlatformRefusedError(_INTENT_OFF)
    if code == _INTENTS_UNKNOWN:
        return PlatformRefusedError(f"Discord does not know the intents asked for. {_LIBRARY}")
    if code in _OUTDATED:
        what = _OUTDATED[code]
        return PlatformError(f"Discord does not accept the {what} (code {code}). {_LIBRARY}")
    return PlatformError(f"Discord ended the connection for good (code {code}). Start Ellie again.")


def _answered(status: int) -> EllieError:
    """What it means that Discord answers requests with this status."""
    if status == _UNAUTHORISED:
        return PlatformRefusedError(f"Discord no longer accepts the token. {_ANEW}")
    if status == _TOO_MANY:
        return PlatformUnreachableError(
            "Discord takes no more requests from this machine's address for now (status 429), "
            "because too many came from there. It lasts up to an hour."
        )
    if status >= _SERVER_ERRORS:
        return PlatformUnreachableError(
            f"Discord has troubles of its own (status {status}). See https://discordstatus.com."
        )
    return PlatformError(f"Discord refuses to let Ellie in (status {status}).")


def _mistaken_for(token: str) -> str:
    """What of the portal's other values has been copied, if it looks like one."""
    if token.isdecimal():
        return "; what is set looks like the application's id"
    if len(token) == 64 and all(digit in "0123456789abcdef" for digit in token):  # noqa: PLR2004
        return "; what is set looks like the application's public key"
    if "." not in token:
        return "; what is set has no dots, as a client secret has none"
    return ""
