"""What is wrong is found, counted and dropped on both databases, and nothing else is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from support.databases import content, run
from support.dialog import ANA, HALL, Dialog, account, direct
from support.episodes import add_summary, summary_of

from bot.domain.conversation import Scope
from bot.domain.identity import Platform
from bot.domain.turn import NewTurn, TurnId
from bot.engine.linking import Linking
from storage.database import SqlStorage
from storage.diagnosis import Diagnosis, Oversized, diagnose
from storage.repair import drop_orphans
from storage.statistics import statistics


@pytest.fixture
async def dialog(storage: SqlStorage) -> Dialog:
    dialog = Dialog(storage, encoding=True)
    await dialog.say("I live in Porto.", where=HALL)
    await dialog.say("I live in Rome.", account("bea", Platform.DISCORD))
    turns = await dialog.turns()
    await add_summary(storage, summary_of(turns, (turns[0].text, turns)))
    return dialog


async def test_what_is_well_is_well(dialog: Dialog, storage: SqlStorage) -> None:
    await dialog.agree("/memory forget everything", account("bea", Platform.DISCORD))

    found = await diagnose(storage, now=dialog.clock.now())

    assert found == Diagnosis(erasures=found.erasures)
    assert len(found.erasures) == 1


async def test_what_is_left_over_is_found_and_dropped(
    dialog: Dialog, storage: SqlStorage, url: str
) -> None:
    whole = await run(url, content)
    copied = (
        "person_id, visibility, channel, kind, text, valid_from, confidence, status, strength, "
        "pinned, source"
    )
    nobody = (
        "INSERT INTO persons (id, display_name, first_seen_at, memory_epoch, last_turn_number) "
        "VALUES ('nobody', '', '2026-05-04 12:00:00', 0, 0)"
    )
    deserted = (
        "INSERT INTO conversations (id, platform, tenant_key, channel_id, thread_key, visibility) "
        "VALUES ('deserted', 'console', '', 'x', '', 'direct')"
    )
    bare = (
        f"INSERT INTO facts (id, number, {copied}) SELECT 'bare', number + 100, {copied} "
        "FROM facts LIMIT 1"
    )
    async with storage.engine.begin() as connection:
        for statement in (nobody, deserted, bare):
            await connection.execute(text(statement))

    found = await diagnose(storage, now=dialog.clock.now())
    assert (found.empty_people, found.deserted_conversations, found.unsupported_facts) == (1, 1, 1)

    assert await drop_orphans(storage) == 3

    assert await run(url, content) == whole
    assert await drop_orphans(storage) == 0


async def test_people_whom_nobody_can_reach_are_named_and_stay(
    dialog: Dialog, storage: SqlStorage
) -> None:
    ana = await dialog.person()
    assert ana
    async with storage.engine.begin() as connection:
        await connection.execute(text("DELETE FROM identities WHERE platform = 'slack'"))

    assert (await diagnose(storage, now=dialog.clock.now())).unreachable == (ana.id,)
    assert await drop_orphans(storage) == 0


async def test_a_turn_is_stale_when_its_lease_has_run_out(
    dialog: Dialog, storage: SqlStorage
) -> None:
    now = dialog.clock.now()
    async with storage.unit_of_work() as work:
        ana = await work.persons.find(ANA)
        assert ana
        there = await work.conversations.resolve(direct(ANA), new_id="there")
        await work.turns.accept(
            NewTurn(
                id=TurnId("open"),
                person_id=ana.id,
                conversation_id=there.id,
                audience=there.audience,
                event_key="open",
                text="Hello?",
                received_at=now,
                worker="somebody",
                lease_until=now,
            )
        )
        await work.commit()

    assert (await diagnose(storage, now=now)).stale_turns == 0
    assert (await diagnose(storage, now=now + timedelta(seconds=1))).stale_turns == 1


async def test_whoever_has_the_most_is_told_first(
    dialog: Dialog, storage: SqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.diagnosis.MANY_TURNS", 0)
    monkeypatch.setattr("storage.diagnosis.LISTED", 1)
    await dialog.say("And a lot more besides.", account("bea", Platform.DISCORD))
    bea = await dialog.person(account("bea", Platform.DISCORD))
    assert bea

    (most,) = (await diagnose(storage, now=dialog.clock.now())).oversized

    said = "I live in Rome.And a lot more besides." + "All right." * 2
    assert most == Oversized(person_id=bea.id, turns=2, facts=1, characters=len(said))


async def test_everything_is_counted(dialog: Dialog, storage: SqlStorage) -> None:
    dialog.later(days=10)
    await dialog.say("I live in Lagos.")
    linking = Linking(
        storage, dialog.recall, clock=dialog.clock, ids=dialog.ids, incognito=dialog.incognito
    )
    issued = await linking.issue(ANA)
    await linking.redeem(account("bea", Platform.DISCORD), getattr(issued, "code", ""))
    ana = await dialog.person()
    assert ana

    found = await statistics(storage, now=dialog.clock.now())

    async with storage.unit_of_work() as work:
        assert found.turns == await work.turns.count(Scope.in_private(ana.id)) == 3
    assert found.people == 1
    assert found.identities == {"discord": 1, "slack": 1}
    assert found.tenants == {"slack": 1}
    assert found.lately == {7: (1, 1), 30: (3, 1)}
    assert found.facts == {"active": 1, "superseded": 2}
    assert (found.episodes, found.vectors, found.erasures) == (1, 3, 1)
    assert (found.audit_entries, found.pending_resets) == (0, 0)
    assert found.database_bytes > 50_000
