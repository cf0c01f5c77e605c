"""What people said before an upgrade is there after it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from sqlalchemy import Connection, text
from support.databases import content, definitions, run

from bot.domain.compaction import DueRule, JobId
from bot.domain.conversation import Audience, Scope, Visibility
from bot.domain.delivery import Delivery
from bot.domain.episode import Episode, EpisodeId, EpisodeSentence
from bot.domain.fact import Evidence, Fact, FactId, FactKind, FactState, FactStatus
from bot.domain.feedback import Verdict
from bot.domain.identity import IdentityRef, Person, PersonId, Platform, TenantId, TenantRef
from bot.domain.policy import AnswerPolicy
from bot.domain.turn import TurnId
from bot.ports.memory_storage import TurnVector
from bot.ports.storage import UnitOfWork
from storage.database import open_storage
from storage.migrate import alembic_config, migrate, schema_state

ROOT = Path(__file__).parents[2]

OLDEST_ROWS = """
INSERT INTO tenants VALUES ('slack:T1', 'slack', 'T1');
INSERT INTO persons VALUES ('p1', 'Ann 🌷', '2026-01-02 03:04:05.678901', 2, 2);
INSERT INTO persons VALUES ('p2', 'Bob', '2026-01-02 03:04:05', 0, 0);
INSERT INTO identities (platform, tenant_key, external_id, tenant_id, person_id)
    VALUES ('discord', '', 'U1', NULL, 'p1');
INSERT INTO identities (platform, tenant_key, external_id, tenant_id, person_id)
    VALUES ('slack', 'slack:T1', 'U2', 'slack:T1', 'p2');
INSERT INTO conversations
    (id, platform, tenant_key, channel_id, thread_key, tenant_id, visibility)
    VALUES ('c1', 'slack', 'slack:T1', 'general', '', 'slack:T1', 'public');
INSERT INTO turns (person_id, visibility, channel, tenant_id, id, conversation_id, platform,
    event_key, number, text, reply, received_at, finished_at, status, worker, lease_until)
    VALUES ('p1', 'public', 'slack:slack:T1:general', 'slack:T1', 't1', 'c1', 'slack',
    'e1', 1, 'I like tea 🍵 和咖啡', 'Noted', '2026-01-02 03:04:05.5', '2026-01-02 03:04:09',
    'answered', 'w1', '2026-01-02 03:05:05');
INSERT INTO turns (person_id, visibility, channel, tenant_id, id, conversation_id, platform,
    event_key, number, text, reply, received_at, status, worker, lease_until)
    VALUES ('p1', 'public', 'slack:slack:T1:general', 'slack:T1', 't2', 'c1', 'slack',
    'e2', 2, 'still open', '', '2026-01-02 03:05:05', 'accepted', 'w1', '2026-01-02 03:06:05');
INSERT INTO turn_traces VALUES ('t1', 'p1', 'm', 9, 2, 'stop',
    '[{"kind": "loop", "item_id": "t0", "tokens": 3, "included": true}]', '{"load": 1.5}');
INSERT INTO facts (person_id, visibility, channel, tenant_id, id, kind, text, quote,
    source_turn_id, valid_from, confidence, status, strength, pinned)
    VALUES ('p1', 'public', 'slack:slack:T1:general', 'slack:T1', 'f7', 'preference',
    'likes coffee 咖啡', '和咖啡', 't1', '2026-01-02 03:04:05', 0.5, 'active', 1.0, false);
INSERT INTO facts (person_id, visibility, channel, tenant_id, id, kind, slot, text, quote,
    source_turn_id, valid_from, valid_to, confidence, status, strength, last_used_at, pinned)
    VALUES ('p1', 'public', 'slack:slack:T1:general', 'slack:T1', 'f3', 'preference',
    'tea', 'likes tea', 'I like tea 🍵', 't1', '2026-01-02 03:04:05', '2026-01-03 03:04:05',
    1.0, 'superseded', 2.5, '2026-01-02 04:00:00', true);
INSERT INTO facts (person_id, visibility, channel, tenant_id, id, kind, text, quote,
    source_turn_id, valid_from, confidence, status, strength, pinned)
    VALUES ('p2', 'direct', 'dm', NULL, 'f5', 'preference',
    'of bob', 'of bob', 't2', '2026-01-02 03:04:05', 1.0, 'active', 1.0, false);
INSERT INTO memory_operations (id, person_id, kind, actor, reason, happened_at, detail)
    VALUES ('o1', 'p1', 'append', 'person', 'said', '2026-01-02 03:04:05', '{"facts": 1}');
