"""The engine for packed weights: what it keeps, guesses, frees, and survives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import torch
from support.packable import WORDS, needs_vnni, tiny_decoder
from support.packed import Asked, packed_engine

from bot.errors import EngineFailedError
from bot.generation.cpu import engine as engine_module
from bot.generation.cpu.engine import PackedEngine
from bot.generation.cpu.lookup import Lookup
from bot.generation.cpu.sequences import Sequence, common_beginning, new_sequence
from bot.generation.cpu.store import SequenceStore

pytestmark = needs_vnni

CHANCE = torch.Generator().manual_seed(5)
PROMPT = torch.randint(1, WORDS, (60,), generator=CHANCE).tolist()


@pytest.fixture
async def engine() -> AsyncIterator[PackedEngine]:
    engine = packed_engine()
    engine.start()
    yield engine
    engine.stop()


async def test_guessing_changes_nothing_but_the_number_of_steps() -> None:
    repetitive = [5, 6, 7, 8, 9, 10, 11] * 6
    written, steps = {}, {}
    for guessing in (False, True):
        engine = packed_engine(guessing=guessing)
        engine.start()
        asked = [
            Asked(engine, f"r{n}", prompt, tokens=60)
            for n, prompt in enumerate((repetitive, PROMPT))
        ]
        written[guessing] = [list((await one.over()).tokens) for one in asked]
        steps[guessing] = sum(len(one.outputs) for one in asked)
        engine.stop()

    assert written[True] == written[False]
    assert steps[True] < steps[False]


async def test_a_prompt_that_begins_as_another_is_not_read_again(engine: PackedEngine) -> None:
    first = await Asked(engine, "a", PROMPT).over()
    again = await Asked(engine, "b", PROMPT).over()
    longer = await Asked(engine, "c", [*PROMPT[:40], PROMPT[40] ^ 1, 4, 5]).over()

    assert first.reused == 0
    assert again.reused == len(PROMPT) - 1
    assert longer.reused == 40


async def test_who_comes_at_the_same_time_shares_the_beginning_too(engine: PackedEngine) -> None:
    long = Asked(engine, "long", PROMPT, tokens=400)
    await long.begun()
    beside = await Asked(engine, "beside", [*PROMPT, 7]).over()

    assert beside.reused == len(PROMPT)
    engine.cancel("long")


async def test_a_cancelled_reply_frees_its_room_and_keeps_what_was_read(
    engine: PackedEngine,
) -> None:
    asked = Asked(engine, "r", PROMPT, tokens=400)
    await asked.begun()
    engine.cancel("r")
    after = await Asked(engine, "next", PROMPT).over()

    assert after.reused == len(PROMPT) - 1
    assert engine.store.running_tokens == 0
    assert not asked.outputs[-1].finished


async def test_a_thousand_cancelled_requests_leave_nothing_behind(engine: PackedEngine) -> None:
    for n in range(1000):
        Asked(engine, f"r{n}", [*PROMPT, 1 + n % 50], tokens=300)
        engine.cancel(f"r{n}")
    after = await Asked(engine, "after", PROMPT).over()

    assert len(after.tokens) == 12
    assert engine.store.running_tokens == 0
    assert engine.store.kept_tokens <= 4096
    assert not engine._running
    assert not engine._waiting
    assert not engine._cancelled


async def test_a_broken_step_fails_everybody_and_the_next_start_works() -> None:
    engine = packed_engine()
    engine.start()
    engine._decoder = None  # every step breaks
    asked = [Asked(engine, f"r{n}", PROMPT) for n in range(3)]
    outcomes = [await one.over() for one in asked]

    assert all(outcome.error for outcome in outcomes)
    assert engine._thread
    await asyncio.to_thread(engine._thread.join)
    with pytest.raises(EngineFailedError):
        Asked(engine, "too late", PROMPT)

    engine._decoder = tiny_decoder()
    engine.start()
    assert len((await Asked(engine, "after", PROMPT).over()).tokens) == 12
    engine.stop()


async def test_stopping_tells_those_who_wait() -> None:
    engine = packed_engine()
    engine.start()
    asked = Asked(engine, "r", PROMPT, tokens=400)
    await asyncio.to_thread(engine.stop)

    assert (await asked.over()).error == "stopped"
    assert not engine.alive


async def test_more_than_fits_waits_its_turn() -> None:
    engine = packed_engine(budget=200)
    engine.start()
    asked = [Asked(engine, f"r{n}", [*PROMPT, n + 1], tokens=40) for n in range(5)]
    outcomes = [await one.over() for one in asked]
    engine.stop()

    assert [len(outcome.tokens) for outcome in outcomes] == [40] * 5


async def test_a_few_words_do_not_wait_for_a_long_prompt_nor_it_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_module, "PIECE_TOKENS", 16)
    monkeypatch.setattr(engine_module, "SHORT_PIECE_TOKENS", 16)
    engine = packed_engine()
    monkeypatch.setattr(PackedEngine, "alive", True)  # its steps are taken by hand
    long = Asked(engine, "long", PROMPT * 4, tokens=2)
    with torch.inference_mode():
        assert engine._take_in()
        engine._step()
        few = Asked(engine, "few", [7, *PROMPT[:20]], tokens=200)
        engine._take_in()
        steps = 0
        while not few.outputs:
            engine._step()
            await asyncio.sleep(0)  # outputs arrive on the loop
            steps += 1
        assert steps <= 4
        assert not long.outputs
        for n in range(40):  # others keep coming, all of them with less to read
            Asked(engine, f"r{n}", [20 + n, *PROMPT[:20]], tokens=1)
            engine._take_in()
            engine._step()
            await asyncio.sleep(0)

    assert long.outputs


def sequence(*tokens: int, room: int = 16) -> Sequence:
    made = new_sequence(1, tiny_decoder().shape, room)
    made.tokens = list(tokens)
    return made


def test_what_was_not_used_for_longest_goes_first() -> None:
    store = SequenceStore(lambda room: sequence(room=room), budget=64)
    for first in (1, 2, 3):
        opened = store.open([first, 9], 16)
        assert opened
        opened.sequence.tokens[:] = [first, 9]
        store.close(opened.sequence)
    used = store.open([1, 9, 9], 16)  # 1 is used again, so 2 is the oldest
    assert used
    assert used.reused == 2
    used.sequence.tokens[:] = [4]
    store.close(used.sequence)
    fresh = store.open([5], 16)
    assert fresh

    kept = [kept.tokens[0] for kept in store._kept]
    assert kept == [3, 1, 4]
    assert store.running_tokens + store.kept_tokens <= 64


def test_what_knows_less_of_the_same_is_replaced() -> None:
    store = SequenceStore(lambda room: sequence(room=room), budget=1000)
    for tokens in ([1, 2], [1, 2, 3]):
        opened = store.open([*tokens, 0], 16)
        assert opened
        opened.sequence.tokens[:] = tokens
        store.close(opened.sequence)

    assert [kept.tokens for kept in store._kept] == [[1, 2, 3]]


def test_one_request_alone_may_exceed_the_budget_and_two_may_not() -> None:
    store = SequenceStore(lambda room: sequence(room=room), budget=32)

    assert store.open([1], 64)
    assert store.open([2], 16) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [([], [], 0), ([1], [2], 0), ([1, 2, 3], [1, 2, 4], 2), ([1, 2], [1, 2, 3], 2)],
)
def test_common_beginnings(one: list[int], other: list[int], same: int) -> None:
    assert common_beginning(one, other) == common_beginning(other, one) == same


def test_a_guess_is_what_followed_last_time() -> None:
    lookup = Lookup()
    lookup.add([1, 2, 3, 4, 5, 1, 2, 3, 6, 7, 9])
    assert lookup.guess(3) == []
    lookup.add([1, 2, 3])

    assert lookup.guess(2) == [6, 7]
