"""Models write GitHub's Markdown, and so does Slack's markdown block; but nobody is to be called.

https://docs.slack.dev/reference/block-kit/blocks/markdown-block lists what Slack shows: nearly all
that models write, tables and task lists included.
"""

from __future__ import annotations

import regex

HIDDEN_BREAK = "\u200b"
"""Zero-width space: takes the meaning from what Slack would act on."""

_ALARMS = "channel|everyone|group|here"
_ACTING = regex.compile(rf"<(?=[@!#])|@(?=(?:{_ALARMS})\b)", regex.IGNORECASE)
_UNDECIDED = regex.compile(r"(?:<|@[A-Za-z]{0,8})$")
"""What may become a call with what is written next."""


def for_slack(text: str) -> str:
    """``text`` so that it calls nobody: neither people nor groups nor everyone in a channel.

    What would, in code too, gets a zero-width space. Of a text that grows, the part before
    :func:`undecided` stays as it is.
    """
    return _ACTING.sub(lambda found: f"{found[0]}{HIDDEN_BREAK}", text)


def undecided(text: str) -> int:
    """How many characters at the end of a text that still grows cannot be shown yet."""
    found = _UNDECIDED.search(text, max(0, len(text) - 10))
    return len(found[0]) if found else 0


def escaped(text: str) -> str:
    """``text`` as Slack's own markup has it: three characters are written otherwise.

    https://docs.slack.dev/messaging/formatting-message-text
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
