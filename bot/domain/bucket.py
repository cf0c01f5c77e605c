"""Token buckets: how much is left of a quota, and how long until there is enough."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.quota import Rate

_TOLERANCE = 1e-6
"""By so much a level may be off after it was multiplied and divided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """What was left of a quota at a moment; below zero when more was used than there was.

    Nothing has to be done for it to fill: see :func:`refilled`. A full one says nothing, so that a
    bucket that is nowhere is a full one.
    """

    level: float
    updated_at: datetime


def refilled(bucket: Bucket | None, rate: Rate, now: datetime) -> Bucket:
    """The bucket as it is ``now``: it fills continuously and holds at most the rate's amount.

    A clock that goes back gives nothing: until it is where it was, nothing is added. One that was
    wrong by far does not keep the bucket empty for years: it fills after twice the rate's time at
    the latest. A bucket that was filled at another rate is clamped to this one.
    """
    if bucket is None:
        return Bucket(level=float(rate.amount), updated_at=now)
    passed = (now - bucket.updated_at).total_seconds()
    level = min(bucket.level + max(passed, 0.0) * rate.amount / rate.seconds, float(rate.amount))
    latest = now + timedelta(seconds=rate.seconds)
    return Bucket(level=level, updated_at=min(max(bucket.updated_at, now), latest))


def taken(
    bucket: Bucket | None, rate: Rate, now: datetime, cost: float = 1.0
) -> Bucket | timedelta:
    """The bucket without ``cost``, or how long to wait until there is so much in it.

    ``cost`` is at most the rate's amount: more is never in it.
    """
    full = refilled(bucket, rate, now)
    if full.level + _TOLERANCE >= cost:
        return Bucket(level=full.level - cost, updated_at=full.updated_at)
    return _time_until(cost, full, rate, now)


def charged(bucket: Bucket | None, rate: Rate, now: datetime, cost: float) -> Bucket:
    """The bucket without ``cost``, which was used already: less than nothing may be left."""
    full = refilled(bucket, rate, now)
    return Bucket(level=full.level - cost, updated_at=full.updated_at)


def time_until_full(bucket: Bucket | None, rate: Rate, now: datetime) -> timedelta:
    """How long it takes to fill when nothing more is used; zero when it is full."""
    return _time_until(rate.amount, refilled(bucket, rate, now), rate, now)


def _time_until(level: float, bucket: Bucket, rate: Rate, now: datetime) -> timedelta:
    missing = max(level - bucket.level, 0.0)
    if missing <= _TOLERANCE:
        return timedelta(0)
    # Rounded up to what a clock can tell apart: whoever waits so long finds enough.
    micros = math.ceil(missing * rate.seconds / rate.amount * 1_000_000)
    return max(bucket.updated_at - now, timedelta(0)) + timedelta(microseconds=micros)
