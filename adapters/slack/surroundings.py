"""What was said around a message, read from Slack at the moment it is answered.

Ellie's own words come along only where somebody replies to them: her answers to other people
were made with those people's memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from adapters.names import UniqueNames
from adapters.slack.events import SLACKBOT, SlackMessage, moment_of, read_back
from adapters.slack.naming import Known, Naming
from adapters.slack.normalising import forwarded, quoted
from adapters.slack.places import Place, PlaceKind
from adapters.slack.web import TROUBLE, error_code
from adapters.slack.workspace import Workspace
from bot.domain.surroundings import Utterance
from bot.log import get_logger

log = get_logger(__name__)

CONTEXT_HOURS = 12
"""What was said longer ago than this is no context, except what a thread stands under."""
NAMING_SHARE = 0.3
"""Of the time for reading so much is for asking who said it."""

_PAGE = 100
"""Messages in one answer of Slack's; a channel's first page is enough, a thread may have more."""
_MAX_PAGES = 3
_WINDOWS = (timedelta(minutes=10), timedelta(hours=2))
"""In which the latest of a long thread is sought, until there is enough of it."""


@dataclass(slots=True)
class _Found:
    """What was read until now. ``is_whole``: nothing of the thread was left out."""

    recent: list[SlackMessage] = field(default_factory=list)
    root: SlackMessage | None = None
    is_whole: bool = False


class Around:
    """Reads what stands around messages."""

    def __init__(self, client: AsyncWebClient, workspace: Workspace, naming: Naming) -> None:
        self._client = client
        self._workspace = workspace
        self._me = workspace.bot_user_id
        self._naming = naming

    async def of(
        self, message: SlackMessage, *, place: Place, limit: int, seconds: float
    ) -> tuple[Utterance, ...]:
        """What helps to understand ``message``, oldest first, without the message itself.

        That is, of its thread or else of its channel, the last ``limit`` messages of people before
        it; the message that its thread stands under; and what was forwarded with it. What cannot
        be read (rights, deletions, ``seconds``) is left out.
        """
        began = asyncio.get_running_loop().time()
        found = _Found()
        reading = self._reading(message, found, place=place, limit=limit)
        if reading is not None:
            await _as_far_as_possible(reading, seconds * (1 - NAMING_SHARE))
        told = found.recent[-limit:] if limit > 0 else []
        if found.root is not None and self._may_be_told(found, message):
            told.insert(0, found.root)
        if not told and not message.forwarded:
            return ()
        left = seconds - (asyncio.get_running_loop().time() - began)
        known = await self._naming.of([message, *told], seconds=left)
        names = self._names(known, message.user_id, message.user_name)
        is_new = all(one.user_id != message.user_id for one in found.recent)
        said: list[Utterance] = []
        for one in told:
            # Who writes in a thread for the first time replies to what it stands under.
            is_meant = one is found.root and is_new and one.user_id != message.user_id
            said += self._utterance(one, names, known, is_meant=is_meant)
        return (*said, *self._brought_along(message, names, known))

    async def about(
        self, message: SlackMessage, asker_id: str, *, seconds: float
    ) -> tuple[Utterance, ...]:
        """One message alone, about which somebody asks."""
        known = await self._naming.of([message], seconds=seconds)
        names = self._names(known, asker_id, "")
        return tuple(self._utterance(message, names, known, is_meant=True))

    def _reading(
        self, message: SlackMessage, found: _Found, *, place: Place, limit: int
    ) -> Coroutine[Any, Any, None] | None:
        if place.kind is PlaceKind.DIRECT:
            # Memory has everything there but what Ellie said of her own accord.
            found.is_whole = True
            is_reply = message.is_in_thread and message.parent_user_id == self._me
            return self._root(message, found) if is_reply else None
        if limit <= 0:
            return None
        if message.is_in_thread:
            return self._thread(message, found, limit)
        return self._channel(message, found, limit)

    async def _channel(self, message: SlackMessage, found: _Found, limit: int) -> None:
        answer = await self._client.conversations_history(
            channel=message.channel_id,
            latest=message.ts,
            oldest=_seconds(_start(message)),
            inclusive=False,
            limit=min(2 * limit, _PAGE),  # some of them are hers or notices
        )
        self._take(answer.get("messages"), message, found)

    async def _thread(self, message: SlackMessage, found: _Found, limit: int) -> None:
        """The latest part of a thread.

        Slack begins with the oldest of the time that it is asked about. Of a long thread that is
        not what matters, so then it is asked about less time.
        """
        start = _start(message)
        is_all = await self._replies(message, found, start, pages=1)
        found.is_whole = is_all and moment_of(message.root_ts) >= start
        if not is_all:
            for window in _WINDOWS:
                latest = _Found()
                since = message.sent_at - window
                is_all = await self._replies(message, latest, since, pages=_MAX_PAGES)
                found.recent = latest.recent or found.recent
                if not is_all or len(latest.recent) >= limit:
                    break
        if found.root is None:
            await self._root(message, found)

    async def _replies(
        self, message: SlackMessage, found: _Found, since: datetime, *, pages: int
    ) -> bool:
        """What was said in a thread since; whether that is all of it."""
        cursor = ""
        for _ in range(pages):
            answer = await self._client.conversations_replies(
                channel=message.channel_id,
                ts=message.root_ts,
                latest=message.ts,
                oldest=_seconds(since),
                inclusive=False,
                limit=_PAGE,
                cursor=cursor or None,
            )
            self._take(answer.get("messages"), message, found)
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return True
        return False

    async def _root(self, message: SlackMessage, found: _Found) -> None:
        answer = await self._client.conversations_history(
            channel=message.channel_id,
            latest=message.root_ts,
            oldest=message.root_ts,
            inclusive=True,
            limit=1,
        )
        self._take(answer.get("messages"), message, found)

    def _take(self, raw: object, message: SlackMessage, found: _Found) -> None:
        for one in raw if isinstance(raw, list) else []:
            earlier = _read_back(one, message) if isinstance(one, Mapping) else None
            if earlier is None or earlier.is_hidden:
                continue
            if message.is_in_thread and earlier.ts == message.root_ts:
                found.root = earlier
            elif self._is_by_a_person(earlier):
                found.recent.append(earlier)
        found.recent.sort(key=lambda earlier: earlier.sent_at)

    def _is_by_a_person(self, message: SlackMessage) -> bool:
        is_a_program = message.bot_id or message.subtype == "bot_message"
        return not is_a_program and message.user_id not in {"", SLACKBOT, self._me}

    def _may_be_told(self, found: _Found, message: SlackMessage) -> bool:
        """Whoever is the first to reply to words of Ellie's points at them, and nobody else."""
        if found.root is None or found.root.user_id != self._me:
            return True
        first = found.recent[0] if found.recent else message
        return found.is_whole and first.user_id == message.user_id

    def _utterance(
        self, message: SlackMessage, names: UniqueNames, known: Known, *, is_meant: bool
    ) -> Iterator[Utterance]:
        """A message as it is told; nothing where there is nothing to tell."""
        text = quoted(message, self._workspace, known.named)
        if text:
            who = message.user_id or message.bot_id or message.user_name
            yield Utterance(
                speaker=names.of(who, known.name_of(message.user_id, message.user_name)),
                text=text,
                said_at=message.sent_at,
                by_ellie=message.user_id == self._me,
                pointed_at=is_meant,
            )

    def _brought_along(
        self, message: SlackMessage, names: UniqueNames, known: Known
    ) -> Iterator[Utterance]:
        """What a person forwards is not their own words, but they mean it."""
        for shared in message.forwarded:
            text = forwarded(shared, self._workspace, known.named)
            if text:
                who = shared.author_id or shared.author_name
                yield Utterance(
                    speaker=names.of(who, known.name_of(shared.author_id, shared.author_name)),
                    text=text,
                    said_at=_moment(shared.ts) or message.sent_at,
                    by_ellie=shared.author_id == self._me,
                    pointed_at=True,
                )

    def _names(self, known: Known, asker_id: str, asker_name: str) -> UniqueNames:
        asker = {asker_id: known.name_of(asker_id, asker_name)} if asker_id else {}
        return UniqueNames({**asker, self._me: self._workspace.bot_name})


async def _as_far_as_possible(reading: Coroutine[Any, Any, None], seconds: float) -> None:
    """Whatever goes wrong ends the reading; what was read until then counts."""
    try:
        async with asyncio.timeout(seconds):
            await reading
    except TROUBLE as error:
        log.info("surroundings_not_read", error=error_code(error))


def _read_back(raw: Mapping[str, Any], message: SlackMessage) -> SlackMessage | None:
    return read_back(
        raw,
        team_id=message.team_id,
        channel_id=message.channel_id,
        channel_type=message.channel_type,
        is_ext_shared=message.is_ext_shared,
    )


def _start(message: SlackMessage) -> datetime:
    return message.sent_at - timedelta(hours=CONTEXT_HOURS)


def _seconds(moment: datetime) -> str:
    return f"{moment.timestamp():.6f}"


def _moment(ts: str) -> datetime | None:
    try:
        return moment_of(ts)
    except ValueError:
        return None
