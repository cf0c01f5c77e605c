"""Writing turns down: stored before generation, finished after it, never twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.generation import FinishReason, GenerationResult
from bot.domain.identity import Person
from bot.domain.message import InboundMessage
from bot.domain.text import clean_text
from bot.domain.turn import (
    FailureReason,
    NewTurn,
    Turn,
    TurnId,
    TurnOutcome,
    TurnStatus,
    TurnTrace,
)
from bot.ports.storage import Storage
from bot.ports.system import Clock, IdSource, WorkerRegistry
from bot.prompt.assemble import Assembled

LEASE = timedelta(seconds=30)
"""For how long an accepted turn is believed to be worked on without news of its process."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A stored turn and whose it is."""

    person: Person
    turn: Turn


class TurnLedger:
    """The turn's three short transactions. Every method may raise a StorageError."""

    def __init__(
        self, storage: Storage, *, clock: Clock, ids: IdSource, workers: WorkerRegistry
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._ids = ids
        self._worker = workers.name

    async def admit(self, message: InboundMessage, text: str) -> Accepted | None:
        """Store a message; None when it was stored before and is, or is being, answered."""
        lease_until = self._clock.now() + LEASE
        async with self._storage.unit_of_work() as work:
            person = await work.persons.resolve(
                message.author, new_id=self._ids.new_id(), seen_at=message.received_at
            )
            conversation = await work.conversations.resolve(
                message.conversation, new_id=self._ids.new_id()
            )
            turn, is_new = await work.turns.accept(
                NewTurn(
                    id=TurnId(self._ids.new_id()),
                    person_id=person.id,
                    conversation_id=conversation.id,
                    audience=conversation.audience,
                    event_key=f"{message.conversation.platform}:{message.event_key}",
                    text=text,
                    received_at=message.received_at,
                    worker=self._worker,
                    lease_until=lease_until,
                )
            )
            # A platform repeats an event when it saw no answer. If the first attempt died, this
            # one takes over; otherwise it must stay silent.
            if not is_new and not await work.turns.reopen(
                turn.id, worker=self._worker, lease_until=lease_until
            ):
                return None
            await work.commit()
        return Accepted(person, turn)

    async def save(
        self,
        turn: Turn,
        result: GenerationResult,
        *,
        model: str,
        assembled: Assembled | None,
        timings_ms: Mapping[str, float],
    ) -> bool:
        """Store the reply and its trace.

        False when the turn is not this process's any more: it was erased meanwhile, or another
        process declared it interrupted.
        """
        cancelled = result.finish_reason is FinishReason.CANCELLED
        outcome = TurnOutcome(
            status=TurnStatus.CANCELLED if cancelled else TurnStatus.ANSWERED,
            finished_at=self._clock.now(),
            reply=clean_text(result.text),
        )
        async with self._storage.unit_of_work() as work:
            if not await work.turns.finish(turn.id, outcome, worker=self._worker):
                return False
            if assembled:
                await work.traces.save(
                    TurnTrace(
                        turn_id=turn.id,
                        person_id=turn.person_id,
                        model=model,
                        prompt_tokens=assembled.prompt.tokens,
                        reply_tokens=result.tokens,
                        finish_reason=result.finish_reason.value,
                        items=assembled.items,
                        timings_ms=dict(timings_ms),
                    )
                )
            await work.commit()
        return True

    async def fail(self, turn: Turn, reason: FailureReason) -> None:
        """Record that a turn has no reply, and why."""
        outcome = TurnOutcome(
            status=TurnStatus.FAILED, finished_at=self._clock.now(), failure=reason
        )
        async with self._storage.unit_of_work() as work:
            await work.turns.finish(turn.id, outcome, worker=self._worker)
            await work.commit()
