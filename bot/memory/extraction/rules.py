"""Tier 0 of extraction: what a person says about themselves, found by rules, without a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import regex

from bot.domain.fact import FactKind
from bot.memory.dates import Lean, find_dates
from bot.memory.extraction import (
    chinese_events,
    chinese_people,
    chinese_self,
    chinese_taste,
    chinese_work,
    english_events,
    english_health,
    english_people,
    english_self,
    english_taste,
    english_work,
    silence,
)
from bot.memory.extraction.candidate import Candidate
from bot.memory.extraction.chinese_clauses import chinese_clauses
from bot.memory.extraction.clauses import english_clauses
from bot.memory.extraction.corrections import (
    corrected,
    ends_with_correction,
    is_correction_cue,
    old_in_chinese,
    old_in_english,
    opens_with_correction,
)
from bot.memory.extraction.explicit import LONGEST_STATED, asked_to_remember
from bot.memory.extraction.instructions import instruction
from bot.memory.extraction.pattern import Clause, Draft, Family, first_of, said, tidy
from bot.memory.extraction.sentences import MASK, Sentence, masked, sentences

_ENGLISH: tuple[Family, ...] = (
    english_self.FAMILIES
    + english_work.FAMILIES
    + english_health.FAMILIES
    + english_taste.FAMILIES
    + english_people.FAMILIES
    + english_events.FAMILIES
)
_CHINESE: tuple[Family, ...] = (
    chinese_self.FAMILIES
    + chinese_work.FAMILIES
    + chinese_taste.FAMILIES
    + chinese_people.FAMILIES
    + chinese_events.FAMILIES
)
_HAN = regex.compile(r"\p{Han}")
_ENGLISH_SELF = regex.compile(r"\b(?:i|i'?m|i'?ve|we|we're|we've|my|our|call)\b", regex.IGNORECASE)
_ELIDED = regex.compile(
    r"(?:been|moved|based|living|working|finished|just|got|allergic|born)\b", regex.IGNORECASE
)
_CHINESE_SELF = regex.compile(r"[我咱]")
_PREFERENCE = regex.compile(r"\b(?:like|love|hate|prefer|enjoy)s?\b|喜欢|讨厌|爱吃")
_RELATIVE_JOINTS = {"which", "who", "where", "that"}
_NOTEWORTHY = regex.compile(
    r"(?i:\b(?:i|i'm|my|me|we|our|us)\b)|\d|^(?i:the)\s|(?<=\p{Ll} )\p{Lu}\p{Ll}|\p{Han}"
)
_EXHORTS = regex.compile(
    r"(?:(?:just|believe|keep|never|always|be|stay|sometimes|you|your|life|love)\b"
    r"|i'?m (?:always )?here\b|(?:.*\b(?:you|your|yourself)\b))",
    regex.IGNORECASE,
)
_LONGEST_MEMORY = 12
"""Candidates from one message. Nobody tells more at once; a pasted profile may."""


def extract(text: str, said_at: datetime) -> tuple[Candidate, ...]:
    """What ``text``, said at ``said_at``, tells about its speaker, in reading order.

    Only the first 4,000 characters are read. Questions, conditions, role play, quotations, jokes
    marked as such and reports about others give nothing. Never raises; linear in the length read.
    """
    try:
        return _extract(text, said_at)
    except (ValueError, OverflowError, IndexError):
        # Dates at the edge of the calendar. One odd message is not worth a failed turn.
        return ()


def _extract(text: str, said_at: datetime) -> tuple[Candidate, ...]:
    shown = masked(text)
    if silence.silences_message(shown):
        return ()
    found: list[Candidate] = []
    pieces = sentences(shown)
    last: Draft | None = None
    cue_alone = False
    for place, sentence in enumerate(pieces):
        before, last = last, None
        cue = cue_alone or opens_with_correction(sentence.text)
        cue_alone = is_correction_cue(sentence.text)
        if silence.starts_fiction(sentence):
            break
        after = pieces[place + 1].text if place + 1 < len(pieces) else ""
        laughing = silence.laughs(sentence.text + sentence.ender) or silence.laughs(after[:8])
        for clause, draft, explicit in _drafts(sentence, said_at, laughing=laughing, before=before):
            last = corrected(draft, cue=cue, old=None)
            found.append(_candidate(text, clause, last, explicit=explicit))
    return _distinct(_dated(found))[:_LONGEST_MEMORY]


def _drafts(
    sentence: Sentence, said_at: datetime, *, laughing: bool, before: Draft | None
) -> Iterator[tuple[Clause, Draft, bool]]:
    if silence.asks_to_forget(sentence.text):
        return
    whole = Clause(
        text=sentence.text, start=sentence.start, end=sentence.start + len(sentence.text)
    )
    if asked := asked_to_remember(sentence.text):
        yield from _remembered(sentence, asked, said_at)
        return
    if MASK not in sentence.text and (order := instruction(sentence.text)):
        yield whole, order, False
        return
    for clause, draft in _statements(sentence, said_at, laughing=laughing, before=before):
        yield clause, draft, False


def _statements(
    sentence: Sentence, said_at: datetime, *, laughing: bool, before: Draft | None = None
) -> Iterator[tuple[Clause, Draft]]:
    if _HAN.search(sentence.text):
        if (
            _CHINESE_SELF.search(sentence.text)
            or _ENGLISH_SELF.search(sentence.text)
            or regex.match(r"来自|住在|坐标", sentence.text)
        ):
            yield from _chinese(sentence, said_at, laughing=laughing)
    elif before or _ENGLISH_SELF.search(sentence.text) or _ELIDED.match(sentence.text):
        yield from _english(sentence, said_at, laughing=laughing, before=before)


def _english(
    sentence: Sentence, said_at: datetime, *, laughing: bool, before: Draft | None
) -> Iterator[tuple[Clause, Draft]]:
    if silence.asks_in_english(sentence.text):
        return
    asking = "?" in sentence.ender or "？" in sentence.ender
    clauses = english_clauses(sentence, laughing=laughing)
    opens = [silence.open_question(clause.text) for clause, _ in clauses]
    if asking and not any(opens[1:]):
        return
    for (clause, joint), opened in zip(clauses, opens, strict=True):
        if silence.asks_in_english(clause.text) or (asking and opened):
            return
        if silence.silences_rest_english(clause.text, joint):
            return
        if joint.split(" ")[-1] in _RELATIVE_JOINTS:
            continue
        named = english_people.named_later(clause, before)
        for draft in [*_english_drafts(clause, said_at), *([named] if named else [])]:
            before = corrected(draft, cue=_after_cue(sentence, clause), old=None)
            yield clause, before


def _english_drafts(clause: Clause, said_at: datetime) -> Iterator[Draft]:
    old = old_in_english(clause.text)
    for draft in _all(clause, said_at, _ENGLISH, english_people.people, english_events.happenings):
        yield corrected(draft, cue=False, old=old)


def _chinese(
    sentence: Sentence, said_at: datetime, *, laughing: bool
) -> Iterator[tuple[Clause, Draft]]:
    clauses = chinese_clauses(sentence, laughing=laughing)
    if clauses and silence.is_chinese_tag(clauses[-1].text):
        return
    asking = "?" in sentence.ender or "？" in sentence.ender
    for place, clause in enumerate(clauses):
        if silence.silences_rest_chinese(clause.text):
            return
        if silence.asks_in_chinese(clause.text) or (asking and place == len(clauses) - 1):
            continue
        old = old_in_chinese(clauses, place)
        for draft in _chinese_drafts(clause, said_at):
            yield clause, corrected(draft, cue=_after_cue(sentence, clause), old=old)


def _after_cue(sentence: Sentence, clause: Clause) -> bool:
    """Whether a cue stands right before ``clause``: "…; actually, my dog is called Bruno"."""
    return ends_with_correction(sentence.text[: clause.start - sentence.start])


def _chinese_drafts(clause: Clause, said_at: datetime) -> Iterator[Draft]:
    if _CHINESE_SELF.search(clause.text) or _HAN.search(clause.text):
        yield from _all(clause, said_at, _CHINESE, chinese_people.people, chinese_events.happenings)
    if _ENGLISH_SELF.search(clause.text):
        yield from _english_drafts(clause, said_at)


def _all(
    clause: Clause,
    said_at: datetime,
    families: tuple[Family, ...],
    people: Callable[[Clause], Iterator[Draft]],
    happenings: Callable[[Clause, datetime], Iterator[Draft]],
) -> Iterator[Draft]:
    if len(clause.text) < 3:  # noqa: PLR2004 - nothing is said in two characters
        return
    found = [draft for family in families for draft in first_of(family, clause)]
    found += people(clause)
    yield from found
    for draft in happenings(clause, said_at):
        told_already = found and draft.topic == "event" and not draft.occurs_from
        if MASK not in draft.text and not told_already:
            yield draft


def _remembered(
    sentence: Sentence, asked: tuple[int, int], said_at: datetime
) -> Iterator[tuple[Clause, Draft, bool]]:
    """What was asked to be remembered: by the patterns if one fits, else as it was said."""
    body = sentence.text[asked[0] : asked[1]]
    if MASK in body or silence.asks_in_english(body) or silence.asks_in_chinese(body):
        return
    inner = Sentence(body, sentence.start + asked[0], "")
    whole = Clause(
        text=sentence.text, start=sentence.start, end=sentence.start + len(sentence.text)
    )
    if order := instruction(body):
        yield whole, order, True
        return
    if len(body) > LONGEST_STATED:
        whole = Clause(text=body, start=inner.start, end=inner.start + len(body))
        for draft in _note(body, said_at):
            yield whole, draft, True
    cue = opens_with_correction(body)
    known = [draft for _, draft in _statements(inner, said_at, laughing=False)]
    short = len(body) <= LONGEST_STATED
    for draft in known or (_note(body, said_at) if short else ()):
        yield whole, corrected(draft, cue=cue, old=None), True


def _note(body: str, said_at: datetime) -> Iterator[Draft]:
    """What no pattern knows, as it was said; encouragement ("remember, stay strong") is nothing."""
    if own := regex.match(
        r"(?:my (?P<what>[\p{L}' -]{2,40}?) (?:is|are)"
        r"|我家?的?(?P<what>\p{Han}{1,10}?)(?:是|在|:|：))\s*(?P<value>\S.{0,60})$",
        tidy(body),
        regex.IGNORECASE,
    ):
        yield Draft(
            kind=FactKind.IDENTITY,
            text=said(body),
            slot=f"my:{own['what'].strip().lower()}",
            value=tidy(own["value"]),
        )
        return
    # A date in a long text is one of its details, not when the whole of it takes place.
    short = len(body) <= LONGEST_STATED
    mentions = find_dates(body, said_at, lean=Lean.FUTURE) if short else ()
    if _EXHORTS.match(body) or not (mentions or _NOTEWORTHY.search(body)):
        return
    kind = FactKind.PREFERENCE if _PREFERENCE.search(body) else FactKind.EVENT
    note = Draft(kind=kind, text=said(body), topic="note")
    chinese = bool(_HAN.search(body))
    for mention in mentions[:1]:
        kind = FactKind.PLAN if mention.until > said_at else kind
        clause = Clause(text=body, start=0, end=len(body))
        note = english_events.dated(clause, mention, kind, "note", chinese=chinese)
    yield note


def _candidate(text: str, clause: Clause, draft: Draft, *, explicit: bool) -> Candidate:
    return Candidate(
        kind=draft.kind,
        text=draft.text,
        quote=text[clause.start : clause.end],
        start=clause.start,
        end=clause.end,
        slot=draft.slot,
        topic=draft.topic,
        value=draft.value,
        corrects=draft.corrects,
        replaces=draft.replaces,
        ends=draft.ends,
        explicit=explicit,
        occurs_from=draft.occurs_from,
        occurs_until=draft.occurs_until,
        confidence=draft.confidence,
    )


def _dated(found: Sequence[Candidate]) -> list[Candidate]:
    """A new value whose sentence says when takes the date along, and is no event besides.

    "I moved to Berlin last week" is one statement: a home, since last week.
    """
    events = {(c.start, c.end): c for c in found if c.topic == "event" and c.occurs_from}
    slots = {(c.start, c.end): c for c in found if c.slot is not None and c.corrects}
    both = events.keys() & slots.keys()
    return [
        replace(
            candidate,
            occurs_from=events[span].occurs_from,
            occurs_until=events[span].occurs_until,
        )
        if candidate is slots.get(span) and span in both
        else candidate
        for candidate in found
        if not ((span := (candidate.start, candidate.end)) in both and candidate is events[span])
    ]


def _distinct(found: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Each statement once, and a slot that is named twice by its last value only."""
    kept: dict[object, Candidate] = {}
    for candidate in found:
        key = (candidate.slot, candidate.topic, (candidate.value or candidate.text).casefold())
        if key not in kept or (candidate.corrects and not kept[key].corrects):
            kept[key] = candidate
    return tuple(kept.values())
