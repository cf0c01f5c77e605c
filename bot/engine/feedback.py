"""Taking down what people think of the replies they got."""

from __future__ import annotations

from enum import StrEnum

from bot.domain.conversation import Scope
from bot.domain.feedback import Verdict
from bot.domain.identity import IdentityRef
from bot.domain.turn import TurnId
from bot.log import get_logger
from bot.ports.storage import Storage
from bot.ports.system import Clock

log = get_logger(__name__)


class FeedbackResult(StrEnum):
    """What became of a verdict."""

    TAKEN = "taken"
    TAKEN_BACK = "taken_back"
    """The same one was given before, and is gone now."""
    NOT_YOURS = "not_yours"
    """The reply was to somebody else, or is not stored."""


class Feedback:
    """Keeps one verdict for each reply, of the person who got it."""

    def __init__(self, storage: Storage, *, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def give(
        self, identity: IdentityRef, turn_id: TurnId, verdict: Verdict
    ) -> FeedbackResult:
        """Take a verdict in place of an earlier one; the same once more takes it back.

        Raises:
            StorageError: the database cannot be used.
        """
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None:
                return FeedbackResult.NOT_YOURS
            scope = Scope.in_private(person.id)
            if not await work.turns.by_ids(scope, [turn_id]):
                return FeedbackResult.NOT_YOURS
            is_same = await work.feedback.get(scope, turn_id) is verdict
            await work.feedback.set(turn_id, None if is_same else verdict, at=self._clock.now())
            await work.commit()
        log.info("feedback_given", turn=turn_id, verdict=verdict, taken_back=is_same)
        return FeedbackResult.TAKEN_BACK if is_same else FeedbackResult.TAKEN
