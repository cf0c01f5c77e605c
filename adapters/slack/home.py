"""Ellie's Home tab: what she remembers about whoever looks, and what they can do about it."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.command_texts import command_texts
from adapters.slack.callers import SLASH_PREFIX
from adapters.slack.home_actions import HomeActions, home_press_in
from adapters.slack.home_answers import Carrying
from adapters.slack.home_blocks import View
from adapters.slack.home_dialogs import PATIENCE_SECONDS, Dialogs, Questions
from adapters.slack.home_forms import HomeForms
from adapters.slack.home_ids import PREFIX
from adapters.slack.home_reading import HomeReader, Visitors
from adapters.slack.home_state import Notice, Position
from adapters.slack.home_view import home_view, trouble_view
from adapters.slack.pending import Pending
from adapters.slack.people import People
from adapters.slack.suggested import SuggestedPrompts
from adapters.slack.web import TROUBLE, error_code
from adapters.slack.workspace import Workspace
from adapters.tasks import OwnedTasks
from bot.commands.dispatch import Commands
from bot.commands.reply import Confirmation
from bot.engine.memory_control import MemoryControl
from bot.engine.policies import ChannelPolicies
from bot.errors import StorageError
from bot.log import get_logger
from bot.ports.system import Clock

log = get_logger(__name__)

MOST_OPEN = 2_000
"""Tabs that are kept fresh; of others the oldest are, once they are opened again."""
PACE_SECONDS = 1.0
"""Between two publications of one tab."""
NOTICE_SECONDS = 10.0
"""So long a notice stays when something else changes; it may tell of what is forgotten by then."""

_OURS = re.compile(f"^{re.escape(PREFIX)}")


@dataclass(slots=True)
class _Tab:
    """One person's tab: what it is to show, and when it was published last."""

    position: Position
    notice: Notice | None = None
    noticed_at: float = 0.0
    published_at: float | None = None
    is_stale: bool = True
    is_worked_on: bool = False


