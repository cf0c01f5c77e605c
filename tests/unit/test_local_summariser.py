"""The local summariser works in a thread of its own, and lets go of it when asked to."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from bot.errors import EngineFailedError, ModelError
from bot.generation.summariser import LocalSummariser


class WaitingModel:
    """Says what it was given. Can be held, and then stops when it is told to, as the real one."""

    def __init__(self) -> None:
        self.given: list[tuple[str, ...]] = []
        self.stopped: list[tuple[str, ...]] = []
        self.threads: set[str] = set()
        self.hold = False
        self.busy = threading.Event()
        self.error: Exception | None = None

    def summarise(self, passages: Sequence[str], *, max_tokens: int, stop: threading.Event) -> str:
        self.threads.add(threading.current_thread().name)
        self.given.append(tuple(passages))
        self.busy.set()
        if self.hold:
            assert stop.wait(30)
            self.stopped.append(tuple(passages))
            raise RuntimeError("stopped")
        if self.error:
            raise self.error
        return " ".join(passages)[:max_tokens]


@pytest.fixture
def model() -> WaitingModel:
    return WaitingModel()


def summariser_of(load: Callable[[], WaitingModel], idle: float = 1000.0) -> LocalSummariser:
    return LocalSummariser(load, model_name="waiting", idle_seconds=idle)  # type: ignore[arg-type]


@pytest.fixture
async def summariser(model: WaitingModel) -> AsyncIterator[LocalSummariser]:
    summariser = summariser_of(lambda: model)
    yield summariser
    await summariser.close()


async def busy(model: WaitingModel) -> None:
    assert await asyncio.to_thread(model.busy.wait, 30)
    model.busy.clear()


async def test_the_model_is_loaded_once_when_it_is_first_asked() -> None:
    loads: list[str] = []

    def load() -> WaitingModel:
        loads.append(threading.current_thread().name)
        return WaitingModel()

    summariser = summariser_of(load)
    assert loads == []

    assert await summariser.summarise(["abc", "d"], max_tokens=4) == "abc "
    assert await summariser.summarise(["e"], max_tokens=4) == "e"

    assert loads == ["summaries_0"]
    assert summariser.model_name == "waiting"
    await summariser.close()


async def test_the_event_loop_computes_nothing(
    summariser: LocalSummariser, model: WaitingModel
) -> None:
    await summariser.summarise(["abc"], max_tokens=4)

    assert model.threads == {"summaries_0"}


async def test_cancelling_the_caller_stops_the_work_and_the_next_one_is_served(
    summariser: LocalSummariser, model: WaitingModel
) -> None:
    model.hold = True
    asking = asyncio.create_task(summariser.summarise(["long"], max_tokens=4))
    await busy(model)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    model.hold = False
    assert await summariser.summarise(["abc"], max_tokens=4) == "abc"
    assert model.stopped == [("long",)]


async def test_who_gives_up_while_waiting_for_a_turn_is_left_out(
    summariser: LocalSummariser, model: WaitingModel
) -> None:
    model.hold = True
    first = asyncio.create_task(summariser.summarise(["first"], max_tokens=4))
    await busy(model)
    second = asyncio.create_task(summariser.summarise(["second"], max_tokens=4))
    await asyncio.sleep(0)
    for task in (second, first):
        task.cancel()
    await asyncio.wait({first, second})

    model.hold = False
    await summariser.summarise(["third"], max_tokens=4)
    assert model.given == [("first",), ("third",)]


async def test_closing_ends_the_request_in_progress_and_those_that_wait(
    summariser: LocalSummariser, model: WaitingModel
) -> None:
    model.hold = True
    asking = [asyncio.create_task(summariser.summarise([text], max_tokens=4)) for text in "ab"]
    await busy(model)
    await summariser.close()

    for task in asking:
        with pytest.raises(ModelError, match="Ellie is stopping"):
            await task
    assert model.given == [("a",)]
    with pytest.raises(ModelError, match="Ellie is stopping"):
        await summariser.summarise(["abc"], max_tokens=4)
    await summariser.close()
    assert not any(thread.name.startswith("summaries") for thread in threading.enumerate())


async def test_a_failure_is_translated_and_the_next_request_works(
    summariser: LocalSummariser, model: WaitingModel
) -> None:
    model.error = RuntimeError("not enough memory")
    with pytest.raises(EngineFailedError, match="waiting failed on a summary"):
        await summariser.summarise(["abc"], max_tokens=4)

    model.error = None
    assert await summariser.summarise(["abc"], max_tokens=4) == "abc"


async def test_a_model_that_cannot_load_is_the_same_error_every_time() -> None:
    loads: list[int] = []

    def load() -> WaitingModel:
        loads.append(1)
        raise ModelError("no such weights")

    summariser = summariser_of(load, idle=0)
    for _ in range(3):
        with pytest.raises(ModelError, match="no such weights"):
            await summariser.summarise(["abc"], max_tokens=4)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert loads == [1]
    assert not summariser.loaded
    await summariser.close()


async def test_giving_up_while_it_loads_leaves_the_model_to_the_next(model: WaitingModel) -> None:
    go = threading.Event()
    loads: list[int] = []

    def load() -> WaitingModel:
        loads.append(1)
        assert go.wait(30)
        return model

    summariser = summariser_of(load)
    first = asyncio.create_task(summariser.summarise(["a"], max_tokens=4))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    go.set()

    assert await summariser.summarise(["b"], max_tokens=4) == "b"
    assert loads == [1]
    assert model.given == [("b",)]
    await summariser.close()


@pytest.mark.parametrize("begun", [False, True])
async def test_closing_while_it_loads_waits_and_fails_who_waited(
    model: WaitingModel, begun: bool
) -> None:
    go = threading.Event()
    loading = threading.Event()

    def load() -> WaitingModel:
        loading.set()
        assert go.wait(30)
        return model

    summariser = summariser_of(load)
    asking = asyncio.create_task(summariser.summarise(["a"], max_tokens=4))
    if begun:
        await asyncio.sleep(0)
        assert await asyncio.to_thread(loading.wait, 30)
    closing = asyncio.create_task(summariser.close())
    await asyncio.sleep(0)
    go.set()
    await closing

    with pytest.raises(ModelError, match="Ellie is stopping"):
        await asking
    assert model.given == []


async def test_a_model_that_nobody_asks_is_let_go_and_loaded_again() -> None:
    made: list[weakref.ref[WaitingModel]] = []

    def load() -> WaitingModel:
        model = WaitingModel()
        made.append(weakref.ref(model))
        return model

    summariser = summariser_of(load, idle=0)
    for count in (1, 2):
        await summariser.summarise(["abc"], max_tokens=4)
        assert summariser.loaded
        await asyncio.sleep(0)  # the timer is due
        await asyncio.sleep(0)
        assert not summariser.loaded
        gc.collect()
        assert [model() for model in made] == [None] * count
    await summariser.close()


async def test_a_model_in_use_is_not_let_go(model: WaitingModel) -> None:
    summariser = summariser_of(lambda: model, idle=0)
    model.hold = True
    asking = asyncio.create_task(summariser.summarise(["a"], max_tokens=4))
    await busy(model)
    other = asyncio.create_task(summariser.summarise(["b"], max_tokens=4))
    await asyncio.sleep(0)
    other.cancel()
    await asyncio.wait({other})
    for _ in range(5):
        await asyncio.sleep(0)

    assert summariser.loaded
    asking.cancel()
    await asyncio.wait({asking})
    await summariser.close()


async def test_closing_one_that_was_never_asked_is_nothing() -> None:
    summariser = summariser_of(WaitingModel)
    await summariser.close()
    with pytest.raises(ModelError, match="Ellie is stopping"):
        await summariser.summarise(["a"], max_tokens=4)
