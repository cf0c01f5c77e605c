"""Asking without a mention: ``/ellie`` and words, and “Ask Ellie about this” on a message.

Nobody else sees what was typed, so a message of Ellie's repeats the question before she answers. A
slash command is answered directly, for nobody else to see; what is asked about a message, in the
thread of that message, where all see it too, or where she cannot write, directly.
"""

from __future__ import annotations

from slack_sdk.web.async_client import AsyncWebClient

from adapters.answers import Answers
from adapters.attached_files import Seen
from adapters.reply_texts import reply_texts_for
from adapters.slack import headings
from adapters.slack.answering import Answering, spot_of
from adapters.slack.callers import direct_channel
from adapters.slack.command_layout import line_part
from adapters.slack.command_outlets import delivered
from adapters.slack.events import SlackMessage, read_back
from adapters.slack.markdown import for_slack
from adapters.slack.outlets import Spot, question_metadata
from adapters.slack.people import People, SlackUser
from adapters.slack.places import Place, PlaceKind, Places
from adapters.slack.reading import Read, Reader
from adapters.slack.reply_blocks import said
from adapters.slack.response_urls import ResponseUrl
from adapters.slack.screen import SlackScreen
from adapters.slack.shortcuts import Question
from adapters.slack.slash import SlashChat
from adapters.slack.status import Statuses
from adapters.slack.texts import texts_for
from adapters.slack.web import TROUBLE, error_code
from adapters.slack.workspace import Workspace
from bot.domain.message import InboundMessage
from bot.domain.policy import AnswerPolicy
from bot.domain.surroundings import ALONE
from bot.engine.notices import notices_for
from bot.engine.policies import ChannelPolicies
from bot.engine.turn import TurnEngine
from bot.errors import StorageError
from bot.log import get_logger
from bot.ports.system import Clock

log = get_logger(__name__)


