"""A person's own control over their memory, in one hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from bot.engine.erase_list import EraseList
from bot.engine.erasing import Erasing
from bot.engine.forgetting import Forgetting
from bot.engine.generators import Generators
from bot.engine.incognito import IncognitoConversations
from bot.engine.linking import Linking
from bot.engine.memory_changes import MemoryChanges
from bot.engine.memory_export import MemoryExport
from bot.engine.memory_settings import MemorySettings
from bot.engine.memory_view import MemoryView
from bot.engine.recall_cache import RecallCache
from bot.engine.revisions import MessageRevisions
from bot.engine.unanswered import Unanswered
from bot.ports.policy_source import PolicySource
from bot.ports.storage import Storage
from bot.ports.system import Clock, IdSource


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryControl:
    """What people may do with what is stored about them. Every use may raise a StorageError.

    ``revisions`` follow what they do to their messages on a platform. ``erasing`` is for whatever
    else erases over the same database, so that it shares the memory of a scrub that has to wait.
    """

    view: MemoryView
    changes: MemoryChanges
    forgetting: Forgetting
    export: MemoryExport
    settings: MemorySettings
    linking: Linking
    unanswered: Unanswered
    revisions: MessageRevisions
    erasing: Erasing

    @classmethod
    def over(
        cls,
        storage: Storage,
        recall: RecallCache,
        *,
        clock: Clock,
        ids: IdSource,
        incognito: IncognitoConversations | None = None,
        retention_days: int | None = None,
        policies: PolicySource | None = None,
        erase_list: EraseList | None = None,
        generators: Generators | None = None,
    ) -> Self:
        """All of it over one database. ``recall`` and ``incognito`` are those of the turns.

        ``retention_days`` is for how long things are kept where nobody decided otherwise.
        ``policies`` say what holds where; without any, the usual does.
        ``erase_list`` is copied out after each erasure. ``generators`` are those that may have read
        what is erased.
        """
        incognito = incognito or IncognitoConversations()
        erasing = Erasing(
            storage, recall, clock=clock, ids=ids, erase_list=erase_list, generators=generators
        )
        return cls(
            view=MemoryView(storage, recall, clock=clock, retention_days=retention_days),
            changes=MemoryChanges(storage, clock=clock, ids=ids),
            forgetting=Forgetting(
                storage, recall, clock=clock, ids=ids, incognito=incognito, erasing=erasing
            ),
            export=MemoryExport(storage, clock=clock),
            settings=MemorySettings(
                storage, clock=clock, ids=ids, incognito=incognito, retention_days=retention_days
            ),
            linking=Linking(
                storage, recall, clock=clock, ids=ids, incognito=incognito, generators=generators
            ),
            unanswered=Unanswered(storage, ids=ids),
            revisions=MessageRevisions(
                storage,
                recall,
                clock=clock,
                ids=ids,
                erasing=erasing,
                incognito=incognito,
                policies=policies,
            ),
            erasing=erasing,
        )
