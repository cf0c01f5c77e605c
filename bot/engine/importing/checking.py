"""Whether the parts of a document fit together: everything named is there, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, TypeVar

from bot.domain.compaction import JobStatus
from bot.domain.identity import PersonId
from bot.engine.importing.document import Document
from bot.engine.importing.problems import Problem

_T = TypeVar("_T")

_OWNED = ("facts", "turns", "episodes", "operations", "compactions", "traces")
_BY_ID = ("conversations", "facts", "turns", "episodes", "operations", "compactions")
_OF_TURNS = ("traces", "deliveries", "feedback")


def contradictions(document: Document) -> Iterator[Problem]:
    """Everything that does not fit, with its place."""
    for name in _OWNED:
        yield from _of_person(name, getattr(document, name), document.person.id)
    for name in _BY_ID:
        yield from _once(name, getattr(document, name), "id", lambda item: item.id)
    yield from _accounts(document)
    yield from _places(document)
    yield from _turns(document)
    yield from _facts(document)
    yield from _derived(document)
    yield from _counted(document)


def _of_person(name: str, items: Sequence[Any], owner: PersonId) -> Iterator[Problem]:
    for index, item in enumerate(items):
        if item.person_id != owner:
            yield Problem(f"{name}[{index}].person_id", "is somebody else's than person.id")


def _once(
    name: str, items: Sequence[_T], field: str, key: Callable[[_T], Hashable]
) -> Iterator[Problem]:
    seen: set[Hashable] = set()
    for index, item in enumerate(items):
        value = key(item)
        if value in seen:
            yield Problem(f"{name}[{index}].{field}", "is there twice")
        seen.add(value)


def _accounts(document: Document) -> Iterator[Problem]:
    if not document.identities:
        yield Problem("identities", "is empty: nobody could ever speak to this memory")
    for index, known in enumerate(document.identities):
        if known.tenant is not None and known.tenant.platform is not known.platform:
            yield Problem(f"identities[{index}].tenant", "is on another platform")
    yield from _once(
        "identities",
        document.identities,
        "external_id",
        lambda known: (known.platform, known.tenant, known.external_id),
    )


def _places(document: Document) -> Iterator[Problem]:
    for index, place in enumerate(document.conversations):
        tenant = place.ref.tenant
        if tenant is not None and tenant.platform is not place.ref.platform:
            yield Problem(f"conversations[{index}].ref.tenant", "is on another platform")
        if place.tenant_id != (None if tenant is None else tenant.id):
            yield Problem(f"conversations[{index}].tenant_id", "is not that of its tenant")
    yield from _once(
        "conversations",
        document.conversations,
        "ref",
        lambda place: (
            place.ref.platform,
            place.ref.tenant,
            place.ref.channel_id,
            place.ref.thread_id,
        ),
    )


def _turns(document: Document) -> Iterator[Problem]:
    platforms = {place.id: place.ref.platform for place in document.conversations}
    for index, turn in enumerate(document.turns):
        if turn.conversation_id not in platforms:
            yield Problem(f"turns[{index}].conversation_id", "is none of the conversations")
    yield from _numbers("turns", document.turns, document.bookkeeping.last_turn_number)
    yield from _once(
        "turns",
        document.turns,
        "event_key",
        lambda turn: (platforms.get(turn.conversation_id), turn.event_key),
    )


def _facts(document: Document) -> Iterator[Problem]:
    turns = {turn.id for turn in document.turns}
    yield from _numbers("facts", document.facts, document.bookkeeping.last_fact_number)
    for index, fact in enumerate(document.facts):
        said_in = [said.turn_id for said in fact.evidence if said.turn_id is not None]
        place = f"facts[{index}].evidence"
        if not turns.issuperset(said_in):
            yield Problem(place, "names a turn that is none of the turns")
        if len(set(said_in)) < len(said_in):
            yield Problem(place, "names a turn twice")


def _numbers(name: str, items: Sequence[Any], last: int) -> Iterator[Problem]:
    yield from _once(name, items, "number", lambda item: item.number)
    for index, item in enumerate(items):
        if not 1 <= item.number <= last:
            yield Problem(f"{name}[{index}].number", f"has to be from 1 to {last}, the last one")


def _derived(document: Document) -> Iterator[Problem]:
    turns = {turn.id for turn in document.turns}
    places = {place.id for place in document.conversations}
    for index, episode in enumerate(document.episodes):
        place = f"episodes[{index}]"
        if episode.conversation_id not in places:
            yield Problem(f"{place}.conversation_id", "is none of the conversations")
        if not 1 <= episode.first_number <= episode.last_number:
            yield Problem(f"{place}.first_number", "has to be from 1 to last_number")
        for number, sentence in enumerate(episode.sentences):
            if not turns.issuperset(sentence.turn_ids):
                where = f"{place}.sentences[{number}].turn_ids"
                yield Problem(where, "names a turn that is none of the turns")
    for name in _OF_TURNS:
        items = getattr(document, name)
        yield from _once(name, items, "turn_id", lambda item: item.turn_id)
        for index, item in enumerate(items):
            if item.turn_id not in turns:
                yield Problem(f"{name}[{index}].turn_id", "is none of the turns")


def _counted(document: Document) -> Iterator[Problem]:
    last = document.bookkeeping.last_turn_number
    if document.person.compacted_until > last:
        yield Problem("person.compacted_until", f"is greater than {last}, the last turn's number")
    if document.retention_days == 0:
        yield Problem("retention_days", "has to be at least 1, or null")
    running = 0
    for index, past in enumerate(document.compactions):
        running += past.status is JobStatus.RUNNING
        if past.status is JobStatus.RUNNING and running > 1:
            yield Problem(f"compactions[{index}].status", "is running, and so is another one")
        if not past.after_number <= past.until_number <= last:
            where = f"compactions[{index}].until_number"
            yield Problem(where, f"has to be from after_number to {last}, the last turn's number")
