"""Answering a message once more: whose it is, where it was said, and what became of its words."""

from __future__ import annotations

import pytest
from support.again import again, answered, wish
from support.dialog import ANA, HALL, Dialog, account, channel, direct
from support.engine import settle

from bot.domain.conversation import Visibility
from bot.domain.message import AgainRequest
from bot.domain.turn import TurnStatus
from bot.engine.notices import CHINESE, ENGLISH
from bot.engine.reply import ReplyStatus


async def test_another_person_is_refused_and_learns_nothing() -> None:
    dialog, turn = await answered(who=ANA, where=HALL, event="e1")
    mal = account("mal")
    await dialog.say("Hi!", mal, HALL)
    asked = len(dialog.generator.requests)

    for request in (
        wish(turn, mal, HALL),
        wish(None, mal, HALL, event_key="e1"),
        wish(turn, account("stranger"), HALL),
    ):
        outcome = await again(dialog, request)
        assert (outcome.status, outcome.text) == (ReplyStatus.REFUSED, "")
        assert outcome.notice == ENGLISH.not_yours
    assert len(dialog.generator.requests) == asked
    assert (await dialog.turns())[0] == turn
    assert await dialog.person(account("stranger")) is None


async def test_a_linked_account_is_the_same_person() -> None:
    dialog, turn = await answered(where=HALL)
    other = account("ana2")
    await dialog.say("Hi!", other)
    await dialog.link(ANA, other)

    assert (await again(dialog, wish(turn, other, HALL))).status is ReplyStatus.ANSWERED


async def test_what_was_said_in_private_is_not_answered_elsewhere() -> None:
    dialog, turn = await answered("My code is 4417.")

    outcome = await again(dialog, wish(turn, where=HALL))

    assert outcome.notice == ENGLISH.not_yours


async def test_a_thread_is_the_place_of_its_channel() -> None:
    dialog, turn = await answered(where=HALL)

    outcome = await again(dialog, wish(turn, where=channel("hall", thread="side")))

    assert outcome.status is ReplyStatus.ANSWERED


async def test_a_channel_that_was_opened_hears_only_what_everybody_may() -> None:
    closed = channel("hall", Visibility.PRIVATE)
    dialog = Dialog()
    await dialog.say("My hen is called Berta.", where=closed)
    await dialog.say("What is my hen called?", where=closed)
    assert "Berta" in dialog.last_prompt()

    await again(dialog, wish((await dialog.turns())[-1], where=HALL))

    assert "Berta" not in dialog.last_prompt()


async def test_an_open_turn_is_not_answered_twice_at_once() -> None:
    dialog, turn = await answered()
    dialog.generator.hold()
    first = await dialog.engine.again(wish(turn))
    await settle()

    second = await again(dialog, wish(turn))
    dialog.generator.release()

    assert (second.status, second.notice) == (ReplyStatus.REFUSED, ENGLISH.still_answering)
    assert (await first.outcome()).status is ReplyStatus.ANSWERED
    assert len(dialog.generator.requests) == 2


async def test_a_message_being_answered_is_not_answered_again() -> None:
    dialog = Dialog()
    dialog.generator.hold()
    reply = await dialog.engine.handle(dialog.message("讲个笑话。", event="e1"))
    await settle()

    outcome = await again(dialog, wish(event_key="e1"))
    dialog.generator.release()

    assert outcome.notice == CHINESE.still_answering
    await reply.outcome()


@pytest.mark.parametrize("words", ["I have a hen.", "我养了一只鸡。"])
async def test_forgotten_words_are_not_answered(words: str) -> None:
    dialog, turn = await answered(words)
    async with dialog.storage.unit_of_work() as work:
        await work.turns.rewrite(turn.person_id, turn.id, text="…", reply="", shown=())
        await work.commit()

    outcome = await again(dialog, wish(turn))

    assert (outcome.status, outcome.notice) == (ReplyStatus.REFUSED, ENGLISH.forgotten)
    assert (await dialog.turns())[0].status is TurnStatus.ANSWERED


async def test_after_everything_was_forgotten_there_is_no_such_turn() -> None:
    dialog, turn = await answered("我养了一只鸡。")
    await dialog.agree("/memory forget everything")
    assert (await again(dialog, wish(turn))).notice == ENGLISH.not_yours

    await dialog.say("你好！")

    assert (await again(dialog, wish(turn))).notice == CHINESE.not_yours


async def test_what_is_forgotten_while_it_is_answered_again_is_not_stored() -> None:
    dialog, turn = await answered("My fish is called Hush.")
    dialog.generator.answer = lambda _: "Hush it is."
    dialog.generator.hold()
    reply = await dialog.engine.again(wish(turn))
    await settle()
    await dialog.agree("/memory forget Hush")
    dialog.generator.release()
    await reply.outcome()

    assert "Hush" not in repr(dialog.storage.state)


async def test_whoever_is_paused_may_have_another_answer() -> None:
    dialog = Dialog()
    await dialog.ask("/memory pause")
    await dialog.say("Tell me a joke.")
    (turn,) = await dialog.turns()

    assert (await again(dialog, wish(turn))).status is ReplyStatus.ANSWERED
    assert (await dialog.turns())[0].unremembered


async def test_whoever_is_incognito_may_not_because_it_would_be_stored() -> None:
    dialog, turn = await answered("讲个笑话。", event="e1")
    await dialog.ask("/incognito on")

    for request in (wish(turn), wish(event_key="e1"), wish(event_key="other")):
        outcome = await again(dialog, request)
        assert (outcome.status, outcome.notice) == (
            ReplyStatus.REFUSED,
            CHINESE.not_while_incognito,
        )
    await dialog.ask("/incognito off")
    assert (await dialog.turns())[0] == turn


async def test_what_was_said_incognito_is_not_there_to_be_answered() -> None:
    dialog = Dialog()
    await dialog.say("Hi!")
    await dialog.ask("/incognito on")
    reply = await dialog.engine.handle(dialog.message("My code is hush.", event="e1"))
    await reply.outcome()
    await dialog.ask("/incognito off")
    assert reply.turn_id

    for request in (
        wish(event_key="e1"),
        AgainRequest(author=ANA, conversation=direct(ANA), turn_id=reply.turn_id),
    ):
        assert (await again(dialog, request)).notice == ENGLISH.not_yours
