"""Conversations."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, select, update

from bot.domain.conversation import Conversation, ConversationRef
from bot.errors import StorageError
from storage import mapping
from storage.statements import AnyRow, Statements
from storage.tables import conversations
from storage.tenants import ensure_tenant, tenant_key


class SqlConversationRepository:
    """:class:`~bot.ports.storage.ConversationRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def resolve(self, ref: ConversationRef, *, new_id: str) -> Conversation:
        """The conversation of that name, created when unknown."""
        row = await self._find(ref) or await self._create(ref, new_id)
        if row.visibility != ref.visibility:
            await self._statements.run(
                update(conversations)
                .where(conversations.c.id == row.id)
                .values(visibility=ref.visibility)
            )
        return mapping.conversation(row, ref)

    async def knows(self, ref: ConversationRef) -> bool:
        """Whether there is a conversation of that name."""
        return (
            await self._statements.first(select(conversations.c.id).where(*_named(ref))) is not None
        )

    async def _create(self, ref: ConversationRef, new_id: str) -> AnyRow:
        tenant = await ensure_tenant(self._statements, ref.tenant)
        await self._statements.add(
            conversations,
            {
                "id": new_id,
                "platform": ref.platform,
                "tenant_key": tenant or "",
                "channel_id": ref.channel_id,
                "thread_key": ref.thread_id or "",
                "tenant_id": tenant,
                "visibility": ref.visibility,
            },
        )
        row = await self._find(ref)
        if row is None:
            message = "A new conversation could not be stored, because it was erased meanwhile."
            raise StorageError(message)
        return row

    async def _find(self, ref: ConversationRef) -> AnyRow | None:
        query: Select[*tuple[object, ...]] = select(conversations).where(*_named(ref))
        # Held against being erased as deserted before the first turn is stored in it.
        return await self._statements.first(query.with_for_update(read=True, key_share=True))


def _named(ref: ConversationRef) -> tuple[ColumnElement[bool], ...]:
    return (
        conversations.c.platform == ref.platform,
        conversations.c.tenant_key == tenant_key(ref.tenant),
        conversations.c.channel_id == ref.channel_id,
        conversations.c.thread_key == (ref.thread_id or ""),
    )
