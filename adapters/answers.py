"""The answers on their way: found by the message that is answered, or by the turn."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from contextlib import AbstractContextManager
from typing import Any, Generic

from adapters.answer import Answer, S
from adapters.tasks import OwnedTasks
from bot.domain.turn import TurnId
from bot.engine.deliveries import Deliveries
from bot.errors import StorageError
from bot.log import get_logger

log = get_logger(__name__)


class Answers(Generic[S]):
    """Runs a task for each answer, and forgets it when it is shown.

    What is answered is named by its platform: the id of a message or of an interaction.
    """

    def __init__(self, tasks: OwnedTasks) -> None:
        self._tasks = tasks
        self._to: dict[Hashable, Answer[S]] = {}
        self._of: dict[TurnId, Answer[S]] = {}
        self._task: dict[Answer[S], asyncio.Task[object]] = {}
        self.given_up: set[TurnId] = set()
        """Turns whose answers the platform did not take, however often it was tried."""

    def to(self, event_id: Hashable) -> Answer[S] | None:
        """The answer to a message or an interaction."""
        return self._to.get(event_id)

    def of(self, turn_id: TurnId) -> Answer[S] | None:
        """The answer of a turn."""
        return self._of.get(turn_id)

    def every(self) -> tuple[Answer[S], ...]:
        """All of them."""
        return tuple(self._task)

    def taking(self) -> AbstractContextManager[None]:
        """Have whoever waits for all answers wait for what is being taken now, too."""
        return self._tasks.joined()

    def show(self, event_id: Hashable, answer: Answer[S]) -> None:
        """Show an answer from now on."""
        task: asyncio.Task[object] = self._tasks.start(answer.show(), name=f"answer-{event_id}")
        self._to[event_id] = answer
        self._task[answer] = task
        if answer.turn_id is not None:
            self._of[answer.turn_id] = answer
            self.given_up.discard(answer.turn_id)
        task.add_done_callback(lambda _: self._forget(event_id, answer))

    async def ended(self, answer: Answer[S]) -> None:
        """Wait until an answer is shown, as far as it will be."""
        if answer in self._task:
            await asyncio.wait({self._task[answer]})

    async def end_unseen(self, answer: Answer[S], deliveries: Deliveries) -> None:
        """End an answer that nobody is to see, and have told again what only its end told."""
        answer.retract()
        await self.ended(answer)
        if answer.turn_id is None:
            return
        try:
            await deliveries.unseen(answer.turn_id)
        except StorageError as error:
            log.error("unseen_end_not_noted", error=str(error))

    def _forget(self, event_id: Hashable, answer: Answer[S]) -> None:
        del self._task[answer]
        if self.to(event_id) is answer:
            del self._to[event_id]
        if answer.turn_id is not None and self._of.get(answer.turn_id) is answer:
            del self._of[answer.turn_id]
            if answer.is_given_up:
                self.given_up.add(answer.turn_id)


AnyAnswers = Answers[Any]
"""Those of a platform of which nothing more has to be known."""
