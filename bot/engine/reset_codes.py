"""One-time codes by which an admin says twice that memory is to be reset."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.engine.linking import digest_of
from bot.ports.system import Clock, IdSource

LIFETIME = timedelta(minutes=10)

MOST_CODES = 256
"""So many are remembered at once; the oldest goes when there is another one."""

MOST_TRIES = 5
"""So many wrong codes may be typed before the right one is void."""

Purpose = tuple[str, ...]
"""What a code is good for: the tenant, the account of who got it, what goes, and when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    digest: str
    expires_at: datetime
    tries: int = 0


class ResetCodes:
    """Kept in the memory of the process alone: after a restart there is none."""

    def __init__(self, *, clock: Clock, ids: IdSource) -> None:
        self._clock = clock
        self._ids = ids
        self._codes: OrderedDict[Purpose, _Code] = OrderedDict()

    def issue(self, purpose: Purpose) -> str:
        """A new code; an earlier one for the same is void."""
        code = self._ids.new_code()
        self._codes.pop(purpose, None)
        while len(self._codes) >= MOST_CODES:
            self._codes.popitem(last=False)
        self._codes[purpose] = _Code(
            digest=digest_of(code), expires_at=self._clock.now() + LIFETIME
        )
        return code

    def redeem(self, purpose: Purpose, typed: str) -> bool:
        """Whether ``typed`` is the code for that. A right one is used up."""
        code = self._codes.pop(purpose, None)
        if code is None or code.expires_at <= self._clock.now():
            return False
        if hmac.compare_digest(code.digest, digest_of(typed)):
            return True
        if code.tries + 1 < MOST_TRIES:
            self._codes[purpose] = replace(code, tries=code.tries + 1)
        return False
