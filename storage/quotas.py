"""Quotas: what is left of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, or_, select, tuple_, update

from bot.domain.bucket import Bucket
from bot.errors import StorageError
from bot.ports.quota_storage import BucketKey
from storage.administration_tables import quota_buckets
from storage.statements import AnyRow, Statements

_TRIES = 5
"""A bucket that was found missing may be there a moment later, and gone again after that."""


class SqlQuotaRepository:
    """:class:`~bot.ports.quota_storage.QuotaRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def get(self, keys: Collection[BucketKey]) -> Mapping[BucketKey, Bucket]:
        """Those of the buckets that are there, as they were last saved."""
        if not keys:
            return {}
        named = {(key.holder, str(key.measure)): key for key in keys}
        rows = await self._statements.all(
            select(quota_buckets).where(
                tuple_(quota_buckets.c.holder, quota_buckets.c.measure).in_(list(named))
            )
        )
        return {named[row.holder, row.measure]: _bucket(row) for row in rows}

    async def begin_taking(self, key: BucketKey, *, full: Bucket) -> Bucket:
        """The bucket, for this unit of work alone until it ends; ``full`` when there is none."""
        for _ in range(_TRIES):
            row = await self._statements.first(
                select(quota_buckets).where(_is(key)).with_for_update()
            )
            if row is not None:
                return _bucket(row)
            # A row that is there can be locked: of two that find none, the second waits here.
            await self._statements.add(
                quota_buckets,
                {
                    "holder": key.holder,
                    "measure": key.measure,
                    "person_id": key.person_id,
                    "level": full.level,
                    "updated_at": full.updated_at,
                },
            )
        message = "What is left of a quota could not be read, because it was removed meanwhile."
        raise StorageError(message)

    async def save(self, key: BucketKey, bucket: Bucket) -> None:
        """Keep what is left of a bucket."""
        await self._statements.run(
            update(quota_buckets)
            .where(_is(key))
            .values(level=bucket.level, updated_at=bucket.updated_at)
        )

    async def drop_full(self, *, before: datetime, debts_before: datetime, limit: int) -> int:
        """Remove buckets that are full by now."""
        # Locked rows are left alone: somebody is just taking from them.
        found = await self._statements.all(
            select(quota_buckets.c.holder, quota_buckets.c.measure)
            .where(
                or_(
                    and_(quota_buckets.c.updated_at < before, quota_buckets.c.level >= 0),
                    quota_buckets.c.updated_at < debts_before,
                )
            )
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        for row in found:
            await self._statements.run(
                delete(quota_buckets).where(
                    quota_buckets.c.holder == row.holder, quota_buckets.c.measure == row.measure
                )
            )
        return len(found)


def _is(key: BucketKey) -> ColumnElement[bool]:
    return and_(quota_buckets.c.holder == key.holder, quota_buckets.c.measure == key.measure)


def _bucket(row: AnyRow) -> Bucket:
    return Bucket(level=row.level, updated_at=row.updated_at)
