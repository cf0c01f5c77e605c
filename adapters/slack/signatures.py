"""Whether a request is Slack's, and whether it has been here before.

See https://docs.slack.dev/authentication/verifying-requests-from-slack/.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable

MAX_AGE_SECONDS = 300
"""Slack signs a request when it sends it, so an old one has been kept by somebody."""
REMEMBERED = 10_000
"""Requests. Slack sends at most 30,000 events an hour for a workspace, a quarter of that in
:data:`MAX_AGE_SECONDS`."""


class Signatures:
    """Checks requests against the app's signing secret. Time is in seconds since 1970."""

    def __init__(self, signing_secret: str, *, now: Callable[[], float]) -> None:
        self._secret = signing_secret.strip().encode()
        self._now = now
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()

    def trouble(self, body: bytes, timestamp: str, signature: str) -> str:
        """Why the request is not to be taken; empty when it is Slack's and fresh."""
        if not timestamp.isdecimal() or len(timestamp) > 12:  # noqa: PLR2004 - year 33658
            return "no timestamp"
        if abs(self._now() - int(timestamp)) > MAX_AGE_SECONDS:
            return "too old"
        signed = b"v0:" + timestamp.encode() + b":" + body
        expected = "v0=" + hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
            return "wrong signature"
        return ""

    def take(self, timestamp: str, signature: str) -> bool:
        """Remember a request that is Slack's; False when it has been taken before."""
        oldest = self._now() - 2 * MAX_AGE_SECONDS  # a clock may be ahead by as much
        while self._seen and next(iter(self._seen.values())) < oldest:
            self._seen.popitem(last=False)
        request = (timestamp, signature)
        if request in self._seen:
            return False
        if len(self._seen) >= REMEMBERED:
            self._seen.popitem(last=False)
        self._seen[request] = self._now()
        return True

    def give_back(self, timestamp: str, signature: str) -> None:
        """Have a request that came to nothing be taken once more."""
        self._seen.pop((timestamp, signature), None)
