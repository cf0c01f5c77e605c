"""A workspace in which people give commands, over in-memory storage and a Slack in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_stand_in import Channel, Ephemeral, Interaction, Message, SlackStandIn, Team, User
from support.commanding import Desk, Ids
from support.engine import FakeClock
from support.places import places_over

from adapters.slack.callers import caller_for
from adapters.slack.commands import SlackCommands
from adapters.slack.events import SlackMessage, message_in
from adapters.slack.library_log import QUIET
from adapters.slack.people import People
from adapters.slack.places import Places
from adapters.slack.shortcuts import AskShortcut, Question
from adapters.slack.slash import SlashChat
from adapters.slack.socket import SocketConnection
from adapters.slack.web import EllieWebClient
from adapters.slack.workspace import Workspace
from adapters.tasks import OwnedTasks
from bot.commands.dispatch import Commands
from bot.domain.fact import Fact
from bot.domain.identity import IdentityRef, Platform, TenantRef
from bot.domain.policy import AnswerPolicy
from bot.engine.audit import AuditLog
from bot.engine.memory_control import MemoryControl
from bot.engine.policies import ChannelPolicies
from bot.engine.tenant_retention import TenantRetention
from bot.errors import StorageUnavailableError


@dataclass
class MovableClock(FakeClock):
    """Both times stand still until a test lets time pass."""

    passed: float = 0.0

    def elapsed(self) -> float:
        return self.passed

    def pass_time(self, seconds: float) -> None:
        self.passed += seconds


class SlackDesk(Desk):
    """Where people's memory is read and written, with Slack's accounts."""

    def __init__(self, explanations: Any, clock: MovableClock) -> None:
        super().__init__(explanations)
        self.clock = clock
        self.control = MemoryControl.over(
            self.storage, self.recall, clock=clock, ids=Ids(), retention_days=None
        )
        self.homes: dict[str, str] = {}

    def identity(self, user: str = "UANA", platform: Platform = Platform.SLACK) -> IdentityRef:
        return IdentityRef(
            platform=platform,
            external_id=user,
            display_name=user,
            tenant=TenantRef(platform=platform, external_id=self.homes.get(user, "T1")),
        )


@dataclass
class Office:
    """Ana and Ben are members; Cleo is an admin; Sam is from another company."""

    slack: SlackStandIn
    team: Team
    desk: SlackDesk
    clock: MovableClock
    client: EllieWebClient
    workspace: Workspace
    tasks: OwnedTasks
    people: People
    places: Places
    commands: SlackCommands
    policies: ChannelPolicies
    retention: TenantRetention
    dispatch: Commands
    ana: User
    ben: User
    cleo: User
    sam: User
    general: Channel
    chats: list[SlashChat] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    async def learn(self, text: str, *, user: User | None = None, **more: Any) -> Fact:
        """A fact that somebody told; Ana if nobody is named."""
        return await self.desk.learn(text, user=(user or self.ana).id, **more)

    async def facts(self, user: User | None = None) -> list[str]:
        """What is stored, whatever its state."""
        found = await self.desk.facts((user or self.ana).id)
        return [fact.text for fact in found.values()]

    async def slash(
        self, text: str, user: User | None = None, channel: Channel | None = None, **more: Any
    ) -> Interaction:
        """Give a command in the channel, and wait until it is dealt with."""
        channel = channel or self.general
        given = await self.team.slash(user or self.ana, channel, text, **more)
        await self.quiet()
        assert given.acked
        return given

    async def press(self, message: Message, label: str, user: User | None = None) -> Interaction:
        """Press the button of that label, and wait until it is dealt with."""
        pressed = await self.team.press(user or self.ana, message, text=label)
        await self.quiet()
        assert pressed.acked
        return pressed

    async def say(
        self,
        text: str,
        user: User | None = None,
        channel: Channel | None = None,
        *,
        thread_ts: str | None = None,
    ) -> Message:
        """Write a command as a message, and wait until it is dealt with."""
        said = await self.team.say(
            user or self.ana, channel or self.general, text, thread_ts=thread_ts
        )
        await self.slack.settled()
        await self.quiet()
        return said

    async def quiet(self) -> None:
        """Wait until nothing is done any more."""
        for _ in range(3):
            await asyncio.sleep(0)
        await self.slack.until(lambda: not self.tasks._tasks, what="all tasks end")

    def seen(self, user: User | None = None) -> list[Ephemeral]:
        """What only this person sees, oldest first."""
        return self.team.ephemerals(user or self.ana)

    def last(self, user: User | None = None) -> str:
        """The words of the last thing that only this person sees."""
        return self.seen(user)[-1].shown_text

    def break_storage(
        self, monkeypatch: pytest.MonkeyPatch, error: Exception | None = None
    ) -> None:
        def fail() -> Any:
            raise error or StorageUnavailableError("The database is away.")

        monkeypatch.setattr(self.desk.storage, "unit_of_work", fail)

    async def decide(self, policy: AnswerPolicy, channel: Channel | None = None) -> None:
        where = None if channel is None else channel.id
        await self.policies.set(self.workspace.tenant, where, policy)

    async def chat(self, chat: SlashChat) -> None:
        self.chats.append(chat)

    async def changed(self, user_id: str) -> None:
        self.changes.append(user_id)

    async def ask(self, question: Question) -> None:
        self.questions.append(question)

    async def take(self, message: SlackMessage) -> None:
        """What an inbox does with commands."""
        words = message.text.replace(self.team.mention, "").strip()
        understood = self.dispatch.understand(words)
        if understood is None:
            return
        caller = await caller_for(
            message.user_id,
            message.channel_id,
            people=self.people,
            places=self.places,
            workspace=self.workspace,
            prefix="@Ellie ",
            channel_type=message.channel_type,
            root_ts=message.root_ts,
        )
        self.tasks.start(self.commands.typed(message, understood, caller), name="typed")


@asynccontextmanager
async def office(
    explanations: Any = None, *, scopes: frozenset[str] = frozenset(), **team: Any
) -> AsyncIterator[Office]:
    """A running Slack with a workspace, and Ellie's commands in it."""
    async with SlackStandIn() as slack:
        made = slack.add_team("T1", **team)
        clock = MovableClock()
        client = EllieWebClient(made.bot_token, base_url=slack.api_url)
        workspace = Workspace(
            team_id=made.id,
            team_name=made.name,
            bot_user_id=made.bot_user_id,
            bot_id=made.bot_id,
            bot_name="Ellie",
            enterprise_id=made.enterprise_id,
            scopes=scopes,
        )
        tasks = OwnedTasks()
        desk = SlackDesk(explanations, clock)
        desk.homes = {"USAM": "T9"}
        people = People(client, workspace, clock)
        places = Places(client, workspace, clock)
        policies = ChannelPolicies(desk.storage, clock=clock)
        retention = TenantRetention(desk.storage, default_days=None)
        dispatch = Commands(
            desk.control,
            clock=clock,
            explanations=explanations,
            places=places_over(desk.storage, clock, policies, retention),
            retention=retention,
            audit=AuditLog(desk.storage, clock=clock, ids=desk.ids),
            rewording=desk.rewording,
        )
        here: list[Office] = []
        commands = SlackCommands(
            commands=dispatch,
            view=desk.control.view,
            people=people,
            places=places,
            client=client,
            workspace=workspace,
            tasks=tasks,
            clock=clock,
            chat=lambda chat: here[0].chat(chat),  # noqa: PLW0108 - looked up late
            changed=lambda user_id: here[0].changed(user_id),  # noqa: PLW0108 - looked up late
        )
        shortcut = AskShortcut(
            client=client,
            workspace=workspace,
            people=people,
            tasks=tasks,
            clock=clock,
            ask=lambda question: here[0].ask(question),  # noqa: PLW0108 - looked up late
        )
        ana = made.add_user("UANA", name="ana", real_name="Ana")
        ben = made.add_user("UBEN", name="ben", real_name="Ben")
        cleo = made.add_user("UCLEO", name="cleo", real_name="Cleo", is_admin=True)
        sam = made.add_user("USAM", name="sam", real_name="Sam", team_id="T9", is_admin=True)
        here.append(
            Office(
                slack=slack,
                team=made,
                desk=desk,
                clock=clock,
                client=client,
                workspace=workspace,
                tasks=tasks,
                people=people,
                places=places,
                commands=commands,
                policies=policies,
                retention=retention,
                dispatch=dispatch,
                ana=ana,
                ben=ben,
                cleo=cleo,
                sam=sam,
                general=made.add_channel("C1GENERAL", name="general", members=[ana, ben, cleo]),
            )
        )
        async with _listening(here[0], shortcut):
            yield here[0]


@asynccontextmanager
async def _listening(here: Office, shortcut: AskShortcut) -> AsyncIterator[None]:
    app = AsyncApp(client=here.client, process_before_response=True, logger=QUIET)
    here.commands.register(app)
    shortcut.register(app)

    async def on_message(body: dict[str, Any]) -> None:
        message = message_in(body)
        if message is not None and not message.bot_id:
            await here.take(message)

    app.event("message")(on_message)
    app.event("app_mention")(on_message)
    socket = SocketConnection(app, here.team.app_token, web_client=here.client)
    running = asyncio.create_task(socket.run())
    try:
        await here.slack.until(lambda: here.slack.connections(here.team))
        yield
    finally:
        here.commands.close()
        await here.tasks.drain(5)
        await socket.stop()
        await running
