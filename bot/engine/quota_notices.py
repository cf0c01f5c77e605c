"""What Ellie says to whoever asks too much of her, in English and Chinese."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.identity import Platform
from bot.domain.quota import QuotaHolder
from bot.engine.notices import CHINESE, notices_for
from bot.engine.quotas import Spent

_SECONDS_UNTIL = 90
_MINUTES_UNTIL = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    spent: Mapping[QuotaHolder, str]
    tenants: Mapping[Platform, str]
    seconds: str
    minutes: str
    hours: str
    repeated: str


_ENGLISH_WORDS = _Words(
    spent={
        QuotaHolder.PERSON: "That was a lot at once from you. Try again in {wait}.",
        QuotaHolder.CHANNEL: "That was a lot at once from this channel. Try again in {wait}.",
        QuotaHolder.TENANT: "That was a lot at once from this whole {tenant}. Try again in {wait}.",
    },
    tenants={Platform.SLACK: "workspace"},
    seconds="{n} s",
    minutes="{n} min",
    hours="{n} h",
    repeated=(
        "You have said that several times in a minute, so I stop answering it for now. Say "
        "something else, or the same in a minute."
    ),
)
_CHINESE_WORDS = _Words(
    spent={
        QuotaHolder.PERSON: "你一下子说得太多了，请 {wait}后再试。",
        QuotaHolder.CHANNEL: "这个频道一下子说得太多了，请 {wait}后再试。",
        QuotaHolder.TENANT: "整个{tenant}一下子说得太多了，请 {wait}后再试。",
    },
    tenants={Platform.SLACK: "工作区"},
    seconds="{n} 秒",
    minutes="{n} 分钟",
    hours="{n} 小时",
    repeated="同样的话你一分钟内说了好几次，我先不再回答它。请说点别的，或者过一分钟再说。",
)


def too_much(spent: Spent) -> str:
    """Whose quota is used up, and when to try again."""
    is_chinese = notices_for(spent.words) is CHINESE
    words = _CHINESE_WORDS if is_chinese else _ENGLISH_WORDS
    tenant = words.tenants.get(spent.platform, "服务器" if is_chinese else "server")
    return words.spent[spent.holder].format(
        wait=duration(spent.wait, is_chinese=is_chinese), tenant=tenant
    )


def said_too_often(words: str) -> str:
    """That the same words are not answered any more."""
    is_chinese = notices_for(words) is CHINESE
    return (_CHINESE_WORDS if is_chinese else _ENGLISH_WORDS).repeated


def duration(time: timedelta, *, is_chinese: bool) -> str:
    """Some time in few words, never less than it is: "40 s", "12 min", "3 h"."""
    words = _CHINESE_WORDS if is_chinese else _ENGLISH_WORDS
    seconds = max(math.ceil(time.total_seconds()), 1)
    if seconds <= _SECONDS_UNTIL:
        return words.seconds.format(n=seconds)
    minutes = math.ceil(seconds / 60)
    if minutes <= _MINUTES_UNTIL:
        return words.minutes.format(n=minutes)
    return words.hours.format(n=math.ceil(minutes / 60))