class Home:
    """Publishes tabs and keeps them fresh; what is pressed in them is done in owned tasks.

    What somebody had done is done, also while Ellie is being stopped; a tab can be shown later.
    """

    def __init__(
        self,
        *,
        commands: Commands,
        control: MemoryControl,
        policies: ChannelPolicies,
        people: People,
        client: AsyncWebClient,
        workspace: Workspace,
        tasks: OwnedTasks,
        publishing: OwnedTasks,
        clock: Clock,
        prefix: str = SLASH_PREFIX,
        patience_seconds: float = PATIENCE_SECONDS,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """What people do is done in ``tasks``, and tabs are shown in ``publishing``.

        ``prefix`` is what people write before a command. ``wait`` passes time.
        """
        self._client = client
        self._tasks = tasks
        self._publishing = publishing
        self._clock = clock
        self._wait = wait
        self._tabs: OrderedDict[str, _Tab] = OrderedDict()
        self._suggested = SuggestedPrompts(client, people)
        self._visitors = Visitors(people, workspace, prefix=prefix)
        self._reader = HomeReader(
            commands=commands,
            control=control,
            policies=policies,
            visitors=self._visitors,
            workspace=workspace,
            clock=clock,
        )
        pending: Pending[Confirmation] = Pending(clock, tasks)
        self._pending = pending
        questions = Questions(pending)
        carrying = Carrying(commands, self._visitors, questions)
        dialogs = Dialogs(client, tasks, patience_seconds=patience_seconds)
        self._actions = HomeActions(
            carrying=carrying,
            dialogs=dialogs,
            visitors=self._visitors,
            view=control.view,
            client=client,
            workspace=workspace,
            show=self._show,
        )
        self._forms = HomeForms(
            carrying=carrying,
            dialogs=dialogs,
            visitors=self._visitors,
            tasks=tasks,
            show=self._tell,
        )

    def register(self, app: AsyncApp) -> None:
        """Hear of tabs that are opened, and of what is pressed and sent in them."""
        app.event("app_home_opened")(self._on_opened)
        app.action(_OURS)(self._on_pressed)
        app.view(_OURS)(self._forms.sent)

    async def opened(self, event: Mapping[str, Any]) -> None:
        """Somebody looks at their tab, or at their messages with Ellie.

        The tab is published in a task of its own, at once.
        """
        user_id = str(event.get("user") or "")
        if event.get("tab") == "messages":
            await self._suggested.offer(user_id, str(event.get("channel") or ""))
        elif user_id:
            packed = str((event.get("view") or {}).get("private_metadata") or "")
            self._show(user_id, Position.unpacked(packed), None)

    async def changed(self, user_id: str) -> None:
        """Something about somebody's memory is new: their tab is, too, if it was opened."""
        tab = self._tabs.get(user_id)
        if tab is None:
            return
        if self._clock.elapsed() - tab.noticed_at > NOTICE_SECONDS:
            tab.notice = None
        self._refresh(user_id, tab)

    async def rewritten(self, user_id: str) -> None:
        """Somebody may have had something forgotten: no tab shows it any more, whoever opened it.

        Slack keeps a tab as it was published last, also by an earlier process.
        """
        if not user_id:
            return
        tab = self._tab(user_id, Position())
        # What was sought, and what was said last, may be what is to be forgotten.
        tab.position = replace(tab.position, query="", page=1)
        tab.notice = None
        self._refresh(user_id, tab)

    def close(self) -> None:
        """Nobody will press anything any more."""
        self._pending.clear()
        self._tabs.clear()

    async def _on_opened(self, event: Mapping[str, Any]) -> None:
        self._publishing.start(self.opened(event), name="home-opened")

    async def _on_pressed(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        await ack()
        press = home_press_in(body)
        if press is not None:
            self._tasks.start(self._actions.pressed(press), name="home-pressed")

    def _show(self, user_id: str, position: Position, notice: Notice | None) -> None:
        tab = self._tab(user_id, position)
        tab.position = position
        self._set_notice(tab, notice)
        self._refresh(user_id, tab)

    def _tell(self, user_id: str, notice: Notice, is_erased: bool) -> None:
        tab = self._tab(user_id, Position())
        if is_erased:  # what they sought may be what they wanted forgotten
            tab.position = replace(tab.position, query="", page=1)
        self._set_notice(tab, notice)
        self._refresh(user_id, tab)

    def _set_notice(self, tab: _Tab, notice: Notice | None) -> None:
        tab.notice = notice
        tab.noticed_at = self._clock.elapsed()

    def _tab(self, user_id: str, position: Position) -> _Tab:
        tab = self._tabs.setdefault(user_id, _Tab(position=position))
        self._tabs.move_to_end(user_id)
        while len(self._tabs) > MOST_OPEN:
            self._tabs.popitem(last=False)
        return tab

    def _refresh(self, user_id: str, tab: _Tab) -> None:
        tab.is_stale = True
        if not tab.is_worked_on:
            tab.is_worked_on = True
            self._publishing.start(self._keep_fresh(user_id, tab), name="home-publish")

    async def _keep_fresh(self, user_id: str, tab: _Tab) -> None:
        """Publish until nothing is new; what changes meanwhile is published once."""
        try:
            while tab.is_stale:
                if tab.published_at is not None:
                    left = tab.published_at + PACE_SECONDS - self._clock.elapsed()
                    if left > 0:
                        await self._wait(left)
                tab.is_stale = False
                view = await self._view_of(user_id, tab)
                tab.published_at = self._clock.elapsed()
                await self._publish(user_id, view)
        finally:
            tab.is_worked_on = False

    async def _view_of(self, user_id: str, tab: _Tab) -> View:
        position, notice = tab.position, tab.notice
        words = command_texts(position.language)
        try:
            visitor = await self._visitors.get(user_id)
            if visitor is None:
                return trouble_view(words.trouble, position)
            words = visitor.words
            position = replace(position, language=visitor.language)
            return home_view(await self._reader.read(visitor, position, notice))
        except (StorageError, TimeoutError) as error:
            log.error("home_without_memory", error=str(error) or type(error).__name__)
            return trouble_view(words.no_memory, position)
        except Exception:
            # Whoever opened their tab sees something in it, whatever happened.
            log.exception("home_not_read")
            return trouble_view(words.trouble, position)

    async def _publish(self, user_id: str, view: View) -> None:
        try:
            await self._client.views_publish(user_id=user_id, view=view)
        except TROUBLE as error:
            log.warning("home_not_published", code=error_code(error))
