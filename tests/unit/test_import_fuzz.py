"""Thousands of spoiled files: each is a memory or a sentence, which then changes nothing."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from support.moving import as_file, begin, exported, imported
from support.whole_life import ANA, whole_life

from bot.errors import ImportRefusedError
from storage.inmemory import InMemoryStorage

COUNT = 2_000
_HOSTILE: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**31,
    2**70,
    1e308,
    -0.5,
    "",
    "x" * 3_000,
    "x" * 1_100_000,
    "\x00",
    "\ud800",
    "\x1b[2J",
    "'; DROP TABLE turns; --",
    "../../../etc/passwd",
    "{0.__class__}",
    "%s%n",
    "2026-01-01",
    "2026-01-01T00:00:00",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "🐈" * 100,
    "\u202eAna",
    [],
    {},
    [[]],
    {"a": {"b": {}}},
    [None] * 1_000,
    {"": ""},
)


def _places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for step, item in inside:
        yield (*way, step)
        if isinstance(item, dict | list):
            yield from _places(item, (*way, step))


def _spoiled(document: dict[str, Any], chance: random.Random) -> bytes:
    """The document as a file, with something wrong in it, or in its bytes."""
    changed = copy.deepcopy(document)
    for _ in range(chance.choice([1, 1, 1, 2, 5])):
        way = chance.choice(list(_places(changed)))
        place: Any = changed
        for step in way[:-1]:
            place = place[step]
        last = way[-1]
        what = chance.randrange(6)
        if what == 0:
            del place[last]
        elif what == 1 and isinstance(place, list):
            place.append(copy.deepcopy(chance.choice(place)))
        elif what == 2 and isinstance(place, list):
            chance.shuffle(place)
        elif what == 3:
            other: Any = changed
            for step in chance.choice(list(_places(changed))):
                other = other[step]
            place[last] = copy.deepcopy(other)
        else:
            place[last] = copy.deepcopy(chance.choice(_HOSTILE))
    # Halves of surrogate pairs can stand in JSON, as escapes.
    content = json.dumps(changed).encode() if chance.random() < 0.8 else _written(changed)
    if chance.random() < 0.2:
        spoiled = bytearray(content)
        for _ in range(chance.choice([1, 3, 20])):
            spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
        content = bytes(spoiled[: chance.choice([len(spoiled), chance.randrange(len(spoiled))])])
    return content


def _written(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode(errors="surrogatepass")


@pytest.mark.timeout(240)
async def test_no_spoiled_file_breaks_anything() -> None:
    there = InMemoryStorage()
    await begin(there, whole_life())
    document = json.loads(await exported(there, ANA))
    chance = random.Random(7)
    told: list[str] = []
    kept = 0
    for _ in range(COUNT):
        content = _spoiled(document, chance)
        here = InMemoryStorage()
        before = here.state
        try:
            await imported(here, content)
        except ImportRefusedError as error:
            assert here.state is before
            told.append(str(error))
        else:
            kept += 1
            # Whatever came in can be taken along and brought in again.
            (person_id,) = here.state.persons
            async with here.unit_of_work() as work:
                account = (await work.persons.identities(person_id))[0]
            again = await exported(here, account)
            elsewhere = InMemoryStorage()
            await imported(elsewhere, again)
            assert await exported(elsewhere, account) == again
    assert len(told) + kept == COUNT
    assert len(told) > COUNT // 2
    assert max(map(len, told)) < 20_000
    assert all(text.replace("\n", "").isprintable() for text in told)
    assert kept > 20


async def test_the_unspoiled_file_is_kept() -> None:
    there, here = InMemoryStorage(), InMemoryStorage()
    await begin(there, whole_life())
    content = await exported(there, ANA)
    await imported(here, content)
    assert as_file(json.loads(content)) == await exported(here, ANA)
