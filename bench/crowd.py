"""People with turns, written straight into the database: one with many, many with a few."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from bot.domain.conversation import Audience, ConversationRef, Visibility
from bot.domain.identity import IdentityRef, Person, Platform
from storage.database import SqlStorage
from storage.tables import identities, persons, turns

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
TURNS_OF_OTHERS = 3
ROWS_AT_ONCE = 5000

WORDS = """
    river hospital garden lentil soup tram sister herons walk shift recipe cat dog evening window
    piano train market bread coffee winter summer beach mountain ticket doctor teacher painting
    letter bicycle concert birthday present kitchen holiday neighbour football museum library
""".split()  # noqa: SIM905 - a list of words reads best as words
NAMES = [
    start + end
    for start in ("Bel", "Mar", "Tor", "Lin", "Sav", "Kor", "Dun", "Pel")
    for end in ("a", "o", "ina", "el", "us")
]


def sentence(chance: random.Random, words: int = 14) -> str:
    """Something somebody might say, with a name now and then."""
    picked = [
        chance.choice(WORDS) if chance.random() < 0.7 else f"w{int(chance.expovariate(0.002))}"
        for _ in range(words - 1)
    ]
    return " ".join([*picked, chance.choice(NAMES)])


async def add_person(storage: SqlStorage, name: str, size: int, chance: random.Random) -> Person:
    """A person with ``size`` turns in one direct message."""
    identity = IdentityRef(platform=Platform.CONSOLE, external_id=name, display_name=name)
    ref = ConversationRef(platform=Platform.CONSOLE, channel_id=name, visibility=Visibility.DIRECT)
    async with storage.unit_of_work() as work:
        person = await work.persons.resolve(identity, new_id=name, seen_at=BEGAN)
        conversation = await work.conversations.resolve(ref, new_id=f"c-{name}")
        await work.commit()
    await add_rows(
        storage,
        turns,
        (
            turn_row(name, conversation.id, conversation.audience, number, sentence(chance))
            for number in range(1, size + 1)
        ),
    )
    return person


def turn_row(
    person: str, conversation: str, audience: Audience, number: int, text: str
) -> dict[str, Any]:
    """The columns of a finished turn."""
    moment = BEGAN + timedelta(minutes=7 * number)
    return {
        "id": f"{person}-{number}",
        "person_id": person,
        "conversation_id": conversation,
        "visibility": audience.visibility,
        "channel": audience.channel,
        "tenant_id": audience.tenant_id,
        "platform": "console",
        "event_key": f"{person}-{number}",
        "number": number,
        "text": text,
        "reply": "I see.",
        "received_at": moment,
        "finished_at": moment,
        "status": "answered",
        "failure": None,
        "failure_reported_at": None,
        "worker": "bench",
        "lease_until": moment,
        "shown": [],
        "unremembered": False,
    }


async def add_others(storage: SqlStorage, count: int) -> None:
    """People with a few turns each, all in one hall."""
    chance = random.Random(0)  # noqa: S311 - the same words in every run
    ref = ConversationRef(
        platform=Platform.CONSOLE, channel_id="others", visibility=Visibility.DIRECT
    )
    async with storage.unit_of_work() as work:
        hall = await work.conversations.resolve(ref, new_id="hall")
        await work.commit()
    names = [f"other{n}" for n in range(count)]
    await add_rows(
        storage,
        persons,
        (
            {
                "id": name,
                "display_name": name,
                "first_seen_at": BEGAN,
                "memory_epoch": 0,
                "last_turn_number": TURNS_OF_OTHERS,
                "paused": False,
                "incognito": False,
                "notice_shown_at": None,
                "last_fact_number": 0,
            }
            for name in names
        ),
    )
    await add_rows(
        storage,
        identities,
        (
            {
                "platform": "console",
                "tenant_key": "",
                "external_id": name,
                "tenant_id": None,
                "person_id": name,
            }
            for name in names
        ),
    )
    await add_rows(
        storage,
        turns,
        (
            turn_row(name, hall.id, hall.audience, number, sentence(chance))
            for name in names
            for number in range(1, TURNS_OF_OTHERS + 1)
        ),
    )


async def add_rows(storage: SqlStorage, into: Any, rows: Iterator[dict[str, Any]]) -> None:
    """Insert many rows quickly."""
    async with storage.engine.begin() as connection:
        while some := list(itertools.islice(rows, ROWS_AT_ONCE)):
            await connection.execute(insert(into), some)
