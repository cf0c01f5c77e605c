"""Background work gives way to chat, and does not wait for ever."""

from __future__ import annotations

import asyncio

import pytest

from bot.engine import chat_traffic
from bot.engine.chat_traffic import ChatTraffic
from bot.errors import DisturbedError


async def test_small_pieces_go_on_after_a_while_although_people_talk() -> None:
    traffic = ChatTraffic()
    with traffic.answering():
        await traffic.quiet(0.001)


async def test_small_pieces_wait_for_a_pause() -> None:
    traffic = ChatTraffic()
    with traffic.answering():
        waiting = asyncio.create_task(traffic.quiet(60))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
    await waiting


async def test_long_work_is_given_up_where_there_is_no_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chat_traffic, "LONG_PATIENCE_SECONDS", 0.001)
    traffic = ChatTraffic()

    async def work() -> None:
        pytest.fail("it began while somebody was answered")

    with traffic.answering(), pytest.raises(DisturbedError):
        await traffic.undisturbed(work)


async def test_long_work_that_is_always_disturbed_is_given_up() -> None:
    traffic = ChatTraffic()
    begun: list[asyncio.Task[None]] = []

    async def chat() -> None:
        with traffic.answering():
            await asyncio.sleep(0)

    async def work() -> None:
        begun.append(asyncio.create_task(chat()))
        await asyncio.Event().wait()

    with pytest.raises(DisturbedError):
        await traffic.undisturbed(work)
    assert len(begun) == chat_traffic.MOST_ATTEMPTS
