"""Names and descriptions of commands in the languages of Discord's clients."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

CHINESE_LOCALES = frozenset({discord.Locale.chinese, discord.Locale.taiwan_chinese})

_CHINESE = "chinese"


def both(english: str, chinese: str) -> app_commands.locale_str:
    """A text that the :class:`Translator` knows in Chinese, too."""
    return app_commands.locale_str(english, **{_CHINESE: chinese})


class Translator(app_commands.Translator):
    """Gives Chinese clients what :func:`both` was told; all others see English."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContext[Any, Any],  # noqa: ARG002  # given by discord.py
    ) -> str | None:
        """The text in the language of a client; None for English."""
        if locale not in CHINESE_LOCALES:
            return None
        chinese = string.extras.get(_CHINESE)
        return None if chinese is None else str(chinese)
