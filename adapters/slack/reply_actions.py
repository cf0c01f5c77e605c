"""What people do with a reply: stop it, have it written again, say what they think of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.answers import Answers
from adapters.ordering import InOrder
from adapters.reply_texts import ReplyTexts, reply_texts_for
from adapters.slack.answering import Answering
from adapters.slack.callers import spoken_prefix
from adapters.slack.command_layout import line_part
from adapters.slack.command_outlets import delivered
from adapters.slack.lookup import message_at
from adapters.slack.outlets import Spot
from adapters.slack.pending import Press, press_in
from adapters.slack.people import People, SlackUser
from adapters.slack.places import Place, Places
from adapters.slack.reading import READING_SECONDS, Reader
from adapters.slack.reply_blocks import AGAIN, GOOD, STOP, VERDICT, Asked, as_typed
from adapters.slack.response_urls import ResponseUrl
from adapters.slack.screen import SlackScreen
from adapters.slack.status import Statuses
from adapters.slack.web import TROUBLE, error_code
from adapters.slack.workspace import Workspace
from adapters.tasks import OwnedTasks
from bot.domain.delivery import Delivery
from bot.domain.feedback import Verdict
from bot.domain.message import AgainRequest
from bot.domain.policy import AnswerPolicy
from bot.domain.surroundings import ALONE, Surroundings
from bot.domain.turn import TurnId
from bot.engine.deliveries import Deliveries
from bot.engine.feedback import Feedback, FeedbackResult
from bot.engine.policies import ChannelPolicies
from bot.engine.turn import TurnEngine
from bot.errors import StorageError
from bot.log import get_logger

log = get_logger(__name__)


class ReplyActions:
    """Does it, for the one who asked."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        workspace: Workspace,
        engine: TurnEngine,
        answering: Answering,
        answers: Answers[SlackScreen],
        statuses: Statuses,
        deliveries: Deliveries,
        feedback: Feedback,
        policies: ChannelPolicies,
        people: People,
        places: Places,
        reader: Reader,
        tasks: OwnedTasks,
        context_messages: int,
    ) -> None:
        self._client = client
        self._workspace = workspace
        self._engine = engine
        self._answering = answering
        self._answers = answers
        self._statuses = statuses
        self._deliveries = deliveries
        self._feedback = feedback
        self._policies = policies
        self._people = people
        self._places = places
        self._reader = reader
        self._tasks = tasks
        self._context_messages = context_messages
        self._one_by_one = InOrder()

    def register(self, app: AsyncApp) -> None:
        """Hear of the buttons, and of Slack's own one to stop."""
        app.action(STOP)(self._stop_pressed)
        app.action(AGAIN)(self._again_pressed)
        app.action(VERDICT)(self._verdict_given)
        app.event("agent_session_stopped")(self._session_stopped)

    async def _stop_pressed(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        await ack()
        self._start(body, self._stop, name="stop-pressed")

    async def _again_pressed(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        await ack()
        self._start(body, self._again, name="again-pressed")

    async def _verdict_given(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        await ack()
        self._start(body, self._judge, name="verdict-given")

    def _start(
        self, body: Mapping[str, Any], doing: Callable[[Press], Awaitable[None]], *, name: str
    ) -> None:
        if (pressed := press_in(body)) is not None:
            self._tasks.start(self._carefully(pressed, doing), name=name)

    async def _carefully(self, pressed: Press, doing: Callable[[Press], Awaitable[None]]) -> None:
        try:
            await doing(pressed)
        except Exception:
            # Whoever pressed is told, whatever happened.
            log.exception("press_failed", action=pressed.action_id)
            await self._say(pressed, reply_texts_for(pressed.label).trouble)

    async def _session_stopped(self, body: Mapping[str, Any]) -> None:
        """Slack's own button: what is written to that person in that thread is stopped."""
        event = body.get("event", {})
        place = (event.get("channel"), event.get("thread_ts"))
        for answer in self._answers.every():
            spot = answer.screen.spot
            if (spot.channel_id, spot.thread_ts) == place and answer.author_id == event.get("user"):
                answer.stop()

    async def _stop(self, pressed: Press) -> None:
        texts = await self._texts(pressed)
        answer = self._answers.of(Asked.of_button(pressed.value).turn_id)
        if answer is None:
            await self._say(pressed, texts.over)
        elif answer.author_id != pressed.user_id:
            await self._say(pressed, texts.not_yours)
        else:
            answer.stop()

    async def _again(self, pressed: Press) -> None:
        """Answer anew, in the same messages."""
        user = await self._user(pressed)
        texts = reply_texts_for("", user.locale)
        if not user.is_certain:
            await self._say(pressed, texts.not_now)
            return
        place = await self._places.get(pressed.channel_id)
        try:
            policy = await self._policies.of(place.conversation(self._workspace))
        except StorageError as error:
            log.error("policy_not_read", error=str(error))
            policy = AnswerPolicy.USUAL
        if policy is AnswerPolicy.OFF:
            await self._say(pressed, texts.switched_off)
            return
        with self._answers.taking():
            await self._answer_again(pressed, user, place, texts)

    async def _answer_again(
        self, pressed: Press, user: SlackUser, place: Place, texts: ReplyTexts
    ) -> None:
        asked = Asked.of_button(pressed.value)
        async with self._one_by_one.for_(asked.turn_id):
            if self._answers.of(asked.turn_id) is not None:  # written, perhaps, and not yet shown
                await self._say(pressed, texts.still_answering)
                return
            reply = await self._engine.again(
                AgainRequest(
                    author=self._people.identity_of(user),
                    conversation=place.conversation(self._workspace, _thread_of(pressed)),
                    turn_id=asked.turn_id,
                    surroundings=await self._surroundings(pressed, place, asked),
                    author_roles=user.roles,
                )
            )
            if reply.turn_id is not None:
                spot = Spot(
                    channel_id=pressed.channel_id,
                    thread_ts=_thread_of(pressed),
                    since=asked.ts,
                    is_about=asked.is_about,
                    recipient_user_id=user.id,
                    recipient_team_id=pressed.user_team_id or self._workspace.team_id,
                )
                # The button says in what language the reply was.
                texts = reply_texts_for(pressed.label, user.locale)
                delivery = await self._delivery(pressed, asked.turn_id)
                screen = self._answering.screen(spot, texts, earlier=delivery.message_ids)
                self._answering.show(
                    f"again:{asked.turn_id}",
                    reply,
                    screen,
                    user,
                    self._statuses.thinking(spot),
                    texts=texts,
                )
                return
        outcome = await reply.outcome()
        prefix = spoken_prefix(pressed.channel_id, self._workspace.bot_name)
        await self._say(pressed, as_typed(outcome.notice, prefix) or texts.not_now)

    async def _judge(self, pressed: Press) -> None:
        """Note what the one who asked thinks of the reply."""
        user = await self._user(pressed)
        texts = reply_texts_for("", user.locale)
        verdict, _, turn_id = pressed.value.partition(":")
        try:
            result = await self._feedback.give(
                self._people.identity_of(user),
                TurnId(turn_id),
                Verdict.GOOD if verdict == GOOD else Verdict.BAD,
            )
        except StorageError as error:
            log.error("feedback_not_stored", error=str(error))
            await self._say(pressed, texts.not_now)
            return
        said = {
            FeedbackResult.TAKEN: texts.thanks,
            FeedbackResult.TAKEN_BACK: texts.taken_back,
            FeedbackResult.NOT_YOURS: texts.not_yours,
        }[result]
        await self._say(pressed, said)

    async def _delivery(self, pressed: Press, turn_id: TurnId) -> Delivery:
        """The messages of the reply so far; the one with the button is the last of them."""
        try:
            delivery = await self._deliveries.of_turn(turn_id)
        except StorageError as error:
            log.error("delivery_not_read", error=str(error))
            delivery = None
        if delivery is not None and pressed.message_ts in delivery.message_ids:
            return delivery
        return Delivery(
            turn_id=turn_id, channel_id=pressed.channel_id, message_ids=(pressed.message_ts,)
        )

    async def _surroundings(self, pressed: Press, place: Place, asked: Asked) -> Surroundings:
        """What stood around what was answered, read again; nothing of what is gone by now."""
        rules = await self._engine.rules_in(place.conversation(self._workspace))
        if not asked.ts or not rules.reads_context:
            return ALONE
        try:
            async with asyncio.timeout(READING_SECONDS):
                message = await message_at(
                    self._client, self._workspace, place, ts=asked.ts, thread_ts=_thread_of(pressed)
                )
        except TROUBLE as error:
            log.info("surroundings_not_read", error=error_code(error))
            return ALONE
        if message is None:
            return ALONE
        if asked.is_about:
            read = await self._reader.read_about(message, "", asker_id=pressed.user_id)
        elif message.user_id == pressed.user_id:
            read = await self._reader.read_for(message, place=place, limit=self._context_messages)
        else:
            return ALONE
        return read.surroundings

    async def _user(self, pressed: Press) -> SlackUser:
        return await self._people.get(pressed.user_id, team_id=pressed.user_team_id)

    async def _texts(self, pressed: Press) -> ReplyTexts:
        return reply_texts_for("", (await self._user(pressed)).locale)

    async def _say(self, pressed: Press, text: str) -> None:
        """Tell whoever pressed, and nobody else, in the thread."""
        part = line_part(text)
        posting = self._client.chat_postEphemeral(
            channel=pressed.channel_id,
            user=pressed.user_id,
            thread_ts=_thread_of(pressed),
            text=part.text,
            blocks=list(part.blocks),
        )
        if not await delivered(posting, "press_not_answered_in_thread"):
            url = ResponseUrl(pressed.response_url, self._client)
            await delivered(url.post(part), "press_not_answered")


def _thread_of(pressed: Press) -> str:
    return pressed.thread_ts or pressed.message_ts
