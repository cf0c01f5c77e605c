"""The answers on their way: found by the message that is answered, or by the turn."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager

from adapters.discord.answer import Answer
from adapters.tasks import OwnedTasks
from bot.domain.turn import TurnId


class Answers:
    """Runs a task for each answer, and forgets it when it is shown."""

    def __init__(self, tasks: OwnedTasks) -> None:
        self._tasks = tasks
        self._to: dict[int, Answer] = {}
        self._of: dict[TurnId, Answer] = {}
        self._task: dict[Answer, asyncio.Task[object]] = {}
        self.given_up: set[TurnId] = set()
        """Turns whose answers Discord did not take, however often it was tried."""

    def to(self, event_id: int) -> Answer | None:
        """The answer to a message or an interaction."""
        return self._to.get(event_id)

    def of(self, turn_id: TurnId) -> Answer | None:
        """The answer of a turn."""
        return self._of.get(turn_id)

    def taking(self) -> AbstractContextManager[None]:
        """Have whoever waits for all answers wait for what is being taken now, too."""
        return self._tasks.joined()

    def show(self, event_id: int, answer: Answer) -> None:
        """Show an answer from now on."""
        task: asyncio.Task[object] = self._tasks.start(answer.show(), name=f"answer-{event_id}")
        self._to[event_id] = answer
        self._task[answer] = task
        if answer.turn_id is not None:
            self._of[answer.turn_id] = answer
            self.given_up.discard(answer.turn_id)
        task.add_done_callback(lambda _: self._forget(event_id, answer))

    async def ended(self, answer: Answer) -> None:
        """Wait until an answer is shown, as far as it will be."""
        if answer in self._task:
            await asyncio.wait({self._task[answer]})

    def _forget(self, event_id: int, answer: Answer) -> None:
        del self._task[answer]
        if self.to(event_id) is answer:
            del self._to[event_id]
        if answer.turn_id is not None and self._of.get(answer.turn_id) is answer:
            del self._of[answer.turn_id]
            if answer.is_given_up:
                self.given_up.add(answer.turn_id)
