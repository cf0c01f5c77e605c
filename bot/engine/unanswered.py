"""Telling people about messages that were never answered because a process died."""

from __future__ import annotations

from bot.domain.conversation import ConversationRef, Scope
from bot.domain.identity import IdentityRef
from bot.domain.turn import Turn
from bot.ports.storage import Storage
from bot.ports.system import IdSource


class Unanswered:
    """Finds interrupted messages. May raise a StorageError."""

    def __init__(self, storage: Storage, *, ids: IdSource) -> None:
        self._storage = storage
        self._ids = ids

    async def take(self, identity: IdentityRef, conversation: ConversationRef) -> tuple[Turn, ...]:
        """Those of this conversation. Each is returned once, so the person is told once."""
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None:
                return ()
            known = await work.conversations.resolve(conversation, new_id=self._ids.new_id())
            scope = Scope(person.id, known.audience)
            turns = await work.turns.take_unreported_failures(scope, known.id)
            await work.commit()
            return turns
