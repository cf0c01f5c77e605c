"""What came with a message on Slack: images and files for the sketchpad, words for the turn.

Files are downloaded with the bot's token, which goes to Slack alone: never to the host of a file
that lies elsewhere, and never along with a redirection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

import aiohttp
import regex
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from adapters.attached_files import (
    MAX_FILES,
    TEXT_FILE_BYTES,
    AttachedFile,
    Seen,
    clean_name,
    look_at_all,
)
from adapters.slack.attached import SlackFile, file_in
from adapters.slack.web import TROUBLE, error_code
from bot.log import get_logger

log = get_logger(__name__)

FETCHING_SECONDS = 15.0
"""For downloading one picture, which happens after its message was acknowledged."""

_HOST = "slack.com"
_OK = 200
_PAGE = "text/html"
_SYMBOLS = regex.compile(r"[\\`*_~|<>\[\]#!]")


def names_of(files: Sequence[SlackFile]) -> frozenset[str] | None:
    """What files are called in memory; None where Slack would have to be asked."""
    if any(file.must_ask for file in files):
        return None
    return frozenset(clean_name(file.name) for file in files)


class Files:
    """Looks at files. Never fails: at least their names are known."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def look_at(self, files: Sequence[SlackFile], text: str, *, seconds: float) -> Seen:
        """Files that came with ``text``. What is not there after ``seconds`` is not read."""
        if not files:
            return Seen()
        deadline = asyncio.get_running_loop().time() + seconds
        async with self._session() as session:
            told = await asyncio.gather(*(self._told(file, deadline) for file in files[:MAX_FILES]))
            attached = [self._attached(file, session, deadline) for file in told]
            attached += [self._attached(file, session, deadline) for file in files[MAX_FILES:]]
            return await look_at_all(attached, text, literal=literal_line)

    async def _told(self, file: SlackFile, deadline: float) -> SlackFile:
        """Everything that Slack tells of a file: of some it tells nothing before it is asked."""
        if not file.must_ask:
            return file
        try:
            async with asyncio.timeout_at(deadline):
                answer = await self._client.files_info(file=file.id)
        except TROUBLE as error:
            log.info("file_not_known", error=error_code(error))
            return file
        raw = answer.get("file")
        return (file_in(raw) if isinstance(raw, Mapping) else None) or file

    def _attached(
        self, file: SlackFile, session: aiohttp.ClientSession, deadline: float
    ) -> AttachedFile:
        return AttachedFile(
            name=clean_name(file.name),
            media_type=file.media_type,
            size=file.size,
            width=file.width,
            height=file.height,
            alt_text=file.alt_text,
            is_measured=bool(file.width and file.height),
            read=None if file.is_external else partial(self._beginning, file, session, deadline),
            fetch=None if file.is_external else partial(self._fetched, file),
        )

    async def _beginning(
        self, file: SlackFile, session: aiohttp.ClientSession, deadline: float
    ) -> bytes | None:
        return await self._content(file, session, deadline, most_bytes=TEXT_FILE_BYTES)

    async def _fetched(self, file: SlackFile, most_bytes: int) -> bytes | None:
        """All of it, unless that is too much, when the session of its message is closed."""
        if file.size is not None and file.size > most_bytes:
            log.info("file_not_read", error="too_large")
            return None
        deadline = asyncio.get_running_loop().time() + FETCHING_SECONDS
        async with self._session() as session:
            content = await self._content(file, session, deadline, most_bytes=most_bytes)
        if content is not None and len(content) > most_bytes:
            log.info("file_not_read", error="too_large")
            return None
        return content

    async def _content(
        self,
        file: SlackFile,
        session: aiohttp.ClientSession,
        deadline: float,
        *,
        most_bytes: int,
    ) -> bytes | None:
        """The file, or the beginning of a long one; None when Slack does not hand it out."""
        if not self._may_be_asked(file.url):
            log.info("file_not_read", error="elsewhere" if file.url else "no_address")
            return None
        try:
            async with asyncio.timeout_at(deadline):
                return await self._downloaded(file, session, most_bytes)
        except (aiohttp.ClientError, OSError) as error:  # a timeout is one of the latter
            log.info("file_not_read", error=type(error).__name__)
            return None

    async def _downloaded(
        self, file: SlackFile, session: aiohttp.ClientSession, most_bytes: int
    ) -> bytes | None:
        async with session.get(
            URL(file.url),
            headers={"Authorization": f"Bearer {self._client.token}"},
            allow_redirects=False,
            proxy=self._client.proxy,
            ssl=self._client.ssl or True,
        ) as response:
            # Without the right to read files Slack sends to its front page, or shows it.
            is_page = response.content_type == _PAGE and _PAGE not in file.media_type
            if response.status != _OK or is_page:
                log.info("file_not_read", status=response.status)
                return None
            content = bytearray()
            async for chunk in response.content.iter_chunked(1 << 16):
                content += chunk
                if len(content) > most_bytes:
                    break
            return bytes(content)

    def _may_be_asked(self, address: str) -> bool:
        """Whether it is Slack's own address, or that of whatever stands in for Slack."""
        try:
            url, base = URL(address), URL(self._client.base_url)
            if url.user is not None or url.password is not None:
                return False
            if url.origin() == base.origin():
                return True
        except ValueError:  # no address at all
            return False
        hosts = {_HOST, base.host or _HOST}
        is_of_slack = any(
            url.host == host or (url.host or "").endswith(f".{host}") for host in hosts
        )
        return url.scheme == "https" and url.explicit_port is None and is_of_slack

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiohttp.ClientSession]:
        """The client's own one, if it has one that lasts."""
        lasting = self._client.session
        if lasting is not None and not lasting.closed:
            yield lasting
            return
        async with aiohttp.ClientSession(trust_env=self._client.trust_env_in_session) as session:
            yield session


def literal_line(text: str) -> str:
    """``text`` on one line, in Markdown that Slack shows as exactly that."""
    return _SYMBOLS.sub(lambda found: f"\\{found[0]}", " ".join(text.split()))
