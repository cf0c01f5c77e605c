"""Somebody incognito leaves nothing behind, and is talked with all the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.databases import content, run
from support.dialog import ANA, HALL, Dialog, account, channel, direct
from support.engine import settle
from support.memory import turn

from bot.domain.conversation import Visibility
from bot.domain.identity import Platform
from bot.domain.shown import Shown
from bot.engine.incognito import MAX_CONVERSATIONS, MAX_TURNS, IncognitoConversations
from bot.engine.reply import ReplyStatus
from bot.errors import EngineFailedError
from storage.database import open_storage

DEN = channel("den", Visibility.PRIVATE)


async def hidden(**settings: object) -> Dialog:
    """A dialog with somebody who is known and has just gone incognito."""
    dialog = Dialog(**settings)  # type: ignore[arg-type]
    await dialog.say("I live in Porto.")
    await dialog.ask("/incognito on")
    return dialog


def _on_disk(folder: Path, word: bytes) -> bool:
    return any(word in path.read_bytes().lower() for path in folder.iterdir())


async def test_nothing_of_it_is_in_any_table(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ellie.db"
    async with open_storage(url) as storage:
        dialog = await hidden(storage=storage, encoding=True)
        before = await run(url, content)

        picture = Shown(name="hush.png", caption="hush", alt_text="hush")
        await dialog.say("Remember that my code is hush.")
        await dialog.say("I moved to Hush.", ANA, DEN, shown=(picture,))
        await dialog.say("Hush!", account("ana", display="Hush"), channel("hush"))
        dialog.generator.answer = _broken
        await dialog.say("I live in Hush.")

        assert await run(url, content) == before
        dialog.restart()
        assert "hush" not in (await dialog.prompt_for("What is my code?")).lower()
    assert not _on_disk(tmp_path, b"hush")


async def test_what_was_said_just_before_is_known_in_the_conversation() -> None:
    dialog = await hidden(answer=lambda _: "How sad.")

    await dialog.say("My fish is ill.")
    await dialog.say("It is a carp.", shown=(Shown(name="carp.png", caption="the patient"),))
    prompt = await dialog.prompt_for("Will it live?")

    assert "user: My fish is ill.\nassistant: How sad.\nuser: It is a carp." in prompt
    assert "the patient" in prompt
    assert prompt.endswith("Will it live?")


async def test_what_is_known_already_is_still_used() -> None:
    dialog = await hidden()

    assert "I live in Porto." in await dialog.prompt_for("Where do I live?")


async def test_each_conversation_and_person_has_a_loop_of_their_own() -> None:
    dialog = await hidden()
    bea = account("bea")
    await dialog.say("Hi!", bea)
    await dialog.ask("/incognito on", bea)

    await dialog.say("My fish is ill.", ANA, HALL)

    assert "fish" not in await dialog.prompt_for("And now?", bea, HALL)
    assert "fish" not in await dialog.prompt_for("And now?", ANA)
    assert "fish" not in await dialog.prompt_for("And now?", ANA, channel("hall", thread="side"))
    assert "fish" in await dialog.prompt_for("And now?", ANA, HALL)


async def test_being_asked_to_remember_is_not_confirmed() -> None:
    dialog = await hidden()

    outcome = await dialog.say("Remember that my code is 4417.")

    assert "remember" not in outcome.text.lower()
    assert "Remembered" not in outcome.notice
    assert len(await dialog.facts()) == 1


async def test_afterwards_it_never_was() -> None:
    dialog = await hidden()
    await dialog.say("My fish is ill.")

    await dialog.ask("/incognito off")

    assert "fish" not in await dialog.prompt_for("What is with my fish?"[:7])
    assert "ill" not in await dialog.prompt_for("What else?")
    await dialog.say("I like carps.")
    assert [turn.text for turn in await dialog.turns()] == [
        "I live in Porto.",
        "What is",
        "What else?",
        "I like carps.",
    ]


async def test_off_and_on_again_begins_anew() -> None:
    dialog = await hidden()
    await dialog.say("My fish is ill.")
    await dialog.ask("/incognito off")
    await dialog.ask("/incognito on")

    assert "fish" not in await dialog.prompt_for("And now?")


async def test_what_is_answered_while_somebody_leaves_is_not_kept_either() -> None:
    dialog = await hidden()
    dialog.generator.hold()
    reply = await dialog.engine.handle(dialog.message("My fish is ill."))
    await settle()

    await dialog.ask("/incognito off")
    dialog.generator.release()

    assert (await reply.outcome()).status is ReplyStatus.ANSWERED
    await dialog.ask("/incognito on")
    assert "fish" not in await dialog.prompt_for("And now?")
    assert not dialog.incognito._open


@pytest.mark.parametrize("leave", ["/incognito off", "/memory forget everything"])
async def test_whoever_leaves_leaves_nothing_in_the_process(leave: str) -> None:
    dialog = await hidden()
    await dialog.say("My fish is ill.")
    person = await dialog.person()
    assert person is not None
    assert dialog.incognito.loop(person.id, direct(ANA))

    if "forget" in leave:
        await dialog.agree(leave)
    else:
        await dialog.ask(leave)

    assert dialog.incognito.loop(person.id, direct(ANA)) == ()


async def test_linking_accounts_ends_what_either_said() -> None:
    dialog = await hidden()
    other = account("ana", Platform.DISCORD)
    await dialog.say("Hi!", other)
    await dialog.say("My fish is ill.")
    person = await dialog.person()
    assert person is not None

    await dialog.link(ANA, other)

    assert dialog.incognito.loop(person.id, direct(ANA)) == ()
    # Who was incognito with one account is with both.
    await dialog.say("Hush!", other)
    assert [turn.text for turn in await dialog.turns()] == ["I live in Porto.", "Hi!"]
    merged = await dialog.person()
    assert merged is not None
    assert dialog.incognito.loop(merged.id, direct(other))
    await dialog.control.linking.unlink(other)
    assert dialog.incognito.loop(merged.id, direct(other)) == ()


async def test_an_event_that_comes_twice_is_answered_once() -> None:
    dialog = await hidden()

    first = await dialog.say("My fish is ill.", event="twice")
    again = await dialog.say("My fish is ill.", event="twice")

    assert [first.status, again.status] == [ReplyStatus.ANSWERED, ReplyStatus.DUPLICATE]
    assert (again.text, again.notice) == ("", "")
    assert (await dialog.prompt_for("And now?")).count("My fish is ill.") == 1
    # It holds up nobody who writes there next.
    assert (await dialog.say("And then?")).status is ReplyStatus.ANSWERED


def _broken(_: str) -> str:
    raise EngineFailedError("The engine broke.")


async def test_an_event_that_comes_again_afterwards_is_not_stored() -> None:
    dialog = Dialog()
    await dialog.ask("/incognito on")
    secret = dialog.message("My secret is hush.", event="e1")
    await (await dialog.engine.handle(secret)).outcome()
    await dialog.ask("/incognito off")

    again = await (await dialog.engine.handle(secret)).outcome()

    assert again.status is ReplyStatus.DUPLICATE
    assert "hush" not in repr(dialog.storage.state)


async def test_after_a_failure_it_is_not_said_that_the_message_was_kept() -> None:
    dialog = await hidden()
    dialog.generator.answer = _broken

    outcome = await dialog.say("My fish is ill.")

    assert outcome.status is ReplyStatus.FAILED
    assert "I kept nothing" in outcome.notice
    assert "kept your message" not in outcome.notice
    assert len(await dialog.turns()) == 1


async def test_a_restart_ends_what_was_said() -> None:
    dialog = await hidden()
    await dialog.say("My fish is ill.")

    dialog.restart()

    assert "fish" not in await dialog.prompt_for("And now?")
    assert len(await dialog.turns()) == 1


async def test_nobody_is_told_that_something_is_kept() -> None:
    dialog = Dialog()
    await dialog.ask("/incognito on")

    outcome = await dialog.say("Hello!")

    assert outcome.notice == ""
    await dialog.ask("/incognito off")
    assert "I'm Ellie" in (await dialog.say("Hello!")).notice


def test_what_one_process_keeps_is_bounded() -> None:
    kept = IncognitoConversations()

    for number in range(MAX_CONVERSATIONS + 5):
        assert kept.take(turn(number))

    assert not kept.take(turn(MAX_CONVERSATIONS))
    assert kept.take(turn(0))


async def test_a_long_conversation_keeps_its_latest_turns() -> None:
    dialog = await hidden()

    for number in range(MAX_TURNS + 5):
        await dialog.say(f"Fish number {number}.")

    prompt = await dialog.prompt_for("And now?")
    assert f"Fish number {MAX_TURNS + 4}." in prompt
    assert "Fish number 4." not in prompt