"""


def _execute(connection: Connection, statements: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))
    for statement in statements.split(";\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)


def _fill_the_oldest(connection: Connection) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")
    _execute(connection, OLDEST_ROWS)


def _moment(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


WORKSPACE = TenantRef(platform=Platform.SLACK, external_id="T1")
LATER = _moment("2026-03-01T00:00:00")
PUBLIC = Audience(
    visibility=Visibility.PUBLIC, channel="slack:slack:T1:general", tenant_id=TenantId("slack:T1")
)
FACTS = (
    Fact(
        id=FactId("f7"),
        person_id=PersonId("p1"),
        audience=PUBLIC,
        number=1,
        kind=FactKind.PREFERENCE,
        text="likes coffee 咖啡",
        evidence=(
            Evidence(
                quote="和咖啡",
                turn_id=TurnId("t1"),
                said_at=_moment("2026-01-02T03:04:05.500"),
            ),
        ),
        valid_from=_moment("2026-01-02T03:04:05"),
        confidence=0.5,
    ),
    Fact(
        id=FactId("f3"),
        person_id=PersonId("p1"),
        audience=PUBLIC,
        number=2,
        kind=FactKind.PREFERENCE,
        slot="tea",
        text="likes tea",
        evidence=(
            Evidence(
                quote="I like tea 🍵",
                turn_id=TurnId("t1"),
                said_at=_moment("2026-01-02T03:04:05.500"),
            ),
        ),
        valid_from=_moment("2026-01-02T03:04:05"),
        last_used_at=_moment("2026-01-02T04:00:00"),
        state=FactState(
            status=FactStatus.SUPERSEDED,
            valid_to=_moment("2026-01-03T03:04:05"),
            strength=2.5,
            pinned=True,
        ),
    ),
)


async def _show(work: UnitOfWork, turn_id: TurnId) -> None:
    """Note where the reply to a turn is shown and that it was good."""
    delivery = Delivery(turn_id=turn_id, channel_id="c", message_ids=("m1", "m2"), is_complete=True)
    assert await work.deliveries.save(delivery)
    assert await work.feedback.set(turn_id, Verdict.GOOD, at=LATER)


async def test_data_of_the_oldest_schema_survives(new_url: Callable[[], str]) -> None:
    url, ann, bob = new_url(), PersonId("p1"), PersonId("p2")
    await run(url, _fill_the_oldest)
    async with open_storage(url) as storage, storage.unit_of_work() as work:
        scope = Scope.in_private(ann)
        [identity] = await work.persons.identities(ann)
        assert identity == IdentityRef(
            platform=Platform.DISCORD, external_id="U1", display_name="Ann 🌷"
        )
        assert await work.persons.find(identity) == Person(
            id=ann,
            display_name="Ann 🌷",
            first_seen_at=_moment("2026-01-02T03:04:05.678901"),
            memory_epoch=2,
        )
        answered, opened = await work.turns.after(scope, 0)
        assert (answered.text, answered.reply) == ("I like tea 🍵 和咖啡", "Noted")
        assert (answered.shown, answered.unremembered) == ((), False)
        assert [turn.turn_id for turn in await work.turns.open_turns()] == [opened.id]
        assert await work.facts.of(scope, list(FactStatus)) == FACTS
        [bobs] = await work.facts.of(Scope.in_private(bob), list(FactStatus))
        assert (bobs.number, bobs.evidence[0].turn_id) == (1, opened.id)
        assert await work.facts.begin_change(ann) == 3
        assert await work.facts.begin_change(bob) == 2
        [operation] = await work.operations.of_person(ann)
        assert (operation.detail, operation.changes) == ({"facts": 1}, ())
        # Nothing of before was made compact; all of it is due but what waits for its reply.
        assert await work.compactions.due(now=LATER, rule=DueRule()) == (ann,)
        job = await work.compactions.claim(
            JobId("j1"), worker="w", now=LATER, lease_until=LATER, rule=DueRule()
        )
        assert job is not None
        assert (job.after_number, job.until_number) == (0, 1)
        assert await work.operations.of_job(job.id) == ()
        assert await work.retention.of_person(ann) is None
        assert await work.retention.of_tenants() == {}
        await work.facts.mark_used([FactId("f7")], at=LATER)
        assert [f.use_count for f in await work.facts.of(scope, list(FactStatus))] == [1, 0]
        [trace] = await work.traces.of(scope)
        assert (trace.items[0].item_id, trace.timings_ms) == ("t0", {"load": 1.5})
        assert await work.policies.of_tenant(WORKSPACE) == ()
        await work.policies.set(WORKSPACE, None, AnswerPolicy.MENTIONS)
        assert (await work.deliveries.of(scope), await work.feedback.of(scope)) == ((), ())
        await _show(work, answered.id)
        assert await work.deliveries.unfinished(Platform.SLACK, limit=9) == ()
        # Everybody must be told what is kept about them; nobody was told yet.
        assert await work.persons.take_notice(ann, at=LATER)
        # And it all works on: a merge and an erasure pass every foreign key.
        await work.persons.merge(bob, ann)
        assert await work.facts.erase_all(ann) == 3
        assert await work.turns.erase_all(ann) == 2
        await work.persons.erase(ann)
        await work.commit()
    found = await run(url, content)
    kept = {
        "alembic_version",
        "tenants",
        "channel_policies",
        "conversations",
        "memory_operations",
    }
    assert {table for table, rows in found.items() if rows} == kept


VERSION_BEFORE = """
INSERT INTO persons (id, display_name, first_seen_at, memory_epoch, last_turn_number)
    VALUES ('p3', 'Cleo', '2026-02-01 00:00:00', 0, 1);
