"""Whether the app has taken what Slack sent, so that Slack need not send it again."""

from __future__ import annotations

from slack_bolt.response import BoltResponse

_TAKEN = 200
_NOBODY_LISTENS = 404
"""For what no listener is for. Sent again, it would find none either."""


def is_taken(response: BoltResponse, *, is_event: bool) -> bool:
    """What Bolt's answer to an envelope or a request means.

    Bolt asks Slack at the first one whose token it has. Where Slack refuses to say, its answer is
    a sentence for a person, with a good status; but an event is nobody's, and would be lost.
    """
    if response.status == _TAKEN:
        return not (is_event and response.body)
    return response.status == _NOBODY_LISTENS


def is_unheard(response: BoltResponse) -> bool:
    """Whether no listener is for it."""
    return response.status == _NOBODY_LISTENS
