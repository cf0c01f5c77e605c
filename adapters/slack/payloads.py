"""What Slack sends is only JSON: each part of it is there, or is of another kind, or is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def text_of(raw: Mapping[str, Any], key: str) -> str:
    """A string; empty where there is none."""
    value = raw.get(key)
    return value if isinstance(value, str) else ""


def number_of(raw: Mapping[str, Any], key: str) -> int | None:
    """A whole number, if there is one."""
    value = raw.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def mapping_of(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An object; empty where there is none."""
    value = raw.get(key)
    return value if isinstance(value, Mapping) else {}


def mappings_of(raw: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    """The objects in a list; none where there is no list."""
    value = raw.get(key)
    return (
        (one for one in value if isinstance(one, Mapping)) if isinstance(value, list) else iter(())
    )