INSERT INTO identities (platform, tenant_key, external_id, tenant_id, person_id)
    VALUES ('discord', '', 'U3', NULL, 'p3');
INSERT INTO turns (person_id, visibility, channel, tenant_id, id, conversation_id, platform,
    event_key, number, text, reply, received_at, finished_at, status, failure,
    failure_reported_at, worker, lease_until)
    VALUES ('p3', 'public', 'slack:slack:T1:general', 'slack:T1', 't3', 'c1', 'slack',
    'e3', 1, 'hello', '', '2026-02-01 00:00:00', NULL, 'accepted', NULL, NULL, 'w1',
    '2026-02-01 00:01:00');
INSERT INTO memory_operations (id, person_id, kind, actor, reason, happened_at, detail)
    VALUES ('o3', 'p3', 'append', 'person', 'said', '2026-02-01 00:00:00', '{"facts": 1}');
SELECT person_id, visibility, channel, tenant_id, sequence, id, kind, slot, text, quote,
    source_turn_id, valid_from, valid_to, confidence, status, strength, last_used_at, pinned
    FROM facts WHERE person_id = 'p1' AND status = 'active';
DELETE FROM facts WHERE person_id = 'p1';
DELETE FROM turn_traces WHERE person_id = 'p1';
DELETE FROM turns WHERE person_id = 'p1' AND id NOT IN (SELECT 't2');
"""


async def test_the_version_before_can_share_the_database_for_a_while(
    new_url: Callable[[], str],
) -> None:
    """An upgrade rolls out: the old version talks, learns nothing, and forgets everything."""
    url = new_url()
    await run(url, _fill_the_oldest)
    async with open_storage(url) as storage, storage.unit_of_work() as work:
        turn = TurnVector(turn_id=TurnId("t1"), person_id=PersonId("p1"), model="m", data=b"1")
        await work.vectors.put([turn])
        await work.commit()
    await run(url, lambda connection: _execute(connection, VERSION_BEFORE))
    async with open_storage(url) as storage, storage.unit_of_work() as work:
        cleo = PersonId("p3")
        [turn] = await work.turns.after(Scope.in_private(cleo), 0)
        assert (turn.text, turn.shown, turn.unremembered) == ("hello", (), False)
        [operation] = await work.operations.of_person(cleo)
        assert operation.changes == ()
        assert len(await work.persons.identities(cleo)) == 1
        assert await work.facts.begin_change(cleo) == 1
    found = await run(url, content)
    assert found["turn_vectors"] == []
    assert len(found["fact_evidence"]) == 1  # of p2, whom nobody erased


ONE_BEFORE = """
UPDATE persons SET last_turn_number = last_turn_number + 1 WHERE id = 'p1';
INSERT INTO persons (id, display_name, first_seen_at, memory_epoch, last_turn_number,
    last_fact_number, paused, incognito) VALUES ('p4', 'Dan', '2026-02-01 00:00:00', 0, 0, 0,
    false, false);
INSERT INTO facts (person_id, visibility, channel, tenant_id, id, number, kind, text, source,
    valid_from, confidence, status, strength, pinned)
    VALUES ('p4', 'direct', 'dm', NULL, 'f9', 1, 'preference', 'tea', 'rule',
    '2026-01-02 03:04:05', 0.5, 'active', 1.0, false);
