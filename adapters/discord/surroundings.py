"""What was said around a message, read from Discord at the moment it is answered.

Ellie's own words come along only where somebody replies to them: her answers to other people
were made with those people's memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from datetime import timedelta
from typing import Any, TypeVar

import aiohttp
import discord

from adapters.discord.addressing import replied_message
from adapters.discord.normalising import display_name, forwarded, quoted
from adapters.names import UniqueNames
from bot.domain.surroundings import Utterance
from bot.log import get_logger

log = get_logger(__name__)
_Read = TypeVar("_Read")

CONTEXT_HOURS = 12
"""What was said in a channel longer ago than this is no context; replies reach back further."""
PATIENCE_SECONDS = 5.0
"""Reading takes no longer, whatever Discord's rate limits say: then less is known."""

_SOMEBODY = "somebody (forwarded)"
_SAID = frozenset({discord.MessageType.default, discord.MessageType.reply})
_PAGE = 100
"""Messages in one answer of Discord."""


async def around(
    message: discord.Message, *, me: discord.abc.User, limit: int, follow_chain: int = 8
) -> tuple[Utterance, ...]:
    """What helps to understand ``message``, oldest first, without the message itself.

    That is the chain of replies that leads to it, at most ``follow_chain`` long; in a server also
    the last ``limit`` messages of people before it, and the message that its thread stands under.
    What cannot be read (permissions, deletions, no message-content intent) is left out.
    """
    chain, recent = await asyncio.gather(_chain(message, follow_chain), _recent(message, limit, me))
    pointed_at = {replied.id for replied in chain[:1]}
    told = _told([*chain, *recent], me=me, asker=message.author, pointed_at=pointed_at)
    return (*told, *_brought_along(message, me))


async def _chain(message: discord.Message, length: int) -> list[discord.Message]:
    """The messages that it replies to, directly and indirectly, nearest first."""
    chain: list[discord.Message] = []

    async def follow() -> None:
        reached = message
        while len(chain) < length:
            replied = await _replied_to(reached)
            if replied is None:
                return
            chain.append(replied)
            reached = replied

    await _as_far_as_possible("replies", follow())
    return chain


async def _replied_to(message: discord.Message) -> discord.Message | None:
    known = replied_message(message)
    if known is not None or message.type is not discord.MessageType.reply:
        return known
    reference = message.reference
    if reference is None or reference.message_id is None or reference.resolved is not None:
        return None
    if not _may_read_back(message.channel):
        return None
    return await message.channel.fetch_message(reference.message_id)


async def _recent(
    message: discord.Message, limit: int, me: discord.abc.User
) -> list[discord.Message]:
    """What people said in this channel or thread lately, and what the thread stands under."""
    channel = message.channel
    recent: list[discord.Message] = []
    if limit <= 0 or message.guild is None or not _may_read_back(channel):
        return recent
    oldest = message.created_at - timedelta(hours=CONTEXT_HOURS)

    async def read() -> None:
        # Some of them are hers or notices, and one question to Discord gives a whole page.
        async for earlier in channel.history(limit=min(2 * limit, _PAGE), before=message):
            if earlier.created_at < oldest or len(recent) == limit:
                return
            if _is_by_a_person(earlier):
                recent.append(earlier)

    await _as_far_as_possible("channel", read())
    if isinstance(channel, discord.Thread):
        starter = await starter_of(channel)
        if starter is not None and _may_be_told(starter, message, me):
            recent.append(starter)
    return recent


async def starter_of(thread: discord.Thread) -> discord.Message | None:
    """The message that a thread stands under, which has the thread's id."""
    if thread.starter_message is not None:
        return thread.starter_message
    home = thread.parent if isinstance(thread.parent, discord.TextChannel) else thread
    return await _as_far_as_possible("thread", home.fetch_message(thread.id))


def _may_be_told(starter: discord.Message, message: discord.Message, me: discord.abc.User) -> bool:
    """Whoever opens a thread under a message of hers points at it, and nobody else does."""
    opened_by_asker = getattr(message.channel, "owner_id", None) == message.author.id
    return starter.id != message.id and (starter.author.id != me.id or opened_by_asker)


def _is_by_a_person(message: discord.Message) -> bool:
    author = message.author
    is_a_program = author.bot or author.system or message.webhook_id is not None
    return message.type in _SAID and not is_a_program


def _may_read_back(channel: discord.abc.MessageableChannel) -> bool:
    """Whether it is worth asking: too many refusals get a bot's address banned."""
    if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return True
    if isinstance(channel, discord.Thread) and channel.parent is None:
        return True
    may = channel.permissions_for(channel.guild.me)
    return may.view_channel and may.read_message_history


async def _as_far_as_possible(what: str, reading: Coroutine[Any, Any, _Read]) -> _Read | None:
    """Whatever goes wrong ends the reading with None; what was read until then counts."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await reading
    except discord.HTTPException as error:
        log.info("surroundings_not_read", what=what, status=error.status, code=error.code)
    except (aiohttp.ClientError, OSError) as error:
        log.info("surroundings_not_read", what=what, error=type(error).__name__)
    return None


def _told(
    messages: Iterable[discord.Message],
    *,
    me: discord.abc.User,
    asker: discord.abc.User,
    pointed_at: set[int],
) -> tuple[Utterance, ...]:
    in_order = sorted({message.id: message for message in messages}.items())
    names = UniqueNames({user.id: display_name(user) for user in (me, asker)})
    return tuple(
        Utterance(
            speaker=names.of(message.author.id, display_name(message.author)),
            text=text,
            said_at=message.created_at,
            by_ellie=message.author.id == me.id,
            pointed_at=message_id in pointed_at,
        )
        for message_id, message in in_order
        if (text := quoted(message, me))
    )


def _brought_along(message: discord.Message, me: discord.abc.User) -> Iterable[Utterance]:
    """What a person forwards is not their own words, but they mean it."""
    said_at = (snapshot.created_at for snapshot in message.message_snapshots)
    for text, moment in zip(forwarded(message, me), said_at, strict=True):
        if text:
            yield Utterance(speaker=_SOMEBODY, text=text, said_at=moment, pointed_at=True)
