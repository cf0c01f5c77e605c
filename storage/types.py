"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_REFUSAL = "text with a NUL character or half a surrogate pair cannot be stored"


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Takes any time zone, refuses none at all, and gives back UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The same moment in UTC; without its zone for SQLite, which would drop it anyway."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a moment needs a time zone to be stored"
            raise ValueError(msg)
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The stored moment, aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class PlainText(TypeDecorator[str]):
    """Text of any length, without the two things that no database can be trusted with.

    PostgreSQL has no NUL and neither has halves of surrogate pairs. Refusing them here makes both
    databases behave alike, and keeps the text itself out of the driver's error message.
    """

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy passes it
        """The text unchanged."""
        if value is not None and _UNSTORABLE.search(value):
            raise ValueError(_REFUSAL)
        return value


class Json(TypeDecorator[Any]):
    """Structured values: JSONB on PostgreSQL, text on SQLite. Refuses what plain text refuses."""

    impl = JSON().with_variant(JSONB(), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy passes it
        """The value unchanged."""
        if any(_UNSTORABLE.search(text) for text in _texts(value)):
            raise ValueError(_REFUSAL)
        return value


def _texts(value: Any) -> Iterator[str]:
    """Every text inside a structured value. Its keys are names that Ellie gives."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _texts(item)
