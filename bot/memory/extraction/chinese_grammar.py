"""The Chinese words for the speaker, and the adverbs that follow them."""

from __future__ import annotations

import regex

SELF = (
    r"(?:我们?|咱们?)(?:现在|目前|今年|一直|已经|也|都|还|就|又|刚刚?|最近|平时|其实|真的"
    r"|上个?[周月]|去年|前年|昨天|前天|今天|大学毕业以?后|毕业以?后|后来|是|本来|如今"
    r"|，){0,4}"
)


def compiled(source: str) -> regex.Pattern[str]:
    """``source`` in any case, for the Latin letters that people mix in."""
    return regex.compile(source, regex.IGNORECASE)
