"""One answer to a command and all that follows from it, shown in the same place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from adapters.commanding import TurnPage, carefully
from adapters.discord.command_buttons import ButtonsView, Press
from adapters.discord.command_files import parcel
from adapters.discord.command_layout import parts_of, still
from adapters.discord.command_screen import Screen
from adapters.discord.command_texts import command_texts
from bot.commands.language import Language
from bot.commands.reply import CommandReply, Confirmation, ReplyKind

_NOTHING = "✓"
"""Stands for an answer without words: Discord takes no empty message."""

WAIT_MINUTES = 10
"""So long a question waits for its answer and a page for the next: well within the 15 minutes for
which Discord lets an ephemeral message be changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """Shows answers to ``asker_id``, the only one whose presses count."""

    screen: Screen
    asker_id: int
    language: Language
    turn_page: TurnPage | None = None

    async def show(self, reply: CommandReply) -> None:
        """Show an answer in place of the one before, and then what belongs to it."""
        if await self.begin(reply):
            await self.finish(reply)

    async def begin(self, reply: CommandReply) -> bool:
        """Show the answer itself. False when Discord did not take it."""
        *before, last = parts_of(reply) or [_NOTHING]
        views = [still(part, reply.kind) for part in before]
        return await self.screen.show([*views, self._last(last, reply)])

    async def finish(self, reply: CommandReply) -> None:
        """Send its files, and what takes a while."""
        if reply.files:
            await self._send_files(reply)
        if reply.more is not None:
            fuller = await carefully(reply.more, command_texts(self.language))
            if fuller.kind is not ReplyKind.REFUSED:
                await self.show(fuller)
                return
            for part in parts_of(fuller):
                await self.screen.add(still(part, fuller.kind))

    async def _send_files(self, reply: CommandReply) -> None:
        texts = command_texts(self.language)
        parcelled = await parcel(reply.files, texts)
        sent = [await self.screen.add_files(files) for files in parcelled.messages]
        remarks = [*parcelled.remarks] if all(sent) else [*parcelled.remarks, texts.trouble]
        if remarks:
            kind = ReplyKind.ANSWER if all(sent) else ReplyKind.REFUSED
            for part in parts_of(CommandReply(kind=kind, lines=tuple(remarks))):
                await self.screen.add(still(part, kind))

    def _last(self, text: str, reply: CommandReply) -> ui.LayoutView:
        """The last message of an answer, which has its buttons."""
        if reply.confirmation is not None:
            return self._question(text, reply.confirmation)
        if self.turn_page is not None and reply.pages > 1:
            return self._page(text, reply, self.turn_page)
        return still(text, reply.kind)

    def _question(self, text: str, confirmation: Confirmation) -> ui.LayoutView:
        texts = command_texts(self.language)

        def answering(agreed: bool) -> Callable[[discord.Interaction[Any]], Awaitable[None]]:
            async def act(interaction: discord.Interaction[Any]) -> None:
                self.screen.pressed(interaction)
                await self.show(await carefully(lambda: confirmation.answer(agreed), texts))

            return act

        async def expire() -> None:
            remark = texts.unanswered.format(minutes=WAIT_MINUTES)
            await self.screen.change_last(still(f"{text}\n-# {remark}", ReplyKind.REFUSED))

        agree = Press(texts.agree, "confirm", answering(True), style=discord.ButtonStyle.danger)
        refuse = Press(texts.refuse, "confirm", answering(False))
        return self._with_buttons(text, ReplyKind.QUESTION, (agree, refuse), expire)

    def _page(self, text: str, reply: CommandReply, turn_page: TurnPage) -> ui.LayoutView:
        texts = command_texts(self.language)

        def leafing(page: int) -> Callable[[discord.Interaction[Any]], Awaitable[None]]:
            async def act(interaction: discord.Interaction[Any]) -> None:
                self.screen.pressed(interaction)
                await self.show(await carefully(lambda: turn_page(page), texts))

            return act

        async def expire() -> None:
            await self.screen.change_last(still(text, reply.kind))

        page = reply.page
        buttons = (
            Press(texts.previous, "page", leafing(page - 1), disabled=page <= 1),
            Press(texts.following, "page", leafing(page + 1), disabled=page >= reply.pages),
        )
        return self._with_buttons(text, reply.kind, buttons, expire)

    def _with_buttons(
        self,
        text: str,
        kind: ReplyKind,
        buttons: tuple[Press, ...],
        expire: Callable[[], Awaitable[None]],
    ) -> ui.LayoutView:
        return ButtonsView(
            text,
            kind,
            buttons,
            asker_id=self.asker_id,
            texts=command_texts(self.language),
            seconds=WAIT_MINUTES * 60,
            expire=expire,
        )
