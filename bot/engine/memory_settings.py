"""What people decide about remembering: pause and incognito."""

from __future__ import annotations

from bot.domain.identity import IdentityRef, Person
from bot.engine.incognito import IncognitoConversations
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock, IdSource


class MemorySettings:
    """Settings of one person, known from their first word on. May raise a StorageError."""

    def __init__(
        self,
        storage: Storage,
        *,
        clock: Clock,
        ids: IdSource,
        incognito: IncognitoConversations,
    ) -> None:
        self._storage = storage
        self._incognito = incognito
        self._clock = clock
        self._ids = ids

    async def pause(self, identity: IdentityRef, *, paused: bool) -> bool:
        """Stop or go on learning; False when it was like that already."""
        async with self._storage.unit_of_work() as work:
            person = await self._resolve(work, identity)
            await work.persons.set_paused(person.id, paused=paused)
            await work.commit()
        return person.paused is not paused

    async def go_incognito(self, identity: IdentityRef, *, incognito: bool) -> bool:
        """Stop or go on storing what is said; False when it was like that already."""
        async with self._storage.unit_of_work() as work:
            person = await self._resolve(work, identity)
            await work.persons.set_incognito(person.id, incognito=incognito)
            await work.commit()
        if not incognito:
            self._incognito.end(person.id)
        return person.incognito is not incognito

    async def of(self, identity: IdentityRef) -> Person | None:
        """The person with their settings; None for a stranger. Creates nothing."""
        async with self._storage.unit_of_work() as work:
            return await work.persons.find(identity)

    async def _resolve(self, work: UnitOfWork, identity: IdentityRef) -> Person:
        return await work.persons.resolve(
            identity, new_id=self._ids.new_id(), seen_at=self._clock.now()
        )
