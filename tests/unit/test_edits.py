"""A message that its author edits: memory goes by the new words."""

from __future__ import annotations

import pytest
from support.dialog import ANA, Dialog
from support.revising import (
    edit,
    journal,
    said,
    say,
    stored,
    summaries,
    summed_up,
)

from bot.domain.operation import OperationKind
from bot.domain.shown import Shown
from bot.engine.memory_view import EVERY_STATUS
from bot.engine.revisions import Revised


@pytest.fixture
def dialog() -> Dialog:
    return Dialog()


async def test_an_edit_that_changes_the_city(dialog: Dialog) -> None:
    turn = await say(dialog, "e1", "I live in Porto.", "Porto is nice. Welcome!")

    assert await edit(dialog, "e1", " I live in Berlin.\r\n") is Revised.CHANGED

    (fact,) = await dialog.facts(ANA, *EVERY_STATUS)
    assert (fact.text, fact.value) == ("I live in Berlin.", "Berlin")
    assert [evidence.turn_id for evidence in fact.evidence] == [turn.id]
    assert fact.valid_from == turn.received_at
    assert await said(dialog) == [("I live in Berlin.", "Welcome!")]
    learned, *_ = [op for op in await journal(dialog) if op.kind is OperationKind.APPEND][1:]
    assert learned.happened_at == dialog.clock.now()
    *_, last = await journal(dialog)
    assert last.reason == "message edited"
    prompt = await dialog.prompt_for("Where do I live?")
    assert "Berlin" in prompt
    assert "Porto" not in prompt


