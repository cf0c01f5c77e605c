"""Slack, put together: what the command line starts and stops."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.answer import USUAL_PACE, Pace
from adapters.answers import Answers
from adapters.recovering import DeliveryRecovery
from adapters.slack.answering import Answering
from adapters.slack.asking import Asking
from adapters.slack.bolt import app_for
from adapters.slack.commands import SlackCommands
from adapters.slack.connecting import Connection, cleaned, look_up
from adapters.slack.home import Home
from adapters.slack.http_events import HttpEvents
from adapters.slack.inbox import Inbox
from adapters.slack.leaving import Leaving
from adapters.slack.library_log import hear_library
from adapters.slack.pacing import Pacing
from adapters.slack.people import People
from adapters.slack.places import Places
from adapters.slack.reading import Reader
from adapters.slack.recovering import SlackFinisher
from adapters.slack.reply_actions import ReplyActions
from adapters.slack.screen import SlackScreen
from adapters.slack.shortcuts import AskShortcut
from adapters.slack.socket import USUAL_RHYTHM, Rhythm, SocketConnection
from adapters.slack.status import Statuses
from adapters.slack.web import API_URL, EllieWebClient, slack_session
from adapters.slack.workspace import Workspace
from adapters.tasks import OwnedTasks
from bot.commands.dispatch import Commands
from bot.engine.deliveries import Deliveries
from bot.engine.feedback import Feedback
from bot.engine.memory_control import MemoryControl
from bot.engine.participation import Participation
from bot.engine.policies import ChannelPolicies
from bot.engine.tenant_erasure import TenantErasure
from bot.engine.turn import TurnEngine
from bot.health import Health
from bot.log import get_logger
from bot.ports.system import Clock

log = get_logger(__name__)


class _Listener(Protocol):
    """Takes part of what Slack tells of."""

    def register(self, app: AsyncApp) -> None:
        """Hear of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Who deals with what. ``forgetful`` ones hold words of people until they are closed."""

    listeners: tuple[_Listener, ...]
    forgetful: tuple[_Forgetful, ...]
    recovery: DeliveryRecovery


class _Forgetful(Protocol):
    """Keeps for a while what a button or a form stands for."""

    def close(self) -> None:
        """Forget it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the adapter works with."""

    engine: TurnEngine
    commands: Commands
    control: MemoryControl
    policies: ChannelPolicies
    participation: Participation
    deliveries: Deliveries
    feedback: Feedback
    erasure: TenantErasure
    health: Health
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the owner decided; see :class:`bot.config.Settings`.

    With an ``app_token`` Ellie connects to Slack (Socket Mode); with a ``signing_secret`` Slack
    sends to ``host`` and ``port``.
    """

    bot_token: str
    app_token: str = ""
    signing_secret: str = ""
    host: str = "127.0.0.1"
    port: int = 3000
    context_messages: int = 10
    erase_on_uninstall: bool = False
    base_url: str = API_URL
    pace: Pace = USUAL_PACE
    rhythm: Rhythm = USUAL_RHYTHM
    pacing: Pacing = field(default_factory=Pacing)


