"""Keeping what is no longer true out of prompts.

When a fact is overwritten or over, the words that taught it stay in the log of turns, which is the
truth. Recall and the loop would bring them back: "I live in Porto", said in March, beside "I live
in Berlin". So those words, and Ellie's replies that hold the old value, are cut out of the turns
from before the change whenever they are read for a prompt. Later words stay as they are: somebody
who moved may well speak of Porto.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import regex

from bot.domain.fact import Fact, FactId, FactSource, FactStatus
from bot.domain.turn import Turn, TurnId
from bot.memory.cutting import Span, places, sentence_spans, without

GAP = "…"
"""Stands in a prompt where stale words were."""

_IN_WORD = regex.compile(r"[\p{L}\p{N}--\p{Han}]", regex.VERSION1)


_ALWAYS = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Outdated:
    """A fact that is no longer true, and since when the person has said so."""

    quotes: dict[TurnId, list[str]]
    value: str | None
    since: datetime


class StaleWords:
    """What must be cut out of turns, according to a person's superseded facts.

    ``facts`` may hold active ones as well: they tell when they took an older one's place. Merged
    facts and plans of the past were true: their words stay.
    """

    def __init__(self, facts: Iterable[Fact]) -> None:
        known = {fact.id: fact for fact in facts}
        self._outdated = [
            _outdated(fact, known)
            for fact in known.values()
            if fact.status is FactStatus.SUPERSEDED and not _still_true(fact, known)
        ]

    def cut_from(self, turn: Turn) -> Turn | None:
        """The turn without stale words; None when nothing is left of what the person gave."""
        text, reply = turn.text, turn.reply
        for fact in self._outdated:
            if turn.received_at >= fact.since:
                continue
            for quote in fact.quotes.get(turn.id, ()):
                text = _without_quote(text, quote, fact.value)
            if fact.value is not None:
                reply = _without_value(reply, fact.value)
        if (text, reply) == (turn.text, turn.reply):
            return turn
        nothing_left = text != turn.text and not text.strip(f"{GAP} ") and not turn.shown
        return None if nothing_left else replace(turn, text=text, reply=reply)

    def keeps(self, sentence: str, turn_ids: Collection[TurnId], ended_at: datetime) -> bool:
        """Whether a sentence of a summary that cites these turns may still be shown.

        Not when it names what is outdated since ``ended_at``, when the last of what is summed up
        was said: who speaks of it later may well mean the past. Nor when it has words of an
        outdated quote, which is from before in any case.
        """
        return not any(
            (ended_at < fact.since and fact.value is not None and _names(sentence, fact.value))
            or any(
                quote in sentence or sentence in quote
                for turn_id in turn_ids
                for quote in fact.quotes.get(turn_id, ())
            )
            for fact in self._outdated
        )


def _outdated(fact: Fact, known: dict[FactId, Fact]) -> _Outdated:
    successor = known.get(fact.state.superseded_by) if fact.state.superseded_by else None
    quotes: dict[TurnId, list[str]] = {}
    for evidence in fact.evidence:
        if evidence.turn_id is not None:
            quotes.setdefault(evidence.turn_id, []).append(evidence.quote)
    if successor is not None:
        since = successor.learned_at
    elif fact.state.superseded_by is not None:
        since = _ALWAYS  # by something that may not be known here, or that was forgotten
    else:
        since = fact.state.valid_to or fact.learned_at
    # One character is too short to mean anything by itself.
    value = fact.value if fact.value and len(fact.value) > 1 else None
    return _Outdated(quotes, value, since)


def _still_true(fact: Fact, known: dict[FactId, Fact]) -> bool:
    """Whether what took its place says the same, only to more people."""
    successor = known.get(fact.state.superseded_by) if fact.state.superseded_by else None
    if successor is None or successor.source is FactSource.COMMAND:
        return False  # whoever edits a fact wants its old words gone
    if (fact.slot, fact.topic) != (successor.slot, successor.topic):
        return False
    if fact.value is not None and successor.value is not None:
        return fact.value.casefold() == successor.value.casefold()
    return fact.text == successor.text


def _names(text: str, value: str) -> bool:
    """Whether ``value`` stands in ``text`` as whole words.

    No pattern is compiled for it: the regex module would keep what people said.
    """
    plain = text.casefold()
    return any(
        not _IN_WORD.match(plain[: at.start][-1:]) and not _IN_WORD.match(plain[at.end :][:1])
        for at in places(plain, value.casefold())
    )


def _without_quote(text: str, quote: str, value: str | None) -> str:
    """Cuts the quote, and with it the rest of its sentence when that names the value again."""
    cut = []
    for place in places(text, quote):
        around = [span for span in sentence_spans(text) if span.overlaps(place)]
        rest = [
            text[span.start : max(span.start, place.start)]
            + text[min(span.end, place.end) : span.end]
            for span in around
        ]
        again = value is not None and any(_names(piece, value) for piece in rest)
        cut.append(Span(around[0].start, around[-1].end) if again and around else place)
    return without(text, cut, lambda _: GAP)


def _without_value(reply: str, value: str) -> str:
    # Most replies hold no outdated value, and taking them apart takes long.
    if value.casefold() not in reply.casefold():
        return reply
    return without(reply, [s for s in sentence_spans(reply) if _names(s.of(reply), value)])
