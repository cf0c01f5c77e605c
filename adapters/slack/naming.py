"""Whom and what the ids in messages stand for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adapters.names import one_line
from adapters.slack.events import SlackMessage
from adapters.slack.markup import mentions_in
from adapters.slack.normalising import Named
from adapters.slack.people import NOBODY, People, SlackUser
from adapters.slack.places import Places
from adapters.slack.workspace import Workspace

MAX_NAMED = 30
"""So many people and so many channels are asked about at once; the others have no names."""

_ELSEWHERE = "{name} (external)"
"""How Slack marks people from other organisations, who may call themselves anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was found out: ``people`` by their ids, and the names in texts."""

    people: Mapping[str, SlackUser] = field(default_factory=dict)
    named: Named = field(default_factory=Named)

    def name_of(self, user_id: str, told: str) -> str:
        """What somebody is called; ``told`` is what their message said, if it did."""
        user = self.people.get(user_id)
        if user is None or user.name == NOBODY:
            return one_line(told) or NOBODY
        return _ELSEWHERE.format(name=user.name) if user.is_stranger else user.name


class Naming:
    """Asks Slack for names. Never fails."""

    def __init__(self, workspace: Workspace, *, people: People, places: Places) -> None:
        self._me = workspace.bot_user_id
        self._people = people
        self._places = places

    async def of(self, messages: Sequence[SlackMessage], *, seconds: float) -> Known:
        """Who wrote some messages, and whom and what they mention, as far as ``seconds`` reach."""
        mentions = [mentions_in(text) for message in messages for text in _texts(message)]
        authors = [message.user_id for message in messages]
        authors += [shared.author_id for message in messages for shared in message.forwarded]
        mentioned = sorted({user_id for one in mentions for user_id in one.users})
        wanted = dict.fromkeys([*authors, *mentioned])  # authors first
        people, channels = await asyncio.gather(
            self._people.several(
                [user_id for user_id in wanted if user_id not in {"", self._me}][:MAX_NAMED],
                seconds=seconds,
            ),
            self._channels(
                sorted({channel_id for one in mentions for channel_id in one.channels})[:MAX_NAMED],
                seconds=seconds,
            ),
        )
        names = {user_id: user.name for user_id, user in people.items()}
        return Known(people=people, named=Named(people=names, channels=channels))

    async def _channels(self, channel_ids: Sequence[str], *, seconds: float) -> Mapping[str, str]:
        named: dict[str, str] = {}

        async def name(channel_id: str) -> None:
            named[channel_id] = await self._places.name_of(channel_id)

        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await asyncio.gather(*(name(channel_id) for channel_id in channel_ids))
        except TimeoutError:
            pass  # the others have no names
        return named


def _texts(message: SlackMessage) -> list[str]:
    shared = [shared.text for shared in message.forwarded]
    return [message.text, *shared, *([] if message.text.strip() else message.embedded)]
