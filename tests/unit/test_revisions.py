"""A message that its author deletes: memory is as if the words had never been said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.dialog import ANA, HALL, Dialog, account
from support.revising import (
    delete,
    edit,
    journal,
    said,
    say,
    stored,
    summaries,
    summed_up,
)

from bot.domain.fact import FactState, FactStatus
from bot.domain.identity import Platform
from bot.domain.operation import Actor, OperationKind
from bot.domain.shown import Shown
from bot.domain.turn import TurnStatus
from bot.engine.memory_view import EVERY_STATUS
from bot.engine.reply import ReplyStatus

BOB = account("bob")


@pytest.fixture
def dialog() -> Dialog:
    return Dialog()


async def test_a_deleted_message_is_gone_with_what_it_taught(dialog: Dialog) -> None:
    turn = await say(dialog, "e1", "I live in Porto.", "Porto is nice.")
    before = await dialog.person()

    assert await delete(dialog, "e1")

    assert await stored(dialog) == []
    (left,) = await dialog.turns()
    assert (left.id, left.number, left.text, left.reply) == (turn.id, 1, "", "")
    assert left.status is TurnStatus.ANSWERED
    assert "Porto" not in repr(dialog.storage.state)  # type: ignore[attr-defined]
    assert "Porto" not in await dialog.prompt_for("Where do I live?")
    after = await dialog.person()
    assert before
    assert after
    assert after.memory_epoch > before.memory_epoch


async def test_the_journal_keeps_that_it_happened_and_no_words(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto.", "Porto it is.")
    await delete(dialog, "e1")

    *_, last = await journal(dialog)

    assert (last.kind, last.actor, last.reason) == (
        OperationKind.ERASE,
        Actor.PERSON,
        "message deleted",
    )
    assert last.detail == {"turns": 1, "facts": 1, "sentences": 0}


async def test_an_unknown_event_changes_nothing(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto.")
    before = await journal(dialog)

    assert not await delete(dialog, "e2")
    assert not await edit(dialog, "e2", "I live in Faro.")
    assert not await dialog.control.revisions.deleted(Platform.DISCORD, "e1")

    assert await stored(dialog) == ["I live in Porto."]
    assert await journal(dialog) == before


async def test_a_second_deletion_changes_nothing_more(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto.")
    await delete(dialog, "e1")
    before, person = await journal(dialog), await dialog.person()

    assert await delete(dialog, "e1")
    assert await edit(dialog, "e1", "I live in Faro.")

    assert await journal(dialog) == before
    assert await dialog.person() == person
    assert await stored(dialog) == []


async def test_what_was_said_elsewhere_too_stays_on_those_words(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto.")
    again = await say(dialog, "e2", "I live in Porto.")

    await delete(dialog, "e1")

    (fact,) = await dialog.facts()
    assert fact.text == "I live in Porto."
    assert [evidence.turn_id for evidence in fact.evidence] == [again.id]


async def test_a_repetition_that_is_deleted_no_longer_strengthens(dialog: Dialog) -> None:
    first = await say(dialog, "e1", "I live in Porto.")
    (before,) = await dialog.facts()
    await say(dialog, "e2", "I live in Porto.")

    await delete(dialog, "e2")

    (fact,) = await dialog.facts()
    assert fact.state == before.state
    assert [evidence.turn_id for evidence in fact.evidence] == [first.id]


async def test_other_words_for_it_take_the_place_of_the_deleted_ones(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto.")
    again = await say(dialog, "e2", "I moved to Porto.")

    await delete(dialog, "e1")

    (fact,) = await dialog.facts(ANA, *EVERY_STATUS)
    assert (fact.text, fact.value, fact.number) == ("I moved to Porto.", "Porto", 2)
    assert [evidence.turn_id for evidence in fact.evidence] == [again.id]
    assert fact.valid_from == again.received_at


async def test_what_it_replaced_gives_way_to_the_other_words(dialog: Dialog) -> None:
    await say(dialog, "e0", "I like rye bread.")
    await say(dialog, "e1", "My hobby is chess.")
    await say(dialog, "e2", "I play chess.")
    bread, chess = await dialog.facts()
    ended = replace(bread.state, status=FactStatus.SUPERSEDED, superseded_by=chess.id)
    async with dialog.storage.unit_of_work() as work:
        await work.facts.set_state(bread.id, ended)
        await work.commit()

    await delete(dialog, "e1")

    bread, now = await dialog.facts(ANA, *EVERY_STATUS)
    assert (now.text, now.status, now.number) == ("I play chess.", FactStatus.ACTIVE, 3)
    assert bread.state == replace(ended, superseded_by=now.id)


async def test_the_value_that_it_overwrote_comes_back(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto.")
    await say(dialog, "e2", "I've moved to Berlin.")

    await delete(dialog, "e2")

    (fact,) = await dialog.facts(ANA, *EVERY_STATUS)
    assert (fact.text, fact.state) == ("I live in Porto.", FactState())
    prompt = await dialog.prompt_for("Where do I live?")
    assert "Porto" in prompt
    assert "Berlin" not in prompt


async def test_a_newer_value_stays_when_one_between_is_deleted(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto.")
    await say(dialog, "e2", "I've moved to Berlin.")
    last = await say(dialog, "e3", "I've moved to Rome.")

    await delete(dialog, "e2")

    porto, rome = await dialog.facts(ANA, *EVERY_STATUS)
    assert await dialog.known() == ["I moved to Rome."]
    assert porto.status is FactStatus.SUPERSEDED
    assert porto.state.superseded_by == rome.id
    assert porto.state.valid_to == last.received_at


async def test_a_value_said_again_since_keeps_its_place(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto.")
    await say(dialog, "e2", "I live in Berlin.")
    await say(dialog, "e3", "I live in Berlin.")

    await delete(dialog, "e2")

    porto, berlin = await dialog.facts(ANA, *EVERY_STATUS)
    assert (porto.status, berlin.status) == (FactStatus.SUPERSEDED, FactStatus.ACTIVE)
    assert porto.state.superseded_by == berlin.id


async def test_what_it_ended_goes_on_unless_something_took_its_place(dialog: Dialog) -> None:
    await say(dialog, "e1", "I work at Acme.")
    await say(dialog, "e2", "I no longer work at Acme.")
    assert await dialog.known() == []
    await delete(dialog, "e2")
    assert await dialog.known() == ["I work at Acme."]

    await say(dialog, "e3", "I no longer work at Acme.")
    await say(dialog, "e4", "I work at Globex.")
    await delete(dialog, "e3")

    assert await dialog.known() == ["I work at Globex."]
    old, new = await dialog.facts(ANA, *EVERY_STATUS)
    assert old.state.superseded_by == new.id


async def test_facts_of_every_status_go(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto. My dog is called Biscuit. I like rye bread.")
    porto, dog, bread = await dialog.facts()
    async with dialog.storage.unit_of_work() as work:
        for fact, status in (
            (porto, FactStatus.RETRACTED),
            (dog, FactStatus.EXPIRED),
            (bread, FactStatus.MERGED),
        ):
            await work.facts.set_state(fact.id, replace(fact.state, status=status))
        await work.commit()

    await delete(dialog, "e1")

    assert await stored(dialog) == []


async def test_what_was_merged_into_a_fact_that_goes_is_there_again(dialog: Dialog) -> None:
    await say(dialog, "e1", "I like rye bread.")
    await say(dialog, "e2", "My dog is called Biscuit.")
    bread, dog = await dialog.facts()
    merged = replace(dog.state, status=FactStatus.MERGED, superseded_by=bread.id)
    async with dialog.storage.unit_of_work() as work:
        await work.facts.set_state(dog.id, merged)
        await work.commit()

    await delete(dialog, "e1")

    assert await dialog.known() == ["My dog is called Biscuit."]


async def test_a_change_that_was_taken_back_before_is_not_taken_back_again(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto.")
    await say(dialog, "e2", "I've moved to Berlin.")
    await dialog.ask("/memory undo")
    await say(dialog, "e3", "I've moved to Rome.")

    await delete(dialog, "e2")

    assert await dialog.known() == ["I moved to Rome."]
    assert await stored(dialog) == ["I live in Porto.", "I moved to Rome."]


async def test_what_the_person_typed_into_a_command_stays(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto.")
    await dialog.ask("/memory edit 1 I live in Faro.")

    await delete(dialog, "e1")

    assert await stored(dialog) == ["I live in Faro."]


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


async def test_messages_of_a_linked_account_follow_too(dialog: Dialog) -> None:
    discord = account("ana2", Platform.DISCORD)
    await dialog.say("I live in Porto.", discord, event="e1")
    await dialog.say("Hi!", ANA)
    await dialog.link(discord, ANA)
    assert await dialog.known() == ["I live in Porto."]

    assert await dialog.control.revisions.deleted(Platform.DISCORD, "e1")

    assert await stored(dialog) == []
    assert "Porto" not in await dialog.prompt_for("Where do I live?")


async def test_a_value_that_linking_ended_comes_back(dialog: Dialog) -> None:
    discord = account("ana2", Platform.DISCORD)
    await dialog.say("I live in Porto.", ANA)
    await dialog.say("I live in Berlin.", discord, event="e1")
    await dialog.link(discord, ANA)
    assert await dialog.known() == ["I live in Berlin."]

    await dialog.control.revisions.deleted(Platform.DISCORD, "e1")

    assert await dialog.known() == ["I live in Porto."]


async def test_nothing_of_others_changes(dialog: Dialog) -> None:
    await dialog.say("I live in Porto.", BOB, HALL)
    await say(dialog, "e1", "I live in Porto.")

    await delete(dialog, "e1")

    assert await dialog.known(BOB) == ["I live in Porto."]
    assert [turn.text for turn in await dialog.turns(BOB)] == ["I live in Porto."]


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
