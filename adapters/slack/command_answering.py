"""One answer to a command and all that follows from it, shown in the same place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from adapters.command_texts import CommandTexts, command_texts
from adapters.commanding import TurnPage, carefully
from adapters.slack.command_files import FileWay
from adapters.slack.command_layout import Part, parts_of, remark
from adapters.slack.command_outlets import Screen
from adapters.slack.command_texts import slack_command_texts
from adapters.slack.pending import Pending, Press
from adapters.slack.rich_text import Block
from bot.commands.language import Language
from bot.commands.reply import CommandReply, Confirmation, ReplyKind

WAIT_MINUTES = 10
"""So long a question waits for its answer and a page for the next: well within the 30 minutes for
which Slack lets an answer follow a press."""

PAGE = "ellie:page:"
CONFIRM = "ellie:confirm:"
"""What the ids of these buttons begin with."""

Act: TypeAlias = Callable[[Press], Awaitable[None]]
Changed: TypeAlias = Callable[[str], Awaitable[None]]
"""Told whose memory may have changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """Shows answers to ``asker_id``, the only one whose presses count."""

    screen: Screen
    asker_id: str
    language: Language
    pending: Pending[Act]
    files: FileWay
    changed: Changed
    turn_page: TurnPage | None = None
    texts: CommandTexts = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", command_texts(self.language))

    async def show(self, reply: CommandReply) -> None:
        """Show an answer in place of the one before, and then what belongs to it."""
        *before, last = parts_of(reply)
        await self.screen.show([*before, last.with_blocks(*self._buttons(reply, last))])
        if reply.kind is ReplyKind.DONE or reply.erased:
            await self.changed(self.asker_id)
        if reply.files:
            await self._send_files(reply)
        if reply.more is not None:
            await self._show_more(reply.more)

    async def _show_more(self, more: Callable[[], Awaitable[CommandReply]]) -> None:
        fuller = await carefully(more, self.texts)
        if fuller.kind is not ReplyKind.REFUSED:
            await self.show(fuller)
            return
        await self._add(fuller)

    async def _add(self, reply: CommandReply) -> None:
        for part in parts_of(reply):
            await self.screen.add(part)

    async def _send_files(self, reply: CommandReply) -> None:
        said = await self.files.send(reply.files, slack_command_texts(self.language))
        if said:
            await self._add(CommandReply(lines=tuple(said)))

    def _buttons(self, reply: CommandReply, last: Part) -> list[Block]:
        """Under the last message of an answer."""
        if reply.confirmation is not None:
            return self._question(reply.confirmation, last)
        if self.turn_page is not None and reply.pages > 1:
            return self._pages(reply, self.turn_page, last)
        return []

    def _question(self, confirmation: Confirmation, last: Part) -> list[Block]:
        def answering(agreed: bool) -> Act:
            async def act(press: Press) -> None:
                self.screen.pressed(press)
                await self.show(await carefully(lambda: confirmation.answer(agreed), self.texts))

            return act

        async def expire() -> None:
            unanswered = self.texts.unanswered.format(minutes=WAIT_MINUTES)
            await self.screen.change_last(last.with_blocks(remark(unanswered)))

        agree, refuse = self._put([answering(True), answering(False)], expire)
        return [
            actions(
                button(self.texts.agree, f"{CONFIRM}yes", agree, style="danger"),
                button(self.texts.refuse, f"{CONFIRM}no", refuse),
            )
        ]

    def _pages(self, reply: CommandReply, turn_page: TurnPage, last: Part) -> list[Block]:
        def leafing(page: int) -> Act:
            async def act(press: Press) -> None:
                self.screen.pressed(press)
                await self.show(await carefully(lambda: turn_page(page), self.texts))

            return act

        async def expire() -> None:
            await self.screen.change_last(last)

        # Slack knows no buttons that cannot be pressed: at the ends one of them is left out.
        choices = [
            (self.texts.previous, "previous", reply.page - 1),
            (self.texts.following, "following", reply.page + 1),
        ]
        possible = [choice for choice in choices if 1 <= choice[2] <= reply.pages]
        ids = self._put([leafing(page) for _, _, page in possible], expire)
        return [
            actions(
                *(
                    button(label, f"{PAGE}{name}", id_)
                    for (label, name, _), id_ in zip(possible, ids, strict=True)
                )
            )
        ]

    def _put(self, acts: list[Act], expire: Callable[[], Awaitable[None]]) -> list[str]:
        return self.pending.put(
            acts, asker_id=self.asker_id, seconds=WAIT_MINUTES * 60, expire=expire
        )


def actions(*buttons: Block) -> Block:
    """Buttons side by side."""
    return {"type": "actions", "elements": list(buttons)}


def button(label: str, action_id: str, value: str, *, style: str = "") -> Block:
    """A button; ``value`` is what it stands for."""
    element: Block = {
        "type": "button",
        "text": {"type": "plain_text", "text": label, "emoji": False},
        "action_id": action_id,
        "value": value,
    }
    return {**element, "style": style} if style else element
