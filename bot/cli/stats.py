"""``ellie stats``: how much is stored, in numbers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from bot.cli.asking import number_of, say, size_of
from bot.config import Settings
from bot.database import open_database
from bot.system import RandomIds, SystemClock
from storage.statistics import Statistics, statistics


def show_stats(settings: Settings, console: Console, *, as_json: bool) -> None:
    """Print the counts.

    Raises:
        StorageError: the database cannot be used.
    """
    clock = SystemClock()

    async def run() -> Statistics:
        async with open_database(settings, clock=clock, ids=RandomIds()) as database:
            return await statistics(database.storage, now=clock.now())

    found = asyncio.run(run())
    if as_json:
        say(console, json.dumps(_plain(found), indent=2))
        return
    for name, told in _lines(found):
        say(console, f"{name:<15} {told}")


def _lines(found: Statistics) -> list[tuple[str, str]]:
    lately = [
        (
            f"last {days} days",
            f"{number_of(turns, 'turn')}, {turns / days:.1f} a day, of "
            + number_of(people, "person"),
        )
        for days, (turns, people) in found.lately.items()
    ]
    return [
        ("people", f"{found.people:,}"),
        ("accounts", _told(found.identities)),
        ("tenants", _told(found.tenants)),
        ("turns", f"{found.turns:,}"),
        *lately,
        ("facts", _told(found.facts)),
        ("episodes", f"{found.episodes:,}"),
        ("vectors", f"{found.vectors:,}"),
        ("audit entries", f"{found.audit_entries:,}"),
        ("erase list", number_of(found.erasures, "entry")),
        ("pending resets", f"{found.pending_resets:,}"),
        ("database", size_of(found.database_bytes)),
    ]


def _told(counts: Mapping[str, int]) -> str:
    total = f"{sum(counts.values()):,}"
    parts = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    return f"{total} ({parts})" if parts else total


def _plain(found: Statistics) -> dict[str, Any]:
    return {
        "people": found.people,
        "identities": dict(found.identities),
        "tenants": dict(found.tenants),
        "turns": found.turns,
        "turns_lately": {
            f"{days}_days": {
                "turns": turns,
                "people": people,
                "turns_a_day": round(turns / days, 2),
            }
            for days, (turns, people) in found.lately.items()
        },
        "facts": dict(found.facts),
        "episodes": found.episodes,
        "vectors": found.vectors,
        "audit_entries": found.audit_entries,
        "erasures": found.erasures,
        "pending_resets": found.pending_resets,
        "database_bytes": found.database_bytes,
    }
