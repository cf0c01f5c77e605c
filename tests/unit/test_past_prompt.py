"""Prompts of finished turns, written once more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from support.engine import Ellie, started
from support.published import fade, publish, sum_up

from bot.domain.conversation import Scope, Visibility
from bot.domain.generation import Prompt
from bot.domain.shown import Shown
from bot.domain.turn import Turn
from bot.engine.forgetting import Forgetting
from bot.engine.memory_changes import MemoryChanges
from bot.engine.past_prompt import PastPrompt, read_past_prompt
from bot.ports.scripted import WordTokenizer
from bot.prompt.assemble import PromptAssembler
from bot.prompt.templates import NOTHING_KNOWN

LINES: dict[str, Callable[[str], list[set[str]]]] = {
    "fact": lambda words: [{f'- "{words}"'}],
    "fresh": lambda words: [{f'- "{words}"'}],
    "recalled": lambda words: [{f'- 4 May 2026: "{words}"'}],
    "episode": lambda words: [{f'- 4 May 2026: "{words}"'}],
    "loop": lambda words: [{words, f"ok {topic}"} for topic in ("dog", "cat", "sky", "both")],
}
HEADINGS = ("told you:", "in short:")
LOBBY = {"channel": "lobby", "visibility": Visibility.PUBLIC}


async def past_prompt(ellie: Ellie, turn: Turn) -> PastPrompt:
    async with ellie.storage.unit_of_work() as work:
        person = await work.persons.find(ellie.message("x").author)
        assert person
        trace = await work.traces.get(Scope.in_private(person.id), turn.id)
        assert trace
        return await read_past_prompt(work, person, turn, trace)


def written(past: PastPrompt, *, without: int | None = None) -> Prompt:
    assembler = PromptAssembler(WordTokenizer(), memory_tokens=1, reply_tokens=1)
    return past.write(assembler, without=without)


async def rewritten(ellie: Ellie, number: int) -> Prompt:
    turn = (await ellie.turns())[number - 1]
    assert turn.number == number
    return written(await past_prompt(ellie, turn))


def original(ellie: Ellie, number: int) -> Prompt:
    return ellie.generator.requests[number - 1].prompt


def text_of(prompt: Prompt) -> str:
    return "\n".join(message.content for message in prompt.messages)


def changes_of(ellie: Ellie) -> MemoryChanges:
    return MemoryChanges(ellie.storage, clock=ellie.clock, ids=ellie.ids)


DIALOGUE: list[tuple[str, dict[str, object]]] = [
    ("Hi! My name is Annie.", {}),
    ("I live in Porto. It rains a lot there.", {}),
    ("My dog is called Biscuit and I'm allergic to peanuts.", LOBBY),
    ("Where do I live?", {}),
    ("I moved to Berlin last week.", {}),
    ("Where do I live, and what is my dog called?", {"channel": "dm-other"}),
    ("What is my favourite colour?", LOBBY),
    ("Actually my name is Ana, not Annie.", {}),
    ("I'm not allergic to peanuts any more.", {}),
    ("我现在住在北京。", {}),
    ("我住在哪里？", {}),
    ("What am I allergic to? Where do I live?", LOBBY),
    ("What do you know about my dog?", {"channel": "dm-third"}),
]


@pytest.mark.parametrize("minutes", [0, 7, 61])
async def test_every_prompt_of_a_changing_memory_is_written_again_to_the_letter(
    minutes: int,
) -> None:
    replies = [f"Reply {n}: Porto, Berlin, peanuts, Annie." for n, _ in enumerate(DIALOGUE)]
    async with started(*replies) as ellie:
        for words, where in DIALOGUE:
            ellie.clock.moment += timedelta(minutes=minutes)
            await ellie.say(words, **where)

        for number in range(1, len(DIALOGUE) + 1):
            assert await rewritten(ellie, number) == original(ellie, number)


@pytest.mark.parametrize("minutes", [1, 61])
async def test_prompts_from_before_and_after_compactions_are_written_again_to_the_letter(
    minutes: int,
) -> None:
    async with started(*[f"Reply {n}: Porto." for n in range(40)]) as ellie:

        async def say(*lines: str, **where: object) -> None:
            for words in lines:
                ellie.clock.moment += timedelta(minutes=minutes)
                await ellie.say(words, **where)

        await say("My name is Annie.", "I live in Porto.", "I like green tea.", "It rains today.")
        await say(*[f"The bear report number {n}." for n in range(8)])
        await sum_up(ellie, 1, 6, name="first")
        await sum_up(ellie, 7, 12, name="second", words="I read reports about bears.")
        await say("What do I like?")  # neither published nor faded
        await publish(ellie)
        await fade(ellie, 3, 0.01)
        await say("Where do I live?", "Which tea do I like?", "And bears?")
        await say("What do I like?", "I like rain.", **LOBBY)
        await say("I moved to Berlin.", "Where do I live?", "Actually my name is Ana, not Annie.")
        await sum_up(ellie, 13, 16, name="third")
        await publish(ellie)
        await fade(ellie, 3, 1.0)
        await say("Where do I live?", "What do I like?", channel="dm-other")

        system = [request.prompt.messages[0].content for request in ellie.generator.requests]
        assert "Earlier conversations with Annie" in system[13]
        assert '"My name is Annie. I live in Porto.' in system[13]
        assert ': "I like green tea. It rains today.' in system[20]
        assert [line for line in system if '- "I like green tea."' in line] == system[-2:]
        assert len(original(ellie, 14).messages) < len(original(ellie, 13).messages)
        for number in range(1, len(system) + 1):
            assert await rewritten(ellie, number) == original(ellie, number)


async def test_an_episode_that_was_forgotten_is_missing() -> None:
    async with started(*["ok"] * 9) as ellie:
        for words in ("The bear report.", "The wolf report.", "I saw Zebulon."):
            await ellie.say(words)
        await sum_up(ellie, 1, 2, name="reports")
        await sum_up(ellie, 3, 3, name="person")
        await publish(ellie)
        await ellie.say("hello", channel="dm-other")
        ana = ellie.message("x").author
        forgetting = Forgetting(ellie.storage, ellie.recall, clock=ellie.clock, ids=ellie.ids)
        await forgetting.forget(ana, await forgetting.plan_words(ana, "Zebulon"))

        past = await past_prompt(ellie, (await ellie.turns())[3])
        seen = {item.item_id: past.remembered(item) for item in past.trace.items}
        assert seen["person"] is None
        assert seen["reports"]
        assert seen["reports"].words == "The bear report. The wolf report."
        assert (seen["reports"].number, seen["reports"].said_at) == (None, ellie.clock.now())
        assert "Zebulon" not in text_of(written(past))
        assert '- 4 May 2026: "The bear report. The wolf report."' in text_of(written(past))


async def test_facts_changed_by_commands_later_change_no_earlier_prompt() -> None:
    async with started("Nice.", "In Porto.", "In Porto!", "Rome?") as ellie:
        await ellie.say("I live in Porto.")
        ellie.clock.moment += timedelta(hours=1)
        await ellie.say("Where do I live?")
        ana = ellie.message("x").author
        await changes_of(ellie).edit(ana, 1, "I live in Rome.")
        ellie.clock.moment += timedelta(hours=1)
        await ellie.say("Where do I live?")
        ellie.clock.moment += timedelta(hours=1)
        await changes_of(ellie).undo(ana)
        ellie.clock.moment += timedelta(hours=1)
        await ellie.say("Where do I live?")

        assert "I live in Rome." in text_of(original(ellie, 3))
        for number in (1, 2, 3, 4):
            assert await rewritten(ellie, number) == original(ellie, number)


async def test_the_name_is_the_one_they_had_then() -> None:
    async with started("Hi.", "Hi Annie.", "Hi Zoe.") as ellie:
        for words in ("My name is Annie.", "Who is there?", "My name is Zoe."):
            ellie.clock.moment += timedelta(minutes=1)
            await ellie.say(words)

        assert "called Annie" in text_of(await rewritten(ellie, 2))
        assert await rewritten(ellie, 2) == original(ellie, 2)


async def test_what_was_shown_is_in_it() -> None:
    async with started("Lovely.", "A dog.") as ellie:
        photo = Shown(name="dog.jpg", media_type="image/jpeg", caption="Biscuit asleep")
        for words in ("Look!", "What did I show you, my dog?"):
            message = replace(ellie.message(words), shown=(photo,))
            await (await ellie.engine.handle(message)).outcome()

        assert "dog.jpg" in text_of(await rewritten(ellie, 2))
        past = await past_prompt(ellie, (await ellie.turns())[1])
        first = past.remembered(past.trace.items[0])
        assert first
        assert first.words == "Look!\n[picture dog.jpg: Biscuit asleep]"
        for number in (1, 2):
            assert await rewritten(ellie, number) == original(ellie, number)


async def test_without_an_item_just_its_lines_are_missing() -> None:
    async with started("ok dog", "ok cat", "ok sky", "ok both", "ok who") as ellie:
        await ellie.say("My dog is called Biscuit.", **LOBBY)
        await ellie.say("My cat is called Tinkerbell.")
        await ellie.say("The weather is grey.")
        await sum_up(ellie, 3, 3, words="I looked at the clouds.")
        await publish(ellie)
        await ellie.say("What are my dog and my cat called, and how is the weather?")
        await ellie.say("What is my favourite colour?", channel="dm-other")

        kinds = set()
        for turn in (await ellie.turns())[3:]:
            past = await past_prompt(ellie, turn)
            whole = Counter(text_of(written(past)).splitlines())
            for place in past.by_weight():
                item, seen = past.trace.items[place], past.remembered(past.trace.items[place])
                assert seen
                lost = whole - Counter(text_of(written(past, without=place)).splitlines())
                added = Counter(text_of(written(past, without=place)).splitlines()) - whole
                assert not added
                own = {line for line in lost if line and not line.endswith(HEADINGS)}
                assert own in LINES[item.kind](seen.words)
                kinds.add(item.kind)
        assert kinds == {"fact", "fresh", "recalled", "loop", "episode"}
        assert NOTHING_KNOWN.format(name="Ana") in text_of(written(past))


async def test_without_the_fact_of_their_name_they_are_called_as_on_the_platform() -> None:
    async with started("Hi.", "You are Zoe.") as ellie:
        await ellie.say("My name is Zoe.")
        await ellie.say("What is my name?", channel="dm-other")

        past = await past_prompt(ellie, (await ellie.turns())[1])
        (name,) = [place for place, i in enumerate(past.trace.items) if i.kind == "fact"]
        assert "called Zoe" in text_of(written(past))
        assert "called Ana" in text_of(written(past, without=name))


async def test_a_turn_whose_reply_was_forgotten_is_shown_and_not_written() -> None:
    async with started("Tinkerbell.", "Fine.", "ok") as ellie:
        for words in ("Say any name!", "How is the sky?", "Anything else?"):
            await ellie.say(words)
        ana = ellie.message("x").author
        forgetting = Forgetting(ellie.storage, ellie.recall, clock=ellie.clock, ids=ellie.ids)
        await forgetting.forget(ana, await forgetting.plan_words(ana, "Tinkerbell"))

        past = await past_prompt(ellie, (await ellie.turns())[2])
        assert [(i.kind, bool(past.remembered(i))) for i in past.trace.items] == [
            ("loop", True),
            ("loop", True),
        ]
        assert past.by_weight() == (1,)
        assert [message.content for message in written(past).messages[1:]] == [
            "How is the sky?",
            "Fine.",
            "Anything else?",
        ]


async def test_what_bears_on_the_question_comes_first() -> None:
    async with started(*["ok"] * 7) as ellie:
        await ellie.say("I like tea. My dog is called Biscuit.", **LOBBY)
        await ellie.say("My dog ate my shoes today!", **LOBBY)
        await ellie.say("Good morning.")
        await ellie.say("The sky over the park is grey.")
        await ellie.say("My cat is called Tinkerbell.")
        await sum_up(ellie, 3, 4, words="I looked at the clouds.")
        await publish(ellie)
        await ellie.say("What are my dog and my cat called?")

        past = await past_prompt(ellie, (await ellie.turns())[5])
        items = [past.trace.items[place] for place in past.by_weight()]
        told = [(item.kind, words.words) for item in items if (words := past.remembered(item))]
        assert told[:2] == [
            ("fresh", "My cat is called Tinkerbell."),
            ("fact", "My dog is called Biscuit."),
        ]
        recalled = [words for kind, words in told if kind == "recalled"]
        assert "My dog ate my shoes today!" in recalled
        assert told[2:] == [
            *[("recalled", words) for words in recalled],
            ("episode", "I looked at the clouds."),
            ("fact", "I like tea."),
            ("loop", "My cat is called Tinkerbell."),
            ("loop", "The sky over the park is grey."),
            ("loop", "Good morning."),
        ]
