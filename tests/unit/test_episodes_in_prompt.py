"""Episodes on their way from storage into prompts: which ones, for whom, with which words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.engine import Ellie, started
from support.published import facts_of, fade, publish, sum_up

from bot.domain.conversation import Visibility
from bot.domain.turn import TraceItem
from bot.memory.executive import FADED, SUMMED_UP
from bot.memory.loop import KEPT_TURNS
from bot.prompt.templates import EPISODES_HEADER
from storage.inmemory_compaction import InMemoryEpisodeRepository

LOBBY = {"channel": "lobby", "visibility": Visibility.PUBLIC}
STAFF = {"channel": "staff", "visibility": Visibility.PRIVATE}
HEADER = EPISODES_HEADER.format(name="Ana")
TALK = ["The bear report.", "The wolf report.", "The lynx report.", "The deer report."]


def system(ellie: Ellie) -> str:
    return ellie.generator.requests[-1].prompt.messages[0].content


async def items(ellie: Ellie, kind: str) -> dict[str, TraceItem]:
    """What the last trace says about things of this kind, by their ids."""
    trace = await ellie.trace((await ellie.turns())[-1])
    assert trace
    return {item.item_id: item for item in trace.items if item.kind == kind}


async def talk(ellie: Ellie, turns: int = 4, **where: object) -> None:
    for number in range(turns):
        await ellie.say(TALK[number % 4], **where)


async def test_an_episode_is_in_prompts_once_it_is_published() -> None:
    async with started(*["ok"] * 9) as ellie:
        await talk(ellie)
        await sum_up(ellie, 1, 4, words="I watched animals.")
        await ellie.say("hello", channel="dm-other")
        assert HEADER not in system(ellie)
        assert await items(ellie, "episode") == {}

        await publish(ellie)
        await ellie.say("hello", channel="dm-other")

        assert system(ellie).endswith(f'\n\n{HEADER}\n- 4 May 2026: "I watched animals."')
        assert (await items(ellie, "episode"))["summary"].included


async def test_an_episode_that_is_being_written_is_not_seen_beside_published_ones() -> None:
    async with started(*["ok"] * 9) as ellie:
        await talk(ellie)
        await sum_up(ellie, 1, 4, name="old", words="I watched animals.")
        await publish(ellie)
        await talk(ellie)
        await sum_up(ellie, 5, 8, name="new", words="I went home.")
        await ellie.say("hello")

        assert set(await items(ellie, "episode")) == {"old"}


@pytest.mark.parametrize(
    ("said", "there", "visible"),
    [
        ({}, {"channel": "dm-other"}, True),
        ({}, LOBBY, False),
        ({}, STAFF, False),
        (STAFF, {}, True),
        (STAFF, LOBBY, False),
        (STAFF, {**LOBBY, "channel": "park"}, False),
        (LOBBY, {**LOBBY, "channel": "park"}, True),
        (LOBBY, STAFF, True),
        (LOBBY, {}, True),
    ],
)
async def test_an_episode_is_seen_where_its_words_may_be_said(
    said: dict[str, object], there: dict[str, object], visible: bool
) -> None:
    async with started(*["ok"] * 9) as ellie:
        await talk(ellie, **said)
        await sum_up(ellie, 1, 4, words="I watched animals.")
        await publish(ellie)

        await ellie.say("What did I watch?", **there)

        assert ("animals" in ellie.last_prompt()) is visible
        assert bool(await items(ellie, "episode")) is visible


async def test_nobody_elses_episodes_are_seen() -> None:
    async with started(*["ok"] * 9) as ellie:
        await talk(ellie, **LOBBY)
        await sum_up(ellie, 1, 4, words="I watched animals.")
        await publish(ellie)

        await ellie.say("What did I watch?", user="bea", **LOBBY)

        assert "animals" not in ellie.last_prompt()


async def test_without_a_compaction_no_episodes_are_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    real = InMemoryEpisodeRepository.of

    async def of(*arguments: object, **options: object) -> object:
        asked.append(options)
        return await real(*arguments, **options)  # type: ignore[arg-type]

    async with started(*["ok"] * 9) as ellie:
        with monkeypatch.context() as patched:
            patched.setattr(InMemoryEpisodeRepository, "of", of)
            await talk(ellie)
            assert asked == []
            await publish(ellie)
            await ellie.say("hello")
            assert len(asked) == 1


async def test_the_loop_leaves_its_older_turns_to_the_episode() -> None:
    async with started(*["ok"] * 20) as ellie:
        await talk(ellie, turns=12)
        await sum_up(ellie, 1, 12, words="I watched animals.")
        await publish(ellie)
        await ellie.say("hello")
        first = ellie.generator.requests[-1].prompt.messages
        await ellie.say("hello again")

        assert len(first) == 2 + 2 * KEPT_TURNS
        assert ellie.generator.requests[-1].prompt.messages[: len(first) - 1] == first[:-1]
        turns = await ellie.turns()
        left_out = [i.item_id for i in (await items(ellie, "loop")).values() if not i.included]
        assert left_out == [turn.id for turn in turns[: 12 - KEPT_TURNS]]
        assert {i.reason for i in (await items(ellie, "loop")).values()} == {"", SUMMED_UP}


async def test_a_loop_without_an_episode_stays_whole() -> None:
    async with started(*["ok"] * 30) as ellie:
        await talk(ellie, turns=12)
        await talk(ellie, turns=4, channel="dm-other")
        await sum_up(ellie, 13, 16, words="I watched animals.")
        await publish(ellie)

        await ellie.say("hello")

        assert all(item.included for item in (await items(ellie, "loop")).values())
        assert len(await items(ellie, "loop")) == 12


async def test_what_is_no_longer_true_is_cut_from_episodes() -> None:
    async with started(*["ok"] * 20) as ellie:
        await ellie.say("I live in Porto.")
        await talk(ellie, turns=3)
        await sum_up(ellie, 1, 2, name="both")
        await sum_up(ellie, 1, 1, name="only")
        await publish(ellie)
        ellie.clock.moment += timedelta(days=1)
        await ellie.say("hello")
        assert '"I live in Porto. The bear report."' in system(ellie)
        ellie.clock.moment += timedelta(days=1)
        await ellie.say("I moved to Berlin.")
        ellie.clock.moment += timedelta(days=1)

        await ellie.say("hello")

        assert "Porto" not in ellie.last_prompt()
        assert '- 4 May 2026: "The bear report."' in system(ellie)
        assert set(await items(ellie, "episode")) == {"both"}


async def test_somebody_incognito_is_still_known_by_their_episodes() -> None:
    async with started(*["ok"] * 20) as ellie:
        await talk(ellie)
        await sum_up(ellie, 1, 4, words="I watched animals.")
        await publish(ellie)
        async with ellie.storage.unit_of_work() as work:
            ana = await work.persons.find(ellie.message("x").author)
            assert ana
            await work.persons.set_incognito(ana.id, incognito=True)
            await work.commit()
        for number in range(KEPT_TURNS + 3):
            await ellie.say(f"hello {number}")

        assert HEADER in system(ellie)
        assert len(ellie.generator.requests[-1].prompt.messages) == 2 + 2 * (KEPT_TURNS + 2)


async def test_only_facts_that_bear_on_the_question_count_as_used() -> None:
    async with started(*["ok"] * 20) as ellie:
        await ellie.say("I like tea.")
        await ellie.say("My dog is called Biscuit.")
        await ellie.say("Please always answer in Portuguese.")
        later = ellie.clock.moment = ellie.clock.moment + timedelta(days=1)
        await ellie.say("Is my dog asleep?", channel="dm-other")
        await ellie.say("Is my dog awake?")
        assert len(await items(ellie, "fact")) < len(await facts_of(ellie))

        tea, dog, order = await facts_of(ellie)
        assert (tea.use_count, tea.last_used_at) == (0, None)
        assert (dog.use_count, dog.last_used_at) == (2, later)
        assert (order.use_count, order.last_used_at) == (0, None)


async def test_what_has_faded_waits_until_somebody_asks_for_it() -> None:
    async with started(*["ok"] * 20) as ellie:
        await ellie.say("I like green tea.")
        await fade(ellie, 1, 0.01)
        await ellie.say("hello", channel="dm-other")
        assert "green tea" not in ellie.last_prompt()
        (item,) = (await items(ellie, "fact")).values()
        assert item.reason == FADED

        await ellie.say("Which tea do I like?", channel="dm-third")

        assert "green tea" not in system(ellie)
        assert '- "I like green tea."' in ellie.last_prompt()
        (faded,) = await facts_of(ellie)
        assert faded.use_count == 1
