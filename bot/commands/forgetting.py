"""``memory forget``: shows what would go, asks once, erases it for good."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import regex

from bot.commands.call import Call
from bot.commands.describing import FactRows
from bot.commands.episodes import span_of
from bot.commands.reply import CommandReply, Confirmation, ReplyKind, Row, Section
from bot.domain.memory import ErasedMemory
from bot.domain.text import shorten
from bot.engine.forgetting import Forgetting
from bot.engine.memory_view import MemoryView
from bot.memory.cutting import search_terms
from bot.memory.forgetting import ForgetPlan

ROWS_SHOWN = 20
"""Facts, and sentences, that a question lists; it says how many more there are."""

_SENTENCE_CHARACTERS = 160
_NUMBER = regex.compile(r"#?(\d{1,9})")
_EVERYTHING = frozenset(
    {
        "everything",
        "everything about me",
        "all",
        "all of it",
        "全部",
        "一切",
        "所有",
        "关于我的一切",
    }
)


class ForgetCommand:
    """Erases only what it showed, and asks again when more came in meanwhile."""

    def __init__(self, forgetting: Forgetting, view: MemoryView) -> None:
        self._forgetting = forgetting
        self._view = view

    async def forget(self, call: Call) -> CommandReply:
        """One fact by its number, everything with certain words, or everything."""
        what = call.text("what")
        plain = unicodedata.normalize("NFKC", what).lower()
        if plain in _EVERYTHING:
            return await self._everything(call)
        if found := _NUMBER.fullmatch(plain):
            number = int(found[1])
            plan = await self._forgetting.plan_fact(call.identity, number)
            return self._ask(call, plan) if plan else call.refused("fact.unknown", number=number)
        if not search_terms(what):
            return call.refused("forget.wordless", words=what)
        plan = await self._forgetting.plan_words(call.identity, what)
        return self._ask(call, plan) if plan else call.refused("forget.nothing", words=what)

    def _ask(self, call: Call, plan: ForgetPlan, *lines: str) -> CommandReply:
        voice = call.voice

        async def answer(agreed: bool) -> CommandReply:
            if not agreed:
                return call.done("forget.kept")
            erased = await self._forgetting.forget(call.identity, plan)
            if isinstance(erased, ForgetPlan):
                return self._ask(call, erased, voice.say("forget.meanwhile"))
            line = voice.say(
                "forget.done",
                facts=voice.count(erased.facts, "fact"),
                sentences=voice.count(erased.sentences, "sentence"),
            )
            return _erased(call, line, erased)

        question = voice.say(
            "forget.ask",
            facts=voice.count(len(plan.facts), "fact"),
            sentences=voice.count(plan.sentence_count, "sentence"),
        )
        return CommandReply(
            kind=ReplyKind.QUESTION,
            title=voice.say("forget.title"),
            lines=lines,
            sections=tuple(_sections(call, plan)),
            confirmation=Confirmation(question=question, answer=answer),
        )

    async def _everything(self, call: Call) -> CommandReply:
        summary = await self._view.show(call.identity, latest=0)
        if summary is None:
            # Where a place keeps nothing, the process still follows what they say.
            await self._forgetting.forget_everything(call.identity)
            return call.refused("forget.stranger")
        voice = call.voice

        async def answer(agreed: bool) -> CommandReply:
            if not agreed:
                return call.done("forget.kept")
            erased = await self._forgetting.forget_everything(call.identity)
            line = voice.say(
                "forget.all.done",
                turns=voice.count(erased.turns, "message"),
                facts=voice.count(erased.facts, "fact"),
            )
            return _erased(call, line, erased)

        question = voice.say(
            "forget.all.ask",
            turns=voice.count(summary.turn_count, "message"),
            facts=voice.count(len(summary.facts), "fact"),
        )
        return CommandReply(
            kind=ReplyKind.QUESTION, confirmation=Confirmation(question=question, answer=answer)
        )


def _erased(call: Call, line: str, erased: ErasedMemory) -> CommandReply:
    trouble = () if erased.scrubbed else (call.voice.say("forget.unscrubbed"),)
    return CommandReply(kind=ReplyKind.DONE, lines=(line, *trouble), erased=True)


def _sections(call: Call, plan: ForgetPlan) -> Iterator[Section]:
    if plan.facts:
        facts = FactRows(plan.facts, call.voice)
        rows = [facts.row(fact) for fact in plan.facts[:ROWS_SHOWN]]
        yield _section(call, "forget.facts", rows, len(plan.facts))
    if plan.cuts or plan.episodes:
        sentences = list(_sentence_rows(call, plan))
        yield _section(call, "forget.sentences", sentences[:ROWS_SHOWN], len(sentences))


def _section(call: Call, key: str, rows: list[Row], total: int) -> Section:
    if total > len(rows):
        rows.append(Row(text=call.voice.say("forget.more", count=total - len(rows))))
    return Section(title=call.voice.say(key), rows=tuple(rows))


def _sentence_rows(call: Call, plan: ForgetPlan) -> Iterator[Row]:
    for cut in plan.cuts:
        spoken = (
            ("forget.you", cut.said),
            ("forget.ellie", cut.replied),
            ("forget.shown", [shown.name for shown in cut.shown]),
        )
        for key, words in spoken:
            for sentence in words:
                yield Row(
                    label=f"m{cut.turn.number}",
                    text=shorten(sentence, _SENTENCE_CHARACTERS),
                    marks=(call.voice.say(key),),
                )
    for summary in plan.episodes:
        for gone in summary.gone:
            yield Row(
                label=span_of(summary.episode),
                text=shorten(gone.text, _SENTENCE_CHARACTERS),
                marks=(call.voice.say("forget.summary"),),
            )
