"""What is set aside is known to nobody until it is brought back, and stays its person's own."""

from __future__ import annotations

import json

import pytest
from support.dialog import ANA, HALL, WORK, Dialog, account, channel, direct
from support.resetting import ResetDesk

from bot.domain.conversation import ConversationRef, Scope
from bot.domain.fact import FactStatus
from bot.domain.identity import IdentityRef, Platform, TenantRef
from bot.domain.operation import Actor
from bot.domain.reset import Reset, ResetStatus
from bot.engine.resets import ResetTarget

BOB = account("bob")
YARD = channel("yard")
OTHER = TenantRef(platform=Platform.SLACK, external_id="other")

KINDS: list[dict[str, object]] = [{"who": ANA}, {"where": HALL}, {}]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=["user", "channel", "server"])


@pytest.fixture
def dialog() -> Dialog:
    return Dialog()


@pytest.fixture
def desk(dialog: Dialog) -> ResetDesk:
    return ResetDesk(dialog)


async def reset(desk: ResetDesk, kind: dict[str, object], **more: object) -> Reset:
    return await desk.reset(**kind, **more)  # type: ignore[arg-type]


@each_kind
async def test_it_is_in_no_prompt_until_it_is_undone(
    dialog: Dialog, desk: ResetDesk, kind: dict[str, object]
) -> None:
    await dialog.say("My locker code is 4711.", ANA, HALL)
    await dialog.say("I like tea.", ANA)
    asked = "What is my locker code?"
    assert "4711" in await dialog.prompt_for(asked, ANA)

    done = await reset(desk, kind)

    for where in (HALL, YARD, direct(ANA)):
        assert "4711" not in await dialog.prompt_for(asked, ANA, where)
    assert "tea" in dialog.last_prompt()
    assert "4711" not in await dialog.ask("/memory show")
    assert "4711" not in await dialog.ask("/memory show locker")
    assert await desk.undo(done)
    for where in (HALL, YARD, direct(ANA)):
        assert "4711" in await dialog.prompt_for(asked, ANA, where)
    assert "4711" in await dialog.ask("/memory show locker")


@each_kind
async def test_a_reply_that_is_being_written_is_not_kept(
    dialog: Dialog, desk: ResetDesk, kind: dict[str, object]
) -> None:
    await dialog.say("My locker code is 4711.", ANA, HALL)
    dialog.generator.answer = lambda _: "It is 4711."
    dialog.generator.asked.clear()
    dialog.generator.hold()
    asked = await dialog.engine.handle(dialog.message("What is my locker code?"))
    await dialog.generator.asked.wait()
    assert "4711" in dialog.last_prompt()

    await reset(desk, kind)
    dialog.generator.release()
    await asked.outcome()

    assert [turn.reply for turn in await dialog.turns()] == [""]


@each_kind
async def test_undoing_leaves_one_value_of_a_slot(
    dialog: Dialog, desk: ResetDesk, kind: dict[str, object]
) -> None:
    await dialog.say("I live in Porto.", ANA, HALL)
    done = await reset(desk, kind)
    await dialog.say("I live in Lisbon.", ANA)
    assert await dialog.known() == ["I live in Lisbon."]

    undone = await desk.undo(done)

    assert undone is not None
    assert await dialog.known() == ["I live in Lisbon."]
    (older,) = await dialog.facts(ANA, FactStatus.SUPERSEDED)
    assert older.text == "I live in Porto."
    async with dialog.storage.unit_of_work() as work:
        *_, last = await work.operations.of_person(older.person_id)
    assert (last.actor, last.reason) == (Actor.ADMIN, "reset taken back")
    assert (await desk.listed())[0].finished_at is not None


@each_kind
async def test_forgotten_words_are_not_brought_back(
    dialog: Dialog, desk: ResetDesk, kind: dict[str, object]
) -> None:
    await dialog.say("My locker code is 4711. I like tea.", ANA, HALL)
    done = await reset(desk, kind)

    assert "4711" in await dialog.ask("/memory forget code 4711")
    await dialog.agree("/memory forget code 4711")
    await desk.undo(done)

    assert "4711" not in await dialog.ask("/memory show")
    assert await dialog.known() == ["I like tea."]
    (turn,) = await dialog.turns()
    assert "4711" not in turn.text


@each_kind
async def test_a_message_that_is_deleted_meanwhile_stays_deleted(
    dialog: Dialog, desk: ResetDesk, kind: dict[str, object]
) -> None:
    await dialog.say("My locker code is 4711.", ANA, HALL, event="said")
    done = await reset(desk, kind)

    assert await dialog.control.revisions.deleted(Platform.SLACK, "said")
    await desk.undo(done)

    assert await dialog.known() == []
    assert [turn.text for turn in await dialog.turns()] == [""]


