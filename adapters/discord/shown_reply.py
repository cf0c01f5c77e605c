"""The messages that show one reply: brought, edit by edit, to what is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from adapters.discord.outlets import THREAD_ARCHIVED, Outlet, Shown, files_of
from bot.commands.reply import ReplyFile


@dataclass(slots=True)
class _Seen:
    """One message, and what it says. ``content`` and ``files`` are None when not known."""

    message: Shown
    content: str | None = None
    view: str = ""
    files: int | None = 0


class ShownReply:
    """Knows which messages show a reply and what they say, and sends only what differs.

    Its methods raise what discord.py raises; what was done until then is remembered, so that the
    same call can be made again.
    """

    def __init__(self, outlet: Outlet, earlier: Iterable[Shown] = (), *, heading: str = "") -> None:
        """``earlier`` are messages that showed this reply before; they are used again.

        ``heading`` stands above the reply, whatever it says.
        """
        self.outlet = outlet
        self.heading = heading
        self._seen = [_Seen(message, files=None) for message in earlier]

    @property
    def message_ids(self) -> tuple[str, ...]:
        """The messages, first to last."""
        return tuple(str(seen.message.id) for seen in self._seen)

    async def show(
        self,
        parts: Sequence[str],
        *,
        view: discord.ui.View | None = None,
        view_name: str = "",
        files: Sequence[ReplyFile] = (),
    ) -> None:
        """Have the messages say ``parts``; the last one carries ``view`` and ``files``.

        ``view_name`` tells one view from another, so that the same one is not sent twice.
        """
        last = len(parts) - 1
        for place, part in enumerate(parts):
            has_view = place == last and view is not None
            named = view_name if has_view else ""
            if place == len(self._seen):
                message = await self.outlet.post(part, view=view if has_view else None)
                self._seen.append(_Seen(message, part, named))
            else:
                await self._change(place, part, view if has_view else None, named)
        while len(self._seen) > max(len(parts), 1):
            await _remove(self._seen[-1].message)
            self._seen.pop()
        await self._attach(files)

    async def remove(self) -> None:
        """Take all messages away."""
        while self._seen:
            await _remove(self._seen[-1].message)
            self._seen.pop()

    async def _change(self, place: int, part: str, view: discord.ui.View | None, name: str) -> None:
        seen = self._seen[place]
        if (seen.content, seen.view) == (part, name):
            return
        fields: dict[str, Any] = {"content": part, "view": view}
        if seen.files is None:
            fields["attachments"] = []  # those of an earlier answer do not belong to this one
        try:
            await seen.message.edit(**fields)
        except discord.NotFound:
            if seen.content is not None:
                raise  # somebody took away what they were just reading
            await self._replace(place, part, view)
        except discord.HTTPException as error:
            if error.code != THREAD_ARCHIVED:
                raise
            await self._replace(place, part, view)
        seen.content, seen.view, seen.files = part, name, seen.files or 0

    async def _replace(self, place: int, part: str, view: discord.ui.View | None) -> None:
        """Have a message of its own in place of one of an earlier showing, and of those below.

        That one was deleted since, or its thread archived, which a new message opens again.
        """
        old = self._seen[place].message
        self._seen[place].message = await self.outlet.post(part, view=view)
        while len(self._seen) > place + 1:
            await _remove(self._seen[-1].message)
            self._seen.pop()
        await _remove(old)

    async def _attach(self, files: Sequence[ReplyFile]) -> None:
        if self._seen and len(files) != self._seen[-1].files:
            await self._seen[-1].message.edit(attachments=files_of(files))
            self._seen[-1].files = len(files)


async def _remove(message: Shown) -> Any:
    try:
        await message.delete()
    except discord.NotFound:
        return  # somebody was quicker
