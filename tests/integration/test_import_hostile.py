"""What a spoiled file leaves in a real database when it is refused: nothing."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from support.databases import content, run
from support.moving import as_file, begin, exported, imported
from support.whole_life import ANA, whole_life

from bot.domain.identity import IdentityRef, Platform
from bot.errors import ImportRefusedError
from storage.database import open_storage
from storage.inmemory import InMemoryStorage

SOMEBODY = IdentityRef(platform=Platform.CONSOLE, external_id="zoe", display_name="Zoe")


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_a_refused_file_leaves_no_row(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    there = InMemoryStorage()
    await begin(there, whole_life(30))
    document = json.loads(await exported(there, ANA))
    new: Callable[[], str] = request.getfixturevalue("new_postgres_database")
    url = f"sqlite:///{tmp_path}/ellie.db" if kind == "sqlite" else new()
    chance = random.Random(3)
    seen_at = whole_life().person.first_seen_at
    async with open_storage(url) as storage:
        async with storage.unit_of_work() as work:
            await work.persons.resolve(SOMEBODY, new_id="zoe", seen_at=seen_at)
            await work.commit()
        await imported(storage, as_file(document))
        before = await run(url, content)
        # The same file under other names: only its ids are taken, one kind after the other.
        kinds = ["turns", "facts", "episodes", "operations", "compactions"]
        for name in kinds:
            spoiled = json.loads(as_file(document).replace(b'"ana"', b'"eve"'))
            for other in kinds:
                if other != name:
                    spoiled[other] = []
            for other in ("traces", "deliveries", "feedback"):
                spoiled[other] = []
            for fact in spoiled["facts"]:
                fact["evidence"] = [{**fact["evidence"][0], "turn_id": None}]
            for item in spoiled["episodes"]:
                item["sentences"] = []
            spoiled["identities"] = [{**spoiled["identities"][0], "external_id": "eve"}]
            with pytest.raises(ImportRefusedError, match=rf"{name}\[\d+\].id belongs"):
                await imported(storage, as_file(spoiled))
        for _ in range(100):
            spoiled = json.loads(as_file(document))
            name = chance.choice([key for key, value in spoiled.items() if isinstance(value, list)])
            spoiled[name].append(chance.choice(spoiled[name]))
            with pytest.raises(ImportRefusedError):
                await imported(storage, as_file(spoiled))
        assert await run(url, content) == before
