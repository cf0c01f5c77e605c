"""Ellie's own words in the language of whoever asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.commands.language import Language
from bot.commands.texts_en import TEXTS as ENGLISH
from bot.commands.texts_groups_en import TEXTS as GROUPS_ENGLISH
from bot.commands.texts_groups_zh import TEXTS as GROUPS_CHINESE
from bot.commands.texts_zh import TEXTS as CHINESE

TABLES = {
    Language.ENGLISH: ENGLISH | GROUPS_ENGLISH,
    Language.CHINESE: CHINESE | GROUPS_CHINESE,
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
