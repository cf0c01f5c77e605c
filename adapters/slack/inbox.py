"""What people do in channels: messages, edits and deletions, in order for each message.

A message is answered by a task of its own; here it is stored, and only then does Slack get to know
that it arrived. What happens to it meanwhile is done after it was taken: a deletion that comes
while the thread is still being read finds a message that will not be answered, and one that comes
later stops the answer and takes it away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from slack_bolt.app.async_app import AsyncApp

from adapters.answer import Answer
from adapters.answers import Answers
from adapters.ordering import InOrder
from adapters.recent import Recent
from adapters.reply_texts import reply_texts_for
from adapters.slack.addressing import Decision, decide, is_withdrawn, never
from adapters.slack.answering import Answering
from adapters.slack.command_answering import Changed
from adapters.slack.events import (
    Deleted,
    Edited,
    SlackMessage,
    deletion_in,
    edit_in,
    message_in,
    team_of,
)
from adapters.slack.files import names_of
from adapters.slack.outlets import Spot
from adapters.slack.people import People, SlackUser
from adapters.slack.places import Place, PlaceKind, Places
from adapters.slack.screen import SlackScreen
from adapters.slack.workspace import Workspace
from adapters.tasks import OwnedTasks
from bot.domain.delivery import Delivery
from bot.domain.identity import Platform
from bot.domain.policy import AnswerPolicy
from bot.domain.turn import TurnId
from bot.engine.deliveries import Deliveries
from bot.engine.participation import Participation
from bot.engine.policies import ChannelPolicies
from bot.engine.revisions import MessageRevisions, Revised
from bot.errors import StorageError
from bot.log import get_logger
from bot.ports.system import Clock

log = get_logger(__name__)

REMEMBERED = 10_000
"""Messages that were deleted, that were taken, and threads that she takes part in."""
TAKING_SECONDS = 2.0
"""For everything that is read before a message is stored: Slack waits for three."""
LATE_EDIT = timedelta(minutes=10)
"""A message that is edited within this time so that it is for Ellie is answered then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """What there is of an answer: one that was still on its way, or where one is shown."""

    answer: Answer[SlackScreen] | None = None
    message_ids: tuple[str, ...] = ()
    turn_id: TurnId | None = None


class UnknownAuthorError(Exception):
    """It is not certain who said something, so that it cannot be stored."""


