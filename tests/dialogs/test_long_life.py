"""Four hundred turns over weeks, made compact every night: memory stays right, short and quick."""

from __future__ import annotations

from support.compacting import CompactingDialog
from support.dialog import ANA

from bot.domain.compaction import JobStatus
from bot.domain.fact import FactStatus
from bot.engine.turn import TurnLimits
from bot.memory.executive import DIGEST_SHARE

_TOLD = {
    2: "My name is Ana and I live in Porto.",
    5: "I'm allergic to peanuts.",
    9: "I like mango ice cream.",
    14: "I really like mango ice cream.",
    20: "I'm going to Lisbon on Friday.",
    33: "We found a wounded owl behind the old mill.",
    120: "Actually I moved to Berlin.",
    260: "I moved to Munich.",
    300: "我喜欢喝绿茶。",
}

_EVERYDAY = (
    "The tram was late again, {n} minutes this time.",
    "My neighbour practised the tuba until {n} past nine.",
    "We baked {n} loaves and sold them at the market.",
    "The office moved {n} desks to the other floor.",
    "It rained on {n} of the tomato plants only.",
)

_EACH_DAY = 20

_TIGHT = 400
_ROOMY = 1500
"""Tokens for memory in a prompt: too few for the talk of one day, and enough for several."""


async def said(dialog: CompactingDialog, number: int) -> None:
    """The message with this number."""
    text = _EVERYDAY[number % len(_EVERYDAY)].format(n=number)
    await dialog.say(_TOLD.get(number, text))


async def lived() -> CompactingDialog:
    """Twenty days of twenty messages, with a compaction every night and a restart every morning."""
    dialog = CompactingDialog(memory_tokens=_TIGHT)
    for number in range(1, 401):
        await said(dialog, number)
        if number % _EACH_DAY == 0:
            dialog.later(hours=23)
            jobs = await dialog.compactor.compact_due()
            assert {job.status for job in jobs} == {JobStatus.DONE}
            dialog.restart()
    return dialog


async def memory_is_right_and_each_thing_stands_in_it_once(life: CompactingDialog) -> None:
    shown = await life.ask("/memory show")
    facts = shown.split("You wrote")[0]
    assert facts.count("I moved to Munich.") == 1
    assert facts.count("mango") == 1, "said in two ways"
    assert facts.count("peanuts") >= 1
    assert "我喜欢喝绿茶" in facts
    assert [fact.text for fact in await life.facts() if fact.slot == "city"] == [
        "I moved to Munich."
    ]


async def no_prompt_brings_back_what_is_over(life: CompactingDialog) -> None:
    for question in ("Where do I live?", "Did I move?", "Tell me about me.", "我住在哪里？"):
        prompt = await life.prompt_for(question)
        assert "Munich" in prompt
        assert "Porto" not in prompt
        assert "Berlin" not in prompt


async def what_was_said_once_long_ago_is_found(life: CompactingDialog) -> None:
    assert "wounded owl" in await life.prompt_for("What did we find behind the old mill?")
    assert "peanuts" in await life.prompt_for("What am I allergic to?")


async def a_plan_that_is_over_is_no_plan_and_can_be_asked_for(life: CompactingDialog) -> None:
    (plan,) = await life.facts(ANA, FactStatus.EXPIRED)
    assert "Lisbon" in plan.text
    assert "Lisbon" in await life.prompt_for("When did I go to Lisbon?")


async def tokens_of_a_prompt(dialog: CompactingDialog) -> int:
    await dialog.prompt_for("How are you?")
    return dialog.generator.requests[-1].prompt.tokens


async def prompts_keep_to_their_budget(life: CompactingDialog) -> None:
    budget = _TIGHT + 120
    assert await tokens_of_a_prompt(life) < budget, "memory, the system text and the question"
    assert len(await life.episodes()) >= 20


async def prompts_are_as_short_as_on_the_first_day(life: CompactingDialog) -> None:
    first_day = CompactingDialog(memory_tokens=_ROOMY)
    for number in range(1, _EACH_DAY + 1):
        await said(first_day, number)
    evening = await tokens_of_a_prompt(first_day)

    life._limits = TurnLimits(memory_tokens=_ROOMY, reply_tokens=50)
    life.restart()

    # Of all the days before there is the digest, and not what it sums up as well.
    assert await tokens_of_a_prompt(life) <= evening + DIGEST_SHARE * _ROOMY


async def test_memory_stays_right_short_and_quick_for_four_hundred_turns() -> None:
    life = await lived()
    for claim in (
        memory_is_right_and_each_thing_stands_in_it_once,
        no_prompt_brings_back_what_is_over,
        what_was_said_once_long_ago_is_found,
        a_plan_that_is_over_is_no_plan_and_can_be_asked_for,
        prompts_keep_to_their_budget,
        prompts_are_as_short_as_on_the_first_day,
    ):
        await claim(life)
