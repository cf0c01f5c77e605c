"""The database as every part of Ellie opens it: nothing in it that was erased since a backup."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.config import Settings
from bot.engine.erase_list import EraseList
from bot.engine.erasing import Erasing
from bot.engine.erasing_again import ErasedAgain, ErasingAgain
from bot.engine.recall_cache import RecallCache
from bot.erase_file import FILE_NAME, JsonLinesEraseFile
from bot.ports.system import Clock, IdSource
from storage.database import SqlStorage, open_storage


@dataclass(frozen=True, slots=True)
class Database:
    """An open database, its erase list, and what had to be erased again at opening."""

    storage: SqlStorage
    erase_list: EraseList
    again: ErasedAgain


@asynccontextmanager
async def open_database(
    settings: Settings, *, clock: Clock, ids: IdSource
) -> AsyncIterator[Database]:
    """The migrated database, after what a backup brought back was erased again; closed on leaving.

    Raises:
        SchemaTooNewError: when a newer Ellie wrote it.
        StorageError: when it, or the copy of the erase list, cannot be used.
    """
    async with open_storage(settings.resolved_database_url) as storage:
        erase_list = EraseList(storage, JsonLinesEraseFile(settings.data_dir / FILE_NAME))
        erasing = Erasing(storage, RecallCache(), clock=clock, ids=ids, erase_list=erase_list)
        again = await ErasingAgain(storage, erasing, erase_list).catch_up()
        yield Database(storage, erase_list, again)
