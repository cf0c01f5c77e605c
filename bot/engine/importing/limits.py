"""How large each value of a document may be, and what it may be made of."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from bot.engine.importing.problems import Problem

MAX_TEXT = 1_000_000
"""Characters of what somebody said or was told."""
MAX_NAME = 2_000
"""Characters of anything else."""
MAX_ENTRIES = 100_000
"""Things in a list inside of another thing, and names in an object."""
MAX_COUNT = 2**31 - 1
MAX_SIZE = 2**53
"""Of a file in bytes."""

_TEXTS = frozenset({"text", "reply", "quote", "alt_text", "caption", "description"})
_IDS = frozenset(
    {
        "id",
        "person_id",
        "conversation_id",
        "turn_id",
        "turn_ids",
        "fact_id",
        "item_id",
        "job_id",
        "conflicts_with",
        "superseded_by",
        "undoes",
    }
)
_SHARES = frozenset({"confidence", "strength"})
_NEEDED = frozenset({"external_id", "event_key"})
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_FIRST = datetime(2, 1, 1, tzinfo=UTC)
_LAST = datetime(9998, 1, 1, tzinfo=UTC)


def out_of_bounds(document: Any) -> Iterator[Problem]:
    """Every value of a document, which is a dataclass, that cannot be kept as it is."""
    for field in dataclasses.fields(document):
        value = getattr(document, field.name)
        if isinstance(value, tuple):
            # The lists of a document are as long as a life.
            for index, item in enumerate(value):
                yield from _in(f"{field.name}[{index}]", field.name, item)
        else:
            yield from _in(field.name, field.name, value)


def _in(place: str, name: str, value: Any) -> Iterator[Problem]:
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _in(f"{place}.{field.name}", field.name, getattr(value, field.name))
    elif isinstance(value, tuple | Mapping):
        yield from _of_many(place, name, value)
    elif message := _of_scalar(name, value):
        yield Problem(place, message)


def _of_scalar(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, Enum | bool):
        return None
    if isinstance(value, str):
        return _of_text(name, value)
    if isinstance(value, datetime):
        return _of_time(value)
    return _of_number(name, value)


def _of_many(
    place: str, name: str, value: tuple[Any, ...] | Mapping[Any, Any]
) -> Iterator[Problem]:
    if len(value) > MAX_ENTRIES:
        yield Problem(place, f"has more than {MAX_ENTRIES:,} entries")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if message := _of_text("", key):
                yield Problem(place, f"has a name in it that {message}")
            yield from _in(place, name, item)
    else:
        for index, item in enumerate(value):
            yield from _in(f"{place}[{index}]", name, item)


def _of_text(name: str, text: str) -> str | None:
    if name in _IDS:
        allowed = "letters, digits and _ . : - beginning with a letter or digit"
        return None if _ID.fullmatch(text) else f"has to be an id: at most 64 of {allowed}"
    longest = MAX_TEXT if name in _TEXTS else MAX_NAME
    if len(text) > longest:
        return f"is longer than {longest:,} characters"
    if not text and name in _NEEDED:
        return "is empty"
    if _UNSTORABLE.search(text):
        return "has a character that no database keeps (NUL, or half a surrogate pair)"
    return None


def _of_number(name: str, number: float) -> str | None:
    if isinstance(number, int):
        most = MAX_SIZE if name == "size" else MAX_COUNT
        return None if 0 <= number <= most else f"has to be from 0 to {most:,}"
    if not math.isfinite(number):
        return "is no finite number"
    return "has to be from 0 to 1" if name in _SHARES and not 0 <= number <= 1 else None


def _of_time(moment: datetime) -> str | None:
    if moment.utcoffset() is None:
        return "has to have a time zone, as in 2026-01-02T03:04:05+00:00"
    return None if _FIRST < moment < _LAST else "is out of all bounds"
