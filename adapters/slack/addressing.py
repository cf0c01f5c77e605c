"""Which messages are for Ellie."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.slack.events import SLACKBOT, SlackMessage
from adapters.slack.markup import Mentions, mentions_in
from adapters.slack.places import Place, PlaceKind
from bot.domain.policy import AnswerPolicy

_CALLS = frozenset({"mention", "direct"})
"""Reasons that somebody gives who speaks to her outright."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether a message is answered; ``reason`` is one word for the log."""

    answers: bool
    reason: str

    @property
    def is_called(self) -> bool:
        """Whether the person speaks to her outright, and waits for an answer."""
        return self.reason in _CALLS


def decide(
    message: SlackMessage,
    *,
    place: Place,
    policy: AnswerPolicy,
    me: str,
    takes_part: bool,
    is_by_bot: bool = False,
) -> Decision:
    """Whether Ellie answers this message. Asks Slack nothing.

    ``policy`` is the one of the message's channel; direct messages are answered under any. ``me``
    is her user, and ``takes_part`` says that the thread is one in which she answered before.
    ``is_by_bot`` is what Slack says of the author, where it was asked.
    """
    if reason := never(message, me, is_by_bot=is_by_bot):
        return _silent(reason)
    if place.kind is PlaceKind.DIRECT:
        return Decision(answers=True, reason="direct")
    if policy is AnswerPolicy.OFF:
        return _silent("off")
    mentioned = mentions_in(message.text)
    if me in mentioned.users:
        return Decision(answers=True, reason="mention")
    if _is_for_others(message, mentioned, me=me, takes_part=takes_part):
        return _silent("others")
    reason = _overheard(message, me, policy, takes_part=takes_part)
    return Decision(answers=bool(reason), reason=reason or "unaddressed")


def is_withdrawn(message: SlackMessage, *, place: Place, policy: AnswerPolicy, me: str) -> bool:
    """Whether an edit has a message that was said to her not be said to her any more.

    ``message`` is as it reads now. Where it is not certain, as in a thread, it goes on being said
    to her.
    """
    mentioned = mentions_in(message.text)
    if me in mentioned.users:
        return False
    if not message.text.strip():
        return True
    if place.kind is PlaceKind.DIRECT:
        return False
    if _calls_others(message, mentioned, me):
        return True
    return not message.is_in_thread and policy is not AnswerPolicy.ALWAYS


def never(message: SlackMessage, me: str, *, is_by_bot: bool = False) -> str:
    """Why a message is answered under no circumstances; empty for any other."""
    if message.user_id == me:
        return "own"
    # Apps may also write in the name of a person; then a program speaks all the same.
    if message.bot_id or message.subtype == "bot_message" or is_by_bot:
        return "bot"
    if message.user_id in {"", SLACKBOT} or message.is_hidden:
        return "notice"
    return "" if message.text.strip() or message.files or message.forwarded else "empty"


def _overheard(message: SlackMessage, me: str, policy: AnswerPolicy, *, takes_part: bool) -> str:
    """Why she answers what does not call her; empty where she does not."""
    if policy is not AnswerPolicy.MENTIONS and _takes_part(message, me, takes_part=takes_part):
        return "thread"
    return "always" if policy is AnswerPolicy.ALWAYS else ""


def _is_for_others(
    message: SlackMessage, mentioned: Mentions, *, me: str, takes_part: bool
) -> bool:
    if _calls_others(message, mentioned, me):
        return True
    # Who writes under somebody's message talks to them, unless she is in that talk.
    replies = message.is_in_thread and message.parent_user_id != message.user_id
    return replies and not _takes_part(message, me, takes_part=takes_part)


def _takes_part(message: SlackMessage, me: str, *, takes_part: bool) -> bool:
    """Whether it is in a thread of which she is a part, or which stands under words of hers."""
    return message.is_in_thread and (takes_part or message.parent_user_id == me)


def _calls_others(message: SlackMessage, mentioned: Mentions, me: str) -> bool:
    return mentioned.is_loud or bool(mentioned.users - {me, message.user_id})


def _silent(reason: str) -> Decision:
    return Decision(answers=False, reason=reason)
