"""Quotas in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from bot.domain.bucket import Bucket
from bot.errors import StorageError
from bot.ports.quota_storage import BucketKey
from storage.inmemory_state import State


class InMemoryQuotaRepository:
    """:class:`~bot.ports.quota_storage.QuotaRepository` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def get(self, keys: Collection[BucketKey]) -> Mapping[BucketKey, Bucket]:
        """Those of the buckets that are there."""
        return {key: self._state.quotas[key] for key in keys if key in self._state.quotas}

    async def begin_taking(self, key: BucketKey, *, full: Bucket) -> Bucket:
        """The bucket, or ``full`` when there is none."""
        if key.person_id is not None and key.person_id not in self._state.persons:
            message = "A bucket needs a person who exists."
            raise StorageError(message)
        return self._state.quotas.setdefault(key, full)

    async def save(self, key: BucketKey, bucket: Bucket) -> None:
        """Keep what is left of a bucket."""
        if key in self._state.quotas:
            self._state.quotas[key] = bucket

    async def drop_full(self, *, before: datetime, debts_before: datetime, limit: int) -> int:
        """Remove buckets that are full by now."""
        gone = [
            key
            for key, bucket in self._state.quotas.items()
            if (bucket.updated_at < before and bucket.level >= 0)
            or bucket.updated_at < debts_before
        ][:limit]
        for key in gone:
            del self._state.quotas[key]
        return len(gone)
