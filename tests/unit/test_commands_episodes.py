"""Summaries in what people are shown, and in what they have forgotten."""

from __future__ import annotations

import pytest
from support.commanding import Desk, text_of
from support.episodes import add_summary, summary_of

from bot.commands.episodes import episode_sections
from bot.commands.language import Language
from bot.commands.reply import ReplyKind
from bot.commands.voice import Voice


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_summaries_are_shown_and_found(desk: Desk) -> None:
    told = await desk.say("It rains in Porto.")
    await add_summary(desk.storage, summary_of([told], ("It rains in Porto.", [told])))
    other = summary_of([told], ("The sea is cold.", [told]), name="other", model="toy")
    await add_summary(desk.storage, other)

    view, identity = desk.control.view, desk.identity()
    summary = await view.show(identity, latest=0)
    assert summary
    assert {episode.text for episode in summary.episodes} == {
        "It rains in Porto.",
        "The sea is cold.",
    }
    found = await view.search(identity, "cold sea")
    assert [episode.text for episode in found.episodes] == ["The sea is cold."]
    voice = Voice(language=Language.ENGLISH)
    (section,) = episode_sections(found.episodes, voice)
    assert section.title == "What we talked about before"
    assert [(row.label, row.text, row.notes) for row in section.rows] == [
        ("m1-m1", "The sea is cold.", ("from 4 May 2026 on, in the words of toy",))
    ]
    assert episode_sections((), voice) == []


async def test_sentences_of_summaries_are_shown_counted_and_go(desk: Desk) -> None:
    told = await desk.say("I live in Porto. It rains.", "I see.")
    await desk.learn("I live in Porto.", told, slot="city", value="Porto")
    await add_summary(
        desk.storage,
        summary_of([told], ("I live in Porto.", [told]), ("It rains.", [told])),
    )

    asked = await desk.ask("/memory forget 1")

    shown = text_of(asked)
    assert "m1-m1 I live in Porto. [summary]" in shown
    assert "m1-m1 It rains." not in shown
    assert "1 fact and 2 sentences" in shown
    assert asked.confirmation
    assert "2 sentences are erased" in text_of(await asked.confirmation.answer(True))
    assert "Porto" not in repr(desk.storage.state)
    (summary,) = (await desk.control.view.search(desk.identity(), "rains")).episodes
    assert summary.text == "It rains."


async def test_a_summary_that_comes_in_meanwhile_is_asked_for(desk: Desk) -> None:
    told = await desk.say("I live in Porto. It rains.", "I see.")
    await desk.learn("I live in Porto.", told, slot="city", value="Porto")
    asked = await desk.ask("/memory forget 1")
    await add_summary(desk.storage, summary_of([told], ("I live in Porto.", [told])))

    assert asked.confirmation
    again = await asked.confirmation.answer(True)

    assert again.kind is ReplyKind.QUESTION
    assert "[summary]" in text_of(again)
    assert 1 in await desk.facts()
    assert again.confirmation
    await again.confirmation.answer(True)
    assert "Porto" not in repr(desk.storage.state)


async def test_what_a_summary_says_in_its_own_words_goes_with_the_words_it_is_about(
    desk: Desk,
) -> None:
    told = await desk.say("I met Tom, who has a boat. It rains.")
    await add_summary(
        desk.storage,
        summary_of([told], ("He has a boat.", [told]), ("It rains.", [told]), model="toy"),
    )

    await desk.agree("/memory forget Tom")

    (summary,) = (await desk.control.view.search(desk.identity(), "rains")).episodes
    assert summary.text == "It rains."


async def test_a_summary_alone_is_reason_enough_to_ask(desk: Desk) -> None:
    told = await desk.say("It rains.")
    await add_summary(desk.storage, summary_of([told], ("Tom says that it rains.", [told])))

    asked = await desk.ask("/memory forget Tom")

    assert "m1-m1 Tom says that it rains. [summary]" in text_of(asked)
    assert asked.confirmation
    await asked.confirmation.answer(True)
    assert "Tom" not in repr(desk.storage.state)
