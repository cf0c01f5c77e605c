"""What the buttons and forms of this process stand for.

A button carries a random id and nothing else. What it does, with the words that it does it to,
lives here for as long as it may be pressed and no longer.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from adapters.recent import Recent
from adapters.tasks import OwnedTasks
from bot.ports.system import Clock

MOST_PENDING = 5_000
"""Questions, pages and forms that wait at once; the oldest give way."""
MOST_USED = 5_000
"""Ids that are remembered after they were used, so that a second press is none."""

Waiting = TypeVar("Waiting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Somebody pressed a button, or sent a form.

    ``user_team_id`` is the workspace that Slack names for them, and ``label`` what the button says.
    """

    user_id: str
    user_team_id: str = ""
    action_id: str = ""
    label: str = ""
    value: str = ""
    response_url: str = ""
    channel_id: str = ""
    message_ts: str = ""
    thread_ts: str | None = None
    trigger_id: str = ""
    is_ephemeral: bool = False


def press_in(body: Mapping[str, Any]) -> Press | None:
    """The press in a payload of type ``block_actions``; None when there is none in it."""
    actions = body.get("actions") or ()
    if not actions:
        return None
    container = body.get("container") or {}
    channel, user = body.get("channel") or {}, body.get("user") or {}
    message = body.get("message") or {}
    return Press(
        user_id=str(user.get("id", "")),
        user_team_id=str(user.get("team_id") or ""),
        action_id=str(actions[0].get("action_id", "")),
        label=str((actions[0].get("text") or {}).get("text", "")),
        value=str(actions[0].get("value", "")),
        response_url=str(body.get("response_url") or ""),
        channel_id=str(channel.get("id") or container.get("channel_id") or ""),
        message_ts=str(container.get("message_ts") or ""),
        thread_ts=container.get("thread_ts") or message.get("thread_ts"),
        trigger_id=str(body.get("trigger_id") or ""),
        is_ephemeral=bool(container.get("is_ephemeral")),
    )


class Miss(StrEnum):
    """Why nothing is done."""

    UNKNOWN = "unknown"
    """Nothing stands behind that id: it is another process's, or its time is over."""
    NOT_YOURS = "not_yours"
    """It is for somebody else."""
    USED = "used"
    """It was used already: a second press, or Slack that tells again."""


@dataclass(slots=True, kw_only=True)
class _Group(Generic[Waiting]):
    """Ids of which one may be used, once."""

    asker_id: str
    waiting: Mapping[str, Waiting]
    deadline: float
    expire: Callable[[], Awaitable[None]] | None
    timer: asyncio.TimerHandle | None = None


class Pending(Generic[Waiting]):
    """Keeps what waits for a press until it comes, or until its time is over."""

    def __init__(self, clock: Clock, tasks: OwnedTasks, *, limit: int = MOST_PENDING) -> None:
        self._clock = clock
        self._tasks = tasks
        self._limit = limit
        self._groups: OrderedDict[str, _Group[Waiting]] = OrderedDict()
        """By the first of their ids, oldest first."""
        self._first_of: dict[str, str] = {}
        self._used = Recent(MOST_USED)

    def __len__(self) -> int:
        return len(self._groups)

    def put(
        self,
        waiting: Sequence[Waiting],
        *,
        asker_id: str,
        seconds: float,
        expire: Callable[[], Awaitable[None]] | None = None,
    ) -> list[str]:
        """Ids for these, of which ``asker_id`` may use one within ``seconds``.

        ``expire`` is what to do when nobody did.
        """
        self.expire_due()
        ids = [secrets.token_hex(12) for _ in waiting]
        group = _Group(
            asker_id=asker_id,
            waiting=dict(zip(ids, waiting, strict=True)),
            deadline=self._clock.elapsed() + seconds,
            expire=expire,
        )
        first = ids[0]
        loop = asyncio.get_running_loop()
        group.timer = loop.call_later(seconds, self._expire, first)
        self._groups[first] = group
        self._first_of.update(dict.fromkeys(ids, first))
        while len(self._groups) > self._limit:
            self._drop(next(iter(self._groups)))
        return ids

    def take(self, id_: str, user_id: str) -> Waiting | Miss:
        """What an id stands for; it and those put with it are used up by that."""
        self.expire_due()
        first = self._first_of.get(id_)
        if first is None:
            return Miss.USED if id_ in self._used else Miss.UNKNOWN
        group = self._groups[first]
        if group.asker_id != user_id:
            return Miss.NOT_YOURS
        self._drop(first)
        for used in group.waiting:
            self._used.add(used)
        return group.waiting[id_]

    def expire_due(self) -> None:
        """End the time of everything whose time is over by the clock."""
        now = self._clock.elapsed()
        for first in [first for first, group in self._groups.items() if group.deadline <= now]:
            self._expire(first)

    def clear(self) -> None:
        """Forget everything: nobody will press anything any more."""
        for first in list(self._groups):
            self._drop(first)

    def _expire(self, first: str) -> None:
        group = self._drop(first)
        if group is not None and group.expire is not None:
            self._tasks.start(_run(group.expire), name="expire-buttons")

    def _drop(self, first: str) -> _Group[Waiting] | None:
        group = self._groups.pop(first, None)
        if group is None:
            return None
        if group.timer is not None:
            group.timer.cancel()
        for id_ in group.waiting:
            self._first_of.pop(id_, None)
        return group


async def _run(action: Callable[[], Awaitable[None]]) -> None:
    await action()
