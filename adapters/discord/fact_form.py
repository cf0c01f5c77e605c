"""A form in which somebody changes the words of a fact."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import ui

from adapters.commanding import carefully
from adapters.discord.command_buttons import FORM_SECONDS, new_id
from adapters.discord.command_replies import respond
from adapters.discord.command_screen import delivered
from adapters.discord.command_texts import command_texts
from bot.commands.language import Language
from bot.commands.reply import CommandReply
from bot.domain.fact import Fact

MAX_CHARACTERS = 4_000
"""Of a text in a form (docs.discord.com, components, text input)."""

Edit = Callable[[str], Awaitable[CommandReply]]
"""Puts words in place of the fact's."""


class FactForm(ui.Modal):
    """Has the fact's words in it when it opens."""

    def __init__(self, fact: Fact, edit: Edit, language: Language) -> None:
        texts = command_texts(language)
        super().__init__(
            title=texts.edit_title.format(number=fact.number),
            custom_id=new_id("edit"),
            timeout=FORM_SECONDS,
        )
        self._edit = edit
        self._language = language
        self._words: ui.TextInput[Any] = ui.TextInput(
            style=discord.TextStyle.paragraph,
            default=fact.text,
            min_length=1,
            max_length=MAX_CHARACTERS,
        )
        self.add_item(ui.Label(text=texts.edit_label, component=self._words))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """The words are as they want them."""
        deferring = interaction.response.defer(ephemeral=True, thinking=True)
        if await delivered(deferring, "form_not_acknowledged"):
            words = self._words.value
            reply = await carefully(lambda: self._edit(words), command_texts(self._language))
            await respond(interaction, reply, language=self._language)
