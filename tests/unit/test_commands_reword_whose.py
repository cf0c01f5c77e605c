"""Who may have things summed up or translated, how often, and of whose words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.administering import CHANNEL, THREAD, Office, channel
from support.commanding import Desk, text_of
from support.rewording import commands_of, done, enqueue, said_to

from bot.commands.call import Caller
from bot.commands.reply import ReplyKind
from bot.domain.conversation import Visibility
from bot.domain.place_policy import MemoryMode, PlacePolicy
from bot.domain.quota import Quota, QuotaHolder, QuotaMeasure, Rate
from bot.engine.incognito import passer_by_id
from bot.engine.quotas import Quotas
from bot.ports.policy_source import FixedPolicy


def quotas(amount: int, *, measure: QuotaMeasure = QuotaMeasure.TURNS) -> PlacePolicy:
    quota = Quota(QuotaHolder.PERSON, measure)
    return PlacePolicy(quotas={quota: Rate(amount=amount, seconds=3600)})


def ruled(office: Office, policy: PlacePolicy) -> Desk:
    """The desk of an office in which that policy holds everywhere."""
    desk, fixed = office.desk, FixedPolicy(policy)
    of_places = Quotas(desk.storage, clock=desk.clock, policies=fixed)
    office.commands = commands_of(desk, quotas=of_places, policies=fixed)
    return desk


@pytest.mark.parametrize("known", [True, False])
async def test_each_counts_as_a_message(known: bool) -> None:
    office = Office()
    desk = ruled(office, quotas(2))
    if known:
        await office.say("Hello!")
    enqueue(desk, "Eins.", "Zwei.")

    for text in ("one", "two"):
        await done(await office.ask(f"/translate German {text}"))
    refused = await office.ask("/translate German three")

    assert text_of(refused) == "That was a lot at once from you. Try again in 30 min."
    assert (await desk.person() is not None) is known


async def test_the_tokens_of_a_model_are_charged() -> None:
    office = Office()
    desk = ruled(office, quotas(15, measure=QuotaMeasure.TOKENS))
    await office.say("Hello!")
    enqueue(desk, "Eins.", "Zwei.")  # ten tokens each

    for text in ("one", "two"):
        await done(await office.ask(f"/translate German {text}"))

    assert "That was a lot" in text_of(await office.ask("/translate German three"))


async def test_what_is_refused_or_fails_to_begin_costs_nothing() -> None:
    office = Office()
    desk = ruled(office, quotas(1))
    await office.say("Hello!")
    for line in ("/summarize too short", "/translate Klingon hi", "/summarize 900"):
        assert (await office.ask(line)).kind is ReplyKind.REFUSED
    enqueue(desk, "Eins.")

    assert (await done(await office.ask("/translate German one"))).title == "In German"


async def test_whom_a_place_does_not_let_in_is_refused_and_a_role_lets_in() -> None:
    office = Office()
    desk = ruled(office, PlacePolicy(allow_roles=frozenset({"R1"})))
    enqueue(desk, "Eins.")
    caller = Caller(identity=desk.identity(), conversation=CHANNEL)
    line = office.commands.understand("/translate German one")
    assert line is not None

    denied = await office.commands.answer(line, caller)
    let_in = await office.commands.answer(line, replace(caller, roles=frozenset({"R1"})))

    assert "you may not use me" in text_of(denied)
    assert (await done(let_in)).title == "In German"


async def test_what_was_said_incognito_is_summed_up_and_stays_unstored() -> None:
    desk = Desk()
    turn = await desk.say("Kept.", "")
    await desk.ask("/incognito on")
    conversation = desk.caller().conversation
    unstored = replace(turn, id="t9", text="Not kept.", event_key="e9")  # type: ignore[arg-type]
    desk.incognito.take(unstored)
    desk.incognito.add(conversation, unstored)
    enqueue(desk, "Both.")

    await done(await desk.ask("/summarize"))

    assert said_to(desk) == ["Kept.", "Not kept."]
    assert "Not kept." not in repr(desk.storage.state)


async def test_where_nothing_is_kept_only_what_was_said_there_since_is_summed_up() -> None:
    office = Office()
    turn = await office.say("From when it was kept.")
    desk = ruled(office, PlacePolicy(memory=MemoryMode.OFF))
    passer_by = passer_by_id(desk.identity())
    unkept = replace(turn, id="t9", person_id=passer_by, text="Just now.", reply="")  # type: ignore[arg-type]
    desk.incognito.take(unkept)
    desk.incognito.add(CHANNEL, unkept)
    enqueue(desk, "Just now.")

    await done(await office.ask("/summarize"))

    assert said_to(desk) == ["Just now."]


async def test_what_was_said_before_a_channel_was_shared_with_others_stays_out() -> None:
    office = Office()
    await office.desk.say("Mine, told directly.")
    direct = office.desk.caller().conversation
    shared = replace(CHANNEL, channel_id=direct.channel_id, visibility=Visibility.SHARED)

    reply = await office.ask("/summarize", where=shared)

    assert "There is nothing to sum up" in text_of(reply)


async def test_other_peoples_words_and_direct_ones_are_not_summed_up_in_a_channel() -> None:
    office = Office()
    await office.say("Mine, in the channel.")
    await office.say("Ben's, in the channel.", user="ben")
    await office.say("Mine, in a thread of it.", THREAD)
    await office.desk.say("Mine, told directly.")
    enqueue(office.desk, "In the channel.")

    await done(await office.ask("/summarize"))

    assert said_to(office.desk) == ["Mine, in the channel.", "ok"]


async def test_a_channel_without_words_is_that_of_its_threads_and_of_no_other_channel() -> None:
    office = Office()
    await office.say("Mine, in a thread.", THREAD)
    await office.say("Mine, in another channel.", channel("C2"))
    await office.desk.say("Mine, told directly.")
    enqueue(office.desk, "In a thread.")

    await done(await office.ask("/summarize"))

    assert said_to(office.desk) == ["Mine, in a thread.", "ok"]
    elsewhere = await office.ask("/summarize", where=channel("C3"))
    assert "There is nothing to sum up" in text_of(elsewhere)
    aside = await office.ask("/summarize", where=replace(CHANNEL, thread_id="9.9"))
    assert "There is nothing to sum up" in text_of(aside)
