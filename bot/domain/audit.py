"""The audit log: who managed what, when, and how that ended. Without anybody's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from bot.domain.identity import PersonId, TenantId

AuditId = NewType("AuditId", str)

Detail = Mapping[str, int | str]
"""Counts, and names of settings with what was chosen from a list. Never what somebody wrote."""

OWNER = "owner"
"""Who acts at the shell of the machine."""


class AuditOutcome(StrEnum):
    """How an action ended."""

    BEGUN = "begun"
    """It is going on, or the process was killed meanwhile."""
    ASKED = "asked"
    """Nothing changed yet: a question waits for its answer, which is an entry of its own."""
    DONE = "done"
    REFUSED = "refused"
    """It was understood, and could not be done as things are."""
    WITHDRAWN = "withdrawn"
    """The question was answered with no."""
    DENIED = "denied"
    """Whoever asked for it may not do that, or not there."""
    FAILED = "failed"
    """Something broke, or Ellie was stopped. What it was is in the detail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One action, or one attempt.

    ``actor`` is an account as :func:`~bot.domain.account.account_name` writes it, or
    :data:`OWNER`. ``action`` is the name of a command. ``person_id`` is whom it concerned, if
    anybody. ``tenant_id`` is None for what concerns the whole instance, and in direct messages.
    """

    id: AuditId
    happened_at: datetime
    actor: str
    action: str
    outcome: AuditOutcome
    tenant_id: TenantId | None = None
    channel: str | None = None
    person_id: PersonId | None = None
    detail: Detail = field(default_factory=dict)
