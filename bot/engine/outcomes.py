"""How turns end otherwise than with a reply alone, in words for the person."""

from __future__ import annotations

from bot.domain.delivery import Undelivered
from bot.domain.turn import FailureReason
from bot.engine.accepted import Accepted
from bot.engine.declining import Declined, NotAgain
from bot.engine.notices import Notices, notices_for
from bot.engine.reply import Outcome, ReplyStatus
from bot.errors import (
    EngineFailedError,
    GenerationTimeoutError,
    GeneratorBusyError,
    ModelError,
    NothingSaidError,
    PromptTooLongError,
)

_FAILURES: tuple[tuple[type[Exception], FailureReason], ...] = (
    (PromptTooLongError, FailureReason.TOO_LONG),
    (GenerationTimeoutError, FailureReason.TIMEOUT),
    (GeneratorBusyError, FailureReason.BUSY),
    (NothingSaidError, FailureReason.NOTHING_SAID),
    (EngineFailedError, FailureReason.MODEL),
    (ModelError, FailureReason.MODEL),
)

DUPLICATE = Outcome(status=ReplyStatus.DUPLICATE)
"""The end of what needs no answer because it has one."""


def refused(notice: str, *, told_before: bool = False) -> Outcome:
    """A message that was not taken."""
    return Outcome(status=ReplyStatus.REFUSED, notice=notice, told_before=told_before)


def declined(answer: Declined) -> Outcome:
    """A turn that is not answered once more."""
    if answer.why is NotAgain.ANSWERED:
        return DUPLICATE
    return refused(_why_not(answer.why, notices_for(answer.words)))


def _why_not(why: NotAgain, notices: Notices) -> str:
    return {
        NotAgain.OPEN: notices.still_answering,
        NotAgain.FORGOTTEN: notices.forgotten,
        NotAgain.INCOGNITO: notices.not_while_incognito,
        NotAgain.UNKEPT: notices.not_while_unkept,
        NotAgain.DENIED: notices.denied,
    }.get(why, notices.not_yours)


def failed(accepted: Accepted, reason: FailureReason, *, introduces: bool) -> Outcome:
    """A turn without a reply."""
    notices = notices_for(accepted.turn.text)
    why = notices.failures[reason]
    if not accepted.is_stored:
        why = notices.failed_unkept if accepted.unkept else notices.failed_incognito
    notice = with_changes(accepted, why, introduces=introduces)
    return Outcome(status=ReplyStatus.FAILED, notice=notice)


def with_changes(accepted: Accepted, *lines: str, introduces: bool) -> str:
    """``lines``, and what the message changed, which holds however the turn ends.

    Also what is kept about the person, when the turn ``introduces`` Ellie.
    """
    first = notices_for(accepted.turn.text).first_contact if introduces else ""
    return "\n".join(filter(None, (*lines, *accepted.learned.remarks, first)))


def told_late(found: Undelivered) -> str:
    """What must be told beside the stored end of a turn that is shown late; may be nothing."""
    return notices_for(found.turn.text).first_contact if found.introduces else ""


def reason_of(error: Exception) -> FailureReason:
    """Which failure is recorded when ``error`` ended a turn."""
    return next(
        (reason for kind, reason in _FAILURES if isinstance(error, kind)), FailureReason.INTERNAL
    )
