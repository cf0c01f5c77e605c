"""Facts and messages as rows that people read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.commands.reply import Row, Section
from bot.commands.voice import Voice
from bot.domain.fact import Fact, FactId, FactKind, FactStatus
from bot.domain.memory import MemorySummary
from bot.domain.text import shorten
from bot.domain.turn import Turn, TurnStatus
from bot.memory.cutting import same_words

MESSAGE_CHARACTERS = 100
QUOTE_CHARACTERS = 120

_ORDER = (
    FactKind.IDENTITY,
    FactKind.PREFERENCE,
    FactKind.INSTRUCTION,
    FactKind.RELATION,
    FactKind.PLAN,
    FactKind.EVENT,
)


class FactRows:
    """Writes rows about facts, each in the light of the others."""

    def __init__(self, facts: Iterable[Fact], voice: Voice) -> None:
        self._facts: Mapping[FactId, Fact] = {fact.id: fact for fact in facts}
        self._voice = voice
        self._former: dict[FactId, list[Fact]] = defaultdict(list)
        for fact in self._facts.values():
            if fact.status is FactStatus.SUPERSEDED and (heir := self.heir(fact)) is not None:
                self._former[heir].append(fact)

    def row(self, fact: Fact) -> Row:
        """One fact: number, words, state, where it comes from, what it was before."""
        return Row(
            label=f"#{fact.number}",
            text=fact.text,
            marks=tuple(self._marks(fact)),
            notes=tuple(self._notes(fact)),
        )

    def rows(self, facts: Iterable[Fact]) -> tuple[Row, ...]:
        """Several facts."""
        return tuple(self.row(fact) for fact in facts)

    def former_values(self, fact: Fact) -> list[Fact]:
        """What stood in place of ``fact`` before, latest first."""
        return sorted(
            self._former.get(fact.id, ()),
            key=lambda other: (other.state.valid_to or other.valid_from, other.number),
            reverse=True,
        )

    def heir(self, fact: Fact) -> FactId | None:
        """The fact that stands in place of a superseded one now, through any number of steps."""
        seen = set()
        while fact.state.superseded_by and fact.id not in seen:
            seen.add(fact.id)
            following = self._facts.get(fact.state.superseded_by)
            if following is None:
                return None
            fact = following
        return fact.id if seen and fact.status is FactStatus.ACTIVE else None

    def _marks(self, fact: Fact) -> Iterable[str]:
        if fact.state.pinned:
            yield self._voice.say("mark.pinned")
        if fact.status is not FactStatus.ACTIVE:
            yield self._voice.say(f"mark.{fact.status.value}")

    def _notes(self, fact: Fact) -> Iterable[str]:
        voice = self._voice
        if fact.occurs_from:
            yield voice.say("note.when", date=_period(fact.occurs_from, fact.occurs_until, voice))
        if fact.state.valid_to:
            yield voice.say("note.until", date=voice.date(fact.state.valid_to))
        yield self._origin(fact)
        for former in self.former_values(fact):
            yield voice.say(
                "note.was",
                value=former.value or former.text,
                date=voice.date(former.state.valid_to or former.valid_from),
                number=former.number,
            )
        rival = self._facts.get(fact.conflicts_with) if fact.conflicts_with else None
        if rival and rival.status is FactStatus.ACTIVE:
            yield voice.say("note.conflict", number=rival.number)

    def _origin(self, fact: Fact) -> str:
        latest = fact.evidence[-1]
        date = self._voice.date(latest.said_at)
        if len(fact.evidence) > 1:
            return self._voice.say("note.said.often", count=len(fact.evidence), date=date)
        if same_words(latest.quote, fact.text):
            return self._voice.say("note.said.plain", date=date)
        quote = self._voice.quoted(shorten(latest.quote, QUOTE_CHARACTERS))
        return self._voice.say("note.said", quote=quote, date=date)


def overview(summary: MemorySummary, now: datetime, voice: Voice) -> list[Section]:
    """Everything stored about a person, in groups.

    Facts that were taken back are left out, and those that became one with another.
    """
    facts = FactRows(summary.facts, voice)
    active = [fact for fact in summary.facts if fact.status is FactStatus.ACTIVE]
    passed = [
        fact
        for fact in summary.facts
        if fact.status is FactStatus.EXPIRED
        or (fact.status is FactStatus.ACTIVE and _is_passed(fact, now))
    ]
    sections = [
        (
            f"kind.{kind.value}",
            sorted(
                (fact for fact in active if fact.kind is kind and not _is_passed(fact, now)),
                key=lambda fact: (not fact.state.pinned, fact.occurs_from or fact.valid_from),
            ),
        )
        for kind in _ORDER
    ]
    former = [
        fact
        for fact in summary.facts
        if fact.status is FactStatus.SUPERSEDED and facts.heir(fact) is None
    ]
    quarantined = [fact for fact in summary.facts if fact.status is FactStatus.QUARANTINED]
    sections += [
        ("show.passed", passed),
        ("show.former", former),
        ("show.quarantined", quarantined),
    ]
    shown = [
        Section(title=voice.say(key), rows=facts.rows(group)) for key, group in sections if group
    ]
    if summary.turns:
        whole = len(summary.turns) == summary.turn_count
        title = (
            voice.say("show.messages")
            if whole
            else voice.say("show.messages.latest", count=len(summary.turns))
        )
        shown.append(Section(title=title, rows=message_rows(summary.turns, voice)))
    return shown


def message_rows(turns: Iterable[Turn], voice: Voice) -> tuple[Row, ...]:
    """Messages: number, time, the first words, and how they ended when that was not a reply."""
    return tuple(
        Row(
            label=f"m{turn.number}",
            text=f"{turn.received_at:%Y-%m-%d %H:%M}  {shorten(turn.text, MESSAGE_CHARACTERS)}",
            marks=tuple(_turn_marks(turn, voice)),
        )
        for turn in turns
    )


def page_of(sections: Sequence[Section], page: int, size: int) -> tuple[tuple[Section, ...], int]:
    """The sections that stand on a page of ``size`` rows, and how many pages there are."""
    total = sum(len(section.rows) for section in sections)
    first, last = (page - 1) * size, page * size
    shown, at = [], 0
    for section in sections:
        rows = section.rows[max(0, first - at) : max(0, last - at)]
        if rows:
            shown.append(Section(title=section.title, rows=rows))
        at += len(section.rows)
    return tuple(shown), max(1, -(-total // size))


def _turn_marks(turn: Turn, voice: Voice) -> Iterable[str]:
    if not (turn.text or turn.shown):
        yield voice.say("mark.forgotten")
    if turn.shown:
        yield voice.say("mark.shown", count=len(turn.shown))
    if turn.status is not TurnStatus.ANSWERED:
        yield voice.say(f"mark.{turn.status.value}")
    if turn.unremembered:
        yield voice.say("mark.unremembered")


def _is_passed(fact: Fact, now: datetime) -> bool:
    end = fact.occurs_until or fact.occurs_from
    return fact.kind is FactKind.PLAN and end is not None and end <= now


def _period(since: datetime, until: datetime | None, voice: Voice) -> str:
    """The day on which something occurs, or the first and the last one: ``until`` is exclusive."""
    first = voice.date(since)
    last = first if until is None else voice.date(max(since, until - timedelta(microseconds=1)))
    return first if first == last else voice.say("note.between", first=first, last=last)
