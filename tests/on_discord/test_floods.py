"""Somebody asks for too much, and programs that Discord knows as such are never answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.town import Town, town

from bot.domain.place_policy import PlacePolicy
from bot.domain.policy import AnswerPolicy
from bot.domain.quota import Quota, QuotaHolder, QuotaMeasure, Rate
from bot.engine.flooding import MOST_REPEATS

LATE = "That was a lot at once from you. Try again in 60 min."


def one_an_hour(t: Town) -> None:
    """Let people have one answer in an hour."""
    person = Quota(QuotaHolder.PERSON, QuotaMeasure.TURNS)
    t.ellie.rules.policy = PlacePolicy(quotas={person: Rate(amount=1, seconds=3600)})


async def test_a_flood_is_refused_once_and_then_in_silence(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello Ana.", "Hello Bo.") as t:
        one_an_hour(t)
        for number in range(8):
            await t.say(t.ana, f"hello {number}")
        assert t.said() == ["Hello Ana.", f"-# {LATE}"]
        await t.say(t.bo, "hello")
        assert t.said()[2:] == ["Hello Bo."]
        assert len(t.ellie.turns()) == 2


async def test_whoever_sees_that_she_thinks_is_told_each_time(tmp_path: Path) -> None:
    async with town(tmp_path, "It is sunny.") as t:
        one_an_hour(t)
        for number in range(3):
            await t.ana.slash(t.hall, "chat", text=f"how is the weather on day {number}?")
        assert [LATE in said for said in t.said()] == [False, True, True]


async def test_a_program_with_a_persons_token_is_answered_some_times(tmp_path: Path) -> None:
    async with town(tmp_path, *["Pong."] * MOST_REPEATS) as t:
        for _ in range(MOST_REPEATS + 4):
            await t.say(t.ana, "ping")
        said = t.said()
        assert said[:MOST_REPEATS] == ["Pong."] * MOST_REPEATS
        (stopped,) = said[MOST_REPEATS:]
        assert "I stop answering it" in stopped


@pytest.mark.parametrize("policy", AnswerPolicy)
async def test_what_a_program_edits_is_not_answered_either(
    tmp_path: Path, policy: AnswerPolicy
) -> None:
    async with town(tmp_path) as t:
        await t.decide(policy)
        robot = t.guild.add_member(t.env.create_user("jukebox", bot=True))
        said = await robot.send(t.hall, "now playing")
        await robot.edit(said, f"{t.me} now playing")
        await t.env.settle()
        assert t.hers() == []
        assert t.ellie.turns() == []
