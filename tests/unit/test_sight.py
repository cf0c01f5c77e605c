"""The local sight fetches what it looks at, within limits, and holds nothing back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from support.engine import settle
from support.sight import picture, shown

from bot.domain.shown import Picture
from bot.errors import ModelError
from bot.generation.sight import MOST_BYTES, MOST_WAITING, LocalSight


class Eyes:
    """Says what it was given. Can be held, and then stops when it is told to, as the real one."""

    def __init__(self) -> None:
        self.given: list[bytes] = []
        self.stopped = 0
        self.hold = False
        self.busy = threading.Event()
        self.error: Exception | None = None

    def describe(self, content: bytes, *, stop: threading.Event) -> str:
        assert threading.current_thread().name.startswith("sight")
        self.given.append(content)
        self.busy.set()
        if self.hold:
            assert stop.wait(30)
            self.stopped += 1
            raise RuntimeError("stopped")
        if self.error:
            raise self.error
        return content.decode()


@pytest.fixture
def eyes() -> Eyes:
    return Eyes()


def sight_of(eyes: Eyes, **more: Any) -> LocalSight:
    return LocalSight(lambda: eyes, model_name="eyes", **more)  # type: ignore[arg-type,return-value]


@pytest.fixture
async def sight(eyes: Eyes) -> AsyncIterator[LocalSight]:
    made = sight_of(eyes)
    yield made
    await made.close()


async def test_it_says_what_the_model_says(sight: LocalSight) -> None:
    assert not sight.loaded
    assert await sight.look(picture(shown(), b"a dog")) == "a dog"
    assert sight.loaded
    assert sight.sees


async def test_what_cannot_be_fetched_is_not_looked_at(sight: LocalSight, eyes: Eyes) -> None:
    asked: list[int] = []

    async def read(most_bytes: int) -> bytes | None:
        asked.append(most_bytes)
        return None

    assert await sight.look(Picture(shown=shown(), read=read)) == ""
    assert asked == [MOST_BYTES]
    assert not eyes.given
    assert not sight.loaded


async def test_a_picture_on_which_the_model_fails_is_not_the_last(
    sight: LocalSight, eyes: Eyes
) -> None:
    eyes.error = RuntimeError("not enough memory")
    assert await sight.look(picture(shown(), b"a dog")) == ""
    eyes.error = None
    assert await sight.look(picture(shown(), b"a cat")) == "a cat"


async def test_a_model_that_cannot_be_loaded_is_an_error() -> None:
    def load() -> Any:
        raise ModelError("no such weights")

    sight = LocalSight(load, model_name="none")
    for _ in range(2):
        with pytest.raises(ModelError, match="no such weights"):
            await sight.look(picture(shown()))
    await sight.close()


async def test_what_takes_too_long_is_given_up_and_the_next_is_seen(eyes: Eyes) -> None:
    sight = sight_of(eyes, look_seconds=0.05)
    eyes.hold = True
    assert await sight.look(picture(shown(), b"a dog")) == ""
    eyes.hold = False
    patient = sight_of(eyes)
    assert await patient.look(picture(shown(), b"a cat")) == "a cat"
    await sight.close()
    await patient.close()
    assert eyes.stopped <= 1  # not begun, or stopped


async def test_cancelling_the_caller_stops_the_work(sight: LocalSight, eyes: Eyes) -> None:
    eyes.hold = True
    looking = asyncio.create_task(sight.look(picture(shown(), b"a dog")))
    assert await asyncio.to_thread(eyes.busy.wait, 30)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    eyes.hold = False
    assert await sight.look(picture(shown(), b"a cat")) == "a cat"
    assert eyes.stopped == 1


async def test_few_are_fetched_at_a_time_and_not_all_wait(sight: LocalSight, eyes: Eyes) -> None:
    fetched: list[int] = []
    go = asyncio.Event()

    async def look(number: int) -> str:
        async def read(most_bytes: int) -> bytes | None:
            fetched.append(number)
            await go.wait()
            return str(number).encode()

        return await sight.look(Picture(shown=shown(), read=read))

    looking = [asyncio.create_task(look(number)) for number in range(MOST_WAITING + 3)]
    await settle()
    assert fetched == [0, 1]
    assert [task.done() for task in looking[-3:]] == [True] * 3
    go.set()
    said = await asyncio.gather(*looking)
    assert said == [*map(str, range(MOST_WAITING)), "", "", ""]
    assert sorted(map(int, eyes.given)) == list(range(MOST_WAITING))


async def test_closing_ends_what_is_being_looked_at(sight: LocalSight, eyes: Eyes) -> None:
    eyes.hold = True
    looking = asyncio.create_task(sight.look(picture(shown(), b"a dog")))
    assert await asyncio.to_thread(eyes.busy.wait, 30)
    await sight.close()
    with pytest.raises(ModelError, match="The model that looks at pictures is not loaded"):
        await looking
