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
_MAY_ACT = regex.compile(r"(?:<|@[A-Za-z]{0,8})\Z")
"""What may become a call with what is written next."""
_MAY_BE_FENCE = regex.compile(
    r"^[ \t>]*(?:`[^`\n]{0,40}|`{2,}[^`\n]{0,40}|~[^\n]{0,40})\Z", regex.M
)
"""And what may become the first line of a code block, of which no part can be shown alone."""
_LOOKED_BACK = 60
_GOES_ON = regex.compile(r"[\p{Extended_Pictographic}\p{Regional_Indicator}\p{M}\u200d]")
"""Ends what may be part of a character, as people see it, of which more is to come."""
_ASCII = regex.compile(r"(?r)[\x00-\x7f]")
_CHARACTER = regex.compile(r"\X")


def for_slack(text: str) -> str:
    """``text`` so that it calls nobody: neither people nor groups nor everyone in a channel.

    What would, in code too, gets a zero-width space. Of a text that grows, the part before
    :func:`undecided` stays as it is.
    """
    return _ACTING.sub(lambda found: f"{found[0]}{HIDDEN_BREAK}", text)


def undecided(text: str) -> int:
    """How many characters at the end of a text that still grows cannot be shown yet."""
    end = len(text)
    for undecided_end in (_MAY_ACT, _MAY_BE_FENCE):
        if found := undecided_end.search(text, max(0, end - _LOOKED_BACK)):
            end = min(end, found.start())
    if end and _GOES_ON.match(text, end - 1):
        *_, last = _CHARACTER.finditer(text, _last_ascii(text, end), end)
        end = last.start()
    return len(text) - end


def _last_ascii(text: str, end: int) -> int:
    """Where to begin to look for the last of many characters that are none of ASCII's."""
    found = _ASCII.search(text, 0, end)
    return found.start() if found else 0


def escaped(text: str) -> str:
    """``text`` as Slack's own markup has it: three characters are written otherwise.

    https://docs.slack.dev/messaging/formatting-message-text
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
