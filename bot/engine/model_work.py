"""What somebody asks of a model by a command: admitted, counted and paid like a message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.consent import is_kept
from bot.domain.conversation import ConversationRef
from bot.domain.identity import IdentityRef, Person, PersonId
from bot.domain.place_policy import PlacePolicy
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.house_rules import HouseRules, nobody
from bot.engine.incognito import passer_by_id
from bot.engine.quotas import Limits, Quotas, Spent, limits_in
from bot.errors import GenerationTimeoutError, StorageError
from bot.log import get_logger
from bot.ports.condensing import Written
from bot.ports.policy_source import FixedPolicy, PolicySource
from bot.ports.storage import Storage

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, and where. ``ruled`` is the place whose policy holds in ``conversation``."""

    identity: IdentityRef
    conversation: ConversationRef
    ruled: ConversationRef
    roles: AbstractSet[str] = frozenset()


class NotNow(StrEnum):
    """Why nothing is asked of a model."""

    DENIED = "denied"
    """This place does not let the person use Ellie."""
    BUSY = "busy"
    """Something that the person asked before is still being worked on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Somebody who may ask something.

    ``person`` is None for somebody whom Ellie does not know. Where nothing of them is kept,
    ``counted`` is no id of anybody stored.
    """

    asker: Asker
    person: Person | None
    counted: PersonId
    policy: PlacePolicy
    limits: Limits
    is_stored: bool

    @property
    def key(self) -> str:
        """Tells people apart, also those who are stored nowhere."""
        return str(self.counted)


class ModelWork:
    """Lets people in, one request of each at a time, and takes what it costs from their quotas.

    Nothing but quotas is written: no turn, no memory, and nobody becomes a person by it.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        quotas: Quotas,
        policies: PolicySource | None = None,
        traffic: ChatTraffic | None = None,
        is_owner: Callable[[IdentityRef], bool] = nobody,
        time_limit_seconds: float = 300.0,
    ) -> None:
        """``time_limit_seconds`` is for all that one request takes, waiting included."""
        self._storage = storage
        self._quotas = quotas
        self._policies = policies or FixedPolicy()
        self._traffic = traffic or ChatTraffic()
        self._is_owner = is_owner
        self._time_limit_seconds = time_limit_seconds
        self._working: set[str] = set()

    async def known(self, asker: Asker) -> Admitted | NotNow:
        """What is known of whoever asks, or why they may not. Takes nothing yet.

        Raises:
            StorageError: the database cannot be used.
        """
        policy = await self._policies.of(asker.ruled)
        rules = HouseRules(policy=policy, place=asker.ruled, is_owner=self._is_owner)
        if not rules.admits(asker.identity, asker.roles):
            return NotNow.DENIED
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(asker.identity)
        kept = person is not None and is_kept(policy.memory, person)
        known = Admitted(
            asker=asker,
            person=person,
            counted=person.id if kept and person else passer_by_id(asker.identity),
            policy=policy,
            limits=limits_in(asker.conversation, policy),
            is_stored=bool(kept and person and not person.incognito),
        )
        return NotNow.BUSY if known.key in self._working else known

    async def take(self, known: Admitted) -> Spent | None:
        """Take what a message costs; or say which quota is used up.

        Raises:
            StorageError: the database cannot be used.
        """
        if not known.limits:
            return None
        conversation = known.asker.conversation
        async with self._storage.unit_of_work() as work:
            if not known.is_stored:
                return await self._quotas.take_unstored(
                    work, known.counted, conversation, known.limits
                )
            spent = await self._quotas.take(work, known.counted, conversation, known.limits)
            if spent is None:
                await work.commit()
        return spent

    async def do(self, known: Admitted, work: Callable[[], Awaitable[Written]]) -> Written | NotNow:
        """Have a model write, and charge its tokens.

        Raises:
            GenerationTimeoutError: it took too long.
            GenerationError: the model did not manage.
            ModelError: it cannot be loaded.
        """
        if known.key in self._working:
            return NotNow.BUSY
        async with self._under_way(known.key):
            try:
                async with asyncio.timeout(self._time_limit_seconds):
                    written = await work()
            except TimeoutError as error:
                raise GenerationTimeoutError("It was not written in time.") from error
        await self._charge(known, written.tokens)
        return written

    @asynccontextmanager
    async def _under_way(self, key: str) -> AsyncIterator[None]:
        self._working.add(key)
        try:
            with self._traffic.answering():
                yield
        finally:
            self._working.discard(key)

    async def _charge(self, known: Admitted, tokens: int) -> None:
        """Whoever got an answer keeps it, also when it cannot be charged."""
        conversation = known.asker.conversation
        if not known.is_stored:
            self._quotas.charge_unstored(known.counted, conversation, known.limits, tokens)
            return
        if not known.limits:
            return
        try:
            async with self._storage.unit_of_work() as work:
                await self._quotas.charge(work, known.counted, conversation, known.limits, tokens)
                await work.commit()
        except StorageError as error:
            log.error("tokens_not_charged", error=str(error))
