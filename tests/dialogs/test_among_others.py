"""Several people in one channel: who waits for whom, and what becomes of what others say there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from support.databases import content, run
from support.dialog import ANA, HALL, Dialog, account, channel, markers_in, parrot
from support.engine import settle

from bot.domain.identity import IdentityRef
from bot.domain.surroundings import FileText, Surroundings, Utterance
from bot.engine.reply import Outcome, ReplyStatus
from storage.database import open_storage

BEA = account("bea")


def around(*words: str, dialog: Dialog) -> Surroundings:
    """The words, said by Bob, pointed at, and in a file."""
    now = dialog.clock.now()
    return Surroundings(
        said=tuple(
            Utterance(speaker="Bob", text=word, said_at=now, pointed_at=pointed_at)
            for word in words
            for pointed_at in (False, True)
        ),
        files=tuple(FileText(name=f"{word}.txt", text=word) for word in words),
    )


async def say_among(
    dialog: Dialog, text: str, *words: str, who: IdentityRef = ANA, **rest: Any
) -> Outcome:
    message = dialog.message(text, who, HALL, **rest)
    surroundings = around(*words, dialog=dialog)
    reply = await dialog.engine.handle(replace(message, surroundings=surroundings))
    return await reply.outcome()


SECRET = "My name is Hush. I live in Hush. I like hush."


async def test_what_others_said_is_in_the_prompt_of_that_turn_alone() -> None:
    dialog = Dialog(encoding=True)
    await say_among(dialog, "Hello all!", SECRET)
    # In the channel, where it is pointed at, and in the file and its name.
    assert dialog.last_prompt().count("I live in Hush.") == 4

    for question in ("What is hush?", "Who am I and where do I live?", "Hush?"):
        assert "I live in Hush" not in await dialog.prompt_for(question, where=HALL)
        assert ".txt" not in dialog.last_prompt()


async def test_what_others_said_is_stored_learned_and_recalled_nowhere(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ellie.db"
    async with open_storage(url) as storage:
        dialog = Dialog(storage=storage, encoding=True)

        outcome = await say_among(dialog, "Hello all!", SECRET, event="e1")
        assert outcome.status is ReplyStatus.ANSWERED
        assert "Hush" in dialog.last_prompt()
        assert await dialog.facts() == ()
        assert "Hush" not in outcome.notice
        dialog.generator.answer = _broken
        assert (await say_among(dialog, "Hello?", SECRET)).status is ReplyStatus.FAILED

        assert "hush" not in repr(await run(url, content)).lower()
    assert not _on_disk(tmp_path, b"hush")


def _on_disk(folder: Path, word: bytes) -> bool:
    return any(word in path.read_bytes().lower() for path in folder.iterdir())


def _broken(_: str) -> str:
    raise RuntimeError("a bug")


async def test_nothing_of_it_is_in_any_state_nor_in_what_is_asked_of_recall() -> None:
    dialog = Dialog(encoding=True)
    await dialog.say("Lisbon was lovely last year.", ANA, HALL)
    for number in range(12):
        await dialog.say(f"Today is day {number}.", ANA, HALL)

    await say_among(dialog, "What is this about?", "Zqaaaax Lisbon lovely year")

    assert "last year" not in dialog.last_prompt().rpartition("user:")[2]
    assert not markers_in(repr(dialog.storage.state))
    assert not markers_in(repr(vars(dialog.recall)) + repr(vars(dialog.incognito)))


async def test_what_is_around_one_person_is_in_nobody_elses_prompt() -> None:
    dialog = Dialog(answer=parrot)

    await say_among(dialog, "Hello all!", "Zqaaaax")

    assert not markers_in(await dialog.prompt_for("What did they say?", BEA, HALL))


async def test_nobody_waits_for_another_persons_answer_in_the_same_channel() -> None:
    dialog = Dialog()
    dialog.generator.hold()
    slow = await dialog.engine.handle(dialog.message("Tell me everything.", ANA, HALL))
    await settle()

    quick = await dialog.engine.handle(dialog.message("Hi!", BEA, HALL))
    await settle()

    assert len(dialog.generator.requests) == 2
    dialog.generator.release()
    for reply in (slow, quick):
        assert (await reply.outcome()).status is ReplyStatus.ANSWERED


async def test_two_messages_of_one_person_in_a_channel_keep_their_order() -> None:
    dialog = Dialog()
    dialog.generator.hold()
    renamed = replace(ANA, display_name="Ana Maria")
    replies = [
        await dialog.engine.handle(dialog.message("First.", ANA, HALL)),
        await dialog.engine.handle(dialog.message("Second.", renamed, HALL)),
        await dialog.engine.handle(dialog.message("Elsewhere.", ANA, channel("park"))),
    ]
    await settle()
    assert [r.prompt.messages[-1].content for r in dialog.generator.requests] == [
        "First.",
        "Elsewhere.",
    ]
    dialog.generator.release()

    for reply in replies:
        assert (await reply.outcome()).status is ReplyStatus.ANSWERED
    assert "user: First.\nassistant: All right.\nuser: Second." in dialog.last_prompt()


async def test_each_hears_only_their_own_words_in_a_channel_where_both_talk() -> None:
    dialog = Dialog()
    await dialog.say("My code is 4417.", ANA, HALL)
    await dialog.say("My code is 1234.", BEA, HALL)

    assert "1234" not in await dialog.prompt_for("What is my code?", ANA, HALL)
    assert "4417" not in await dialog.prompt_for("What is my code?", BEA, HALL)
