"""What buttons of this process stand for: once, for one person, and not for ever."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from support.slack_commands import MovableClock

from adapters.slack.pending import Miss, Pending, press_in
from adapters.tasks import OwnedTasks


@dataclass(eq=False)
class Words:
    text: str


@pytest.fixture
async def tasks() -> AsyncIterator[OwnedTasks]:
    owned = OwnedTasks()
    yield owned
    await owned.drain()


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


async def test_one_of_those_put_together_can_be_taken_once(
    tasks: OwnedTasks, clock: MovableClock
) -> None:
    pending: Pending[str] = Pending(clock, tasks)
    yes, no = pending.put(["yes", "no"], asker_id="U1", seconds=600)
    assert yes != no
    assert pending.take(yes, "U1") == "yes"
    assert pending.take(yes, "U1") is Miss.USED
    assert pending.take(no, "U1") is Miss.USED
    assert not len(pending)


async def test_nobody_else_can_take_it_and_their_try_changes_nothing(
    tasks: OwnedTasks, clock: MovableClock
) -> None:
    pending: Pending[str] = Pending(clock, tasks)
    [id_] = pending.put(["x"], asker_id="U1", seconds=600)
    assert pending.take(id_, "U2") is Miss.NOT_YOURS
    assert pending.take(id_, "U1") == "x"


async def test_ids_of_other_processes_are_unknown(tasks: OwnedTasks, clock: MovableClock) -> None:
    before: Pending[str] = Pending(clock, tasks)
    after: Pending[str] = Pending(clock, tasks)
    [id_] = before.put(["x"], asker_id="U1", seconds=600)
    assert after.take(id_, "U1") is Miss.UNKNOWN
    assert after.take("", "U1") is Miss.UNKNOWN
    before.clear()


async def test_when_the_time_is_over_it_is_unknown_and_the_end_is_told_once(
    tasks: OwnedTasks, clock: MovableClock
) -> None:
    pending: Pending[str] = Pending(clock, tasks)
    ended: list[str] = []

    async def expire() -> None:
        ended.append("over")

    [id_] = pending.put(["x"], asker_id="U1", seconds=600, expire=expire)
    clock.pass_time(599.9)
    pending.expire_due()
    assert len(pending) == 1
    clock.pass_time(0.2)
    assert pending.take(id_, "U1") is Miss.UNKNOWN
    pending.expire_due()
    await tasks.drain()
    assert ended == ["over"]


async def test_the_end_comes_by_itself(tasks: OwnedTasks, clock: MovableClock) -> None:
    pending: Pending[str] = Pending(clock, tasks)
    ended: list[str] = []

    async def expire() -> None:
        ended.append("over")

    pending.put(["x"], asker_id="U1", seconds=0, expire=expire)
    for _ in range(20):
        await asyncio.sleep(0)
    assert ended == ["over"]
    assert not len(pending)


async def test_what_was_taken_does_not_expire(tasks: OwnedTasks, clock: MovableClock) -> None:
    pending: Pending[str] = Pending(clock, tasks)

    async def expire() -> None:
        raise AssertionError

    [id_] = pending.put(["x"], asker_id="U1", seconds=600, expire=expire)
    assert pending.take(id_, "U1") == "x"
    clock.pass_time(1000)
    pending.expire_due()
    await tasks.drain()


async def test_the_oldest_give_way(tasks: OwnedTasks, clock: MovableClock) -> None:
    pending: Pending[int] = Pending(clock, tasks, limit=3)
    ids = [pending.put([n], asker_id="U1", seconds=600)[0] for n in range(5)]
    assert len(pending) == 3
    assert pending.take(ids[0], "U1") is Miss.UNKNOWN
    assert pending.take(ids[4], "U1") == 4
    pending.clear()
    assert not len(pending)


@pytest.mark.parametrize("how", ["taken", "expired", "cleared", "given way"])
async def test_words_are_forgotten_with_what_they_were_for(
    how: str, tasks: OwnedTasks, clock: MovableClock
) -> None:
    pending: Pending[Words] = Pending(clock, tasks, limit=1)
    words = Words("my secret")
    seen = weakref.ref(words)

    async def expire() -> None:
        return

    [id_] = pending.put([words], asker_id="U1", seconds=600, expire=expire)
    del words
    if how == "taken":
        assert not isinstance(pending.take(id_, "U1"), Miss)
    elif how == "expired":
        clock.pass_time(601)
        pending.expire_due()
    elif how == "cleared":
        pending.clear()
    else:
        pending.put([Words("")], asker_id="U1", seconds=600)
    await tasks.drain()
    gc.collect()
    assert seen() is None
    pending.clear()


def test_a_press_is_read_from_slacks_payload() -> None:
    press = press_in(
        {
            "type": "block_actions",
            "user": {"id": "U1", "team_id": "T1"},
            "container": {
                "type": "message",
                "message_ts": "1.2",
                "thread_ts": "1.1",
                "channel_id": "C1",
                "is_ephemeral": True,
            },
            "channel": {"id": "C1", "name": "x"},
            "trigger_id": "1.x",
            "response_url": "https://hooks.slack.com/actions/x",
            "actions": [{"action_id": "ellie:page:following", "value": "ab12", "type": "button"}],
        }
    )
    assert press is not None
    assert (press.user_id, press.value, press.channel_id) == ("U1", "ab12", "C1")
    assert (press.message_ts, press.thread_ts, press.is_ephemeral) == ("1.2", "1.1", True)
    assert press.response_url == "https://hooks.slack.com/actions/x"


@pytest.mark.parametrize("body", [{}, {"actions": []}, {"actions": None, "user": None}])
def test_a_payload_without_a_press_is_none(body: dict[str, object]) -> None:
    assert press_in(body) is None
