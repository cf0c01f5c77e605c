"""Taking a memory from one Ellie to another."""

from __future__ import annotations

from typing import Any

from support.engine import FakeClock
from support.lives import BIRTH

from bot.domain.conversation import Scope
from bot.domain.identity import IdentityRef, PersonId
from bot.engine.erasing import Erasing
from bot.engine.forgetting import Forgetting
from bot.engine.importing.importer import Imported, MemoryImport
from bot.engine.importing.reading import read_document
from bot.engine.memory_export import MemoryDocument, MemoryExport, as_json
from bot.engine.recall_cache import RecallCache
from bot.ports.import_storage import WholeMemory
from bot.ports.storage import Storage
from bot.system import RandomIds


async def begin(storage: Storage, memory: WholeMemory) -> None:
    """Have somebody lived this life here."""
    async with storage.unit_of_work() as work:
        assert await work.imports.taken(memory) == ()
        await work.imports.write(memory)
        await work.commit()


async def exported(storage: Storage, identity: IdentityRef) -> bytes:
    """The file that they get."""
    document = await MemoryExport(storage, clock=FakeClock()).of(identity)
    assert document is not None
    return document.content


def as_file(document: dict[str, Any]) -> bytes:
    """Values written as an export writes them."""
    return MemoryDocument(
        {name: as_json(value) for name, value in document.items() if not isinstance(value, list)},
        {
            name: [as_json(item) for item in value]
            for name, value in document.items()
            if isinstance(value, list)
        },
    ).content


async def imported(storage: Storage, content: bytes, **options: Any) -> Imported:
    return await MemoryImport(storage).store(read_document(content).document, **options)


async def forgotten(storage: Storage, identity: IdentityRef) -> None:
    recall, clock, ids = RecallCache(), FakeClock(), RandomIds()
    erasing = Erasing(storage, recall, clock=clock, ids=ids)
    forgetting = Forgetting(storage, recall, clock=clock, ids=ids, erasing=erasing)
    await forgetting.forget_everything(identity)


async def ranked(storage: Storage, person_id: PersonId, query: str) -> list[Any]:
    """What recall finds, with its scores."""
    async with storage.unit_of_work() as work:
        person = await work.persons.get(person_id)
        assert person is not None
        index = await RecallCache().index_of(person, work)
    return list(index.rank(query, Scope.in_private(person_id), now=BIRTH, limit=30))
