"""Linking: how one person shows that two accounts are theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.identity import PersonId

CODE_LIFETIME = timedelta(minutes=10)
"""A code that nobody redeemed for so long is worth nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCode:
    """A one-time code as it is stored: only its digest, so that reading the database links nobody.

    ``digest`` is the SHA-256 of the code in hexadecimal.
    """

    digest: str
    person_id: PersonId
    issued_at: datetime
    expires_at: datetime
