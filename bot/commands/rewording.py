"""``summarize`` and ``translate``: what was said, in fewer words or in other ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.commands.call import Call
from bot.commands.language import Language
from bot.commands.quota_showing import spoken
from bot.commands.reply import CommandReply
from bot.domain.tongues import Tongue, find_tongue
from bot.engine.model_work import Admitted, Asker, NotNow
from bot.engine.quotas import Spent
from bot.engine.rewording import Rewording, passages_of
from bot.engine.said_here import MOST_TURNS
from bot.errors import (
    EllieError,
    GenerationTimeoutError,
    GeneratorBusyError,
    LanguageError,
    PromptTooLongError,
    StorageError,
)
from bot.log import get_logger
from bot.ports.condensing import Passage, Written

log = get_logger(__name__)

USUAL_TURNS = 50
"""Messages that are summed up when nobody says how many."""

LEAST_CHARACTERS = 80
"""A shorter text is a summary already."""

_NOT_NOW = {NotNow.DENIED: "reword.denied", NotNow.BUSY: "reword.busy"}
_REASONS: tuple[tuple[type[EllieError], str], ...] = (
    (LanguageError, "translate.cannot"),
    (GenerationTimeoutError, "reword.slow"),
    (GeneratorBusyError, "reword.crowded"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What is to be written, and how it is shown."""

    write: Callable[[], Awaitable[Written | NotNow]]
    waiting: str
    title: str
    too_long: str
    closing: tuple[str, ...] = ()
    language: str = ""
    """The name of the language that a translation is to be in."""


class RewordingCommands:
    """Answers at once that the model reads, and in ``more`` with what it wrote."""

    def __init__(self, rewording: Rewording | None) -> None:
        self._rewording = rewording

    async def summarize(self, call: Call) -> CommandReply:
        """Sum up the conversation, some of its latest messages, or a text."""
        text, count = call.text("words"), call.number("count")
        if text and count is not None:
            return call.refused("summarize.both")
        if text and len(text) < LEAST_CHARACTERS:
            return call.refused("summarize.short")
        if count is not None and not 1 <= count <= MOST_TURNS:
            return call.refused("summarize.many", most=MOST_TURNS)
        found = await self._admitted(call)
        if isinstance(found, CommandReply):
            return found
        rewording, known = found
        closing: tuple[str, ...] = ()
        if text:
            passages = tuple(Passage(text=part) for part in text.split("\n") if part.strip())
            waiting = call.voice.say("summarize.reading.text")
        else:
            said = await rewording.said(known, limit=count or USUAL_TURNS)
            passages = passages_of(said.turns)
            if not passages:
                return call.refused("summarize.nothing")
            messages = call.voice.count(len(said.turns), "message")
            waiting = call.voice.say("summarize.reading", messages=messages)
            about = "summarize.about.latest" if said.has_more else "summarize.about.all"
            closing = (call.voice.say(about, messages=messages),)
        in_chinese = call.voice.language is Language.CHINESE
        return await self._begun(
            call,
            found,
            _Job(
                write=lambda: rewording.summary(known, passages, in_chinese=in_chinese),
                waiting=waiting,
                title=call.voice.say("summarize.title"),
                too_long="summarize.long",
                closing=closing,
            ),
        )

    async def translate(self, call: Call) -> CommandReply:
        """Translate a text, or the latest reply."""
        found = await self._admitted(call)
        if isinstance(found, CommandReply):
            return found
        rewording, known = found
        into = find_tongue(str(call.arguments.get("language", "")))
        if into is None:
            into = await rewording.tongue_of(known, call.caller.locale)
        if into is None:
            return call.refused("translate.which")
        text = call.text("words") or await self._last_reply(rewording, known)
        if not text:
            return call.refused("translate.nothing")
        name = _name(into, call.voice.language)
        return await self._begun(
            call,
            found,
            _Job(
                write=lambda: rewording.translation(known, text, into),
                waiting=call.voice.say("translate.reading", language=name),
                title=call.voice.say("translate.title", language=name),
                too_long="translate.long",
                language=name,
            ),
        )

    async def _admitted(self, call: Call) -> tuple[Rewording, Admitted] | CommandReply:
        if self._rewording is None:
            return call.refused("reword.unavailable")
        caller = call.caller
        asker = Asker(
            identity=caller.identity,
            conversation=caller.conversation,
            ruled=caller.policy_place,
            roles=caller.roles,
        )
        known = await self._rewording.known(asker)
        if isinstance(known, NotNow):
            return call.refused(_NOT_NOW[known])
        return self._rewording, known

    async def _begun(
        self, call: Call, found: tuple[Rewording, Admitted], job: _Job
    ) -> CommandReply:
        """Take what it costs, and say that it is being worked on."""
        rewording, known = found
        spent = await rewording.take(known)
        if isinstance(spent, Spent):
            wait = spoken(spent.wait, call.voice)
            return call.refused(f"reword.spent.{spent.holder.value}", wait=wait)
        return CommandReply(lines=(job.waiting,), more=lambda: _written(call, job))

    async def _last_reply(self, rewording: Rewording, known: Admitted) -> str:
        said = await rewording.said(known, limit=_LOOK_BACK_TURNS)
        return next((turn.reply for turn in reversed(said.turns) if turn.reply), "")


_LOOK_BACK_TURNS = 20
"""The latest reply is looked for among so many turns; all others failed or were stopped."""


async def _written(call: Call, job: _Job) -> CommandReply:
    try:
        written = await job.write()
    except StorageError:
        raise
    except EllieError as error:
        log.warning("not_reworded", reason=type(error).__name__, error=str(error))
        if isinstance(error, PromptTooLongError):
            return call.refused(job.too_long)
        key = next((key for kind, key in _REASONS if isinstance(error, kind)), "reword.failed")
        return call.refused(key, language=job.language)
    if isinstance(written, NotNow):
        return call.refused(_NOT_NOW[written])
    if not written.text:
        return call.refused("reword.empty")
    unfinished = () if written.is_whole else (call.voice.say("reword.unfinished"),)
    return CommandReply(
        title=job.title,
        lines=tuple(written.text.split("\n")),
        closing=(*unfinished, *job.closing),
    )


def _name(tongue: Tongue, language: Language) -> str:
    return tongue.chinese if language is Language.CHINESE else tongue.english
