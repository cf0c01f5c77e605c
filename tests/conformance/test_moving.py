"""What somebody takes along is the same wherever it is brought in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.engine import FakeClock
from support.lives import lives, settled
from support.moving import as_file, begin, exported, forgotten, imported, ranked

from bot.ports.import_storage import WholeMemory
from bot.ports.storage import Storage
from storage.database import open_storage
from storage.inmemory import InMemoryStorage

EXAMPLES = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
FEW = settings(EXAMPLES, max_examples=12)
QUERY = "Where do I live with my dog 狗 上海 dinner Friday?"


def unsettled(content: bytes) -> bytes:
    """The document with what importing settles: turns that wait, replies half shown."""
    document = json.loads(content)
    for turn in document["turns"]:
        if turn["status"] == "accepted":
            turn |= {
                "status": "failed",
                "failure": "interrupted",
                "finished_at": document["exported_at"],
            }
    for shown in document["deliveries"]:
        shown["is_complete"] = True
    return as_file(document)


@EXAMPLES
@given(memory=lives())
async def test_a_memory_that_was_forgotten_comes_back_byte_for_byte(
    storage: Storage, memory: WholeMemory
) -> None:
    account = memory.accounts[0].identity
    await forgotten(storage, account)
    await begin(storage, memory)
    before = await exported(storage, account)
    hits = await ranked(storage, memory.person.id, QUERY)

    await forgotten(storage, account)
    await imported(storage, before)

    assert await exported(storage, account) == unsettled(before)
    assert await ranked(storage, memory.person.id, QUERY) == hits


@EXAMPLES
@given(memory=lives())
async def test_what_is_exported_is_what_was_lived(storage: Storage, memory: WholeMemory) -> None:
    there, account = InMemoryStorage(), memory.accounts[0].identity
    await forgotten(storage, account)
    await begin(there, settled(memory, FakeClock().now()))
    await imported(storage, await exported(there, account))

    async with storage.unit_of_work() as work:
        page = work.exports
        assert await page.bookkeeping(memory.person.id) == memory.bookkeeping
        assert await work.persons.get(memory.person.id) == memory.person
        assert await page.accounts(memory.person.id) == memory.accounts
        assert await work.turns.open_turns() == ()
    assert await exported(storage, account) == await exported(there, account)


@pytest.mark.postgres
@FEW
@given(memory=lives(), to_postgres=st.booleans())
async def test_a_memory_moves_between_databases_of_both_kinds(
    tmp_path: Path, postgres_url: str, memory: WholeMemory, to_postgres: bool
) -> None:
    account = memory.accounts[0].identity
    async with (
        open_storage(f"sqlite:///{tmp_path}/ellie.db") as sqlite,
        open_storage(postgres_url) as postgres,
    ):
        there, here = (sqlite, postgres) if to_postgres else (postgres, sqlite)
        for storage in (there, here):
            await forgotten(storage, account)
        await begin(there, memory)
        before = await exported(there, account)
        hits = await ranked(there, memory.person.id, QUERY)

        await imported(here, before)

        assert await exported(here, account) == unsettled(before)
        assert await ranked(here, memory.person.id, QUERY) == hits
