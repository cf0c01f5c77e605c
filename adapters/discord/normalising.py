"""Discord's people, places and messages, as the core knows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

import discord

from adapters.attached_files import NOTHING_SEEN, Seen
from adapters.calling import HER, without_calls
from adapters.names import mention, one_line
from bot.domain.access import ADMIN
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import IdentityRef, Platform, TenantRef
from bot.domain.message import InboundMessage
from bot.domain.surroundings import ALONE, Surroundings
from bot.domain.text import clean_text, shorten

Channel: TypeAlias = (
    discord.abc.GuildChannel
    | discord.Thread
    | discord.DMChannel
    | discord.GroupChannel
    | discord.PartialMessageable
)
"""Anywhere that Discord lets people speak."""

_DATE_ONLY = frozenset("dD")

_MARKUP = re.compile(
    r"(?P<code>```.*?```|`[^`\n]+`)"  # Discord shows no mentions in code
    r"|<@!?(?P<user>\d{15,20})>"
    r"|<@&(?P<role>\d{15,20})>"
    r"|<#(?P<channel>\d{15,20})>"
    r"|<a?:(?P<emoji>\w{2,32}):\d{15,20}>"
    r"|</(?P<command>[^:<>\n]{1,100}):\d{15,20}>"
    r"|<t:(?P<time>-?\d{1,13})(?::(?P<style>[tTdDfFsSR]))?>",
    re.DOTALL,
)
"""Discord's reference, "Message Formatting"."""


def identity_of(user: discord.abc.User) -> IdentityRef:
    """The account, which is the same in every server; so the name is never a server's nick."""
    return IdentityRef(
        platform=Platform.DISCORD,
        external_id=str(user.id),
        display_name=display_name(user),
    )


def roles_of(user: discord.abc.User) -> frozenset[str]:
    """The ids of somebody's roles in the server, and “admin” if they may manage it."""
    if not isinstance(user, discord.Member):
        return frozenset()
    roles = {str(role.id) for role in user.roles}
    if user.guild_permissions.manage_guild:
        roles.add(ADMIN)
    return frozenset(roles)


def display_name(user: discord.abc.User) -> str:
    """How somebody wants to be called everywhere, on one line."""
    return one_line(user.global_name or user.name)


def tenant_of(guild: discord.abc.Snowflake) -> TenantRef:
    """A server."""
    return TenantRef(platform=Platform.DISCORD, external_id=str(guild.id))


def conversation_of(channel: Channel) -> ConversationRef:
    """Where something is said, and who may read it there.

    What is not known counts as closed: a server or a parent channel that is not cached, or a
    group of people without a server, which is its own tenant. A direct message is taken to be one
    with Ellie: commands must not be offered in the direct messages of two other people.
    """
    if isinstance(channel, discord.Thread):
        return _of_thread(channel)
    if isinstance(channel, discord.DMChannel) or _is_direct(channel):
        return ConversationRef(
            platform=Platform.DISCORD, channel_id=str(channel.id), visibility=Visibility.DIRECT
        )
    return ConversationRef(
        platform=Platform.DISCORD,
        channel_id=str(channel.id),
        visibility=_visibility(channel),
        tenant=_tenant_around(channel),
    )


def _of_thread(thread: discord.Thread) -> ConversationRef:
    # A private thread has members of its own, so it shares no circle with its channel.
    channel_id = thread.id if thread.is_private() else thread.parent_id
    parent = None if thread.is_private() else thread.parent
    return ConversationRef(
        platform=Platform.DISCORD,
        channel_id=str(channel_id),
        visibility=Visibility.PRIVATE if parent is None else _visibility(parent),
        tenant=tenant_of(thread.guild),
        thread_id=str(thread.id),
    )


def _is_direct(channel: Channel) -> bool:
    return (
        isinstance(channel, discord.PartialMessageable)
        and channel.guild_id is None
        and channel.type is discord.ChannelType.private
    )


def _tenant_around(channel: Channel) -> TenantRef:
    if isinstance(channel, discord.PartialMessageable):
        return tenant_of(discord.Object(channel.guild_id or channel.id))
    return tenant_of(getattr(channel, "guild", None) or channel)


def _visibility(channel: Channel) -> Visibility:
    """PUBLIC only when it is certain that everybody in the server can read along."""
    if not isinstance(channel, discord.abc.GuildChannel):
        return Visibility.PRIVATE
    everyone: discord.Role | None = channel.guild.default_role  # None while a server is unknown
    if everyone is None:
        return Visibility.PRIVATE
    may = channel.permissions_for(everyone)
    # Who may not enter a voice channel cannot read what is written in it.
    is_voice = isinstance(channel, discord.VoiceChannel | discord.StageChannel)
    is_open = may.view_channel and (may.connect or not is_voice)
    return Visibility.PUBLIC if is_open else Visibility.PRIVATE


ACCOUNT = re.compile(r"\d{15,20}", re.ASCII)
"""The id of an account."""