INSERT INTO fact_evidence (fact_id, turn_id, quote, said_at)
    VALUES ('f9', NULL, 'tea', '2026-01-02 03:04:05');
INSERT INTO memory_operations (id, person_id, kind, actor, reason, happened_at, detail, changes)
    VALUES ('o4', 'p4', 'append', 'person', 'said', '2026-02-01 00:00:00', '{}', '[]');
DELETE FROM facts WHERE person_id = 'p1';
DELETE FROM turn_traces WHERE person_id = 'p1';
DELETE FROM turns WHERE person_id = 'p1' AND id <> 't2';
UPDATE facts SET person_id = 'p4', number = number + 1 WHERE person_id = 'p2';
UPDATE turns SET person_id = 'p4' WHERE person_id = 'p1';
DELETE FROM identities WHERE person_id = 'p1';
DELETE FROM persons WHERE id = 'p1'
"""


async def test_the_version_that_knows_no_compaction_can_share_the_database(
    new_url: Callable[[], str],
) -> None:
    """It learns, and erases a person of whom there are episodes and a job that runs."""
    url, ann, dan = new_url(), PersonId("p1"), PersonId("p4")
    await run(url, _fill_the_oldest)
    async with open_storage(url) as storage, storage.unit_of_work() as work:
        [turn, _] = await work.turns.after(Scope.in_private(ann), 0)
        await work.episodes.add(
            Episode(
                id=EpisodeId("e1"),
                person_id=ann,
                conversation_id=turn.conversation_id,
                audience=turn.audience,
                first_number=1,
                last_number=1,
                began_at=turn.received_at,
                ended_at=turn.received_at,
                sentences=(EpisodeSentence(text="tea", turn_ids=(turn.id,)),),
                job_id=JobId("j1"),
            )
        )
        job_id = JobId("j1")
        assert await work.compactions.claim(
            job_id, worker="w", now=LATER, lease_until=LATER, rule=DueRule()
        )
        await work.commit()
    await run(url, lambda connection: _execute(connection, ONE_BEFORE))
    async with open_storage(url) as storage, storage.unit_of_work() as work:
        [learned, _] = await work.facts.of(Scope.in_private(dan), list(FactStatus))
        assert (learned.text, learned.use_count) == ("tea", 0)
        [entry] = await work.operations.of_person(dan)
        assert entry.job_id is None
    found = await run(url, content)
    assert (found["episodes"], found["compaction_jobs"]) == ([], [])


NO_CHANNELS = """
DELETE FROM facts WHERE person_id = 'p1';
DELETE FROM turn_traces WHERE person_id = 'p1';
DELETE FROM turns WHERE id = 't1'
"""


async def test_the_version_that_knows_no_channels_can_share_the_database(
    new_url: Callable[[], str],
) -> None:
    """It erases a turn whose reply is shown somewhere and was judged."""
    url = new_url()
    await run(url, _fill_the_oldest)
    async with open_storage(url) as storage, storage.unit_of_work() as work:
        await _show(work, TurnId("t1"))
        await _show(work, TurnId("t2"))
        await work.commit()
    await run(url, lambda connection: _execute(connection, NO_CHANNELS))
    found = await run(url, content)
    assert [row.turn_id for row in found["deliveries"]] == ["t2"]
    assert [row.turn_id for row in found["turn_feedback"]] == ["t2"]


MIGRATE_AND_DIE = """
import asyncio, os, signal, sys
from alembic import command
from storage.migrate import migrate

upgrade = command.upgrade

def dying(config, revision):
    upgrade(config, revision)
    os.kill(os.getpid(), signal.SIGKILL)

command.upgrade = dying
asyncio.run(migrate(sys.argv[1]))
"""


async def test_a_killed_migration_leaves_the_old_schema_and_its_data(
    new_url: Callable[[], str],
) -> None:
    url = new_url()
    await run(url, _fill_the_oldest)
    before = await run(url, definitions), await run(url, content)
    died = subprocess.run(  # noqa: ASYNC221 - nothing else runs here
        [sys.executable, "-c", MIGRATE_AND_DIE, url], cwd=ROOT, check=False
    )
    assert died.returncode == -signal.SIGKILL
    assert (await run(url, definitions), await run(url, content)) == before
    assert (await schema_state(url)).current == "0001"
    await migrate(url)
    assert (await schema_state(url)).is_current
