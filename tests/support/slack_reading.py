"""As little of Slack as reading from it takes, and messages to read."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from slack_sdk.errors import SlackApiError

from adapters.slack.events import SlackMessage, message_in
from adapters.slack.people import People
from adapters.slack.places import Place, PlaceKind, Places
from adapters.slack.reading import Reader
from adapters.slack.workspace import Workspace

ME = "U0ELLIE"
HER = f"<@{ME}>"
TEAM = "T1"
NOW = 1_700_000_000
"""2023-11-14 22:13:20 UTC."""
HOURS = 3600

WORKSPACE = Workspace(
    team_id=TEAM, team_name="Acme", bot_user_id=ME, bot_id="B0ELLIE", bot_name="Ellie"
)
GRID = Workspace(
    team_id=TEAM,
    team_name="Acme",
    bot_user_id=ME,
    bot_id="B0ELLIE",
    bot_name="Ellie",
    enterprise_id="E1",
)
OPEN = Place(channel_id="C1", kind=PlaceKind.OPEN, name="general")
DIRECT = Place(channel_id="D1", kind=PlaceKind.DIRECT)


class Watch:
    """Elapsed time that moves only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(NOW + self.seconds, UTC)

    def elapsed(self) -> float:
        return self.seconds


class FakeSlack:
    """Answers the few methods that reading asks, and notes them down."""

    def __init__(self) -> None:
        self.token = "xoxb-secret"
        self.base_url = "https://slack.com/api/"
        self.session: Any = None
        self.proxy = None
        self.ssl = None
        self.trust_env_in_session = False
        self.users: dict[str, dict[str, Any]] = {}
        self.channels: dict[str, dict[str, Any]] = {}
        self.messages: list[dict[str, Any]] = []
        self.files: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.broken: set[str] = set()
        self.hanging: set[str] = set()
        self.omits_root = False
        self.page = 1000

    def person(self, user_id: str, name: str, **more: Any) -> dict[str, Any]:
        user = {"id": user_id, "team_id": TEAM, "profile": {"display_name": name}, **more}
        self.users[user_id] = user
        return user

    def channel(self, channel_id: str, name: str, **more: Any) -> dict[str, Any]:
        channel = {
            "id": channel_id,
            "name": name,
            "is_channel": True,
            "is_private": False,
            "is_member": True,
            **more,
        }
        self.channels[channel_id] = channel
        return channel

    def says(self, user_id: str, text: str, at: float, **more: Any) -> dict[str, Any]:
        raw = {"type": "message", "user": user_id, "text": text, "ts": stamp(at), **more}
        if not user_id:
            del raw["user"]
        self.messages.append(raw)
        return raw

    async def users_info(self, *, user: str, include_locale: bool) -> dict[str, Any]:
        assert include_locale
        await self._ask("users.info", user)
        return {"user": self._known(self.users, user, "user_not_found")}

    async def conversations_info(self, *, channel: str) -> dict[str, Any]:
        await self._ask("conversations.info", channel)
        return {"channel": self._known(self.channels, channel, "channel_not_found")}

    async def files_info(self, *, file: str) -> dict[str, Any]:
        await self._ask("files.info", file)
        return {"file": self._known(self.files, file, "file_not_found")}

    async def conversations_history(
        self, *, channel: str, latest: str, oldest: str, inclusive: bool, limit: int
    ) -> dict[str, Any]:
        await self._ask("conversations.history", channel)
        found = [
            raw
            for raw in self._between(oldest, latest, inclusive=inclusive)
            if raw.get("thread_ts", raw["ts"]) == raw["ts"]
            or raw.get("subtype") == "thread_broadcast"
        ]
        return {"messages": found[::-1][:limit]}

    async def conversations_replies(
        self,
        *,
        channel: str,
        ts: str,
        latest: str,
        oldest: str,
        inclusive: bool,
        limit: int,
        cursor: str | None,
    ) -> dict[str, Any]:
        await self._ask("conversations.replies", ts)
        within = self._between(oldest, latest, inclusive=inclusive)
        replies = [raw for raw in within if raw.get("thread_ts") == ts and raw["ts"] != ts]
        start, size = int(cursor or 0), min(limit, self.page)
        roots = [raw for raw in self.messages if raw["ts"] == ts]
        shown = replies[start : start + size]
        more = start + size if start + size < len(replies) else ""
        return {
            "messages": [*([] if self.omits_root or start else roots), *shown],
            "response_metadata": {"next_cursor": str(more)},
        }

    def _between(self, oldest: str, latest: str, *, inclusive: bool) -> list[dict[str, Any]]:
        first, last = float(oldest), float(latest)
        within = [
            raw
            for raw in self.messages
            if first < float(raw["ts"]) < last or (inclusive and float(raw["ts"]) in {first, last})
        ]
        return sorted(within, key=lambda raw: float(raw["ts"]))

    async def _ask(self, method: str, about: str) -> None:
        self.asked.append(f"{method} {about}")
        await asyncio.sleep(0)
        if method in self.hanging:
            await asyncio.Event().wait()
        if method in self.broken:
            raise refusal("internal_error")

    def _known(self, things: dict[str, dict[str, Any]], name: str, code: str) -> dict[str, Any]:
        if name not in things:
            raise refusal(code)
        return things[name]


class Desk:
    """Everything that reads, over one fake Slack with two people and a channel."""

    def __init__(self, workspace: Workspace = WORKSPACE) -> None:
        self.slack = FakeSlack()
        self.watch = Watch()
        self.workspace = workspace
        self.slack.person("U1", "Ana")
        self.slack.person("U2", "Ben")
        self.slack.channel("C1", "general")
        client: Any = self.slack
        self.people = People(client, workspace, self.watch)
        self.places = Places(client, workspace, self.watch)
        self.reader = Reader(client, workspace, people=self.people, places=self.places)


def refusal(code: str) -> SlackApiError:
    return SlackApiError("refused", {"ok": False, "error": code})


def stamp(seconds: float) -> str:
    return f"{NOW + seconds:.6f}"


def body_of(event: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "event_callback", "team_id": TEAM, "event": event, **more}


def event_of(text: str = "", at: float = 0, **more: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "user": "U1",
        "text": text,
        "ts": stamp(at),
        "channel": "C1",
        "channel_type": "channel",
        **more,
    }


def said(text: str = "", at: float = 0, **more: Any) -> SlackMessage:
    """What Ana says in the channel, unless told otherwise."""
    message = message_in(body_of(event_of(text, at, **more)))
    assert message is not None
    return message


def share(text: str, author_id: str = "U2", **more: Any) -> dict[str, Any]:
    """A message as it looks inside the one that forwards it."""
    return {
        "is_share": True,
        "is_msg_unfurl": True,
        "author_id": author_id,
        "author_name": "Ben",
        "ts": stamp(-500),
        "text": text,
        "fallback": f"[a day] Ben: {text}",
        **more,
    }
