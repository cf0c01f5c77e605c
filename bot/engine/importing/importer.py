"""Storing a document: one transaction, all of it or nothing.

One, because nobody is to talk with half of a memory, and because a person who was not brought in
wholly could neither be brought in again nor be told from one who forgot something. It is as long as
inserting the rows takes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TypeVar

from bot.domain.identity import IdentityRef, PersonId
from bot.domain.turn import FailureReason, Turn, TurnStatus
from bot.engine.importing.checking import contradictions
from bot.engine.importing.document import Document
from bot.engine.importing.problems import Problem, refuse
from bot.errors import ImportRefusedError
from bot.ports.export_storage import Account, Bookkeeping
from bot.ports.import_storage import Holder, Kind, Taken, WholeMemory
from bot.ports.storage import Storage

_Number = TypeVar("_Number", int, datetime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """Whose memory came in, and how much it is."""

    person_id: PersonId
    accounts: tuple[IdentityRef, ...]
    turns: int
    facts: int
    episodes: int
    next_number: int
    """Of the turn with which the person goes on."""


class MemoryImport:
    """Brings a document in. May raise a StorageError, and changes nothing then."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def store(
        self, document: Document, *, account: IdentityRef | None = None, dry_run: bool = False
    ) -> Imported:
        """Store all of it, for its own accounts, or for ``account`` alone.

        With ``dry_run`` everything is done and undone again.

        Raises:
            ImportRefusedError: its parts do not fit, or something of it is here already.
        """
        refuse(list(contradictions(document)))
        memory = whole_memory(document, account)
        async with self._storage.unit_of_work() as work:
            accounts = [known.identity for known in memory.accounts]
            holders = await work.imports.hold(memory.person.id, accounts)
            _refuse_holders(holders, memory.person.id)
            memory = _with_wishes(memory, holders)
            refuse(_conflicts(document, await work.imports.taken(memory)))
            await work.imports.write(memory, replaced=[holder.person.id for holder in holders])
            imported = Imported(
                person_id=memory.person.id,
                accounts=tuple(accounts),
                turns=len(memory.turns),
                facts=len(memory.facts),
                episodes=len(memory.episodes),
                next_number=memory.bookkeeping.last_turn_number + 1,
            )
            if not dry_run:
                await work.commit()
        return imported


def whole_memory(document: Document, account: IdentityRef | None = None) -> WholeMemory:
    """The values of a document, as they are stored.

    A turn that waited for its reply was interrupted, and the person is told of no interruption. No
    message of another day is finished: what a platform shows counts as whole.
    """
    person = document.person
    counters = document.bookkeeping
    if account is None:
        accounts = tuple(
            Account(
                identity=replace(known.ref, display_name=person.display_name),
                first_seen_at=known.first_seen_at,
            )
            for known in document.identities
        )
    else:
        named = replace(account, display_name=person.display_name)
        accounts = (Account(identity=named, first_seen_at=person.first_seen_at),)
    return WholeMemory(
        person=person,
        bookkeeping=Bookkeeping(
            retention_days=document.retention_days,
            **{field.name: getattr(counters, field.name) for field in fields(counters)},
        ),
        accounts=accounts,
        conversations=document.conversations,
        turns=tuple(_ended(turn, document.exported_at) for turn in document.turns),
        facts=document.facts,
        episodes=document.episodes,
        operations=document.operations,
        compactions=tuple(past.job for past in reversed(document.compactions)),
        traces=document.traces,
        deliveries=tuple(replace(shown, is_complete=True) for shown in document.deliveries),
        feedback=document.feedback,
    )


def _ended(turn: Turn, at: datetime) -> Turn:
    if turn.status is not TurnStatus.ACCEPTED:
        return turn
    return replace(
        turn, status=TurnStatus.FAILED, failure=FailureReason.INTERRUPTED, finished_at=at
    )


def _refuse_holders(holders: Sequence[Holder], person_id: PersonId) -> None:
    for holder in holders:
        if holder.is_empty:
            continue
        if holder.person.id == person_id:
            raise ImportRefusedError(
                "Nothing was imported: this person is here already, with messages or facts. Have "
                "them say `/memory forget everything` first; memories are not mixed."
            )
        raise ImportRefusedError(
            "Nothing was imported: one of these accounts is somebody's who has messages or facts "
            f"here (person {holder.person.id}). Have them say `/memory forget everything` first, "
            "or import for another account with --as, for example --as console:ana."
        )


def _with_wishes(memory: WholeMemory, holders: Sequence[Holder]) -> WholeMemory:
    """The memory for somebody who has decided something here: the stricter decision holds."""
    person, kept = memory.person, memory.bookkeeping
    return replace(
        memory,
        person=replace(
            person,
            paused=person.paused or any(holder.person.paused for holder in holders),
            incognito=person.incognito or any(holder.person.incognito for holder in holders),
            consented_at=person.consented_at
            or _least([holder.person.consented_at for holder in holders]),
        ),
        bookkeeping=replace(
            kept,
            retention_days=_least(
                [kept.retention_days, *(holder.bookkeeping.retention_days for holder in holders)]
            ),
        ),
    )


def _least(values: Collection[_Number | None]) -> _Number | None:
    return min((value for value in values if value is not None), default=None)


def _conflicts(document: Document, taken: Collection[Taken]) -> list[Problem]:
    """Where in the document something stands that belongs to somebody else here."""
    problems = []
    ids = {(found.kind, found.id) for found in taken}
    for kind in Kind:
        name, field = ("turns", "event_key") if kind is Kind.EVENTS else (kind.value, "id")
        for index, item in enumerate(getattr(document, name)):
            if (kind, getattr(item, field)) in ids:
                message = "belongs to something else here, which is never overwritten"
                problems.append(Problem(f"{name}[{index}].{field}", message))
    return problems
