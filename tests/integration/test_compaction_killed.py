"""A process killed at any step of a compaction: the next one finishes, nothing is lost or doubled.

And several processes at once: everybody is compacted once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select
from support.compacting import CompactingDialog, remembered
from support.databases import run
from support.dialog import ANA
from support.engine import NOON

from bot.domain.compaction import JobStatus, Step
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import IdentityRef, Platform
from bot.domain.turn import NewTurn, TurnId, TurnOutcome, TurnStatus
from bot.engine.compaction.lease import LEASE
from storage.database import SqlStorage, open_storage
from storage.tables import compaction_jobs

ROOT = Path(__file__).parents[2]

PEOPLE = 200
PROCESSES = 4

pytestmark = pytest.mark.timeout(300)


def process(url: str, worker: str, moment: datetime, *death: str) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-m", "support.compaction_process"]
    return subprocess.Popen(
        [*program, url, worker, moment.isoformat(), *death],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
        stderr=subprocess.PIPE,
    )


async def talk(dialog: CompactingDialog) -> None:
    """Something for every step to do."""
    await dialog.say("My name is Ana and I live in Porto.")
    await dialog.say("I like mango ice cream.")
    await dialog.say("I like mango ice creams.")
    await dialog.say("I'm going to Lisbon on Friday.")
    await dialog.small_talk(36)
    dialog.later(days=600)
    await dialog.small_talk(6, about="traffic")
    dialog.later(hours=2)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", list(Step))
async def test_after_a_kill_the_next_run_ends_as_if_nothing_had_happened(
    new_url: Callable[[], str], step: Step, when: str
) -> None:
    undisturbed = CompactingDialog()
    await talk(undisturbed)
    before = await remembered(undisturbed.storage, ANA)
    await undisturbed.compact()
    expected = await remembered(undisturbed.storage, ANA)
    assert len(expected["episodes"]) > 1
    for part in ("facts", "episodes"):
        assert expected[part] != before[part]

    url = new_url()
    async with open_storage(url) as storage:
        dialog = CompactingDialog(storage)
        await talk(dialog)
    moment = dialog.clock.now()

    killed = process(url, "first", moment, step.value, when)
    _, errors = killed.communicate()
    assert killed.returncode == -signal.SIGKILL, errors.decode()
    second = process(url, "second", moment + LEASE + timedelta(seconds=1))
    _, errors = second.communicate()
    assert second.returncode == 0, errors.decode()

    async with open_storage(url) as storage:
        assert await remembered(storage, ANA) == expected
        jobs = await _jobs(storage)
    # After the last commit of all there is nothing left to do.
    attempts = 1 if (step, when) == (Step.PUBLISH, "after") else 2
    assert [(job.status, job.attempts) for job in jobs] == [(JobStatus.DONE, attempts)]


@pytest.mark.postgres
async def test_four_processes_compact_everybody_once(
    new_postgres_database: Callable[[], str],
) -> None:
    url = new_postgres_database()
    async with open_storage(url) as storage:
        await _crowd(storage)
    moment = NOON + timedelta(days=1)

    processes = [process(url, f"worker{number}", moment) for number in range(PROCESSES)]
    for each in processes:
        _, errors = each.communicate()
        assert each.returncode == 0, errors.decode()

    async with open_storage(url) as storage:
        jobs = await _jobs(storage)

    def workers(connection: Connection) -> list[str]:
        return list(connection.execute(select(compaction_jobs.c.worker)).scalars())

    assert {(job.status, job.attempts) for job in jobs} == {(JobStatus.DONE, 1)}
    assert len(jobs) == len({job.person_id for job in jobs}) == PEOPLE
    assert all(job.counts["episodes"] == 1 for job in jobs)
    assert len(Counter(await run(url, workers))) > 1, "one process did it all"


async def _jobs(storage: SqlStorage) -> tuple[object, ...]:
    async with storage.unit_of_work() as work:
        return await work.compactions.latest(limit=10 * PEOPLE)


async def _crowd(storage: SqlStorage) -> None:
    """People who said a few things each, a day ago."""
    async with storage.unit_of_work() as work:
        for number in range(PEOPLE):
            who = IdentityRef(
                platform=Platform.DISCORD, external_id=f"{number}", display_name=f"P{number}"
            )
            place = ConversationRef(
                platform=Platform.DISCORD,
                channel_id=f"dm-{number}",
                visibility=Visibility.DIRECT,
            )
            person = await work.persons.resolve(who, new_id=f"p{number}", seen_at=NOON)
            conversation = await work.conversations.resolve(place, new_id=f"c{number}")
            for count in range(5):
                turn, _ = await work.turns.accept(
                    NewTurn(
                        id=TurnId(f"t{number}-{count}"),
                        person_id=person.id,
                        conversation_id=conversation.id,
                        audience=conversation.audience,
                        event_key=f"e{number}-{count}",
                        text=f"My boat number {count} has a crew of {number} sailors.",
                        received_at=NOON + timedelta(minutes=count),
                        worker="w",
                        lease_until=NOON,
                    )
                )
                outcome = TurnOutcome(
                    status=TurnStatus.ANSWERED, finished_at=NOON, reply="All right."
                )
                await work.turns.finish(turn.id, outcome, worker="w")
        await work.commit()
