"""``ellie erase``: everything of one person, when they ask the owner and not Ellie."""

from __future__ import annotations

import asyncio

from rich.console import Console

from bot.background import due_rule
from bot.cli.asking import number_of, require_consent, say
from bot.cli.people import SHORT_ID, find_person
from bot.config import Settings
from bot.database import Database, open_database
from bot.domain.conversation import Scope
from bot.domain.identity import PersonId
from bot.domain.memory import ErasedMemory
from bot.engine.audit import AuditLog, Noted
from bot.engine.erasing import Erasing
from bot.engine.forgetting import Forgetting
from bot.engine.memory_view import EVERY_STATUS
from bot.engine.recall_cache import RecallCache
from bot.system import RandomIds, SystemClock


def erase(settings: Settings, console: Console, who: str, *, yes: bool) -> None:
    """Say how much there is of a person, ask, and erase it for good.

    Raises:
        UsageError: nobody is meant by ``who``, or several are.
        StorageError: the database cannot be used.
    """
    clock, ids = SystemClock(), RandomIds()

    async def run() -> ErasedMemory:
        async with open_database(settings, clock=clock, ids=ids) as database:
            async with database.storage.unit_of_work() as work:
                person_id = await find_person(work, who, now=clock.now(), rule=due_rule(settings))
            say(console, await _what_there_is(database, person_id))
            # No transaction is open while it waits, and nothing else runs on this loop.
            require_consent(console, "Erase all of it for good?", yes=yes)
            recall = RecallCache()
            erasing = Erasing(
                database.storage, recall, clock=clock, ids=ids, erase_list=database.erase_list
            )
            forgetting = Forgetting(database.storage, recall, clock=clock, ids=ids, erasing=erasing)
            audit = AuditLog(database.storage, clock=clock, ids=ids, erasing=erasing)
            async with audit.recorded("ellie erase", noted=Noted(person_id=person_id)) as noted:
                gone = await forgetting.forget_person(person_id)
                noted.detail.update(messages=gone.turns, facts=gone.facts)
            return gone

    erased = asyncio.run(run())
    say(
        console,
        f"Erased for good: {number_of(erased.turns, 'turn')}, {number_of(erased.facts, 'fact')}, "
        "the accounts and the name. Backups made before still hold them; `ellie restore` erases "
        "them again.",
    )
    if not erased.scrubbed:
        say(
            console,
            "Another program reads the database, so its files may still hold some of the text. "
            "It is overwritten at the next start of Ellie at the latest.",
        )


async def _what_there_is(database: Database, person_id: PersonId) -> str:
    scope = Scope.in_private(person_id, set_aside=True)
    async with database.storage.unit_of_work() as work:
        counts = {
            "account": len(await work.persons.identities(person_id)),
            "turn": await work.turns.count(scope),
            "fact": len(await work.facts.of(scope, EVERY_STATUS)),
            "episode": len(await work.episodes.of(scope)),
        }
    told = ", ".join(number_of(count, what) for what, count in counts.items())
    return f"Person {person_id[:SHORT_ID]}: {told}."
