"""What holds in a place: everything that those decide who may manage a server or workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.policy import AnswerPolicy
from bot.domain.quota import Quota, Rate


class MemoryMode(StrEnum):
    """Whether what people say in a place is stored."""

    OPT_OUT = "opt-out"
    """It is, unless they are incognito."""
    OPT_IN = "opt-in"
    """Only of those who agreed to it."""
    OFF = "off"
    """It is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacePolicy:
    """The policy of one place: a channel's own decisions, then its tenant's, then the defaults.

    Lists name accounts, roles and channels by the ids of their platform. An empty ``allow_…`` list
    allows everybody; whoever is on a ``deny_…`` list is denied whatever else holds. ``model`` is
    the name of a model among those that the owner allows, empty for the usual one. ``languages``
    are tags such as ``en``; empty for whatever people write. ``retention_days`` is None where
    things are kept for as long as people want.
    """

    answers: AnswerPolicy = AnswerPolicy.USUAL
    allow_users: frozenset[str] = frozenset()
    deny_users: frozenset[str] = frozenset()
    allow_roles: frozenset[str] = frozenset()
    deny_roles: frozenset[str] = frozenset()
    allow_channels: frozenset[str] = frozenset()
    deny_channels: frozenset[str] = frozenset()
    persona: str = ""
    system_text: str = ""
    model: str = ""
    memory: MemoryMode = MemoryMode.OPT_OUT
    languages: tuple[str, ...] = ()
    reads_context: bool = True
    quotas: Mapping[Quota, Rate] = field(default_factory=dict)
    retention_days: int | None = None


USUAL_POLICY = PlacePolicy()
"""What holds where nobody decided anything and the owner set nothing."""
