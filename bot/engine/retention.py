"""Erasing what is older than may be kept: the one thing that is erased without being asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from bot.domain.conversation import Scope
from bot.domain.erasure import What
from bot.domain.identity import Person, PersonId
from bot.domain.operation import Actor
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.erasing import Erasing
from bot.engine.memory_view import EVERY_STATUS
from bot.engine.recall_cache import RecallCache
from bot.engine.shielding import shielded
from bot.log import get_logger
from bot.ports.compaction_storage import Expired
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock, IdSource

log = get_logger(__name__)

BATCH = 100
"""People looked up at once, and buckets removed at once."""
FULL_AFTER = timedelta(days=1)
"""No quota takes longer until it is whole again, unless more was used than there was."""
NO_DEBT_AFTER = timedelta(days=30)
"""And then this long."""


class Retention:
    """Holds to what was agreed: so many days per person, per tenant, or by ``default_days``.

    None is as long as people want. Gives way to chat when ``traffic`` says that somebody is being
    answered. May raise a StorageError.
    """

    def __init__(
        self,
        storage: Storage,
        recall: RecallCache,
        *,
        clock: Clock,
        ids: IdSource,
        default_days: int | None,
        traffic: ChatTraffic | None = None,
        erasing: Erasing | None = None,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._default_days = default_days
        self._traffic = traffic or ChatTraffic()
        self._erasing = erasing or Erasing(storage, recall, clock=clock, ids=ids)

    async def erase_expired(self, *, limit: int | None = None) -> Expired:
        """Erase what is too old of everybody, or of ``limit`` people; returns how much it was.

        One unit of work for each person, then one scrub for all. When it is cancelled, or the
        process dies, whoever is left has their turn the next time.
        """
        total = Expired()
        seen: set[PersonId] = set()
        while people := await self._due(seen, limit):
            for person_id in people:
                await self._traffic.quiet()
                total = sum_of(total, await shielded(self._erase(person_id)))
            seen.update(people)
        await self._drop_full_buckets()
        await self._erasing.scrub()
        if total:
            log.info("expired_memory_erased", turns=total.turns, facts=total.facts)
        return total

    async def _due(self, seen: set[PersonId], limit: int | None) -> tuple[PersonId, ...]:
        """Some of the people who are due, none of them twice in a run."""
        room = BATCH if limit is None else min(BATCH, limit - len(seen))
        if room <= 0:
            return ()
        async with self._storage.unit_of_work() as work:
            # Whoever was seen is due no more, unless something came up that is too old already.
            due = await work.retention.due(
                now=self._clock.now(), default_days=self._default_days, limit=room + len(seen)
            )
        return tuple(person_id for person_id in due if person_id not in seen)[:room]

    async def _drop_full_buckets(self) -> None:
        """Remove what is stored of quotas that are whole again. None takes longer than a day."""
        now = self._clock.now()
        dropped = BATCH
        while dropped == BATCH:
            await self._traffic.quiet()
            async with self._storage.unit_of_work() as work:
                dropped = await work.quotas.drop_full(
                    before=now - FULL_AFTER, debts_before=now - NO_DEBT_AFTER, limit=BATCH
                )
                await work.commit()

    async def _erase(self, person_id: PersonId) -> Expired:
        return await erase_of_person(
            self._storage,
            self._erasing,
            person_id,
            lambda work: work.retention.erase_expired(
                person_id, now=self._clock.now(), default_days=self._default_days
            ),
            reason="kept for as long as agreed",
            what=(),  # whatever a backup brings back of it is too old again
        )


async def erase_of_person(
    storage: Storage,
    erasing: Erasing,
    person_id: PersonId,
    remove: Callable[[UnitOfWork], Awaitable[Expired]],
    *,
    reason: str,
    what: Sequence[What],
) -> Expired:
    """Erase what ``remove`` removes of a person, and the person when nothing is left of them.

    ``what`` enters the erase list, if anything was removed. In a unit of work of its own; the
    caller scrubs.
    """
    async with storage.unit_of_work() as work:
        if await work.persons.get(person_id) is None:
            return Expired()  # they had everything forgotten meanwhile
        # The person before their rows, as everywhere: else two could wait for each other.
        await work.facts.begin_change(person_id)
        expired = await remove(work)
        person = await work.persons.get(person_id)
        if person is None or not expired:
            return Expired()
        is_gone = await _has_nothing(work, person)
        if is_gone:
            await work.persons.erase(person_id)
        await erasing.commit(
            work,
            person_id,
            actor=Actor.ADMIN,
            reason=reason,
            detail={
                "turns": expired.turns,
                "facts": expired.facts,
                "episodes": expired.episodes,
            },
            what=what,
            is_gone=is_gone,
        )
    log.info("expired", person=person_id, turns=expired.turns, gone=is_gone)
    return expired


async def _has_nothing(work: UnitOfWork, person: Person) -> bool:
    """Whether nothing is stored of a person any more, and nothing that they decided."""
    if person.paused or person.incognito or person.consented_at:
        return False
    scope = Scope.in_private(person.id, set_aside=True)
    return not (
        await work.turns.latest(scope, limit=1)
        or await work.facts.of(scope, EVERY_STATUS)
        or await work.episodes.of(scope, latest=1)
        or await work.retention.of_person(person.id) is not None
    )


def sum_of(one: Expired, other: Expired) -> Expired:
    """How much both are together."""
    return Expired(
        turns=one.turns + other.turns,
        facts=one.facts + other.facts,
        episodes=one.episodes + other.episodes,
    )
