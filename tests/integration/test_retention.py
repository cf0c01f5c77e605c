"""After so many days nothing is left of what was said: not in a table, not in a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from support.databases import content, run
from support.dialog import ANA, HALL, WORK, Dialog, account, direct
from support.episodes import add_summary, summary_of

from bot.domain.conversation import ConversationRef, Scope
from bot.engine.memory_view import EVERY_STATUS
from bot.engine.retention import Retention
from bot.engine.tenant_erasure import TenantErasure
from storage.database import SqlStorage

SECRET = "zqretained"
DAYS = 30


@pytest.fixture
def dialog(storage: SqlStorage) -> Dialog:
    return Dialog(storage, answer=lambda _: f"So it is {SECRET}.", encoding=True)


def retention(dialog: Dialog, default_days: int | None = DAYS) -> Retention:
    return Retention(
        dialog.storage,
        dialog.recall,
        clock=dialog.clock,
        ids=dialog.ids,
        default_days=default_days,
        erasing=dialog.control.erasing,
    )


def in_files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and SECRET.encode() in path.read_bytes().lower():
            yield path.name


async def in_tables(url: str) -> list[str]:
    tables = await run(url, content)
    return sorted(name for name, rows in tables.items() if SECRET in repr(rows).lower())


async def remember(dialog: Dialog) -> None:
    """The word as message, reply, fact, quote and summary."""
    await dialog.say(f"My locker code is {SECRET}.")
    await dialog.say("Hello there, this is something else.")
    (turn, _) = await dialog.turns()
    await add_summary(dialog.storage, summary_of([turn], (turn.text, [turn])))


async def test_on_day_29_it_is_there_and_on_day_31_it_is_gone(
    dialog: Dialog, url: str, tmp_path: Path
) -> None:
    await remember(dialog)
    everywhere = ["episodes", "fact_evidence", "facts", "turns"]
    if url.startswith("sqlite"):
        assert list(in_files(tmp_path))

    dialog.later(days=29)
    assert not await retention(dialog).erase_expired()
    assert await in_tables(url) == everywhere

    dialog.later(days=2)
    expired = await retention(dialog).erase_expired()

    assert (expired.turns, expired.facts, expired.episodes) == (2, 1, 1)
    assert await in_tables(url) == []
    assert list(in_files(tmp_path)) == []
    assert await dialog.person() is None
    assert "Ana" not in repr(await run(url, content))
    assert not await retention(dialog).erase_expired()


async def test_a_newer_repetition_keeps_the_fact_on_its_own_words(dialog: Dialog) -> None:
    await dialog.say("I live in Porto.")
    dialog.later(days=20)
    await dialog.say("I live in Porto.")
    dialog.later(days=11)

    expired = await retention(dialog).erase_expired()

    assert (expired.turns, expired.facts) == (1, 0)
    (turn,) = await dialog.turns()
    (fact,) = await dialog.facts()
    assert [evidence.turn_id for evidence in fact.evidence] == [turn.id]


async def test_a_tenant_has_a_number_of_its_own_and_others_the_default(dialog: Dialog) -> None:
    async with dialog.storage.unit_of_work() as work:
        await work.retention.set_tenant(WORK, 5)
        await work.commit()
    await dialog.say("I like rye bread.", ANA, HALL)
    await dialog.say("I live in Porto.", ANA, direct(ANA))
    dialog.later(days=6)

    await retention(dialog).erase_expired()

    assert await dialog.known() == ["I live in Porto."]
    dialog.later(days=25)
    await retention(dialog).erase_expired()
    assert await dialog.person() is None


async def test_a_person_can_only_make_it_shorter(dialog: Dialog) -> None:
    bob = account("bob")
    for who, days in ((ANA, 5), (bob, 500)):
        await dialog.say("I live in Porto.", who)
        await dialog.control.settings.keep(who, days)
    dialog.later(days=6)

    await retention(dialog).erase_expired()

    assert (await dialog.known(), await dialog.known(bob)) == ([], ["I live in Porto."])
    dialog.later(days=25)
    await retention(dialog).erase_expired()
    assert await dialog.known(bob) == []


async def test_without_a_number_nothing_goes(dialog: Dialog) -> None:
    await dialog.say("I live in Porto.")
    dialog.later(days=10_000)

    assert not await retention(dialog, None).erase_expired()

    assert await dialog.known() == ["I live in Porto."]


async def test_what_somebody_decided_stays_when_their_words_are_gone(
    dialog: Dialog, url: str
) -> None:
    people = {name: account(name) for name in ("pia", "ina", "kai", "ole")}
    for who in people.values():
        await dialog.say(f"My locker code is {SECRET}.", who)
    await dialog.control.settings.pause(people["pia"], paused=True)
    await dialog.control.settings.go_incognito(people["ina"], incognito=True)
    await dialog.control.settings.keep(people["kai"], 10)
    await dialog.control.settings.consent(people["ole"], agreed=True)
    dialog.later(days=31)

    assert (await retention(dialog).erase_expired()).turns == 4

    assert await in_tables(url) == []
    for who in people.values():
        person = await dialog.person(who)
        assert person
        async with dialog.storage.unit_of_work() as work:
            assert await work.turns.count(Scope.in_private(person.id)) == 0
            assert await work.facts.of(Scope.in_private(person.id), EVERY_STATUS) == ()


async def test_a_reply_that_is_written_meanwhile_does_not_bring_it_back(
    dialog: Dialog, url: str
) -> None:
    await dialog.say(f"My locker code is {SECRET}.")
    dialog.later(days=31)
    dialog.generator.asked.clear()
    dialog.generator.hold()
    asked = await dialog.engine.handle(dialog.message("What is my locker code?"))
    await dialog.generator.asked.wait()

    await retention(dialog).erase_expired()
    dialog.generator.release()
    outcome = await asked.outcome()

    assert SECRET in outcome.text
    assert "could not save this reply" in outcome.notice
    assert await in_tables(url) == []
    assert [turn.text for turn in await dialog.turns()] == ["What is my locker code?"]


async def test_it_is_not_recalled_from_memory_either(dialog: Dialog) -> None:
    await dialog.say(f"My locker code is {SECRET}.")
    dialog.later(days=29)
    await dialog.say("What is my locker code?")
    dialog.later(days=2)

    await retention(dialog).erase_expired()

    dialog.generator.answer = lambda _: "All right."
    async with dialog.storage.unit_of_work() as work:
        person = await work.persons.find(ANA)
        assert person
        index = await dialog.recall.index_of(person, work)
    scope = Scope.in_private(person.id)
    (left,) = await dialog.turns()
    found = index.rank("locker code", scope, limit=5, now=dialog.clock.now())
    assert [hit.turn_id for hit in found] == [left.id]


async def test_the_time_of_the_last_word_counts_and_not_that_of_the_run(dialog: Dialog) -> None:
    await dialog.say("I live in Porto.")
    (turn,) = await dialog.turns()
    dialog.clock.moment = turn.received_at + timedelta(days=DAYS) - timedelta(seconds=1)
    assert not await retention(dialog).erase_expired()

    dialog.later(seconds=2)

    assert await retention(dialog).erase_expired()


def erasure(dialog: Dialog) -> TenantErasure:
    return TenantErasure(dialog.storage, dialog.control.erasing)


async def test_nothing_is_left_of_a_workspace_that_is_erased(
    dialog: Dialog, url: str, tmp_path: Path
) -> None:
    async def say_in(place: ConversationRef) -> None:
        await dialog.say(f"My locker code is {SECRET}.", ANA, place)

    await say_in(HALL)
    await say_in(HALL)
    (turn, _) = await dialog.turns()
    await add_summary(dialog.storage, summary_of([turn], (turn.text, [turn])))
    assert len(await in_tables(url)) == 4

    erased = await erasure(dialog).erase(WORK)

    assert (erased.turns, erased.facts, erased.episodes) == (2, 1, 1)
    assert await in_tables(url) == []
    assert list(in_files(tmp_path)) == []
    assert await dialog.person() is None
    assert not await erasure(dialog).erase(WORK)


async def test_of_a_workspace_that_is_erased_other_places_know_nothing_and_lose_nothing(
    dialog: Dialog,
) -> None:
    await dialog.say("I like rye bread.", ANA, HALL)
    await dialog.say("I live in Porto.", ANA, direct(ANA))

    assert (await erasure(dialog).erase(WORK)).turns == 1

    assert await dialog.known() == ["I live in Porto."]