class Asking:
    """Answers questions that come by commands and forms."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        workspace: Workspace,
        engine: TurnEngine,
        answering: Answering,
        answers: Answers[SlackScreen],
        statuses: Statuses,
        policies: ChannelPolicies,
        people: People,
        places: Places,
        reader: Reader,
        clock: Clock,
    ) -> None:
        self._client = client
        self._workspace = workspace
        self._engine = engine
        self._answering = answering
        self._answers = answers
        self._statuses = statuses
        self._policies = policies
        self._people = people
        self._places = places
        self._reader = reader
        self._clock = clock

    async def chat(self, asked: SlashChat) -> None:
        """Answer what was said by a slash command, which nobody else sees: directly."""
        user = await self._people.get(asked.user_id, team_id=asked.user_team_id)
        url = ResponseUrl(asked.response_url, self._client)
        with self._answers.taking():
            place = await self._directly(user)
            spot = await self._under_question(place, user, asked.text, asked.user_team_id)
            if spot is None:
                await _tell(url, reply_texts_for(asked.text, user.locale).not_now)
                return
            if asked.channel_id != place.channel_id:
                await _tell(url, texts_for(asked.text, user.locale).answered_directly)
            read = Read(seen=Seen(), surroundings=ALONE)
            await self._answer(
                asked.event_key, asked.text, user=user, place=place, spot=spot, read=read
            )

    async def ask(self, question: Question) -> None:
        """Answer what was asked about a message: in its thread, or directly."""
        user = await self._people.get(question.user_id, team_id=question.user_team_id)
        place = await self._places.get(question.channel_id)
        message = read_back(
            question.message, team_id=question.team_id, channel_id=question.channel_id
        )
        url = ResponseUrl(question.response_url, self._client)
        texts = reply_texts_for(question.text, user.locale)
        if message is None or not user.is_certain:
            await _tell(url, texts.not_now)
            return
        if await self._is_off(place):
            await _tell(url, texts.switched_off)
            return
        rules = await self._engine.rules_in(place.conversation(self._workspace))
        if not rules.admits(self._people.identity_of(user), user.roles):
            # Before the question is repeated, and for nobody else to read.
            await _tell(url, notices_for(question.text).denied)
            return
        with self._answers.taking():
            read = await self._reader.read_about(
                message, question.text, asker_id=user.id, reads_context=rules.reads_context
            )
            spot = await self._beside(message, place, user, question.text)
            if spot is None:
                place = await self._directly(user)
                spot = await self._under_question(place, user, question.text, question.user_team_id)
                told = texts.not_now
                if spot is not None:
                    told = texts_for(question.text, user.locale).answered_directly
                await _tell(url, told)
            if spot is not None:
                await self._answer(
                    question.event_key, question.text, user=user, place=place, spot=spot, read=read
                )

    async def _beside(
        self, message: SlackMessage, place: Place, user: SlackUser, text: str
    ) -> Spot | None:
        """The thread of a message, with the question in it; None where Ellie may not write."""
        if not place.is_member:
            return None
        repeated = await self._repeated(place.channel_id, user, text, thread_ts=message.root_ts)
        return spot_of(message, user, is_about=True) if repeated else None

    async def _under_question(
        self, place: Place, user: SlackUser, text: str, user_team_id: str
    ) -> Spot | None:
        """The thread under a message that repeats a question; None if Slack does not take it."""
        repeated = await self._repeated(place.channel_id, user, text)
        if not repeated:
            return None
        return Spot(
            channel_id=place.channel_id,
            thread_ts=repeated,
            since=repeated,
            recipient_user_id=user.id,
            recipient_team_id=user_team_id or self._workspace.team_id,
        )

    async def _answer(
        self,
        event_key: str,
        text: str,
        *,
        user: SlackUser,
        place: Place,
        spot: Spot,
        read: Read,
    ) -> None:
        texts = reply_texts_for(text, user.locale)
        sign = self._statuses.thinking(spot)
        try:
            reply = await self._engine.handle(
                InboundMessage(
                    event_key=event_key,
                    author=self._people.identity_of(user),
                    conversation=place.conversation(self._workspace, spot.thread_ts),
                    text=text,
                    received_at=self._clock.now(),
                    shown=read.seen.shown,
                    pictures=read.seen.pictures,
                    surroundings=read.surroundings,
                    author_roles=user.roles,
                )
            )
        except BaseException:  # raised again: nobody thinks who does not answer
            sign.end()
            raise
        screen = self._answering.screen(
            spot, texts, event_key=event_key, heading=headings.of_remarks(read.remarks)
        )
        self._answering.show(event_key, reply, screen, user, sign, texts=texts)

    async def _repeated(
        self, channel_id: str, user: SlackUser, text: str, *, thread_ts: str | None = None
    ) -> str:
        """Repeat a question, which its answer follows; the message's id, or none."""
        words, blocks = said(for_slack(headings.of_question(user.name, text).strip()))
        try:
            sent = await self._client.chat_postMessage(
                channel=channel_id,
                thread_ts=thread_ts,
                text=words,
                blocks=blocks,
                metadata=dict(question_metadata()),
                unfurl_links=False,
                unfurl_media=False,
            )
        except TROUBLE as error:
            log.warning("question_not_repeated", code=error_code(error))
            return ""
        return str(sent["ts"])

    async def _directly(self, user: SlackUser) -> Place:
        try:
            channel_id = await direct_channel(self._client, user.id)
        except TROUBLE as error:
            log.warning("no_direct_messages", code=error_code(error))
            channel_id = user.id  # Slack finds them by their id too
        return Place(channel_id=channel_id, kind=PlaceKind.DIRECT)

    async def _is_off(self, place: Place) -> bool:
        try:
            policy = await self._policies.of(place.conversation(self._workspace))
        except StorageError as error:
            log.error("policy_not_read", error=str(error))
            return False
        return policy is AnswerPolicy.OFF


async def _tell(url: ResponseUrl, text: str) -> None:
    """Tell whoever asked, and nobody else."""
    await delivered(url.post(line_part(text)), "question_not_refused")
