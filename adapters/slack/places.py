"""Where something is said on Slack, and who may read it there."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from adapters.names import one_line
from adapters.ordering import InOrder
from adapters.slack.web import TROUBLE, error_code
from adapters.slack.workspace import Workspace
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import Platform
from bot.log import get_logger
from bot.ports.system import Clock

log = get_logger(__name__)

CACHE_SECONDS = 60.0
"""For how long a channel may be taken for open that was closed or shared meanwhile."""
TROUBLE_SECONDS = 5.0
"""For how long Slack is not asked again that did not answer."""
REMEMBERED_PLACES = 5_000
PATIENCE_SECONDS = 1.0
"""For one answer of Slack's: somebody is waiting for Ellie meanwhile."""

_SHARED = (
    "is_ext_shared",
    "is_org_shared",
    "is_pending_ext_shared",
    "is_shared",
    "pending_shared",
    "pending_connected_team_ids",
)
"""Any of these lets people in who do not belong to the workspace, now or soon."""


class PlaceKind(StrEnum):
    """Who can read along."""

    DIRECT = "direct"
    """One person and Ellie."""
    GROUP = "group"
    """A few people, and nobody else."""
    CLOSED = "closed"
    """A channel with members of its own, or one that may be: shared, or unknown."""
    OPEN = "open"
    """A channel that everybody in the workspace can join, and nobody else."""


_VISIBILITY = {
    PlaceKind.DIRECT: Visibility.DIRECT,
    PlaceKind.GROUP: Visibility.PRIVATE,
    PlaceKind.CLOSED: Visibility.PRIVATE,
    PlaceKind.OPEN: Visibility.PUBLIC,
}
_CLOSED_TYPES = {"mpim": PlaceKind.GROUP, "group": PlaceKind.CLOSED}
"""What an event says of a closed place holds, whatever was known before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A channel, direct message or group of people.

    ``is_external`` says that people are in it who do not belong to the workspace, or may be; what
    was said elsewhere is not for them. ``is_member`` says that Ellie is in it; the name is empty
    where there is none or it is not known.
    """

    channel_id: str
    kind: PlaceKind
    name: str = ""
    is_external: bool = False
    is_member: bool = True

    def conversation(self, workspace: Workspace, root_ts: str | None = None) -> ConversationRef:
        """The place as the core knows it, or the thread in it that stands under ``root_ts``."""
        is_shared = self.is_external and self.kind is not PlaceKind.DIRECT
        return ConversationRef(
            platform=Platform.SLACK,
            channel_id=self.channel_id,
            visibility=Visibility.SHARED if is_shared else _VISIBILITY[self.kind],
            tenant=workspace.tenant,
            thread_id=root_ts,
        )


@dataclass(frozen=True, slots=True)
class _Known:
    place: Place
    until: float


class Places:
    """Asks Slack what a channel is, and remembers it for a while. Never fails."""

    def __init__(self, client: AsyncWebClient, workspace: Workspace, clock: Clock) -> None:
        self._client = client
        self._workspace = workspace
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._in_order = InOrder()

    async def get(
        self, channel_id: str, *, channel_type: str = "", is_ext_shared: bool = False
    ) -> Place:
        """A channel, of which an event said ``channel_type`` and ``is_ext_shared``.

        Whatever says that it is closed or shared is believed; what Slack tells nothing of is both.
        """
        if channel_type == "im":
            return Place(channel_id=channel_id, kind=PlaceKind.DIRECT, is_external=is_ext_shared)
        closed = _CLOSED_TYPES.get(channel_type)
        async with self._in_order.for_(channel_id):
            known = self._known.get(channel_id)
            if known is None or known.until <= self._clock.elapsed():
                known = await self._asked(channel_id)
                self._remember(channel_id, known)
        place = known.place
        if closed is not None:
            if place.kind is PlaceKind.OPEN:
                self.forget(channel_id)  # it was closed since
            place = replace(place, kind=closed, is_member=True)
        if not is_ext_shared:
            return place
        kind = PlaceKind.CLOSED if place.kind is PlaceKind.OPEN else place.kind
        return replace(place, kind=kind, is_external=True)

    def forget(self, channel_id: str) -> None:
        """Ask anew next time: something about the channel has changed."""
        self._known.pop(channel_id, None)

    async def name_of(self, channel_id: str) -> str:
        """What an open channel is called. The names of others are not for everybody."""
        place = await self.get(channel_id)
        return place.name if place.kind is PlaceKind.OPEN else ""

    def _remember(self, channel_id: str, known: _Known) -> None:
        self._known[channel_id] = known
        self._known.move_to_end(channel_id)
        while len(self._known) > REMEMBERED_PLACES:
            self._known.popitem(last=False)

    async def _asked(self, channel_id: str) -> _Known:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                answer = await self._client.conversations_info(channel=channel_id)
        except TROUBLE as error:
            log.warning("place_not_known", channel=channel_id, error=error_code(error))
            raw: object = None
        else:
            raw = answer.get("channel")
        now = self._clock.elapsed()
        if not isinstance(raw, Mapping):
            unknown = Place(
                channel_id=channel_id, kind=PlaceKind.CLOSED, is_external=True, is_member=False
            )
            return _Known(unknown, now + TROUBLE_SECONDS)
        return _Known(_place(channel_id, raw), now + CACHE_SECONDS)


def _place(channel_id: str, raw: Mapping[str, Any]) -> Place:
    is_by_invitation = bool(raw.get("is_im") or raw.get("is_mpim"))
    return Place(
        channel_id=channel_id,
        kind=_kind(raw),
        name=one_line(str(raw.get("name") or "")),
        is_external=any(raw.get(sign) for sign in _SHARED),
        is_member=is_by_invitation or bool(raw.get("is_member")),
    )


def _kind(raw: Mapping[str, Any]) -> PlaceKind:
    if raw.get("is_im"):
        return PlaceKind.DIRECT
    if raw.get("is_mpim"):
        return PlaceKind.GROUP
    is_open = raw.get("is_channel") is True and raw.get("is_private") is False
    is_shared = any(raw.get(sign) for sign in _SHARED)
    return PlaceKind.OPEN if is_open and not is_shared else PlaceKind.CLOSED
