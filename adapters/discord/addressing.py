"""Which messages are for Ellie."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from adapters.discord.normalising import is_her_role
from bot.domain.policy import AnswerPolicy

_SAID = frozenset({discord.MessageType.default, discord.MessageType.reply})
"""Everything else is Discord's own notice, or the start of a thread told once more."""


_CALLS = frozenset({"mention", "reply", "direct"})
"""Reasons that somebody gives who speaks to her outright."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether a message is answered; ``reason`` is one word for the log.

    ``open_thread`` asks for the answer to be given in a new thread under the message.
    """

    answers: bool
    reason: str
    open_thread: bool = False

    @property
    def is_called(self) -> bool:
        """Whether the person speaks to her outright, and waits for an answer."""
        return self.reason in _CALLS


def decide(message: discord.Message, *, me: discord.abc.User, policy: AnswerPolicy) -> Decision:
    """Whether Ellie answers this message. Asks Discord nothing.

    ``policy`` is the one of the message's channel; direct messages are answered under any.
    """
    if reason := _never(message, me):
        return _silent(reason)
    if message.guild is None:
        return _in_private(message)
    if policy is AnswerPolicy.OFF:
        return _silent("off")
    reason = _called(message, me) or _overheard(message, me, policy)
    if not reason:
        return _silent("others" if _is_for_others(message, me) else "unaddressed")
    opens = reason in _CALLS and policy is AnswerPolicy.THREADS and can_open_thread(message)
    return Decision(answers=True, reason=reason, open_thread=opens)


def is_withdrawn(message: discord.Message, *, me: discord.abc.User, policy: AnswerPolicy) -> bool:
    """Whether an edit has a message that was said to her not be said to her any more.

    Without the message-content intent she is not sent the words of such a message. Where it is not
    certain, as in a thread or of a reply, it goes on being said to her.
    """
    if is_mentioned(message, me):
        return False
    if not message.content:
        return True
    channel = message.channel
    if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return False
    if _calls_others(message, me):
        return True
    is_certain = not isinstance(channel, discord.Thread) and message.reference is None
    return is_certain and policy is not AnswerPolicy.ALWAYS


def _called(message: discord.Message, me: discord.abc.User) -> str:
    if is_mentioned(message, me):
        return "mention"
    return "reply" if is_reply_to(message, me) and not _calls_others(message, me) else ""


def _overheard(message: discord.Message, me: discord.abc.User, policy: AnswerPolicy) -> str:
    """Why she answers what does not call her; empty where she does not."""
    if _is_for_others(message, me):
        return ""
    if policy is not AnswerPolicy.MENTIONS and takes_part(message.channel, me):
        return "thread"
    return "always" if policy is AnswerPolicy.ALWAYS else ""


def _is_for_others(message: discord.Message, me: discord.abc.User) -> bool:
    return _calls_others(message, me) or _replies_to_others(message, me)


def is_mentioned(message: discord.Message, me: discord.abc.User) -> bool:
    """Whether she is called by name: herself or the role that is hers alone.

    A reply to her that rings, as replies do unless it is switched off, mentions her too.
    """
    return any(user.id == me.id for user in message.mentions) or any(
        is_her_role(role, me) for role in message.role_mentions
    )


def is_reply_to(message: discord.Message, me: discord.abc.User) -> bool:
    """Whether it replies to a message of hers, as far as that can be told without asking.

    Discord sends the message that is replied to along. Where it did not, and it is not cached
    either, the answer is no; a reply that rings is a mention even then.
    """
    target = replied_message(message)
    return target is not None and target.author.id == me.id


def replied_message(message: discord.Message) -> discord.Message | None:
    """The message that this one replies to, where it is known without asking."""
    reference = message.reference
    if reference is None or message.type is not discord.MessageType.reply:
        return None
    if isinstance(reference.resolved, discord.Message):
        return reference.resolved
    # A deleted message may still be cached, but it was taken back.
    return reference.cached_message if reference.resolved is None else None


def takes_part(channel: object, me: discord.abc.User) -> bool:
    """Whether it is a thread that she opened or joined."""
    return isinstance(channel, discord.Thread) and (
        channel.me is not None or channel.owner_id == me.id
    )


def can_open_thread(message: discord.Message) -> bool:
    """Whether a thread may be opened under this message, and she may write in it."""
    channel = message.channel
    if not isinstance(channel, discord.TextChannel):  # announcement channels are such too
        return False
    may = channel.permissions_for(channel.guild.me)
    return may.create_public_threads and may.send_messages_in_threads


def _never(message: discord.Message, me: discord.abc.User) -> str:
    """Why a message is answered under no circumstances; empty for any other."""
    if message.author.id == me.id:
        return "own"
    if message.webhook_id is not None:
        return "webhook"
    if message.author.bot or message.author.system:
        return "bot"
    if message.type not in _SAID:
        return "notice"
    # Without the message-content intent this is what others' words look like.
    return "" if _has_something(message) else "empty"


def _has_something(message: discord.Message) -> bool:
    return bool(
        message.content.strip()
        or message.attachments
        or message.stickers
        or message.poll
        or message.message_snapshots
    )


def _in_private(message: discord.Message) -> Decision:
    if isinstance(message.channel, discord.DMChannel):
        return Decision(answers=True, reason="direct")
    return _silent("unknown")  # a server that is not there yet


def _calls_others(message: discord.Message, me: discord.abc.User) -> bool:
    if message.mention_everyone or message.role_mentions:
        return True
    return any(user.id not in {me.id, message.author.id} for user in message.mentions)


def _replies_to_others(message: discord.Message, me: discord.abc.User) -> bool:
    if message.type is not discord.MessageType.reply:
        return False
    target = replied_message(message)
    return target is None or target.author.id not in {me.id, message.author.id}


def _silent(reason: str) -> Decision:
    return Decision(answers=False, reason=reason)