def spoken(message: discord.Message, me: discord.abc.User, *, by_id: bool = False) -> str:
    """What somebody said, in words: markup that only Discord can read becomes readable.

    Ellie's own mention is dropped where it only calls her, and is her name inside a sentence, so
    that the sentence stays whole. A forwarded message is not said by whoever forwards it: only
    that there is one is told here (see :mod:`adapters.discord.surroundings`). ``by_id``: mentions
    of others stay as they are, for a command that has to know whom or what it names.
    """
    users = {user.id: user for user in message.mentions}
    said = _readable(message.content, me=me, guild=message.guild, users=users, by_id=by_id)
    return clean_text("\n".join(filter(None, [said, *_beside_words(message)])))


def forwarded(message: discord.Message, me: discord.abc.User) -> tuple[str, ...]:
    """The words of each message that was forwarded with this one; Discord hides their authors."""
    return tuple(
        clean_text(
            _readable(snapshot.content, me=me, guild=message.guild, users={})
            or _embedded(snapshot.embeds)
            or _attached(snapshot.attachments)
        )
        for snapshot in message.message_snapshots
    )


def quoted(message: discord.Message, me: discord.abc.User) -> str:
    """A message as it is told to somebody else: its words and what else there is to see in it."""
    parts = [
        spoken(message, me),
        "" if message.content else _embedded(message.embeds),
        _attached(message.attachments),
        *forwarded(message, me),
    ]
    return clean_text("\n".join(filter(None, parts)))


def inbound(
    message: discord.Message,
    *,
    me: discord.abc.User,
    seen: Seen = NOTHING_SEEN,
    surroundings: Surroundings = ALONE,
) -> InboundMessage:
    """A message to Ellie, for the engine."""
    return InboundMessage(
        event_key=str(message.id),
        author=identity_of(message.author),
        conversation=conversation_of(message.channel),
        text=spoken(message, me),
        received_at=message.created_at,
        shown=seen.shown,
        pictures=seen.pictures,
        surroundings=surroundings,
        author_roles=roles_of(message.author),
    )


def is_her_role(role: discord.Role, me: discord.abc.User) -> bool:
    """Whether it is the role that Discord made for her when she joined the server."""
    return role.tags is not None and role.tags.bot_id == me.id


def _readable(
    content: str,
    *,
    me: discord.abc.User,
    guild: discord.Guild | None,
    users: Mapping[int, discord.abc.User],
    by_id: bool = False,
) -> str:
    def word(found: re.Match[str]) -> str:
        kind, value = str(found.lastgroup), found[0]
        if by_id and kind in {"user", "role", "channel"} and found["user"] != str(me.id):
            pass  # as Discord writes it
        elif kind == "user":
            value = _of_user(int(found["user"]), me=me, guild=guild, users=users)
        elif kind == "role":
            value = _of_role(int(found["role"]), me=me, guild=guild)
        elif kind == "channel":
            channel = None if guild is None else guild.get_channel_or_thread(int(found["channel"]))
            value = mention("#", channel.name if channel else "", otherwise="channel")
        elif kind == "emoji":
            value = f":{found['emoji']}:"
        elif kind == "command":
            value = f"/{found['command']}"
        elif kind in {"time", "style"}:
            value = _moment(int(found["time"]), found["style"]) or value
        return value

    return without_calls(_MARKUP.sub(word, content.replace(HER, "")), display_name(me))


def _of_user(
    user_id: int,
    *,
    me: discord.abc.User,
    guild: discord.Guild | None,
    users: Mapping[int, discord.abc.User],
) -> str:
    if user_id == me.id:
        return HER
    user = users.get(user_id) or (None if guild is None else guild.get_member(user_id))
    return mention("@", display_name(user) if user else "", otherwise="someone")


def _of_role(role_id: int, *, me: discord.abc.User, guild: discord.Guild | None) -> str:
    role = None if guild is None else guild.get_role(role_id)
    if role is not None and is_her_role(role, me):
        return HER
    return mention("@", "" if role is None else role.name, otherwise="role")


def _moment(seconds: int, style: str | None) -> str:
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return ""
    return f"{moment:%Y-%m-%d}" if style in _DATE_ONLY else f"{moment:%Y-%m-%d %H:%M} UTC"


def _beside_words(message: discord.Message) -> Iterable[str]:
    """What a person says without writing, a bracketed line for each."""
    for sticker in message.stickers:
        yield f"[sticker: {one_line(sticker.name)}]"
    if message.poll is not None:
        answers = " / ".join(one_line(answer.text) for answer in message.poll.answers)
        yield f"[poll: {shorten(message.poll.question, 300)} ({answers})]"
    if message.message_snapshots:
        yield "[forwarded message]"


def _embedded(embeds: Iterable[discord.Embed]) -> str:
    words = (": ".join(filter(None, (embed.title, embed.description))) for embed in embeds)
    return "\n".join(f"[embed: {shorten(text, 300)}]" for text in words if text)


def _attached(attachments: Iterable[discord.Attachment]) -> str:
    return "\n".join(f"[file: {one_line(attachment.filename)}]" for attachment in attachments)
