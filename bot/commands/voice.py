"""Ellie's own words in the language of whoever asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.commands import (
    texts_audit_en,
    texts_audit_zh,
    texts_consent_en,
    texts_consent_zh,
    texts_en,
    texts_groups_en,
    texts_groups_zh,
    texts_policy_en,
    texts_policy_zh,
    texts_quota_en,
    texts_quota_zh,
    texts_reset_en,
    texts_reset_zh,
    texts_reword_en,
    texts_reword_zh,
    texts_zh,
)
from bot.commands.language import Language

TABLES = {
    Language.ENGLISH: {
        **texts_en.TEXTS,
        **texts_groups_en.TEXTS,
        **texts_audit_en.TEXTS,
        **texts_consent_en.TEXTS,
        **texts_reset_en.TEXTS,
        **texts_reword_en.TEXTS,
        **texts_quota_en.TEXTS,
        **texts_policy_en.TEXTS,
    },
    Language.CHINESE: {
        **texts_zh.TEXTS,
        **texts_groups_zh.TEXTS,
        **texts_audit_zh.TEXTS,
        **texts_consent_zh.TEXTS,
        **texts_reset_zh.TEXTS,
        **texts_reword_zh.TEXTS,
        **texts_quota_zh.TEXTS,
        **texts_policy_zh.TEXTS,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Finds texts. ``prefix`` is what stands before a command on this platform."""

    language: Language
    prefix: str = "/"

    def say(self, key: str, **values: object) -> str:
        """The text of that name, filled in."""
        # A person's own words are values and never a template: braces in them stay braces.
        return TABLES[self.language][key].format(p=self.prefix, **values)

    def knows(self, key: str) -> bool:
        """Whether there is a text of that name."""
        return key in TABLES[self.language]

    def count(self, number: int, noun: str) -> str:
        """How many of something: "1 message", "3 messages", 3条消息."""
        return self.say(f"{noun}.one" if number == 1 else f"{noun}.many", count=number)

    def date(self, moment: datetime) -> str:
        """A day: "3 May 2026" or 2026年5月3日."""
        if self.language is Language.CHINESE:
            return f"{moment.year}年{moment.month}月{moment.day}日"
        return f"{moment.day} {moment:%B %Y}"

    def quoted(self, words: str) -> str:
        """Somebody's words in quotation marks."""
        return f"“{words}”"
