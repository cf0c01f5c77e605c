"""Where an answer to a command stands: the messages that show it, changed in place.

Discord refuses a change of what was sent by an interaction after 15 minutes, and of what the
person dismissed. Such refusals are logged; there is nobody to tell.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, Protocol

import aiohttp
import discord
from discord import ui

from bot.log import get_logger

log = get_logger(__name__)

SILENT = discord.AllowedMentions.none()


class Slot(Protocol):
    """One message of an answer."""

    async def change(self, view: ui.LayoutView) -> None:
        """Show something else in it."""

    async def remove(self) -> None:
        """Take it away."""


class Outlet(Protocol):
    """A place that takes messages."""

    async def post(self, view: ui.LayoutView) -> Slot:
        """Send the next message."""

    async def post_files(self, files: Sequence[discord.File]) -> None:
        """Send files in a message of their own."""

    def pressed(self, interaction: discord.Interaction[Any], /) -> Outlet:
        """The same place after a button was pressed in it, which gives a fresh token."""


class MessageSlot:
    """A message by itself, or one that an interaction sent later on."""

    def __init__(self, message: discord.Message) -> None:
        self._message = message

    async def change(self, view: ui.LayoutView) -> None:
        """Show something else in it."""
        await self._message.edit(view=view, allowed_mentions=SILENT)

    async def remove(self) -> None:
        """Take it away."""
        await self._message.delete()


class InteractionSlot:
    """The first answer to an interaction, or the message whose button was pressed."""

    def __init__(self, interaction: discord.Interaction[Any]) -> None:
        self._interaction = interaction

    async def change(self, view: ui.LayoutView) -> None:
        """Show something else in it."""
        await self._interaction.edit_original_response(view=view, allowed_mentions=SILENT)

    async def remove(self) -> None:
        """Take it away."""
        await self._interaction.delete_original_response()


class InteractionOutlet:
    """Answers an interaction: at once, in the place of “thinking”, or after its first answer.

    ``only_for_them`` is settled by the first answer, as Discord has it.
    """

    def __init__(
        self,
        interaction: discord.Interaction[Any],
        *,
        only_for_them: bool,
        is_answered: bool = False,
    ) -> None:
        self._interaction = interaction
        self._only_for_them = only_for_them
        self._is_answered = is_answered

    async def post(self, view: ui.LayoutView) -> Slot:
        """Send the next message."""
        interaction = self._interaction
        if self._is_answered:
            return MessageSlot(
                await interaction.followup.send(
                    view=view, ephemeral=self._only_for_them, allowed_mentions=SILENT, wait=True
                )
            )
        slot = InteractionSlot(interaction)
        if interaction.response.is_done():
            await slot.change(view)
        else:
            await interaction.response.send_message(
                view=view, ephemeral=self._only_for_them, allowed_mentions=SILENT
            )
        self._is_answered = True
        return slot

    async def post_files(self, files: Sequence[discord.File]) -> None:
        """Send files in a message of their own."""
        await self._interaction.followup.send(files=files, ephemeral=self._only_for_them, wait=True)

    def pressed(self, interaction: discord.Interaction[Any], /) -> Outlet:
        """Go on by the newer interaction."""
        return InteractionOutlet(interaction, only_for_them=self._only_for_them, is_answered=True)


class ChannelOutlet:
    """Writes into a channel."""

    def __init__(self, channel: discord.abc.Messageable) -> None:
        self._channel = channel

    async def post(self, view: ui.LayoutView) -> Slot:
        """Send the next message."""
        return MessageSlot(await self._channel.send(view=view, allowed_mentions=SILENT))

    async def post_files(self, files: Sequence[discord.File]) -> None:
        """Send files in a message of their own."""
        await self._channel.send(files=files)

    def pressed(self, _interaction: discord.Interaction[Any], /) -> Outlet:
        """Go on writing: a channel needs no token."""
        return self


class Screen:
    """Shows one answer after another in the same messages, as many as each needs."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._slots: list[Slot] = []

    async def show(self, views: Sequence[ui.LayoutView]) -> bool:
        """Show these in place of what stands there. False when Discord took none of it."""
        shown = False
        for slot, view in zip(self._slots, views, strict=False):
            shown |= await delivered(slot.change(view), "command_answer_not_changed")
        surplus = self._slots[len(views) :]
        del self._slots[len(views) :]
        for slot in surplus:
            await delivered(slot.remove(), "command_answer_not_removed")
        for view in views[len(self._slots) :]:
            shown |= await self.add(view)
        return shown

    async def add(self, view: ui.LayoutView) -> bool:
        """Show one more message. False when Discord did not take it."""

        async def post() -> None:
            self._slots.append(await self._outlet.post(view))

        return await delivered(post(), "command_answer_not_sent")

    async def add_files(self, files: Sequence[discord.File]) -> bool:
        """Send files after all else. False when Discord did not take them."""
        return await delivered(self._outlet.post_files(files), "command_files_not_sent")

    async def change_last(self, view: ui.LayoutView) -> None:
        """Show something else in the last message."""
        if self._slots:
            await delivered(self._slots[-1].change(view), "command_answer_not_changed")

    def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Go on with the fresh token of a button in the last message, which was deferred."""
        if self._slots:
            self._slots[-1] = InteractionSlot(interaction)
        self._outlet = self._outlet.pressed(interaction)


async def delivered(sending: Awaitable[Any], event: str) -> bool:
    """Whether Discord took it. What it refuses, and an unreachable Discord, is logged."""
    try:
        await sending
    except discord.HTTPException as error:
        log.warning(event, status=error.status, code=error.code)
        return False
    except (discord.InteractionResponded, aiohttp.ClientError, OSError) as error:
        log.warning(event, error=type(error).__name__)
        return False
    return True