class Inbox:
    """Takes events. A method returns once the event is dealt with; an answer goes on by itself."""

    def __init__(
        self,
        answering: Answering,
        *,
        answers: Answers[SlackScreen],
        people: People,
        places: Places,
        workspace: Workspace,
        policies: ChannelPolicies,
        participation: Participation,
        deliveries: Deliveries,
        revisions: MessageRevisions,
        tasks: OwnedTasks,
        clock: Clock,
        rewritten: Changed,
    ) -> None:
        """``rewritten`` is told the user whose memory an edit or a deletion has changed."""
        self._rewritten = rewritten
        self._answering = answering
        self._answers = answers
        self._people = people
        self._places = places
        self._workspace = workspace
        self._policies = policies
        self._participation = participation
        self._deliveries = deliveries
        self._revisions = revisions
        self._tasks = tasks
        self._clock = clock
        self._in_order = InOrder()
        self._anew_in_order = InOrder()
        self._deleted = Recent(REMEMBERED)
        self._taken = Recent(REMEMBERED)
        self._threads = Recent(REMEMBERED)

    def register(self, app: AsyncApp) -> None:
        """Hear of everything that is said."""
        app.event("message")(self.message)
        app.event("app_mention")(self.message)

    async def message(self, body: Mapping[str, Any]) -> None:
        """Follow an event about a message: a new one, an edit, a deletion."""
        with self._answers.taking():
            if team_of(body) != self._workspace.team_id:
                log.warning("event_of_another_workspace", workspace=team_of(body))
            elif (deleted := deletion_in(body)) is not None:
                await self._follow_deletion(deleted)
            elif (edited := edit_in(body)) is not None:
                async with self._in_order.for_(edited.message.event_key):
                    if edited.message.event_key not in self._deleted:
                        await self._follow_edit(edited)
            elif (message := message_in(body)) is not None:
                async with self._in_order.for_(message.event_key):
                    await self._take(message)

    async def _take(self, message: SlackMessage, *, is_edited: bool = False) -> None:
        key, me = message.event_key, self._workspace.bot_user_id
        if never(message, me) or key in self._deleted or self._answers.to(key) is not None:
            return
        if key in self._taken and not is_edited:
            return  # told twice: as a message and as a mention, or delivered again
        read_until = asyncio.get_running_loop().time() + TAKING_SECONDS
        decision = await self._decide(message)  # of most messages, nothing is asked of Slack
        if not decision.answers:
            return
        place, user = await asyncio.gather(self._place_of(message), self._author_of(message))
        if user.is_bot:
            return
        if not user.is_certain:
            # Whose memory it is must not be guessed. Slack tells of the message again.
            raise UnknownAuthorError("Slack did not say who wrote a message.")
        log.info("message_for_me", reason=decision.reason)
        is_taken = await self._answering.answer(
            message,
            user,
            place,
            is_called=decision.is_called,
            is_edited=is_edited,
            is_wanted=lambda: key not in self._deleted,
            read_until=read_until,
        )
        if is_taken:
            self._taken.add(key)
        if self._answers.to(key) is not None:  # and not a command, which is no talk with her
            self._threads.add((message.channel_id, message.root_ts))

    async def _decide(self, message: SlackMessage) -> Decision:
        place = _as_told(message)
        me, policy = self._workspace.bot_user_id, await self._policy_in(place)
        decision = decide(message, place=place, policy=policy, me=me, takes_part=True)
        if not decision.answers or not message.is_in_thread:
            return decision
        # Only now is it worth asking the database.
        takes_part = await self._takes_part(message, place)
        return decide(message, place=place, policy=policy, me=me, takes_part=takes_part)

    async def _takes_part(self, message: SlackMessage, place: Place) -> bool:
        thread = (message.channel_id, message.root_ts)
        if thread in self._threads:
            return True
        conversation = place.conversation(self._workspace, message.root_ts)
        try:
            takes_part = await self._participation.takes_part(conversation)
        except StorageError as error:
            log.error("participation_not_read", error=str(error))
            return False
        if takes_part:
            self._threads.add(thread)
        return takes_part

    async def _policy_in(self, place: Place) -> AnswerPolicy:
        """When Ellie answers there. The usual when that cannot be read."""
        try:
            return await self._policies.of(place.conversation(self._workspace))
        except StorageError as error:
            # The engine says what is wrong, to whoever speaks to her in any case.
            log.error("policy_not_read", error=str(error))
            return AnswerPolicy.USUAL

    async def _author_of(self, message: SlackMessage) -> SlackUser:
        return await self._people.get(
            message.user_id, team_id=message.user_team_id, name=message.user_name
        )

    async def _place_of(self, message: SlackMessage) -> Place:
        return await self._places.get(
            message.channel_id,
            channel_type=message.channel_type,
            is_ext_shared=message.is_ext_shared,
        )

    async def _follow_edit(self, edited: Edited) -> None:
        """Have memory say the new words, and answer them if the old ones had no answer yet.

        An edit after which the message is not said to her any more is taken for a deletion.

        Raises:
            StorageError: memory cannot follow, so that the event is not acknowledged and Slack
                tells of it again.
        """
        message, key = edited.message, edited.message.event_key
        me, place = self._workspace.bot_user_id, _as_told(message)
        if never(message, me) not in {"", "empty"}:
            return
        words = await self._answering.words_of(message)
        policy = await self._policy_in(place)
        if is_withdrawn(message, place=place, policy=policy, me=me):
            words = ""
        try:
            # First: the answer may end while memory changes, and was to the old words all the same.
            found = await self._answered(key)
            revised = await self._revisions.edited(
                Platform.SLACK,
                key,
                words,
                files=names_of(message.files),
                place=place.conversation(self._workspace),
                is_heard=await self._answering.reading.is_heard(message, place),
            )
        except StorageError as error:
            log.error("edit_not_followed", error=str(error))
            raise
        if revised is Revised.UNKNOWN:
            if self._clock.now() - message.sent_at < LATE_EDIT:
                await self._take(message, is_edited=True)
            return
        is_new = revised is Revised.CHANGED
        if is_new:
            await self._rewritten(message.user_id)
        if not words:
            self._tasks.start(self._take_back(message.channel_id, found), name="take-back")
            return
        if not is_new and found.answer is not None:
            return
        # Without being new, it was told before, and Ellie was stopped before she answered it.
        anew = self._tasks.start(self._answer_anew(message, found.answer), name="answer-anew")
        await asyncio.wait({anew}, timeout=TAKING_SECONDS)  # and no longer: Slack may be slow

    async def _answer_anew(self, message: SlackMessage, answer: Answer[SlackScreen] | None) -> None:
        """Answer what a message says now, in place of ``answer``, which was to its old words."""
        key = message.event_key
        async with self._anew_in_order.for_(key):
            answer = self._answers.to(key) or answer
            if answer is not None:
                await self._answers.end_unseen(answer, self._deliveries)
            place, user = await asyncio.gather(self._place_of(message), self._author_of(message))
            if key in self._deleted:
                return
            await self._answering.anew(
                message,
                user,
                place,
                shown=() if answer is None else answer.screen.message_ids,
                only_unanswered=answer is None,
                is_wanted=lambda: key not in self._deleted,
            )

    async def _follow_deletion(self, deleted: Deleted) -> None:
        """Nothing of the message is kept, and its answer goes too.

        Memory first: Slack may be slow, and Ellie may be stopped meanwhile. What stands on Slack is
        taken away by a task of its own, while Slack waits for no more than it has to.
        """
        key = deleted.event_key
        self._deleted.add(key)
        trouble: StorageError | None = None
        was_known = False
        async with self._in_order.for_(key):
            found = _Answered(
                answer=self._answers.to(key), message_ids=self._answering.shown_lately(key)
            )
            if found.answer is not None:
                found.answer.retract()
            try:
                was_known = await self._revisions.deleted(Platform.SLACK, key)
                found = await self._answered(key, found.answer)
            except StorageError as error:
                log.error("deletion_not_followed", error=str(error))
                trouble = error
            if found.answer is not None:
                found.answer.retract()
        self._tasks.start(self._take_back(deleted.channel_id, found), name="take-back")
        if trouble is not None:
            raise trouble  # not acknowledged, so that Slack tells of it again
        if was_known:
            await self._rewritten(deleted.user_id)

    async def _answered(self, key: str, answer: Answer[SlackScreen] | None = None) -> _Answered:
        """What there is of an answer to a message; ``answer`` is known to be on its way."""
        answer = answer or self._answers.to(key)
        delivery = await self._deliveries.of_event(Platform.SLACK, key)
        if delivery is None:
            return _Answered(answer=answer, message_ids=self._answering.shown_lately(key))
        return _Answered(
            answer=answer or self._answers.of(delivery.turn_id),
            message_ids=delivery.message_ids or self._answering.shown_lately(key),
            turn_id=delivery.turn_id,
        )

    async def _take_back(self, channel_id: str, found: _Answered) -> None:
        """Take away what answers a message."""
        if found.answer is not None:
            await self._answers.end_unseen(found.answer, self._deliveries)
            screen = found.answer.screen
        elif found.message_ids:
            screen = self._answering.screen(
                Spot(channel_id=channel_id, thread_ts=found.message_ids[0]),
                reply_texts_for(""),
                earlier=found.message_ids,
            )
        else:
            return
        turn_id = found.turn_id if found.answer is None else found.answer.turn_id
        await self._note(turn_id, screen, is_complete=False)
        is_complete = await self._answering.take_away(screen)
        if turn_id is not None and not is_complete:
            self._answers.given_up.add(turn_id)
        await self._note(turn_id, screen, is_complete=is_complete)

    async def _note(
        self, turn_id: TurnId | None, screen: SlackScreen, *, is_complete: bool
    ) -> None:
        """Write down what is left of an answer, so that it is taken away later at the latest."""
        if turn_id is None:
            return
        delivery = Delivery(
            turn_id=turn_id,
            channel_id=screen.channel_id,
            message_ids=screen.message_ids,
            is_complete=is_complete,
        )
        try:
            await self._deliveries.shown(delivery)
        except StorageError as error:
            log.error("delivery_not_noted", error=str(error))


def _as_told(message: SlackMessage) -> Place:
    """Where a message was said, as far as it says so itself: enough to tell whether it is for me.

    Whatever is none of her direct messages is the same for that.
    """
    is_direct = message.channel_type == "im"
    kind = PlaceKind.DIRECT if is_direct else PlaceKind.CLOSED
    return Place(channel_id=message.channel_id, kind=kind)
