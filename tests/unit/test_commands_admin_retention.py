"""``admin retention``: for how long words are kept in a place; asks before that erases them."""

from __future__ import annotations

import pytest
from support.administering import CHANNEL, OTHER_WORKSPACE, Office, channel
from support.commanding import WORKSPACE, text_of

from bot.commands.reply import ReplyKind
from bot.engine.retention import Retention


@pytest.fixture
def office() -> Office:
    return Office()


async def test_without_a_number_the_rule_is_said_and_who_decided_it(office: Office) -> None:
    reply = await office.ask("/admin retention")

    assert reply.kind is ReplyKind.ANSWER
    assert reply.private
    assert reply.lines[:2] == (
        "What is said here is kept until somebody erases it.",
        "That is the rule of whoever runs me.",
    )
    assert "/memory keep" in reply.lines[2]
    await office.retention.decide(WORKSPACE, 7)
    assert (await office.ask("/admin retention")).lines[:2] == (
        "What is said here is kept for 7 days, and then erased for good.",
        "That was decided for this server or workspace.",
    )


async def test_shorter_asks_and_a_no_leaves_everything(office: Office) -> None:
    asked = await office.ask("/admin retention 30")

    assert asked.kind is ReplyKind.QUESTION
    assert asked.private
    assert "would be kept for 30 days only." in text_of(asked)
    assert asked.confirmation
    assert text_of(await asked.confirmation.answer(False)) == "Everything stays as it is."
    assert (await office.retention.of(WORKSPACE)).own is None


async def test_a_yes_decides_for_this_place_alone(office: Office) -> None:
    asked = await office.ask("/admin retention 30 days")
    assert asked.confirmation

    done = await asked.confirmation.answer(True)

    assert done.kind is ReplyKind.DONE
    assert "kept for 30 days" in text_of(done)
    assert (await office.retention.of(WORKSPACE)).days == 30
    assert (await office.retention.of(OTHER_WORKSPACE)).days is None
    here = await office.desk.control.settings.kept(office.desk.identity(), WORKSPACE)
    assert here.given == 30


async def test_the_next_run_erases_what_is_older_there_and_nothing_else(office: Office) -> None:
    await office.say("I live in Porto.")
    await office.say("I like tea.", channel("C1", tenant=OTHER_WORKSPACE))
    await office.desk.say("I like figs.")
    office.desk.later(days=31)
    await office.say("I have a dog.")
    asked = await office.ask("/admin retention 30")
    assert asked.confirmation
    await asked.confirmation.answer(True)
    assert len(await office.desk.turns()) == 4

    await Retention(
        office.desk.storage,
        office.desk.recall,
        clock=office.desk.clock,
        ids=office.desk.ids,
        default_days=None,
    ).erase_expired()

    said = [text for text, _ in await office.desk.turns()]
    assert said == ["I like tea.", "I like figs.", "I have a dog."]


@pytest.mark.parametrize(
    ("line", "days"), [("/admin retention 90", 90), ("/admin retention forever", None)]
)
async def test_longer_needs_no_question(office: Office, line: str, days: int | None) -> None:
    await office.retention.decide(WORKSPACE, 30)

    assert (await office.ask(line)).kind is ReplyKind.DONE
    assert (await office.retention.of(WORKSPACE)).days == days


async def test_default_asks_only_when_the_owners_rule_is_shorter() -> None:
    office = Office(default_days=7)
    await office.retention.decide(WORKSPACE, 30)

    asked = await office.ask("/admin retention default")

    assert "kept for 7 days only" in text_of(asked)
    assert asked.confirmation
    await asked.confirmation.answer(True)
    assert "That is the rule of whoever runs me." in text_of(await office.ask("/admin retention"))
    await office.retention.decide(WORKSPACE, 5)
    assert (await office.ask("/admin retention default")).kind is ReplyKind.DONE
    assert (await office.retention.of(WORKSPACE)).own is None


async def test_for_ever_holds_against_the_owners_rule() -> None:
    office = Office(default_days=7)

    assert (await office.ask("/admin retention forever")).kind is ReplyKind.DONE

    assert (await office.retention.of(WORKSPACE)).days is None
    assert "kept until somebody erases it" in text_of(await office.ask("/admin retention"))


async def test_what_is_so_already_is_not_decided_again(office: Office) -> None:
    assert (await office.ask("/admin retention default")).kind is ReplyKind.REFUSED
    await office.retention.decide(WORKSPACE, 30)
    assert (await office.ask("/admin retention 30", where=CHANNEL)).kind is ReplyKind.REFUSED


async def test_it_works_in_chinese(office: Office) -> None:
    asked = await office.ask("/管理 保留 30天")

    assert asked.confirmation
    assert "将只保存30天" in text_of(asked)
    assert text_of(await asked.confirmation.answer(True)).startswith("这里说的话保存30天")
    assert (await office.ask("/管理 保留 永远")).lines[0] == "这里说的话会一直保存，直到有人删除。"
    assert (await office.ask("/管理 保留 默认")).kind is ReplyKind.DONE


@pytest.mark.parametrize("typed", ["0", "-1", "soon", "100000"])
async def test_what_is_no_number_of_days_is_refused(office: Office, typed: str) -> None:
    reply = await office.ask(f"/admin retention {typed}")

    assert reply.kind is ReplyKind.REFUSED
    assert f"“{typed}” is neither a number of days" in text_of(reply)
    assert "/admin retention 90" in text_of(reply)
    assert (await office.retention.of(WORKSPACE)).own is None
