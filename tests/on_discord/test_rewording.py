"""Summaries and translations on Discord: for the eyes of whoever asks, of their own words."""

from __future__ import annotations

from pathlib import Path

from support.discord_commands import words_of
from support.town import town

from bot.errors import EngineFailedError


async def test_a_summary_is_of_ones_own_words_in_the_channel_and_seen_by_nobody_else(
    tmp_path: Path,
) -> None:
    replies = ("Nice.", "Bees!", "Hm.", "The user moved to Porto.")
    async with town(tmp_path, *replies) as t:
        await t.say(t.ana, "I moved to Porto.")
        await t.say(t.bo, "I keep bees.")
        await t.ana.send_dm("My secret is a boat.")

        shown = await t.ana.slash(t.hall, "summarize")

        assert shown.ephemeral
        assert "The user moved to Porto." in words_of(shown)
        assert "I am reading" not in words_of(shown)
        prompt = t.ellie.prompts()[-1]
        assert 'User: "I moved to Porto."' in prompt
        assert "bees" not in prompt
        assert "boat" not in prompt
        assert len(t.ellie.turns()) == 3


async def test_a_text_is_translated_and_a_language_suggested(tmp_path: Path) -> None:
    async with town(tmp_path, "Guten Morgen.") as t:
        shown = await t.ana.slash(t.hall, "translate", language="de", words="good morning")

        assert shown.ephemeral
        assert "Guten Morgen." in words_of(shown)
        assert "good morning" in t.ellie.prompts()[-1]
        found = await t.ana.autocomplete(t.hall, "translate", "language", "germ")
        assert [(one["name"], one["value"]) for one in found] == [("German (de)", "de")]
        wrong = await t.ana.slash(t.hall, "translate", language="Klingon", words="hi")
        assert "I know no language called “Klingon”" in words_of(wrong)


async def test_a_model_that_breaks_is_told_in_a_sentence(tmp_path: Path) -> None:
    async with town(tmp_path, EngineFailedError("broke")) as t:
        shown = await t.ana.slash(t.hall, "translate", language="de", words="good morning")

        assert "The model failed on that." in words_of(shown)
