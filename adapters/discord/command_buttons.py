"""Buttons under an answer to a command, for the one person who asked."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import ui

from adapters.discord.command_layout import container
from adapters.discord.command_screen import delivered
from adapters.discord.command_texts import CommandTexts
from bot.commands.reply import ReplyKind

PREFIX = "ellie:"
"""What the ids of all of Ellie's buttons and forms begin with."""

FORM_SECONDS = 15 * 60.0
"""A form that was left open for longer is forgotten, with the words in it."""

Act = Callable[[discord.Interaction[Any]], Awaitable[None]]


def new_id(purpose: str) -> str:
    """An id for a button or a form that lives as long as this process: ``ellie:page:4f…``."""
    return f"{PREFIX}{purpose}:{secrets.token_hex(8)}"


class Press(ui.Button[Any]):
    """A button that does something."""

    def __init__(
        self,
        label: str,
        purpose: str,
        act: Act,
        *,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        disabled: bool = False,
    ) -> None:
        super().__init__(label=label, style=style, disabled=disabled, custom_id=new_id(purpose))
        self._act = act

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it once. When Discord waits for this press no more, the person may press again."""
        view = self.view
        if not isinstance(view, ButtonsView):
            msg = "a button stands in a view of its own"
            raise TypeError(msg)
        first, view.taken = not view.taken, True
        acknowledged = await delivered(interaction.response.defer(), "press_not_acknowledged")
        if first and acknowledged:
            view.stop()
            await self._act(interaction)
        elif first:
            view.taken = False


class ButtonsView(ui.LayoutView):
    """A text with buttons, of which one may be pressed once by the person who asked."""

    def __init__(
        self,
        text: str,
        kind: ReplyKind,
        buttons: tuple[Press, ...],
        *,
        asker_id: int,
        texts: CommandTexts,
        seconds: float,
        expire: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(timeout=seconds)
        self.add_item(container(text, kind, buttons))
        self._asker_id = asker_id
        self._texts = texts
        self._expire = expire
        self.taken = False
        """Whether a button was pressed."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Whether it was pressed by the person who asked."""
        if interaction.user.id == self._asker_id:
            return True
        await delivered(
            interaction.response.send_message(self._texts.not_yours, ephemeral=True),
            "press_of_another_not_answered",
        )
        return False

    async def on_timeout(self) -> None:
        """Nobody pressed anything."""
        if not self.taken:
            await self._expire()
