"""The repository of quotas. Used inside a unit of work; see :mod:`bot.ports.storage`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.bucket import Bucket
from bot.domain.identity import PersonId
from bot.domain.quota import QuotaMeasure


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketKey:
    """Whose bucket it is, and of what.

    ``holder`` is ``person:`` with the person's id, ``channel:`` with the channel of an audience, or
    ``tenant:`` with the tenant's id. ``person_id`` is set where it is a person.
    """

    holder: str
    measure: QuotaMeasure
    person_id: PersonId | None = None


class QuotaRepository(Protocol):
    """Buckets. A person's go with the person; one that is not there is full."""

    async def get(self, keys: Collection[BucketKey]) -> Mapping[BucketKey, Bucket]:
        """Those of the buckets that are there, as they were last saved."""

    async def begin_taking(self, key: BucketKey, *, full: Bucket) -> Bucket:
        """The bucket, for this unit of work alone until it ends; ``full`` when there is none.

        Other units of work that begin taking from it wait. Whoever takes from several begins in
        one order everywhere: the person's, the channel's, the tenant's.

        Raises:
            StorageError: the person is gone.
        """

    async def save(self, key: BucketKey, bucket: Bucket) -> None:
        """Keep what is left of a bucket after :meth:`begin_taking`."""

    async def drop_full(self, *, before: datetime, debts_before: datetime, limit: int) -> int:
        """Remove up to ``limit`` buckets that were last used before ``before``; returns how many.

        One that was left with less than nothing stays until ``debts_before``. Those that are just
        being used stay.
        """