async def test_an_export_is_complete(dialog: Dialog, desk: ResetDesk) -> None:
    await dialog.say("My locker code is 4711.", ANA, HALL)
    before = await dialog.control.export.of(ANA)
    await desk.reset()

    after = await dialog.control.export.of(ANA)

    assert before is not None
    assert after is not None
    was, now = json.loads(before.content), json.loads(after.content)
    for name in ("facts", "turns", "episodes", "traces", "operations"):
        assert now[name] == was[name]
    assert "4711" in json.dumps(now["turns"])


async def test_nobody_is_forgotten_of_whom_something_is_set_aside(
    dialog: Dialog, desk: ResetDesk
) -> None:
    await dialog.say("I like tea.", ANA, HALL)
    await dialog.say("I live in Porto.", ANA, YARD)
    done = await desk.reset(where=HALL)
    await desk.reset(where=YARD, at_once=True)

    assert (await desk.listed())[-1].status is ResetStatus.DONE
    assert await dialog.person() is not None
    await desk.undo(done)
    assert await dialog.known() == ["I like tea."]


async def test_nobody_undoes_a_reset_of_another_workspace(dialog: Dialog, desk: ResetDesk) -> None:
    await dialog.say("I like tea.", ANA, HALL)
    done = await desk.reset()

    assert await desk.undo(done, tenant=OTHER) is None
    assert await desk.listed(OTHER) == []
    assert await dialog.known() == []
    assert await desk.undo(done) is not None
    assert await desk.undo(done) is None


async def test_linked_accounts_are_one_person_and_shown_by_the_one_known_here(
    dialog: Dialog, desk: ResetDesk
) -> None:
    elsewhere = account("ana#1", Platform.DISCORD)
    await dialog.say("I like tea.", ANA, HALL)
    await dialog.say("I live in Porto.", elsewhere)
    await dialog.link(elsewhere, ANA)

    await desk.reset(who=ANA)

    assert await dialog.known(elsewhere) == ["I live in Porto."]
    (listed,) = await desk.resets.listing(WORK)
    assert listed.account is not None
    assert (listed.account.platform, listed.account.external_id) == (Platform.SLACK, "ana")


async def test_it_follows_who_is_linked_meanwhile(dialog: Dialog, desk: ResetDesk) -> None:
    other = account("ana2")
    await dialog.say("I like tea.", ANA, HALL)
    done = await desk.reset(who=ANA)
    await dialog.say("I live in Porto.", other)
    await dialog.link(ANA, other)
    assert await dialog.known(other) == ["I live in Porto."]

    await desk.undo(done)

    assert sorted(await dialog.known(other)) == ["I like tea.", "I live in Porto."]


async def test_who_has_everything_forgotten_takes_their_reset_along(
    dialog: Dialog, desk: ResetDesk
) -> None:
    await dialog.say("I like tea.", ANA, HALL)
    done = await desk.reset(who=ANA)

    await dialog.control.forgetting.forget_everything(ANA)

    assert await desk.undo(done) is None
    assert await desk.listed() == []


@pytest.mark.parametrize("where", [HALL, direct(ANA)])
async def test_people_who_are_not_concerned_keep_all_they_have(
    dialog: Dialog, desk: ResetDesk, where: ConversationRef
) -> None:
    await dialog.say("I like tea.", ANA, HALL)
    place = direct(BOB) if where != HALL else HALL
    await dialog.say("My locker code is 4711.", BOB, place)
    person = await dialog.person(BOB)

    await desk.reset(who=ANA, at_once=True)

    assert await dialog.person(BOB) == person
    assert "4711" in await dialog.prompt_for("What is my locker code?", BOB, place)


async def test_what_was_said_is_unknown_to_an_answer_that_is_asked_again(
    dialog: Dialog, desk: ResetDesk
) -> None:
    await dialog.say("I like tea.", ANA, HALL)
    person = await dialog.person()
    assert person is not None
    (turn,) = await dialog.turns()
    await desk.reset()

    async with dialog.storage.unit_of_work() as work:
        assert await work.turns.by_ids(Scope.in_private(person.id), [turn.id]) == ()
    assert (await desk.listed())[0].status is ResetStatus.PENDING


async def test_who_is_nobody_or_said_nothing_there_has_nothing_to_reset(
    dialog: Dialog, desk: ResetDesk
) -> None:
    await dialog.say("I like tea.", BOB)

    async def preview(who: IdentityRef) -> Reset | None:
        return await desk.resets.preview(ResetTarget(tenant=WORK, account=who), by=ANA)

    assert await preview(BOB) is None
    assert await preview(account("nobody")) is None
    assert await dialog.person(account("nobody")) is None
