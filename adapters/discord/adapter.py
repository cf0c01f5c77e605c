"""Discord, put together: what the command line starts and stops."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from adapters.answer import USUAL_PACE, Pace
from adapters.answers import Answers
from adapters.discord.answering import Answering
from adapters.discord.application_commands import ApplicationCommands
from adapters.discord.asking import Asking
from adapters.discord.client import EllieClient, Parts
from adapters.discord.connecting import connect
from adapters.discord.inbox import Inbox
from adapters.discord.recovering import ReplyFinisher
from adapters.discord.reply_actions import ReplyButtons
from adapters.discord.reply_screen import ReplyScreen
from adapters.discord.syncing import sync_if_changed
from adapters.recovering import DeliveryRecovery
from adapters.tasks import OwnedTasks
from bot.commands.dispatch import Commands
from bot.engine.deliveries import Deliveries
from bot.engine.feedback import Feedback
from bot.engine.memory_control import MemoryControl
from bot.engine.policies import ChannelPolicies
from bot.engine.turn import TurnEngine
from bot.health import Health


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the adapter works with."""

    engine: TurnEngine
    commands: Commands
    control: MemoryControl
    policies: ChannelPolicies
    deliveries: Deliveries
    feedback: Feedback
    health: Health = field(default_factory=Health)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the owner decided; see :class:`bot.config.Settings`.

    ``state_file`` remembers which commands Discord was told.
    """

    token: str
    state_file: Path
    message_content: bool = False
    context_messages: int = 10
    pace: Pace = USUAL_PACE


class DiscordAdapter:
    """Ellie on Discord."""

    def __init__(self, services: Services, options: Options) -> None:
        self._services = services
        self._options = options
        self._answering = OwnedTasks()
        self._background = OwnedTasks()
        self._stopping = asyncio.Event()
        self.client = EllieClient(
            self._parts_for,
            message_content=options.message_content,
            tasks=self._background,
            sync=self._sync,
            health=services.health.part("discord"),
        )

    async def run(self) -> None:
        """Connect and answer. Returns after :meth:`stop`, once every reply is shown.

        Raises:
            PlatformError: Discord refuses the token or an intent, or cannot be reached.
        """
        connected = asyncio.create_task(connect(self.client, self._options.token))
        told = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({connected, told}, return_when=asyncio.FIRST_COMPLETED)
            if not connected.done():
                await self._answering.drain()
        finally:
            told.cancel()
            await self._background.drain(0)
            await self._answering.drain(0)
            await self.client.close()
            # While the first connection does not come about, discord.py tries again for ever.
            connected.cancel()
            await asyncio.wait({connected})
        if not connected.cancelled():
            connected.result()

    async def stop(self) -> None:
        """Have :meth:`run` return when what is being answered now has been shown.

        The engine tells whoever still writes that Ellie is being shut down.
        """
        self._stopping.set()

    def _parts_for(self, client: EllieClient) -> Parts:
        services, answers = self._services, Answers[ReplyScreen](self._answering)
        answering = Answering(
            engine=services.engine,
            commands=services.commands,
            deliveries=services.deliveries,
            answers=answers,
            tasks=self._answering,
            channels=client,
            context_messages=self._options.context_messages,
            hears_all=client.intents.message_content,
            pace=self._options.pace,
        )
        return Parts(
            inbox=Inbox(
                answering,
                answers=answers,
                channels=client,
                policies=services.policies,
                deliveries=services.deliveries,
                revisions=services.control.revisions,
            ),
            asking=Asking(
                engine=services.engine,
                commands=services.commands,
                answers=answers,
                deliveries=services.deliveries,
                policies=services.policies,
                tasks=self._answering,
                pace=self._options.pace,
            ),
            actions=ReplyButtons(
                engine=services.engine,
                answers=answers,
                deliveries=services.deliveries,
                feedback=services.feedback,
                policies=services.policies,
                channels=client,
                tasks=self._answering,
                context_messages=self._options.context_messages,
                pace=self._options.pace,
            ),
            application_commands=ApplicationCommands(services.commands, view=services.control.view),
            recovery=DeliveryRecovery(services.deliveries, answers, ReplyFinisher(client)),
        )

    async def _sync(self, client: EllieClient) -> None:
        await sync_if_changed(client, client.tree, self._options.state_file)
