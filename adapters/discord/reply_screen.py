"""A reply of the engine's as messages of Discord's, with the buttons that belong under it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import discord

from adapters.answer import Ending, ScreenError, ScreenForbiddenError, ScreenGoneError
from adapters.discord import buttons
from adapters.discord.composing import compose, compose_partial
from adapters.discord.outlets import TROUBLE, is_final
from adapters.discord.shown_reply import ShownReply
from adapters.discord.texts import Texts
from bot.domain.turn import TurnId
from bot.engine.reply import ReplyStatus


class ReplyScreen:
    """Discord's :class:`adapters.answer.Screen`."""

    def __init__(self, shown: ShownReply, texts: Texts) -> None:
        self.shown = shown
        self._texts = texts

    @property
    def channel_id(self) -> str:
        """The channel or thread in which the messages stand."""
        return str(self.shown.outlet.channel_id)

    @property
    def message_ids(self) -> tuple[str, ...]:
        """The messages, first to last."""
        return self.shown.message_ids

    @property
    def is_pressing(self) -> bool:
        """Whether a first message has to be sent now, or can never be."""
        return self.shown.outlet.is_pressing

    async def show_partial(self, text: str, turn_id: TurnId) -> bool:
        """Show all of the text so far, with a button to stop it."""
        text = text or f"-# {self._texts.still_thinking}"
        may_attach = self.shown.outlet.may_attach
        parts = compose_partial(self.shown.heading + text, may_attach=may_attach)
        if not parts:
            return False
        view = buttons.while_written(turn_id, self._texts)
        with _translated():
            await self.shown.show(parts, view=view, view_name="stop")
        return True

    async def show_end(self, ending: Ending) -> None:
        """Show the reply in its final form, with what can be done about it."""
        composed = compose(
            self.shown.heading + ending.text,
            notice=ending.notice,
            may_attach=self.shown.outlet.may_attach,
        )
        view, name = self._view(ending)
        with _translated():
            await self.shown.show(composed.parts, view=view, view_name=name, files=composed.files)

    async def show_apology(self, turn_id: TurnId | None) -> None:
        """Say in place of everything that the reply cannot be shown."""
        view = None if turn_id is None else buttons.when_failed(turn_id, self._texts)
        with _translated():
            await self.shown.show((self._texts.trouble,), view=view, view_name="failed")

    def _view(self, ending: Ending) -> tuple[discord.ui.View | None, str]:
        if ending.turn_id is None:
            return None, ""
        if ending.status is ReplyStatus.FAILED:
            return buttons.when_failed(ending.turn_id, self._texts), "failed"
        return buttons.when_answered(ending.turn_id, self._texts), "answered"


@contextmanager
def _translated() -> Iterator[None]:
    """What goes wrong between Discord and us, as whoever shows a reply knows it."""
    try:
        yield
    except discord.NotFound as error:
        raise ScreenGoneError(is_final=True, detail=_what_went_wrong(error)) from error
    except discord.Forbidden as error:
        raise ScreenForbiddenError(is_final=True, detail=_what_went_wrong(error)) from error
    except TROUBLE as error:
        raise ScreenError(is_final=is_final(error), detail=_what_went_wrong(error)) from error


def _what_went_wrong(error: Exception) -> dict[str, object]:
    """For the log."""
    if isinstance(error, discord.HTTPException):
        return {"status": error.status, "code": error.code}
    return {"error": type(error).__name__}
