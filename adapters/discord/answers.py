"""The answers on their way: found by the message that is answered, or by the turn."""

from __future__ import annotations

import asyncio

from adapters.discord.answer import Answer
from adapters.tasks import OwnedTasks
from bot.domain.turn import TurnId


class Answers:
    """Runs a task for each answer, and forgets it when it is shown."""

    def __init__(self, tasks: OwnedTasks) -> None:
        self._tasks = tasks
        self._to: dict[int, tuple[Answer, asyncio.Task[object]]] = {}
        self._of: dict[TurnId, Answer] = {}

    def to(self, event_id: int) -> Answer | None:
        """The answer to a message or an interaction."""
        found = self._to.get(event_id)
        return None if found is None else found[0]

    def of(self, turn_id: TurnId) -> Answer | None:
        """The answer of a turn."""
        return self._of.get(turn_id)

    def show(self, event_id: int, answer: Answer) -> None:
        """Show an answer from now on."""
        task: asyncio.Task[object] = self._tasks.start(answer.show(), name=f"answer-{event_id}")
        self._to[event_id] = (answer, task)
        if answer.turn_id is not None:
            self._of[answer.turn_id] = answer
        task.add_done_callback(lambda _: self._forget(event_id, answer))

    async def ended(self, event_id: int) -> None:
        """Wait until the answer to an event is shown, as far as it will be."""
        if event_id in self._to:
            await asyncio.wait({self._to[event_id][1]})

    def _forget(self, event_id: int, answer: Answer) -> None:
        if self.to(event_id) is answer:
            del self._to[event_id]
        if answer.turn_id is not None and self._of.get(answer.turn_id) is answer:
            del self._of[answer.turn_id]
