"""A Slack in memory whose people look at Ellie's Home tab; her memory is in memory, too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_stand_in import SlackStandIn, Team, User, View
from support.places import places_over
from support.slack_commands import MovableClock, SlackDesk

from adapters.slack.home import Home
from adapters.slack.library_log import QUIET
from adapters.slack.people import People
from adapters.slack.socket import SocketConnection
from adapters.slack.web import EllieWebClient
from adapters.slack.workspace import Workspace
from adapters.tasks import OwnedTasks
from bot.commands.dispatch import Commands
from bot.engine.audit import AuditLog
from bot.engine.policies import ChannelPolicies
from bot.engine.tenant_retention import TenantRetention
from bot.errors import StorageUnavailableError


class House:
    """Ana and Ben live here, Cleo runs the place, Sam is from another company."""

    def __init__(self, slack: SlackStandIn, team: Team, **options: Any) -> None:
        self.slack = slack
        self.team = team
        self.options = options
        self.clock = MovableClock()
        self.desk = SlackDesk(None, self.clock)
        self.desk.homes = {"USAM": "T9"}
        self.client = EllieWebClient(team.bot_token, base_url=slack.api_url)
        self.workspace = Workspace(
            team_id=team.id,
            team_name=team.name,
            bot_user_id=team.bot_user_id,
            bot_id=team.bot_id,
            bot_name="Ellie",
        )
        self.ana = team.add_user("UANA", name="ana", real_name="Ana")
        self.ben = team.add_user("UBEN", name="ben", real_name="Ben")
        self.cleo = team.add_user("UCLEO", name="cleo", real_name="Cleo", is_admin=True)
        self.sam = team.add_user("USAM", name="sam", real_name="Sam", team_id="T9", is_admin=True)
        self.policies = ChannelPolicies(self.desk.storage, clock=self.clock)
        self.retention = TenantRetention(self.desk.storage, default_days=None)
        self.waited: list[float] = []
        self.go_on = asyncio.Event()
        """Whoever waits for time to pass waits for this as well."""
        self.go_on.set()
        self.start()

    def start(self) -> None:
        """Begin as a new process does: with nothing in mind."""
        self.tasks = OwnedTasks()
        self.home = Home(
            commands=Commands(
                self.desk.control,
                clock=self.clock,
                places=places_over(self.desk.storage, self.clock, self.policies, self.retention),
                retention=self.retention,
                audit=AuditLog(self.desk.storage, clock=self.clock, ids=self.desk.ids),
            ),
            control=self.desk.control,
            policies=self.policies,
            people=People(self.client, self.workspace, self.clock),
            client=self.client,
            workspace=self.workspace,
            tasks=self.tasks,
            publishing=self.tasks,
            clock=self.clock,
            wait=self._wait,
            **self.options,
        )

    async def restart(self) -> None:
        """End the process, and begin another."""
        await self.end()
        self.start()
        await self.connect()

    async def connect(self) -> None:
        """Hear of what people do."""
        app = AsyncApp(client=self.client, process_before_response=True, logger=QUIET)
        self.home.register(app)
        self._socket = SocketConnection(app, self.team.app_token, web_client=self.client)
        self._running = asyncio.create_task(self._socket.run())
        await self.slack.until(lambda: self.slack.connections(self.team))

    async def end(self) -> None:
        """Stop as a process does."""
        self.home.close()
        await self.tasks.drain(5)
        await self._socket.stop()
        await self._running
        await self.slack.until(lambda: not self.slack.connections(self.team))

    async def open(self, user: User | None = None, tab: str = "home") -> View:
        """Open the tab, and wait until it is shown."""
        await self.team.open_home(user or self.ana, tab)
        await self.quiet()
        return self.view(user) if tab == "home" else None  # type: ignore[return-value]

    def view(self, user: User | None = None) -> View:
        """The tab as it is shown to somebody."""
        view = self.team.home(user or self.ana)
        assert view is not None
        return view

    def reads(self, user: User | None = None) -> str:
        """What is to be read in it."""
        return self.view(user).shown_text

    async def press(
        self, action_id: str, value: str | None = None, user: User | None = None, **more: Any
    ) -> str:
        """Press something in one's tab, and read what is shown then."""
        whose = more.pop("view", None) or self.view(user)
        pressed = await self.team.press(
            user or self.ana, whose, action_id=action_id, value=value, **more
        )
        assert pressed.acked
        await self.quiet()
        return self.reads(user)

    def modal(self, user: User | None = None) -> View:
        """The dialog that somebody looks at."""
        view = self.team.modal(user or self.ana)
        assert view is not None, self.reads(user)
        return view

    async def submit(self, values: dict[str, Any] | None = None, user: User | None = None) -> Any:
        """Send the dialog on top."""
        sent = await self.team.submit(user or self.ana, values)
        await self.quiet()
        return sent

    async def quiet(self) -> None:
        """Wait until nothing is done any more."""
        await self.slack.settled()
        for _ in range(3):
            await asyncio.sleep(0)
        await self.slack.until(lambda: not self.tasks._tasks, what="all tasks end")

    async def facts(self, user: User | None = None) -> list[str]:
        """What is stored, whatever its state."""
        found = await self.desk.facts((user or self.ana).id)
        return [fact.text for fact in found.values()]

    async def learn(self, text: str, user: User | None = None, **more: Any) -> None:
        """Something that somebody told of themselves; Ana if nobody is named."""
        await self.desk.learn(text, user=(user or self.ana).id, **more)

    def break_storage(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The database is away until the patch is undone."""

        def fail() -> Any:
            raise StorageUnavailableError("The database is away.")

        monkeypatch.setattr(self.desk.storage, "unit_of_work", fail)

    def slow_storage(self, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
        """The database answers once the event is set."""
        answers = asyncio.Event()
        begin = self.desk.storage.unit_of_work

        @asynccontextmanager
        async def slowly() -> AsyncIterator[Any]:
            await answers.wait()
            async with begin() as work:
                yield work

        monkeypatch.setattr(self.desk.storage, "unit_of_work", slowly)
        return answers

    async def _wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        await self.go_on.wait()
        self.clock.pass_time(seconds)


@asynccontextmanager
async def house(**options: Any) -> AsyncIterator[House]:
    """A house in which Ellie runs; ``options`` are of her Home."""
    async with SlackStandIn() as slack:
        built = House(slack, slack.add_team("T1"), **options)
        await built.connect()
        try:
            yield built
        finally:
            await built.end()
