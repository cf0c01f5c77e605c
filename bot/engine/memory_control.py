"""A person's own control over their memory, in one hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from bot.engine.forgetting import Forgetting
from bot.engine.incognito import IncognitoConversations
from bot.engine.linking import Linking
from bot.engine.memory_changes import MemoryChanges
from bot.engine.memory_export import MemoryExport
from bot.engine.memory_settings import MemorySettings
from bot.engine.memory_view import MemoryView
from bot.engine.recall_cache import RecallCache
from bot.engine.unanswered import Unanswered
from bot.ports.storage import Storage
from bot.ports.system import Clock, IdSource


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryControl:
    """What people may do with what is stored about them. Every use may raise a StorageError."""

    view: MemoryView
    changes: MemoryChanges
    forgetting: Forgetting
    export: MemoryExport
    settings: MemorySettings
    linking: Linking
    unanswered: Unanswered

    @classmethod
    def over(
        cls,
        storage: Storage,
        recall: RecallCache,
        *,
        clock: Clock,
        ids: IdSource,
        incognito: IncognitoConversations | None = None,
    ) -> Self:
        """All of it over one database. ``recall`` and ``incognito`` are those of the turns."""
        incognito = incognito or IncognitoConversations()
        return cls(
            view=MemoryView(storage, recall, clock=clock),
            changes=MemoryChanges(storage, clock=clock, ids=ids),
            forgetting=Forgetting(storage, recall, clock=clock, ids=ids, incognito=incognito),
            export=MemoryExport(storage, clock=clock),
            settings=MemorySettings(storage, clock=clock, ids=ids, incognito=incognito),
            linking=Linking(storage, recall, clock=clock, ids=ids, incognito=incognito),
            unanswered=Unanswered(storage, ids=ids),
        )
