"""Learning with the model, after the reply: what rules did not find in a message.

One message at a time, in a task of its own that gives way to chat. Which messages still wait is
known to this process alone: after a restart they are not read again, which loses nothing, since
every turn stays in the log. The line holds ids; words are read when their turn comes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from bot.domain.conversation import Scope
from bot.domain.fact import FactSource, FactStatus
from bot.domain.identity import PersonId
from bot.domain.operation import Actor
from bot.domain.turn import Turn, TurnId
from bot.engine.capability import Capability
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.memory_store import apply_patch
from bot.engine.model_extraction import ModelExtraction
from bot.engine.shielding import shielded
from bot.errors import EllieError
from bot.log import bound, get_logger
from bot.memory.consolidation import consolidate
from bot.memory.extraction.candidate import Candidate
from bot.memory.extraction.probe import Tier
from bot.memory.extraction.rules import extract
from bot.memory.operations import ChangeContext
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock, IdSource

log = get_logger(__name__)

MAX_WAITING = 200
"""Messages. When more come than the model can read, the oldest are left to the rules alone."""


@dataclass(frozen=True, slots=True)
class _Offered:
    """A turn to be read: whose and which, without its words, so that forgetting reaches them."""

    person_id: PersonId
    turn_id: TurnId


class BackgroundLearning:
    """Reads offered turns one after another, from :meth:`start` to :meth:`stop`."""

    def __init__(
        self,
        storage: Storage,
        *,
        extraction: ModelExtraction,
        capability: Capability,
        traffic: ChatTraffic,
        clock: Clock,
        ids: IdSource,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._storage = storage
        self._extraction = extraction
        self._capability = capability
        self._traffic = traffic
        self._clock = clock
        self._ids = ids
        self._waiting: deque[_Offered] = deque(maxlen=max_waiting)
        self._offered = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to choose a tier and to read."""
        self._task = asyncio.create_task(self._run(), name="background-learning")

    async def stop(self) -> None:
        """End at once. What is being stored is stored whole; everything else is dropped."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        self._waiting.clear()

    def offer(self, turn: Turn) -> None:
        """Have a finished turn read when there is time. May be called at any time; never waits."""
        if self._task is None or self._task.done() or turn.unremembered or turn.number == 0:
            return
        self._waiting.append(_Offered(turn.person_id, turn.id))
        self._offered.set()

    async def _run(self) -> None:
        tier = await self._tier()
        if tier is Tier.RULES:
            self._waiting.clear()
            return
        while True:
            await self._offered.wait()
            self._offered.clear()
            while self._waiting:
                offered = self._waiting.popleft()
                with bound(turn=offered.turn_id, person=offered.person_id):
                    await self._learn_safely(offered, tier)

    async def _tier(self) -> Tier:
        try:
            return await self._capability.tier()
        except EllieError as error:
            log.info("extraction_without_model", reason=str(error))
        except Exception:
            # Whatever is wrong with the model, rules read on, and chat tells of its own trouble.
            log.exception("extraction_without_model")
        return Tier.RULES

    async def _learn_safely(self, offered: _Offered, tier: Tier) -> None:
        try:
            await self._learn(offered, tier)
        except EllieError as error:
            log.debug("background_learning_failed", error=str(error))
        except Exception:
            # One message that nobody foresaw must not end the learning from all that follow.
            log.exception("background_learning_failed")

    async def _learn(self, offered: _Offered, tier: Tier) -> None:
        async with self._storage.unit_of_work() as work:
            turn = await _still_there(work, offered)
        if turn is None:
            return
        known = extract(turn.text, turn.received_at)
        found = await self._traffic.undisturbed(
            lambda: self._extraction.find(tier, turn.text, turn.received_at, known)
        )
        log.debug("message_read", tier=tier.value, found=len(found))
        if found:
            await shielded(self._store(offered, turn, found))

    async def _store(self, offered: _Offered, read: Turn, found: tuple[Candidate, ...]) -> None:
        async with self._storage.unit_of_work() as work:
            number = await work.facts.begin_change(offered.person_id)
            turn = await _still_there(work, offered)
            if turn is None or turn.text != read.text or await _is_paused(work, offered.person_id):
                return
            facts = await work.facts.of(Scope.in_private(turn.person_id), {FactStatus.ACTIVE})
            context = ChangeContext(
                person_id=turn.person_id,
                audience=turn.audience,
                actor=Actor.EXTRACTION,
                now=turn.received_at,
                new_id=self._ids.new_id,
                next_number=number,
                turn_id=turn.id,
                source=FactSource.MODEL,
                recorded_at=self._clock.now(),
            )
            await apply_patch(work, consolidate(found, facts, context))
            await work.commit()


async def _still_there(work: UnitOfWork, offered: _Offered) -> Turn | None:
    scope = Scope.in_private(offered.person_id)
    turns = await work.turns.by_ids(scope, [offered.turn_id])
    return next((turn for turn in turns if not turn.unremembered), None)


async def _is_paused(work: UnitOfWork, person_id: PersonId) -> bool:
    """Whether the person stopped Ellie from learning after they had said it."""
    for identity in await work.persons.identities(person_id):
        if (person := await work.persons.find(identity)) is not None:
            return person.paused or person.incognito
    return True