class SlackAdapter:
    """Ellie in one Slack workspace."""

    def __init__(self, services: Services, options: Options) -> None:
        self._services = services
        self._options = options
        self._answering = OwnedTasks()
        self._background = OwnedTasks()
        self._stopping = asyncio.Event()
        self.connection: Connection | None = None
        """How events come, once that is known."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being taken, answered or shown at this moment."""
        return not self._answering.count

    async def run(self) -> None:
        """Connect and answer. Returns after :meth:`stop`, once every reply is shown.

        Raises:
            PlatformError: Slack refuses a token or takes the app away, or cannot be reached.
            ConfigError: nobody can listen on the port.
        """
        hear_library()
        options = self._options
        async with slack_session() as session:
            client = EllieWebClient(
                cleaned(options.bot_token),
                base_url=options.base_url,
                session=session,
                pacing=options.pacing,
            )
            told = asyncio.create_task(self._stopping.wait())
            looking = asyncio.create_task(look_up(options.bot_token, base_url=options.base_url))
            try:
                await asyncio.wait({told, looking}, return_when=asyncio.FIRST_COMPLETED)
                if looking.done():
                    await self._serve(client, looking.result(), told)
            finally:
                told.cancel()
                looking.cancel()
                await asyncio.wait({told, looking})

    async def stop(self) -> None:
        """Have :meth:`run` return when what is being answered now has been shown.

        The engine tells whoever still writes that Ellie is being shut down.
        """
        self._stopping.set()
        if self.connection is not None:
            await self.connection.stop()

    async def _serve(
        self, client: EllieWebClient, workspace: Workspace, told: asyncio.Task[object]
    ) -> None:
        """Answer in a workspace until told to stop, or until it takes the app away."""
        app = app_for(workspace, client, self._options.signing_secret)
        erase = self._services.erasure.erase if self._options.erase_on_uninstall else None
        leaving = Leaving(workspace, erase)
        leaving.add_to(app)
        client.when_refused = leaving.refused
        parts = self._parts(client, workspace)
        for listener in parts.listeners:
            listener.register(app)
        connection = self.connection = self._connection(app, client)
        connected = asyncio.create_task(connection.run(), name="slack-connection")
        left = asyncio.create_task(leaving.run(), name="slack-leaving")
        self._background.start(parts.recovery.watch(), name="recover-deliveries")
        log.info("slack_ready", workspace=workspace.team_id)
        try:
            await asyncio.wait({told, connected, left}, return_when=asyncio.FIRST_COMPLETED)
            await connection.stop()
            if not left.done():
                await asyncio.wait({connected})
                await self._answering.drain()
        finally:
            left.cancel()
            connected.cancel()
            for tasks in (self._answering, self._background):
                await tasks.drain(0)
            await asyncio.wait({connected, left})
            # What came last may have begun something.
            for tasks in (self._answering, self._background):
                await tasks.drain(0)
            for part in parts.forgetful:
                part.close()
        for task in (left, connected):
            if not task.cancelled():
                task.result()

    def _connection(self, app: AsyncApp, client: AsyncWebClient) -> Connection:
        options, health = self._options, self._services.health
        if options.app_token:
            return SocketConnection(
                app,
                options.app_token,
                web_client=client,
                health=health,
                rhythm=options.rhythm,
            )
        return HttpEvents(
            app, options.signing_secret, host=options.host, port=options.port, health=health
        )

    def _parts(self, client: AsyncWebClient, workspace: Workspace) -> _Parts:
        """Everything that listens, and what finishes replies that were cut off."""
        services, options, tasks = self._services, self._options, self._answering
        clock = services.clock
        people, places = People(client, workspace, clock), Places(client, workspace, clock)
        reader = Reader(client, workspace, people=people, places=places)
        answers: Answers[SlackScreen] = Answers(tasks)
        statuses = Statuses(client, tasks)
        home = Home(
            commands=services.commands,
            control=services.control,
            policies=services.policies,
            people=people,
            client=client,
            workspace=workspace,
            tasks=tasks,
            publishing=self._background,
            clock=clock,
        )
        commands = SlackCommands(
            commands=services.commands,
            view=services.control.view,
            people=people,
            places=places,
            client=client,
            workspace=workspace,
            tasks=tasks,
            clock=clock,
            chat=lambda asked: asking.chat(asked),  # noqa: PLW0108 - it is made below
            changed=home.rewritten,
        )
        answering = Answering(
            client=client,
            workspace=workspace,
            engine=services.engine,
            commands=commands,
            deliveries=services.deliveries,
            answers=answers,
            statuses=statuses,
            people=people,
            places=places,
            reader=reader,
            tasks=tasks,
            clock=clock,
            context_messages=options.context_messages,
            changed=home.changed,
            pace=options.pace,
        )
        asking = Asking(
            client=client,
            workspace=workspace,
            engine=services.engine,
            answering=answering,
            answers=answers,
            statuses=statuses,
            policies=services.policies,
            people=people,
            places=places,
            reader=reader,
            clock=clock,
        )
        inbox = Inbox(
            answering,
            answers=answers,
            people=people,
            places=places,
            workspace=workspace,
            policies=services.policies,
            participation=services.participation,
            deliveries=services.deliveries,
            revisions=services.control.revisions,
            tasks=tasks,
            clock=clock,
            rewritten=home.rewritten,
        )
        actions = ReplyActions(
            client=client,
            workspace=workspace,
            engine=services.engine,
            answering=answering,
            answers=answers,
            statuses=statuses,
            deliveries=services.deliveries,
            feedback=services.feedback,
            policies=services.policies,
            people=people,
            places=places,
            reader=reader,
            tasks=tasks,
            context_messages=options.context_messages,
        )
        shortcut = AskShortcut(
            client=client,
            workspace=workspace,
            people=people,
            tasks=tasks,
            clock=clock,
            ask=asking.ask,
        )
        finisher = SlackFinisher(
            client=client,
            workspace=workspace,
            answering=answering,
            statuses=statuses,
            people=people,
            places=places,
            clock=clock,
            revisions=services.control.revisions,
        )
        return _Parts(
            listeners=(inbox, actions, commands, home, shortcut),
            forgetful=(commands, home),
            recovery=DeliveryRecovery(services.deliveries, answers, finisher),
        )
