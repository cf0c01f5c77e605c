"""Summaries and translations on Slack: for the eyes of whoever asks, of their own words."""

from __future__ import annotations

import pytest
from support.office import Office, office
from support.office_talk import is_answered, quiet, whispers


async def slash(o: Office, text: str) -> str:
    """What Ana alone sees of her command in the end."""
    await o.team.slash(o.ana, o.hall, text)
    await quiet(o)
    return "\n".join(whispers(o))


async def test_a_summary_is_of_ones_own_words_and_seen_by_nobody_else() -> None:
    replies = ("Nice.", "Bees!", "Hm.", "The user moved to Porto.")
    async with office(*replies) as o:
        assert await is_answered(o, await o.call(o.ana, "I moved to Porto."))
        assert await is_answered(o, await o.call(o.bo, "I keep bees."))
        assert await is_answered(o, await o.write(o.ana, "My secret is a boat."))
        said = next(one for one in o.hall.messages if "Porto" in one.text)
        await o.team.say(o.ana, o.hall, f"{o.me} summarize", thread_ts=said.ts)
        await quiet(o)

        assert "The user moved to Porto." in "\n".join(whispers(o))
        assert not whispers(o, "bo")
        prompt = o.ellie.prompts()[-1]
        assert 'User: "I moved to Porto."' in prompt
        assert "bees" not in prompt
        assert "boat" not in prompt
        assert len(o.ellie.turns()) == 3


async def test_a_slash_command_sums_up_the_threads_of_its_channel() -> None:
    async with office("Nice.", "Bees!", "Hm.", "The user moved to Porto.") as o:
        assert await is_answered(o, await o.call(o.ana, "I moved to Porto."))
        assert await is_answered(o, await o.call(o.bo, "I keep bees."))
        assert await is_answered(o, await o.write(o.ana, "My secret is a boat."))

        assert "The user moved to Porto." in await slash(o, "summarize")

        prompt = o.ellie.prompts()[-1]
        assert 'User: "I moved to Porto."' in prompt
        assert "bees" not in prompt
        assert "boat" not in prompt


async def test_a_text_is_translated() -> None:
    async with office("Guten Morgen.") as o:
        assert "Guten Morgen." in await slash(o, "translate German good morning")
        assert "good morning" in o.ellie.prompts()[-1]
        assert not o.ellie.turns()


@pytest.mark.parametrize(
    "text",
    ["translate this nice letter for me", "summarize what we know of Mars please"],
)
async def test_what_goes_on_as_a_sentence_is_talk(text: str) -> None:
    async with office("Gladly.") as o:
        await slash(o, text)
        assert [turn.text for turn in o.ellie.turns()] == [text]
