"""A moment so many days ago, in the SQL of either database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from storage.types import UtcDateTime


class DaysBefore(FunctionElement[datetime]):
    """``now`` less so many times 24 hours; NULL, before which nothing lies, without a number."""

    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, now: datetime, days: ColumnElement[Any]) -> None:
        super().__init__(literal(now, UtcDateTime()), days)


@compiles(DaysBefore, "postgresql")
def _on_postgresql(element: DaysBefore, compiler: SQLCompiler, **given: Any) -> str:
    now, days = (compiler.process(part, **given) for part in element.clauses)
    # Hours, because a day of PostgreSQL may have 23 or 25 of them in the server's time zone.
    return f"({now} - make_interval(hours => 24 * {days}))"


@compiles(DaysBefore, "sqlite")
def _on_sqlite(element: DaysBefore, compiler: SQLCompiler, **given: Any) -> str:
    now, days = (compiler.process(part, **given) for part in element.clauses)
    # Moments are text there. The time of day stays, to the microsecond.
    return f"(date({now}, '-' || {days} || ' days') || substr({now}, 11))"
