"""What the engine for packed weights forgets: one person's reading, and nobody else's."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator

import pytest
import torch
from support.packable import WORDS, needs_vnni, tiny_decoder
from support.packed import NEVER, Asked, packed_engine

from bot.generation.cpu import engine as engine_module
from bot.generation.cpu.engine import PackedEngine
from bot.generation.cpu.sequences import copy_beginning, new_sequence
from bot.generation.cpu.store import SequenceStore

pytestmark = needs_vnni

CHANCE = torch.Generator().manual_seed(6)
PROMPT, OTHER = (torch.randint(1, WORDS, (60,), generator=CHANCE).tolist() for _ in range(2))


@pytest.fixture
async def engine() -> AsyncIterator[PackedEngine]:
    engine = packed_engine(end_token=NEVER)
    engine.start()
    yield engine
    engine.stop()


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> PackedEngine:
    """An engine whose steps are taken by :func:`step`, each of which reads 16 tokens."""
    monkeypatch.setattr(engine_module, "PIECE_TOKENS", 16)
    monkeypatch.setattr(engine_module, "SHORT_PIECE_TOKENS", 16)
    monkeypatch.setattr(PackedEngine, "alive", True)
    return packed_engine(end_token=NEVER)


def step(engine: PackedEngine) -> None:
    with torch.inference_mode():
        assert engine._take_in()
        engine._step()


async def reused(engine: PackedEngine, name: str, prompt: list[int], asker: str) -> int:
    return (await Asked(engine, name, prompt, asker=asker).over()).reused


async def test_what_was_read_for_one_person_is_forgotten_and_what_for_another_is_not(
    engine: PackedEngine,
) -> None:
    await reused(engine, "a", PROMPT, "anna")
    await reused(engine, "b", OTHER, "bea")
    engine.forget("anna")

    assert await reused(engine, "b again", OTHER, "bea") == len(OTHER) - 1
    assert await reused(engine, "a again", PROMPT, "anna") == 0
    assert await reused(engine, "and again", PROMPT, "anna") == len(PROMPT) - 1


async def test_what_was_read_for_nobody_is_forgotten_with_whoever_it_may_be_about(
    engine: PackedEngine,
) -> None:
    await reused(engine, "background", PROMPT, "")
    engine.forget("anna")

    assert await reused(engine, "again", PROMPT, "") == 0


async def test_what_is_read_for_a_reply_that_is_being_written_is_not_kept(
    engine: PackedEngine,
) -> None:
    long = Asked(engine, "long", PROMPT, tokens=150, asker="anna")
    await long.begun()
    engine.forget("anna")
    beside = await Asked(engine, "beside", PROMPT, asker="anna").over()

    assert len((await long.over()).tokens) == 150
    assert beside.reused == 0, "nor is it lent to whoever comes meanwhile"
    engine.forget("anna")
    assert await reused(engine, "after", PROMPT, "anna") == 0


@pytest.mark.parametrize("end", ["written", "cancelled"])
async def test_a_reply_that_ends_after_it_was_forgotten_leaves_nothing(
    engine: PackedEngine, end: str
) -> None:
    long = Asked(engine, "long", PROMPT, tokens=100, asker="anna")
    await long.begun()
    engine.forget("anna")
    if end == "cancelled":
        engine.cancel("long")
    else:
        await long.over()

    assert await reused(engine, "after", PROMPT, "anna") == 0
    assert engine.store.running_tokens == 0


async def test_what_is_read_for_those_who_waited_is_not_kept(by_hand: PackedEngine) -> None:
    by_hand._store = SequenceStore(by_hand._new_sequence, budget=400)
    Asked(by_hand, "runs", OTHER, tokens=300, asker="bea")  # which leaves no room for others
    waits = Asked(by_hand, "waits", PROMPT, tokens=1, asker="anna")
    step(by_hand)
    arrives = Asked(by_hand, "arrives", [9, *PROMPT], tokens=1, asker="anna")
    by_hand.forget("anna")
    later = Asked(by_hand, "later", [7, *PROMPT], tokens=1, asker="anna")
    assert [reply.id for reply in by_hand._waiting] == ["waits"]
    by_hand.cancel("runs")
    while by_hand._running or by_hand._waiting or by_hand._arrived:
        step(by_hand)

    outcomes = [await asked.over() for asked in (waits, arrives, later)]
    assert all(outcome.tokens for outcome in outcomes)
    kept = {(sequence.asker, sequence.tokens[0]) for sequence in by_hand.store._kept}
    assert kept == {("anna", 7)}


async def test_forgetting_frees_the_memory_while_nobody_asks_for_anything(
    engine: PackedEngine,
) -> None:
    await reused(engine, "a", PROMPT, "anna")
    await reused(engine, "b", OTHER, "bea")
    loop, freed = asyncio.get_running_loop(), asyncio.Event()
    theirs, others = (kept.keys for kept in engine.store._kept)
    gone = weakref.ref(theirs, lambda _: loop.call_soon_threadsafe(freed.set))
    stays = weakref.ref(others)
    del theirs, others
    while not engine._news._waiters:  # type: ignore[attr-defined]  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0)
    engine.forget("anna")
    await asyncio.wait_for(freed.wait(), 60)

    assert gone() is None
    assert stays() is not None


async def test_forgetting_with_a_dead_engine_does_nothing() -> None:
    engine = packed_engine(end_token=NEVER)
    engine.forget("anna")
    engine.start()
    await reused(engine, "a", PROMPT, "anna")
    engine.stop()
    engine.forget("anna")
    engine.start()
    await reused(engine, "a", PROMPT, "anna")

    assert await reused(engine, "again", PROMPT, "anna") == len(PROMPT) - 1
    engine.stop()


def test_a_copy_of_a_beginning_holds_nothing_of_what_followed() -> None:
    shape = tiny_decoder().shape
    source, target = new_sequence(1, shape, 48), new_sequence(1, shape, 48)
    source.keys.fill_(1)
    source.values.fill_(1)
    source.tokens = list(range(40))

    copy_beginning(source, target, 20)

    keys = target.keys.transpose(3, 4).flatten(2, 3)  # (layers, heads, room, dimensions)
    for copied in (keys, target.values):
        assert copied[:, :, :20].eq(1).all()
        assert copied[:, :, 20:].eq(0).all()
    assert target.tokens == list(range(20))
