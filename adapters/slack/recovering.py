"""Replies that were cut off when a process ended, on Slack.

Slack is told that a message arrived once it is stored, and does not send it again. So one whose
answer was cut off is answered once more, when Ellie is back; if she is cut off again, it is
apologised for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from slack_sdk.web.async_client import AsyncWebClient

from adapters.answer import ScreenError
from adapters.recovering import Finished, late_ending
from adapters.reply_texts import reply_texts_for
from adapters.slack.answering import Answering
from adapters.slack.events import SlackMessage
from adapters.slack.lookup import message_at
from adapters.slack.outlets import Spot
from adapters.slack.people import People
from adapters.slack.places import Place, PlaceKind, Places
from adapters.slack.screen import SlackScreen
from adapters.slack.status import Statuses
from adapters.slack.web import TROUBLE, error_code
from adapters.slack.workspace import Workspace
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.delivery import Delivery, Undelivered
from bot.domain.identity import Platform, TenantRef
from bot.domain.turn import FailureReason, Turn
from bot.engine.reply import ReplyStatus
from bot.engine.revisions import MessageRevisions
from bot.log import get_logger
from bot.ports.system import Clock

log = get_logger(__name__)

ANEW_WITHIN = timedelta(hours=1)
"""Nobody waits any longer for an answer that comes by itself; then there is a button for it."""


class SlackFinisher:
    """Shows the end of a reply. Fulfils :class:`adapters.recovering.Finisher`."""

    platform = Platform.SLACK

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        workspace: Workspace,
        answering: Answering,
        statuses: Statuses,
        people: People,
        places: Places,
        revisions: MessageRevisions,
        clock: Clock,
    ) -> None:
        self._client = client
        self._workspace = workspace
        self._answering = answering
        self._statuses = statuses
        self._people = people
        self._places = places
        self._revisions = revisions
        self._clock = clock

    def is_ours(self, tenant: TenantRef | None) -> bool:
        """Whether it was said in the workspace that this process is in."""
        return tenant == self._workspace.tenant

    async def finish(self, found: Undelivered, *, is_first: bool) -> Finished | None:
        """Show the end of a reply, or have it written again.

        What was deleted while nobody was there to hear of it is forgotten, and answered no more.
        The sign that she thinks, which an earlier process put up, goes with the end.
        """
        finished = await self._finish(found, is_first=is_first)
        spot = self._screen(found).spot
        if finished is not None and spot.thread_ts:
            await self._statuses.settle(spot)
        return finished

    async def _finish(self, found: Undelivered, *, is_first: bool) -> Finished | None:
        if not (found.turn.text or found.turn.shown):
            return await self._take_back(found)  # nothing is left of what was said
        place = await self._place_of(found.conversation)
        try:
            message = await self._message_of(found, place)
        except TROUBLE as error:
            log.warning("interrupted_message_not_read", error=error_code(error))
            return await self._show(found)
        if message is None:
            return await (self._take_back(found) if _said_in(found) else self._show(found))
        is_interrupted = found.turn.failure is FailureReason.INTERRUPTED
        may_be_answered = is_interrupted and is_first and self._is_recent(found.turn)
        if may_be_answered and await self._is_answered(found, message, place):
            return None
        return await self._show(found)

    def _is_recent(self, turn: Turn) -> bool:
        return self._clock.now() - turn.received_at < ANEW_WITHIN

    async def _is_answered(self, found: Undelivered, message: SlackMessage, place: Place) -> bool:
        """Answer a message once more, unless it is answered already: Slack told of it again."""
        user = await self._people.get(
            message.user_id, team_id=message.user_team_id, name=message.user_name
        )
        shown = () if found.delivery is None else found.delivery.message_ids
        reply = await self._answering.anew(
            message, user, place, shown=shown, after_interruption=True
        )
        if reply.turn_id is not None:
            return True
        return (await reply.outcome()).status is ReplyStatus.DUPLICATE

    async def _take_back(self, found: Undelivered) -> Finished:
        """Keep nothing of a message that was deleted, and leave nothing of its answer."""
        log.info("interrupted_message_deleted", turn=found.turn.id)
        await self._revisions.deleted(Platform.SLACK, _own_key(found.turn.event_key))
        screen, is_complete = self._screen(found), True
        if screen.message_ids:
            try:
                await screen.remove()
            except ScreenError as error:
                is_complete = error.is_final
                log.warning("reply_not_removed", **error.detail)
        return _finished(found, screen, is_complete=is_complete, is_seen=False)

    async def _message_of(self, found: Undelivered, place: Place) -> SlackMessage | None:
        """The message of a turn as it is now; None for what was no message, or is gone."""
        ts = _said_in(found)
        if not ts:
            return None
        return await message_at(
            self._client,
            self._workspace,
            place,
            ts=ts,
            thread_ts=found.conversation.thread_id or ts,
        )

    async def _place_of(self, conversation: ConversationRef) -> Place:
        if conversation.visibility is Visibility.DIRECT:
            return Place(channel_id=conversation.channel_id, kind=PlaceKind.DIRECT)
        return await self._places.get(conversation.channel_id)

    async def _show(self, found: Undelivered) -> Finished | None:
        """Show what there is. Where nobody can be told any more, that is noted too."""
        if self._answering.is_answering(found.turn.id):
            return None  # Slack told of the message again meanwhile
        turn, screen = found.turn, self._screen(found)
        is_complete, is_seen = True, bool(turn.text or turn.shown)
        if is_seen:
            texts = reply_texts_for(turn.text)
            try:
                await screen.show_end(late_ending(found, texts))
            except ScreenError as error:
                # Where she may not write, or nobody is left to read it, trying again helps nobody.
                is_complete = error.is_final
                is_seen = not is_complete
                log.warning("reply_not_recovered", **error.detail)
        return _finished(found, screen, is_complete=is_complete, is_seen=is_seen)

    def _screen(self, found: Undelivered) -> SlackScreen:
        origin = _origin(found.turn.event_key)
        conversation, delivery = found.conversation, found.delivery
        spot = Spot(
            channel_id=conversation.channel_id,
            thread_ts=conversation.thread_id or origin.ts,
            since=origin.ts,
            is_about=origin.is_about,
        )
        return self._answering.screen(
            spot,
            reply_texts_for(found.turn.text),
            event_key=_own_key(found.turn.event_key),
            may_be_there=True,
            earlier=() if delivery is None else delivery.message_ids,
        )


def _finished(
    found: Undelivered, screen: SlackScreen, *, is_complete: bool, is_seen: bool
) -> Finished:
    delivery = Delivery(
        turn_id=found.turn.id, channel_id=screen.channel_id, message_ids=screen.message_ids
    )
    return Finished(delivery=delivery, is_complete=is_complete, is_seen=is_seen)


def _own_key(event_key: str) -> str:
    """The key that this adapter gave; the ledger puts the platform before it."""
    return event_key.removeprefix(f"{Platform.SLACK}:")


def _said_in(found: Undelivered) -> str:
    """The id of the message that a turn came from; empty for what was no message."""
    origin = _origin(found.turn.event_key)
    return "" if origin.is_about else origin.ts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """The message that a turn came from, if it came from one, or that it ``is_about``."""

    ts: str = ""
    is_about: bool = False


def _origin(event_key: str) -> _Origin:
    """As it was written into the key of the turn."""
    _, what, *more = _own_key(event_key).split(":")
    if what == "command":
        return _Origin()
    return _Origin(ts=more[-1], is_about=what == "view")
