"""Quotas in the turn: what a message takes from whose buckets, and what is left in them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.bucket import Bucket, charged, refilled, taken, time_until_full
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import IdentityRef, PersonId, Platform
from bot.domain.place_policy import PlacePolicy
from bot.domain.quota import Quota, QuotaHolder, QuotaMeasure, Rate
from bot.ports.policy_source import FixedPolicy, PolicySource
from bot.ports.quota_storage import BucketKey
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock

MAX_UNSTORED = 2000
"""Buckets of people incognito that are kept in memory; the one unused for longest goes first."""

_ORDER = tuple(Quota(holder, measure) for holder in QuotaHolder for measure in QuotaMeasure)
"""In which buckets are locked: a person's first, as everywhere, and then what people share."""

Limits = Mapping[Quota, Rate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """A quota that is used up: whose, in the person's language and place, and for how long.

    ``words`` are some of the person's own.
    """

    holder: QuotaHolder
    platform: Platform
    wait: timedelta
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaState:
    """What is left of a quota; never less than nothing."""

    quota: Quota
    rate: Rate
    left: int
    full_in: timedelta


def limits_in(conversation: ConversationRef, policy: PlacePolicy) -> Limits:
    """What a policy allows in a conversation. The terminal has no quotas."""
    return {} if conversation.platform is Platform.CONSOLE else policy.quotas


class Quotas:
    """Takes turns and tokens from the buckets that the policy of a place names.

    What is taken for people who are incognito is counted in this process's memory, and is stored
    nowhere; they are refused as well when what is stored is used up. The terminal has no quotas.
    """

    def __init__(
        self, storage: Storage, *, clock: Clock, policies: PolicySource | None = None
    ) -> None:
        """Without ``policies`` there are none anywhere."""
        self._storage = storage
        self._policies = policies or FixedPolicy()
        self._clock = clock
        self._unstored: OrderedDict[BucketKey, Bucket] = OrderedDict()

    async def limits(self, conversation: ConversationRef) -> Limits:
        """What holds in a place.

        Raises:
            StorageError: the policy cannot be read.
        """
        return limits_in(conversation, await self._policies.of(conversation))

    async def take(
        self, work: UnitOfWork, person_id: PersonId, conversation: ConversationRef, limits: Limits
    ) -> Spent | None:
        """Take one turn from each bucket; or say which is used up, and then from none.

        Tokens are charged after the reply: here their buckets are only looked at.
        """
        now = self._clock.now()
        waits: dict[QuotaHolder, timedelta] = {}
        left: dict[BucketKey, Bucket] = {}
        for quota, rate, key in _buckets(person_id, conversation, limits):
            full = refilled(None, rate, now)
            bucket = await work.quotas.begin_taking(key, full=full)
            _take_one(quota, key, taken(bucket, rate, now), left, waits)
        if waits:
            return _longest(waits, conversation)
        for key, bucket in left.items():
            await work.quotas.save(key, bucket)
        return None

    async def charge(
        self,
        work: UnitOfWork,
        person_id: PersonId,
        conversation: ConversationRef,
        limits: Limits,
        tokens: int,
    ) -> None:
        """Take the tokens of a prompt and its reply, perhaps more than there are."""
        now = self._clock.now()
        for quota, rate, key in _buckets(person_id, conversation, limits):
            if quota.measure is QuotaMeasure.TOKENS and tokens:
                bucket = await work.quotas.begin_taking(key, full=refilled(None, rate, now))
                await work.quotas.save(key, charged(bucket, rate, now, tokens))

    async def take_unstored(
        self, work: UnitOfWork, person_id: PersonId, conversation: ConversationRef, limits: Limits
    ) -> Spent | None:
        """As :meth:`take`, for somebody who is incognito: nothing is stored."""
        now = self._clock.now()
        named = _buckets(person_id, conversation, limits)
        stored = await work.quotas.get([key for _, _, key in named])
        waits: dict[QuotaHolder, timedelta] = {}
        left: dict[BucketKey, Bucket] = {}
        for quota, rate, key in named:
            for source in (stored, self._unstored):
                _take_one(quota, key, taken(source.get(key), rate, now), left, waits)
        if waits:
            return _longest(waits, conversation)
        for key, bucket in left.items():
            self._keep(key, bucket)
        return None

    def charge_unstored(
        self, person_id: PersonId, conversation: ConversationRef, limits: Limits, tokens: int
    ) -> None:
        """As :meth:`charge`, for somebody who is incognito: nothing is stored."""
        now = self._clock.now()
        for quota, rate, key in _buckets(person_id, conversation, limits):
            if quota.measure is QuotaMeasure.TOKENS and tokens:
                self._keep(key, charged(self._unstored.get(key), rate, now, tokens))

    async def states(
        self, identity: IdentityRef, conversation: ConversationRef
    ) -> tuple[QuotaState, ...]:
        """What is left of the quotas that hold for somebody in a place, theirs first.

        Raises:
            StorageError: the database cannot be used.
        """
        limits, now = await self.limits(conversation), self._clock.now()
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            # Nobody has that id: whoever never said anything has used nothing.
            named = _buckets(PersonId("") if person is None else person.id, conversation, limits)
            stored = await work.quotas.get([key for _, _, key in named])
        return tuple(
            min(
                (_state(quota, rate, source.get(key), now) for source in (stored, self._unstored)),
                key=lambda state: state.left,
            )
            for quota, rate, key in named
        )

    def _keep(self, key: BucketKey, bucket: Bucket) -> None:
        self._unstored[key] = bucket
        self._unstored.move_to_end(key)
        if len(self._unstored) > MAX_UNSTORED:
            self._unstored.popitem(last=False)


def _buckets(
    person_id: PersonId, conversation: ConversationRef, limits: Limits
) -> list[tuple[Quota, Rate, BucketKey]]:
    """The buckets that there are in a place, in the order in which they are locked.

    A direct message is in no channel that anybody shares.
    """
    audience = conversation.audience
    holders = {QuotaHolder.PERSON: f"person:{person_id}"}
    if conversation.visibility is not Visibility.DIRECT:
        holders[QuotaHolder.CHANNEL] = f"channel:{audience.channel}"
    if audience.tenant_id is not None:
        holders[QuotaHolder.TENANT] = f"tenant:{audience.tenant_id}"
    return [
        (
            quota,
            limits[quota],
            BucketKey(
                holder=holders[quota.holder],
                measure=quota.measure,
                person_id=person_id if quota.holder is QuotaHolder.PERSON else None,
            ),
        )
        for quota in _ORDER
        if quota in limits and quota.holder in holders
    ]


def _take_one(
    quota: Quota,
    key: BucketKey,
    answer: Bucket | timedelta,
    left: dict[BucketKey, Bucket],
    waits: dict[QuotaHolder, timedelta],
) -> None:
    if isinstance(answer, timedelta):
        waits[quota.holder] = max(answer, waits.get(quota.holder, answer))
    elif quota.measure is QuotaMeasure.TURNS:
        left[key] = answer


def _longest(waits: Mapping[QuotaHolder, timedelta], conversation: ConversationRef) -> Spent:
    holder = max(waits, key=lambda holder: waits[holder])
    return Spent(holder=holder, platform=conversation.platform, wait=waits[holder])


def _state(quota: Quota, rate: Rate, bucket: Bucket | None, now: datetime) -> QuotaState:
    left = refilled(bucket, rate, now).level
    return QuotaState(
        quota=quota,
        rate=rate,
        left=max(int(left + 1e-6), 0),
        full_in=time_until_full(bucket, rate, now),
    )
