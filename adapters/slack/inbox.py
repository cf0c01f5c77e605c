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

from adapters.answer import Answer, ScreenError
from adapters.answers import Answers
from adapters.ordering import InOrder
from adapters.recent import Recent
from adapters.reply_texts import reply_texts_for
from adapters.slack.addressing import Decision, decide, is_mentioned, is_withdrawn, never
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
from adapters.slack.places import Place, Places
from adapters.slack.screen import SlackScreen
from adapters.slack.workspace import Workspace
from adapters.tasks import OwnedTasks
from bot.domain.delivery import Delivery
from bot.domain.identity import Platform
from bot.domain.policy import AnswerPolicy
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
        place, user = await self._place_and_author(message)
        decision = await self._decide(message, place)
        if not decision.answers:
            return
        user = user or await self._author_of(message)
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

    async def _decide(self, message: SlackMessage, place: Place) -> Decision:
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

    async def _place_and_author(self, message: SlackMessage) -> tuple[Place, SlackUser | None]:
        """Both at once where somebody speaks to Ellie; else it may not matter who it was."""
        if message.channel_type == "im" or is_mentioned(message, self._workspace.bot_user_id):
            return await asyncio.gather(self._place_of(message), self._author_of(message))
        return await self._place_of(message), None

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
        """
        message, key = edited.message, edited.message.event_key
        if never(message, self._workspace.bot_user_id) not in {"", "empty"}:
            return
        place = await self._place_of(message)
        words = await self._answering.words_of(message)
        policy = await self._policy_in(place)
        if is_withdrawn(message, place=place, policy=policy, me=self._workspace.bot_user_id):
            words = ""
        # The answer may end while memory changes, and was to the old words all the same.
        answer = self._answers.to(key)
        revised = await self._revised(message, words)
        if revised is Revised.UNKNOWN and self._clock.now() - message.sent_at < LATE_EDIT:
            await self._take(message, is_edited=True)
        if revised is not Revised.CHANGED:
            return
        delivery = await self._deliveries.of_event(Platform.SLACK, key)
        if answer is None and delivery is not None:
            answer = self._answers.of(delivery.turn_id)
        if words:
            await self._answer_anew(message, place, answer)
        else:
            found = self._answered(key, answer, delivery)
            self._tasks.start(self._take_back(message.channel_id, found), name="take-back")

    async def _revised(self, message: SlackMessage, words: str) -> Revised:
        """Have memory follow an edit.

        Raises:
            StorageError: it cannot, so that the event is not acknowledged and Slack tells it again.
        """
        try:
            revised = await self._revisions.edited(
                Platform.SLACK, message.event_key, words, files=names_of(message.files)
            )
        except StorageError as error:
            log.error("edit_not_followed", error=str(error))
            raise
        if revised is Revised.CHANGED:
            await self._rewritten(message.user_id)
        return revised

    async def _answer_anew(
        self, message: SlackMessage, place: Place, answer: Answer[SlackScreen] | None
    ) -> None:
        if answer is not None:
            await self._answers.end_unseen(answer, self._deliveries)
        await self._answering.anew(
            message,
            await self._author_of(message),
            place,
            shown=() if answer is None else answer.screen.message_ids,
            only_unanswered=answer is None,
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
            answer, delivery = self._answers.to(key), None
            if answer is not None:
                answer.retract()
            try:
                was_known = await self._revisions.deleted(Platform.SLACK, key)
                delivery = await self._deliveries.of_event(Platform.SLACK, key)
            except StorageError as error:
                log.error("deletion_not_followed", error=str(error))
                trouble = error
            if answer is None and delivery is not None:
                answer = self._answers.of(delivery.turn_id)
            if answer is not None:
                answer.retract()
        found = self._answered(key, answer, delivery)
        self._tasks.start(self._take_back(deleted.channel_id, found), name="take-back")
        if trouble is not None:
            raise trouble  # not acknowledged, so that Slack tells of it again
        if was_known:
            await self._rewritten(deleted.user_id)

    def _answered(
        self, key: str, answer: Answer[SlackScreen] | None, delivery: Delivery | None
    ) -> _Answered:
        noted = () if delivery is None else delivery.message_ids
        return _Answered(answer=answer, message_ids=noted or self._answering.shown_lately(key))

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
        try:
            await screen.remove()
        except ScreenError as error:
            log.warning("reply_not_removed", **error.detail)
