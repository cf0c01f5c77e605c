"""A message that its author deletes: replies, summaries and files stop repeating its words."""

from __future__ import annotations

import pytest
from support.dialog import Dialog
from support.revising import delete, journal, said, say, stored, summaries, summed_up

from bot.domain.shown import Shown
from bot.domain.turn import TurnStatus
from bot.engine.reply import ReplyStatus


@pytest.fixture
def dialog() -> Dialog:
    return Dialog()


async def test_later_replies_no_longer_tell_it(dialog: Dialog) -> None:
    await say(dialog, "e0", "Hi!", "Porto has a river.")
    await say(dialog, "e1", "I live in Porto.")
    await say(dialog, "e2", "Where do I live?", "You live in Porto. Anything else?")
    await say(dialog, "e3", "Is Porto big?", "Porto is not big.")

    await delete(dialog, "e1")

    assert await said(dialog) == [
        ("Hi!", "Porto has a river."),
        ("", ""),
        ("Where do I live?", "Anything else?"),
        ("Is Porto big?", "Porto is not big."),
    ]
    *_, last = await journal(dialog)
    assert last.detail["sentences"] == 1


async def test_what_was_shown_goes_with_a_deleted_message(dialog: Dialog) -> None:
    await dialog.say("Look!", event="e1", shown=(Shown(name="tom.png", caption="Tom"),))

    await delete(dialog, "e1")

    (turn,) = await dialog.turns()
    assert turn.shown == ()
    assert "tom" not in repr(dialog.storage.state)  # type: ignore[attr-defined]


async def test_summaries_lose_what_only_that_message_said(dialog: Dialog) -> None:
    first = await say(dialog, "e1", "My locker is by the door.")
    both = await say(dialog, "e2", "My locker is by the door. It rains.")
    await summed_up(
        dialog,
        ("My locker is by the door.", (first, both)),
        ("My locker is by the door.", (first,)),
        ("It rains.", (both,)),
    )

    await delete(dialog, "e1")

    assert await summaries(dialog) == [[("My locker is by the door.", 1), ("It rains.", 1)]]
    await delete(dialog, "e2")
    assert await summaries(dialog) == []


async def test_a_deletion_while_it_is_answered_leaves_no_reply(dialog: Dialog) -> None:
    dialog.generator.hold()
    reply = await dialog.engine.handle(dialog.message("I live in Porto.", event="e1"))
    await dialog.generator.asked.wait()

    assert await delete(dialog, "e1")
    dialog.generator.answer = lambda _: "Porto!"
    dialog.generator.release()
    outcome = await reply.outcome()

    assert "could not save this reply" in outcome.notice
    (turn,) = await dialog.turns()
    assert (turn.text, turn.reply, turn.status) == ("", "", TurnStatus.ANSWERED)
    assert await stored(dialog) == []


async def test_a_deleted_event_that_comes_again_is_not_answered(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto.")
    await delete(dialog, "e1")

    outcome = await dialog.say("I live in Porto.", event="e1")

    assert outcome.status is ReplyStatus.DUPLICATE
    assert await said(dialog) == [("", "")]
    assert await stored(dialog) == []


async def test_nothing_derived_from_the_words_stays_in_memory(dialog: Dialog) -> None:
    await say(dialog, "e1", "My locker code is 4711.")
    await dialog.ask("/memory show locker")
    person = await dialog.person()
    assert person
    assert person.id in dialog.recall._entries

    await delete(dialog, "e1")

    assert person.id not in dialog.recall._entries


async def test_a_reply_may_still_name_what_something_else_is_called(dialog: Dialog) -> None:
    await say(dialog, "e0", "My dog is called Porto.")
    await say(dialog, "e1", "I live in Porto.")
    await say(dialog, "e2", "How old is my dog?", "Porto is five.")

    await delete(dialog, "e1")

    assert await dialog.known() == ["My dog is called Porto."]
    assert (await said(dialog))[-1] == ("How old is my dog?", "Porto is five.")


async def test_the_files_are_overwritten_afterwards(
    dialog: Dialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    scrubbed: list[str] = []

    async def scrub() -> None:
        scrubbed.append("files")

    monkeypatch.setattr(dialog.storage, "scrub", scrub)
    await say(dialog, "e1", "I live in Porto.")

    await delete(dialog, "e1")
    await delete(dialog, "e1")

    assert scrubbed == ["files"]
