"""What people decide about their own memory: two accounts for one, learning or not, privacy."""

from __future__ import annotations

from pathlib import Path

from simcord.actors import MemberActor
from support.discord_commands import buttons_of, last_of, words_of
from support.town import Town, town


async def code_for(t: Town, who: MemberActor) -> str:
    """A new code, as it is shown to whoever asks for one."""
    shown = await who.slash(t.hall, "link")
    assert shown.ephemeral
    return words_of(shown).split("Your code is ")[1].split()[0].replace("\\", "")


async def facts_of(t: Town, who: MemberActor) -> str:
    return words_of(await who.slash(t.hall, "memory show"))


async def join(t: Town) -> None:
    """Bo's account gets the memory of Ana's."""
    asked = await t.bo.slash(t.hall, "link", code=await code_for(t, t.ana))
    await t.bo.click(last_of(asked), label="Yes")


async def test_two_accounts_get_one_memory(tmp_path: Path) -> None:
    async with town(tmp_path, "Nice.", "Nice, too.") as t:
        await t.say(t.ana, "I live in Porto.")
        await t.say(t.bo, "I keep bees.")

        asked = await t.bo.slash(t.hall, "link", code=await code_for(t, t.ana))

        assert asked.ephemeral
        told = words_of(asked)
        own, other = told.index(f"Bo (Discord, {t.bo.id})"), told.index("The other account")
        assert own < other < told.index(f"Ana (Discord, {t.ana.id})")
        assert "bees" not in await facts_of(t, t.ana)
        await t.bo.click(last_of(asked), label="Yes")
        assert "share one memory now" in words_of(asked)
        assert f"Ana (Discord, {t.ana.id})\nBo (Discord, {t.bo.id})" in words_of(asked)
        for who in (t.ana, t.bo):
            known = await facts_of(t, who)
            assert "Porto" in known
            assert "bees" in known


async def test_a_no_joins_nothing(tmp_path: Path) -> None:
    async with town(tmp_path, "Nice.") as t:
        await t.say(t.ana, "I live in Porto.")
        asked = await t.bo.slash(t.hall, "link", code=await code_for(t, t.ana))

        await t.bo.click(last_of(asked), label="No")

        assert "Nothing was joined" in words_of(asked)
        assert "Porto" not in await facts_of(t, t.bo)


async def test_whoever_asked_for_a_code_cannot_use_it(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        refused = await t.ana.slash(t.hall, "link", code=await code_for(t, t.ana))

        assert "this account's own code" in words_of(refused)
        assert not buttons_of(last_of(refused))


async def test_parting_asks_first_and_begins_anew(tmp_path: Path) -> None:
    async with town(tmp_path, "Nice.") as t:
        await t.say(t.ana, "I live in Porto.")
        await join(t)

        asked = await t.bo.slash(t.hall, "unlink")

        own, other = words_of(asked).split("\n")[2:4]
        assert own == f"Bo (Discord, {t.bo.id}) · *this account*"
        assert other.endswith(f"(Discord, {t.ana.id})")
        assert "Porto" in await facts_of(t, t.bo)
        await t.bo.click(last_of(asked), label="Yes")
        assert "belongs to this account alone" in words_of(asked)
        assert "Porto" not in await facts_of(t, t.bo)
        assert "Porto" in await facts_of(t, t.ana)
        assert "not linked" in words_of(await t.bo.slash(t.hall, "unlink"))


async def test_paused_she_answers_and_learns_nothing(tmp_path: Path) -> None:
    async with town(tmp_path, "Nice.", "Oh.") as t:
        paused = await t.ana.slash(t.hall, "memory pause")
        assert paused.ephemeral
        assert "I learn nothing from what you write" in words_of(paused)
        await t.say(t.ana, "I live in Porto.")
        assert len(t.hers()) == 1
        assert t.ellie.facts() == []
        assert "paused already" in words_of(await t.ana.slash(t.hall, "memory pause"))

        resumed = await t.ana.slash(t.hall, "memory resume")

        assert words_of(resumed) == "I learn from what you write again."
        await t.say(t.ana, "I live in Faro.")
        assert t.ellie.facts() == ["I live in Faro."]
        assert [turn.unremembered for turn in t.ellie.turns()] == [True, False]
        assert "was not paused" in words_of(await t.ana.slash(t.hall, "memory resume"))


async def test_one_who_pauses_pauses_for_nobody_else(tmp_path: Path) -> None:
    async with town(tmp_path, "Nice.") as t:
        await t.ana.slash(t.hall, "memory pause")

        await t.say(t.bo, "I live in Porto.")

        assert t.ellie.facts() == ["I live in Porto."]


async def test_privacy_says_what_is_kept_what_is_read_and_how_it_is_now(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        told = await t.ana.slash(t.hall, "privacy")

        assert told.ephemeral
        assert words_of(told).startswith("### What I keep about you\n")
        for said in (
            "I store what you write to me, my replies",
            "I keep nothing that is not said to me",
            "I may read what it replies to",
            "My language model runs there too, and sends nothing of it elsewhere.",
            "I keep what you write until you have me forget it.",
            "When you delete a message and your platform tells me, I forget it",
            "**/memory forget** ",
            "Just now: I store what you write and learn from it.",
        ):
            assert said in words_of(told)
        await t.ana.slash(t.hall, "memory pause")
        told = await t.ana.slash(t.hall, "privacy")
        assert "Just now: I store what you write and learn nothing from it." in words_of(told)


async def test_what_privacy_says_is_read_is_read_and_not_kept(tmp_path: Path) -> None:
    async with town(tmp_path, "A harp.", message_content=True) as t:
        await t.bo.send(t.hall, "I play the harp.")

        await t.say(t.ana, "what did Bo say?")

        assert "I play the harp." in t.ellie.prompts()[0]
        assert "harp" not in "".join(turn.text for turn in t.ellie.turns())
        assert t.ellie.facts() == []