async def test_an_edit_of_what_was_overwritten_leaves_the_newer_value(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto.")
    await say(dialog, "e2", "I've moved to Berlin.")

    await edit(dialog, "e1", "I live in Faro.")

    assert await dialog.known() == ["I moved to Berlin."]
    assert "I live in Porto." not in await stored(dialog)


async def test_an_edit_of_a_message_without_facts(dialog: Dialog) -> None:
    await say(dialog, "e1", "Nice wether today!", "Yes.")

    assert await edit(dialog, "e1", "Nice weather today!") is Revised.CHANGED

    assert await said(dialog) == [("Nice weather today!", "Yes.")]
    assert await stored(dialog) == []
    assert "wether" not in await dialog.prompt_for("What did I say about the weather?")


async def test_a_sentence_that_an_edit_leaves_keeps_its_fact(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto. My dog is called Rex.")
    await dialog.ask("/memory pin 1")
    porto, _ = await dialog.facts()

    await edit(dialog, "e1", "I live in Porto. My dog is called Biscuit.")

    kept, dog = await dialog.facts(ANA, *EVERY_STATUS)
    assert (kept.id, kept.number, kept.evidence) == (porto.id, 1, porto.evidence)
    assert kept.state.pinned
    assert (dog.text, dog.number) == ("My dog is called Biscuit.", 3)


async def test_an_edit_that_denies_it_takes_it_back(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto.")

    await edit(dialog, "e1", "It is not true that I live in Porto.")

    assert await dialog.known() == []


async def test_an_edit_that_changes_no_word_does_nothing(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto.")
    before, person = await journal(dialog), await dialog.person()

    assert await edit(dialog, "e1", "I live in Porto.\n") is Revised.UNCHANGED

    assert await journal(dialog) == before
    assert await dialog.person() == person


async def test_an_edit_to_nothing_is_a_deletion(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto.")

    assert await edit(dialog, "e1", " \x00") is Revised.CHANGED

    assert await said(dialog) == [("", "")]
    assert await stored(dialog) == []


async def test_what_was_shown_stays_with_an_edited_message(dialog: Dialog) -> None:
    picture = Shown(name="sea.png")
    await dialog.say("", event="e1", shown=(picture,))

    await edit(dialog, "e1", "That is the sea.")

    (turn,) = await dialog.turns()
    assert (turn.text, turn.shown) == ("That is the sea.", (picture,))


@pytest.mark.parametrize("command", ["/memory pause", "/incognito on"])
async def test_new_words_that_must_not_be_remembered_are_not_stored(
    dialog: Dialog, command: str
) -> None:
    await say(dialog, "e1", "I live in Porto.")
    await dialog.ask(command)

    assert await edit(dialog, "e1", "I live in Berlin.") is Revised.CHANGED

    assert await said(dialog) == [("", "")]
    assert await stored(dialog) == []


async def test_nothing_is_learned_from_what_was_said_while_paused(dialog: Dialog) -> None:
    await dialog.ask("/memory pause")
    await say(dialog, "e1", "I live in Porto.")
    await edit(dialog, "e1", "I live in Berlin.")
    assert await said(dialog) == [("I live in Berlin.", "All right.")]
    await dialog.ask("/memory resume")

    await edit(dialog, "e1", "I live in Rome.")

    assert await said(dialog) == [("I live in Rome.", "All right.")]
    assert await stored(dialog) == []


async def test_summaries_lose_what_an_edited_message_says_no_more(dialog: Dialog) -> None:
    turn = await say(dialog, "e1", "My locker is by the door. It rains.")
    await summed_up(dialog, ("My locker is by the door.", (turn,)), ("It rains.", (turn,)))

    await edit(dialog, "e1", "My locker is by the stairs. It rains.")

    assert await summaries(dialog) == [[("It rains.", 1)]]


async def test_chinese_messages_follow_too(dialog: Dialog) -> None:
    await say(dialog, "e1", "我住在柏林。")

    await edit(dialog, "e1", "我住在上海。")

    assert [fact.value for fact in await dialog.facts(ANA, *EVERY_STATUS)] == ["上海"]


@pytest.mark.parametrize("command", ["/memory pause", "/incognito on"])
async def test_an_edit_that_changes_no_word_does_nothing_while_paused_either(
    dialog: Dialog, command: str
) -> None:
    await say(dialog, "e1", "I live in Porto.")
    await dialog.ask(command)

    await edit(dialog, "e1", "I live in Porto.")

    assert await said(dialog) == [("I live in Porto.", "All right.")]
    assert await stored(dialog) == ["I live in Porto."]


@pytest.mark.parametrize("command", ["/memory forget Porto", "/memory forget 1"])
@pytest.mark.parametrize("now", ["I live in Porto. I like tea.", "I live in Porto! I like tea."])
async def test_forgotten_words_do_not_come_back_with_an_edit(
    dialog: Dialog, command: str, now: str
) -> None:
    await say(dialog, "e1", "I live in Porto. I like tea.")
    await dialog.agree(command)

    assert await edit(dialog, "e1", now) is Revised.UNCHANGED

    assert await said(dialog) == [("I like tea.", "All right.")]
    assert await stored(dialog) == ["I like tea."]
    assert "Porto" not in repr(dialog.storage.state)  # type: ignore[attr-defined]


async def test_what_was_left_of_a_sentence_stays_with_an_edit(dialog: Dialog) -> None:
    text = "My locker code is 4417 and my dog is called Bo."
    await say(dialog, "e1", text)
    await dialog.agree("/memory forget locker code")
    before = await said(dialog), await stored(dialog)
    assert "Bo" in repr(before)

    await edit(dialog, "e1", text)

    assert (await said(dialog), await stored(dialog)) == before


async def test_a_message_that_lost_words_can_lose_more(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto. I like tea. My dog is called Bo.")
    await dialog.agree("/memory forget Porto")

    await edit(dialog, "e1", "I like tea. I live in Porto. I work at Acme.")

    assert await said(dialog) == [("I like tea.", "All right.")]
    assert await stored(dialog) == ["I like tea."]


async def test_what_was_taken_back_is_not_learned_again_from_an_edit(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto, lol.")
    await dialog.ask("/memory undo")

    await edit(dialog, "e1", "I live in Porto, haha.")

    assert await dialog.known() == []


async def test_the_reply_does_not_repeat_words_that_are_gone(dialog: Dialog) -> None:
    await say(dialog, "e1", "The router opens with hunter2.", "Hunter2 is weak. Change it!")

    await edit(dialog, "e1", "The router opens with a secret.")

    assert await said(dialog) == [("The router opens with a secret.", "Change it!")]


async def test_the_reply_in_chinese_does_not_repeat_them_either(dialog: Dialog) -> None:
    await say(dialog, "e1", "我把钥匙放在花盆下面。", "花盆下面不安全。早点休息！")

    await edit(dialog, "e1", "我把钥匙放在别处。")

    assert await said(dialog) == [("我把钥匙放在别处。", "早点休息！")]
