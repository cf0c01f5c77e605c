"""Places that keep nothing, or only what those say who agreed."""

from __future__ import annotations

import pytest
from support.again import again, wish
from support.dialog import ANA, HALL, Dialog, account, channel, direct
from support.engine import settle

from bot.domain.identity import Platform
from bot.domain.place_policy import MemoryMode, PlacePolicy
from bot.engine.incognito import passer_by_id
from bot.engine.notices import CHINESE, ENGLISH
from bot.engine.reply import ReplyStatus
from bot.errors import EngineFailedError, StorageUnavailableError

BEA = account("bea")
UNKEPT = (MemoryMode.OFF, MemoryMode.OPT_IN)


def place(mode: MemoryMode) -> PlacePolicy:
    return PlacePolicy(memory=mode)


def unkept(mode: MemoryMode, **settings: object) -> Dialog:
    return Dialog(policy=place(mode), **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", UNKEPT)
async def test_she_answers_and_follows_the_conversation(mode: MemoryMode) -> None:
    dialog = unkept(mode, answer=lambda _: "How sad.")

    outcome = await dialog.say("My fish is ill.")
    prompt = await dialog.prompt_for("Will it live?")

    assert (outcome.status, outcome.text) == (ReplyStatus.ANSWERED, "How sad.")
    assert "user: My fish is ill.\nassistant: How sad.\nuser: Will it live?" in prompt
    assert "called Ana" in prompt
    assert await dialog.person() is None


@pytest.mark.parametrize("mode", UNKEPT)
async def test_each_person_and_place_has_a_loop_of_their_own(mode: MemoryMode) -> None:
    dialog = unkept(mode)
    await dialog.say("My fish is ill.", ANA, HALL)

    assert "fish" not in await dialog.prompt_for("And now?", BEA, HALL)
    assert "fish" not in await dialog.prompt_for("And now?", ANA)
    assert "fish" not in await dialog.prompt_for("And now?", account("ana", Platform.DISCORD))
    assert "fish" in await dialog.prompt_for("And now?", ANA, HALL)


@pytest.mark.parametrize("mode", UNKEPT)
async def test_what_is_stored_from_elsewhere_is_not_used(mode: MemoryMode) -> None:
    dialog = Dialog(encoding=True)
    await dialog.say("I live in Porto.")
    dialog.rules.policy = place(mode)

    prompt = await dialog.prompt_for("Where do I live?")

    assert "Porto" not in prompt
    dialog.rules.policy = place(MemoryMode.OPT_OUT)
    assert "Porto" in await dialog.prompt_for("Where do I live?")


@pytest.mark.parametrize("mode", UNKEPT)
async def test_loops_do_not_mix_when_the_policy_changes(mode: MemoryMode) -> None:
    dialog = unkept(mode)
    await dialog.say("My fish is ill.")

    dialog.rules.policy = place(MemoryMode.OPT_OUT)
    assert "fish" not in await dialog.prompt_for("And my cat?")

    dialog.rules.policy = place(mode)
    prompt = await dialog.prompt_for("And my dog?")
    assert "fish" not in prompt
    assert "cat" not in prompt
    assert [turn.text for turn in await dialog.turns()] == ["And my cat?"]


async def test_talk_elsewhere_leaves_the_loop_of_a_place_that_keeps_nothing() -> None:
    dialog = unkept(MemoryMode.OFF)
    await dialog.say("My fish is ill.", ANA, HALL)
    dialog.rules.policy = place(MemoryMode.OPT_OUT)
    await dialog.say("Hi!", ANA, channel("den"))
    dialog.rules.policy = place(MemoryMode.OFF)

    assert "fish" in await dialog.prompt_for("And now?", ANA, HALL)


@pytest.mark.parametrize("mode", UNKEPT)
async def test_the_loop_of_somebody_incognito_is_another_one(mode: MemoryMode) -> None:
    dialog = Dialog()
    await dialog.ask("/incognito on")
    await dialog.say("My fish is ill.")
    dialog.rules.policy = place(mode)

    assert "fish" not in await dialog.prompt_for("And now?")


@pytest.mark.parametrize(
    ("mode", "how"),
    [(MemoryMode.OFF, "ask one of its admins"), (MemoryMode.OPT_IN, "/memory allow")],
)
async def test_people_are_told_once_that_nothing_is_kept(mode: MemoryMode, how: str) -> None:
    dialog = unkept(mode)

    first = await dialog.say("Hello!", ANA, HALL)
    second = await dialog.say("Hello again!", ANA, channel("den"))
    other = await dialog.say("你好", BEA, HALL)

    assert how in first.notice
    assert first.notice == ENGLISH.unkept[mode]
    assert second.notice == ""
    assert other.notice == CHINESE.unkept[mode]
    dialog.restart()
    assert (await dialog.say("Hello!")).notice == ENGLISH.unkept[mode]


@pytest.mark.parametrize("mode", UNKEPT)
async def test_it_is_not_claimed_that_something_is_remembered(mode: MemoryMode) -> None:
    dialog = unkept(mode)
    await dialog.say("Hello!")

    asked = await dialog.say("Remember that my code is 4417.")
    besides = await dialog.say("Remember that my code is 4417. What is a code?")

    assert (asked.text, asked.notice) == (ENGLISH.cannot_keep, "")
    assert len(dialog.generator.requests) == 2
    assert besides.notice == ENGLISH.cannot_keep
    assert (await dialog.say("请记住我的密码是4417。")).text == CHINESE.cannot_keep


async def test_whoever_agreed_is_remembered() -> None:
    dialog = unkept(MemoryMode.OPT_IN)
    await dialog.say("My fish is ill.")

    await dialog.ask("/memory allow")
    outcome = await dialog.say("I live in Porto.")

    assert "I'm Ellie" in outcome.notice
    assert await dialog.known() == ["I live in Porto."]
    prompt = await dialog.prompt_for("Where do I live?")
    assert "Porto" in prompt
    assert "fish" not in prompt
    assert await dialog.person(BEA) is None


async def test_agreeing_does_not_help_where_memory_is_off() -> None:
    dialog = unkept(MemoryMode.OFF)
    await dialog.ask("/memory allow")

    await dialog.say("I live in Porto.")

    assert await dialog.turns() == ()


async def test_whoever_takes_it_back_is_not_remembered_and_keeps_what_is_stored() -> None:
    dialog = unkept(MemoryMode.OPT_IN)
    await dialog.ask("/memory allow")
    await dialog.say("I live in Porto.")

    await dialog.ask("/memory refuse")
    await dialog.say("I like tea.")

    assert [turn.text for turn in await dialog.turns()] == ["I live in Porto."]
    assert "Porto" not in await dialog.prompt_for("Where do I live?")


async def test_agreeing_ends_incognito() -> None:
    dialog = unkept(MemoryMode.OPT_IN)
    await dialog.ask("/incognito on")

    await dialog.ask("/memory allow")
    await dialog.say("I live in Porto.")

    assert await dialog.known() == ["I live in Porto."]


async def test_who_agreed_and_is_incognito_is_not_stored() -> None:
    dialog = unkept(MemoryMode.OPT_IN)
    await dialog.ask("/memory allow")
    await dialog.say("I live in Porto.")
    await dialog.ask("/incognito on")

    outcome = await dialog.say("I like tea.")

    assert outcome.notice == ""
    assert len(await dialog.turns()) == 1
    assert "Porto" in await dialog.prompt_for("Where do I live?")


async def test_two_who_become_one_have_agreed_only_if_both_had() -> None:
    dialog = unkept(MemoryMode.OPT_IN)
    other = account("ana", Platform.DISCORD)
    await dialog.ask("/memory allow")

    await dialog.link(ANA, other)
    await dialog.say("I live in Porto.")

    assert await dialog.turns() == ()
    await dialog.ask("/memory allow", other)
    await dialog.say("I live in Porto.")
    assert len(await dialog.turns()) == 1


@pytest.mark.parametrize("leave", ["/memory forget everything", "/memory allow"])
async def test_whoever_leaves_leaves_nothing_in_the_process(leave: str) -> None:
    dialog = unkept(MemoryMode.OPT_IN)
    await dialog.ask("/incognito on")  # so that they are somebody who can forget
    await dialog.say("My fish is ill.")
    assert dialog.incognito.loop(passer_by_id(ANA), direct(ANA))

    if "forget" in leave:
        await dialog.agree(leave)
    else:
        await dialog.ask(leave)

    assert dialog.incognito.loop(passer_by_id(ANA), direct(ANA)) == ()


async def test_a_stranger_can_have_the_process_forget() -> None:
    dialog = unkept(MemoryMode.OFF)
    await dialog.say("My fish is ill.")

    await dialog.ask("/memory forget everything")

    assert "fish" not in await dialog.prompt_for("And now?")
    assert await dialog.person() is None


@pytest.mark.parametrize("mode", UNKEPT)
async def test_an_event_that_comes_twice_is_answered_once(mode: MemoryMode) -> None:
    dialog = unkept(mode)

    first = await dialog.say("My fish is ill.", event="twice")
    second = await dialog.say("My fish is ill.", event="twice")
    dialog.rules.policy = place(MemoryMode.OPT_OUT)
    third = await dialog.say("My fish is ill.", event="twice")

    found = [first.status, second.status, third.status]
    assert found == [ReplyStatus.ANSWERED, ReplyStatus.DUPLICATE, ReplyStatus.DUPLICATE]
    assert await dialog.turns() == ()


@pytest.mark.parametrize("mode", UNKEPT)
async def test_an_event_that_was_stored_is_not_answered_once_more(mode: MemoryMode) -> None:
    dialog = Dialog()
    await dialog.say("Hello!", event="twice")
    dialog.rules.policy = place(mode)

    assert (await dialog.say("Hello!", event="twice")).status is ReplyStatus.DUPLICATE
    assert len(dialog.generator.requests) == 1


@pytest.mark.parametrize("mode", UNKEPT)
async def test_a_deleted_message_is_out_of_the_loop(mode: MemoryMode) -> None:
    dialog = unkept(mode)
    await dialog.say("My fish is ill.", event="e1")

    assert await dialog.control.revisions.deleted(ANA.platform, "e1")

    assert "fish" not in await dialog.prompt_for("And now?")


@pytest.mark.parametrize("mode", UNKEPT)
async def test_new_words_of_a_stored_message_are_not_stored(mode: MemoryMode) -> None:
    dialog = Dialog()
    await dialog.say("I live in Porto.", event="e1")
    dialog.rules.policy = place(mode)

    await dialog.control.revisions.edited(
        ANA.platform, "e1", "I live in Lisbon.", place=direct(ANA)
    )

    assert [turn.text for turn in await dialog.turns()] == [""]
    assert await dialog.known() == []


@pytest.mark.parametrize("mode", UNKEPT)
async def test_a_stored_turn_is_not_answered_once_more(mode: MemoryMode) -> None:
    dialog = Dialog()
    await dialog.say("Tell me a joke.")
    turns = await dialog.turns()
    dialog.rules.policy = place(mode)

    outcome = await again(dialog, wish(turns[0]))

    assert (outcome.status, outcome.notice) == (ReplyStatus.REFUSED, ENGLISH.not_while_unkept)
    assert await dialog.turns() == turns


@pytest.mark.parametrize("mode", UNKEPT)
async def test_an_unstored_turn_cannot_be_answered_once_more(mode: MemoryMode) -> None:
    dialog = unkept(mode)
    await dialog.say("Tell me a joke.", event="e1")

    outcome = await again(dialog, wish(event_key="e1"))

    assert (outcome.status, outcome.notice) == (ReplyStatus.REFUSED, ENGLISH.not_yours)


@pytest.mark.parametrize("mode", UNKEPT)
async def test_after_a_failure_it_is_not_said_that_the_message_was_kept(mode: MemoryMode) -> None:
    def broken(_: str) -> str:
        raise EngineFailedError("The engine broke.")

    dialog = unkept(mode, answer=broken)

    outcome = await dialog.say("My fish is ill.")

    assert outcome.status is ReplyStatus.FAILED
    assert outcome.notice == f"{ENGLISH.failed_unkept}\n{ENGLISH.unkept[mode]}"
    assert "incognito" not in outcome.notice


async def test_what_is_answered_while_somebody_agrees_is_not_kept_either() -> None:
    dialog = unkept(MemoryMode.OPT_IN)
    dialog.generator.hold()
    reply = await dialog.engine.handle(dialog.message("My fish is ill."))
    await settle()

    await dialog.ask("/memory allow")
    dialog.generator.release()

    assert (await reply.outcome()).status is ReplyStatus.ANSWERED
    assert dialog.incognito.loop(passer_by_id(ANA), direct(ANA)) == ()
    assert await dialog.turns() == ()


async def test_a_policy_that_cannot_be_read_is_told_in_a_sentence() -> None:
    dialog = Dialog()

    async def unreadable(_: object) -> PlacePolicy:
        raise StorageUnavailableError("The database is away.")

    dialog.rules.of = unreadable  # type: ignore[method-assign]

    outcome = await dialog.say("Hello!")

    assert (outcome.status, outcome.notice) == (ReplyStatus.REFUSED, ENGLISH.memory_unavailable)
    assert await dialog.turns() == ()
    assert not (await dialog.engine.rules_in(HALL)).reads_context


async def test_the_policy_is_looked_up_once_for_a_message() -> None:
    dialog = Dialog()
    asked = []
    usual = dialog.rules.of

    async def counted(conversation: object) -> PlacePolicy:
        asked.append(conversation)
        return await usual(conversation)  # type: ignore[arg-type]

    dialog.rules.of = counted  # type: ignore[method-assign]
    await dialog.say("Hello!", ANA, HALL)

    assert asked == [HALL]
