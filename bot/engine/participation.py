"""In which threads Ellie takes part: those in which somebody spoke to her before."""

from __future__ import annotations

from bot.domain.conversation import ConversationRef
from bot.ports.storage import Storage


class Participation:
    """Looks up whether a conversation is one of Ellie's, in any process and at any time before."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def takes_part(self, conversation: ConversationRef) -> bool:
        """Whether something that was said there was said to her, and is stored.

        Raises:
            StorageError: the database cannot be used.
        """
        async with self._storage.unit_of_work() as work:
            return await work.conversations.knows(conversation)
