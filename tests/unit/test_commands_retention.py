"""``memory keep``: people say for how long, and are asked before that erases anything."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.commanding import WORKSPACE, Desk, text_of

from bot.commands.reply import ReplyKind


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_without_a_number_the_rule_is_said_and_nothing_is_stored(desk: Desk) -> None:
    reply = await desk.ask("/memory keep")

    rule, how = text_of(reply).splitlines()
    assert rule == "I keep what you write until you have me forget it."
    assert how.startswith("/memory keep 90 makes it 90 days, if that is shorter;")
    assert await desk.person() is None


async def test_keeping_shorter_asks_and_says_how_many_messages_would_go(desk: Desk) -> None:
    await desk.say("I live in Porto.")
    desk.later(days=31)
    await desk.say("I like tea.")

    asked = await desk.ask("/memory keep 30 days")

    assert asked.kind is ReplyKind.QUESTION
    assert "for 30 days only. 1 message of yours would be erased" in text_of(asked)
    assert asked.confirmation
    assert text_of(await asked.confirmation.answer(False)) == "Everything stays as it is."
    assert (await desk.control.settings.kept(desk.identity())).own is None
    done = await asked.confirmation.answer(True)
    assert text_of(done).startswith("I keep what you write for 30 days, as you decided")
    assert (await desk.control.settings.kept(desk.identity())).days == 30
    assert "for 30 days, as you decided" in text_of(await desk.ask("/memory keep"))
    assert len(await desk.turns()) == 2


async def test_keeping_longer_again_needs_no_question(desk: Desk) -> None:
    await desk.say("I live in Porto.")
    desk.later(days=30)
    await desk.agree("/memory keep 10")

    assert "for 20 days" in text_of(await desk.ask("/memory keep 20"))
    assert "already" in text_of(await desk.ask("/memory keep 20d"))
    assert text_of(await desk.ask("/记忆 保留 永远")).startswith("你写的内容我会一直保存")
    assert (await desk.control.settings.kept(desk.identity())).own is None
    assert (await desk.ask("/memory keep forever")).kind is ReplyKind.REFUSED


async def test_default_is_to_have_no_number_of_ones_own(desk: Desk) -> None:
    await desk.agree("/memory keep 10")

    assert (await desk.ask("/memory keep default")).kind is ReplyKind.DONE
    assert (await desk.control.settings.kept(desk.identity())).own is None


async def test_the_owner_can_decide_on_less_and_the_person_cannot_undo_it(desk: Desk) -> None:
    desk = Desk(retention_days=15)
    assert "for 15 days, as is the rule here" in text_of(await desk.ask("/memory keep"))

    reply = await desk.ask("/memory keep 90")

    assert reply.kind is ReplyKind.DONE
    assert "for 15 days, as is the rule here" in text_of(reply)
    assert "You would allow 90 days." in text_of(reply)
    assert "for 15 days" in text_of(await desk.ask("/privacy"))
    assert "only. 0 messages" in text_of(await desk.ask("/memory keep 10"))


async def test_a_number_that_erases_elsewhere_asks_though_it_is_longer_here(desk: Desk) -> None:
    desk = Desk(retention_days=15)
    await desk.say("I live in Porto.")
    desk.later(days=91)  # kept in a workspace, say, that has no limit

    assert (await desk.ask("/memory keep 90")).kind is ReplyKind.QUESTION


async def test_a_number_that_is_shorter_elsewhere_asks_though_it_is_longer_here(
    desk: Desk,
) -> None:
    async with desk.storage.unit_of_work() as work:
        await work.retention.set_tenant(WORKSPACE, 7)
        await work.commit()

    here = replace(desk.caller().conversation, tenant=WORKSPACE)
    understood = desk.commands.understand("/memory keep 90")
    assert understood
    caller = replace(desk.caller(), conversation=here)

    assert (await desk.commands.answer(understood, caller)).kind is ReplyKind.QUESTION


async def test_a_workspace_has_a_rule_of_its_own(desk: Desk) -> None:
    async with desk.storage.unit_of_work() as work:
        await work.retention.set_tenant(WORKSPACE, 7)
        await work.commit()

    here = await desk.control.settings.kept(desk.identity(), WORKSPACE)
    elsewhere = await desk.control.settings.kept(desk.identity())

    assert (here.days, elsewhere.days) == (7, None)


@pytest.mark.parametrize("typed", ["0", "-3", "soon", "100000", "3 weeks", "1.5"])
async def test_what_is_no_number_of_days_is_refused(desk: Desk, typed: str) -> None:
    reply = await desk.ask(f"/memory keep {typed}")

    assert reply.kind is ReplyKind.REFUSED
    assert f"“{typed}” is neither" in text_of(reply)
    assert await desk.person() is None
