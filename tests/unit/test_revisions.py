"""A message that its author deletes: memory is as if the words had taught nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.dialog import ANA, HALL, Dialog, account, channel
from support.revising import delete, edit, journal, say, stored

from bot.domain.fact import FactState, FactStatus
from bot.domain.identity import Platform
from bot.domain.operation import Actor, OperationKind
from bot.domain.turn import TurnStatus
from bot.engine.memory_view import EVERY_STATUS
from bot.engine.revisions import Revised

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
    assert await edit(dialog, "e2", "I live in Faro.") is Revised.UNKNOWN
    assert not await dialog.control.revisions.deleted(Platform.DISCORD, "e1")

    assert await stored(dialog) == ["I live in Porto."]
    assert await journal(dialog) == before


async def test_a_second_deletion_changes_nothing_more(dialog: Dialog) -> None:
    await say(dialog, "e1", "I live in Porto.")
    await delete(dialog, "e1")
    before, person = await journal(dialog), await dialog.person()

    assert await delete(dialog, "e1")
    assert await edit(dialog, "e1", "I live in Faro.") is Revised.UNCHANGED

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


@pytest.mark.parametrize("words", ["I live in Porto.", "I live in Porto with Bo, whom I love."])
async def test_words_said_directly_do_not_enter_a_channel_in_place_of_deleted_ones(
    dialog: Dialog, words: str
) -> None:
    await dialog.say("I live in Porto.", where=HALL, event="e1")
    await say(dialog, "e2", words)
    assert "Porto" in await dialog.prompt_for("Where do I live?", where=HALL)

    await delete(dialog, "e1")

    prompt = await dialog.prompt_for("Where do I live?", where=HALL)
    assert "Porto" not in prompt
    assert "Bo" not in prompt
    assert "Porto" in await dialog.prompt_for("Where do I live?")


async def test_words_said_in_a_channel_too_may_still_be_used_there(dialog: Dialog) -> None:
    for number, where in enumerate((HALL, None, channel("garden"))):
        await dialog.say("I live in Porto.", where=where, event=f"e{number}")

    await delete(dialog, "e0")

    (fact,) = await dialog.facts()
    assert fact.audience == HALL.audience
    assert "Porto" in await dialog.prompt_for("Where do I live?", where=HALL)
