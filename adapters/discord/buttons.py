"""The buttons under a reply: stop, answer again, good, bad.

Everything a button needs is in its id, so that it works after a restart too. Who may press it is
checked by what it leads to: a turn has one owner.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, Protocol, Self

import discord
from discord.ui import Button, DynamicItem, Item, View

from adapters.discord.command_replies import explain_error
from adapters.discord.texts import Texts
from bot.domain.feedback import Verdict
from bot.domain.turn import TurnId
from bot.log import get_logger

log = get_logger(__name__)


class ReplyActions(Protocol):
    """What the buttons lead to."""

    async def stop(self, interaction: discord.Interaction[Any], turn_id: TurnId) -> None:
        """Stop a reply that is being written."""

    async def again(self, interaction: discord.Interaction[Any], turn_id: TurnId) -> None:
        """Answer anew."""

    async def judge(
        self, interaction: discord.Interaction[Any], turn_id: TurnId, verdict: Verdict
    ) -> None:
        """Note what the person thinks of the reply."""


class HasReplyActions(Protocol):
    """The client, as the buttons see it."""

    actions: ReplyActions


_ID = r"(?P<turn>[\w-]{1,64})"


class _TurnButton(DynamicItem[Button[Any]], template=rf"ellie:none:{_ID}"):
    """A button that belongs to a turn."""

    name: ClassVar[str]

    def __init__(
        self,
        turn_id: str,
        *,
        label: str | None = None,
        emoji: str | None = None,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    ) -> None:
        self.turn_id = TurnId(turn_id)
        super().__init__(
            Button(label=label, emoji=emoji, style=style, custom_id=f"ellie:{self.name}:{turn_id}")
        )

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button that was pressed, also one that an earlier process had sent."""
        return cls(match["turn"], label=item.label if isinstance(item, Button) else cls.name)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """It was pressed. Whoever pressed it is answered, whatever happens."""
        try:
            await self.act(interaction)
        except discord.NotFound as error:
            log.info("press_too_late", button=self.name, code=error.code)
        except Exception as error:  # noqa: BLE001 - told and logged
            # discord.py would write it down and leave the person with nothing.
            await explain_error(interaction, error)

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Do what the button is for."""
        raise NotImplementedError

    @staticmethod
    def actions(interaction: discord.Interaction[Any]) -> ReplyActions:
        """What the client does for buttons."""
        client: HasReplyActions = interaction.client
        return client.actions


class StopButton(_TurnButton, template=rf"ellie:stop:{_ID}"):
    """Stops a reply while it is written."""

    name = "stop"

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Do it."""
        await self.actions(interaction).stop(interaction, self.turn_id)


class AgainButton(_TurnButton, template=rf"ellie:again:{_ID}"):
    """Has a message answered anew."""

    name = "again"

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Do it."""
        await self.actions(interaction).again(interaction, self.turn_id)


class GoodButton(_TurnButton, template=rf"ellie:good:{_ID}"):
    """Says that the reply is good."""

    name = "good"

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Do it."""
        await self.actions(interaction).judge(interaction, self.turn_id, Verdict.GOOD)


class BadButton(_TurnButton, template=rf"ellie:bad:{_ID}"):
    """Says that the reply is bad."""

    name = "bad"

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Do it."""
        await self.actions(interaction).judge(interaction, self.turn_id, Verdict.BAD)


BUTTONS = (StopButton, AgainButton, GoodButton, BadButton)


def while_written(turn_id: str, texts: Texts) -> View:
    """What stands under a reply that is being written."""
    return _view(StopButton(turn_id, label=texts.stop, emoji="⏹️"))


def when_answered(turn_id: str, texts: Texts) -> View:
    """What stands under a finished reply."""
    return _view(
        AgainButton(turn_id, label=texts.again, emoji="🔄"),
        GoodButton(turn_id, emoji="👍"),
        BadButton(turn_id, emoji="👎"),
    )


def when_failed(turn_id: str, texts: Texts) -> View:
    """What stands under an apology."""
    return _view(
        AgainButton(turn_id, label=texts.retry, emoji="🔄", style=discord.ButtonStyle.primary)
    )


def _view(*buttons: _TurnButton) -> View:
    view = View(timeout=None)
    for button in buttons:
        view.add_item(button)
    return view
