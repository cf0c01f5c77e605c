"""Asking without a mention: ``/ellie`` and words, and “Ask Ellie about this” on a message.

Nobody else sees what was typed, so a message of Ellie's repeats the question before she answers. To
a slash command she answers in a thread under it; what is asked about a message, in the thread of
that one, or where she is not in the channel directly.
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
from adapters.slack.events import read_back
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
        """Answer what was said by a slash command, in the channel, for all to see."""
        user = await self._people.get(asked.user_id, team_id=asked.user_team_id)
        place = await self._places.get(asked.channel_id)
        url = ResponseUrl(asked.response_url, self._client)
        if not place.is_member:
            await _tell(url, texts_for(asked.text, user.locale).not_a_member)
            return
        if await self._is_off(place):
            await _tell(url, reply_texts_for(asked.text, user.locale).switched_off)
            return
        with self._answers.taking():
            root = await self._repeated(place.channel_id, user, asked.text)
            if not root:
                await _tell(url, texts_for(asked.text, user.locale).not_a_member)
                return
            spot = _under(root, place, user, asked.user_team_id)
            read = Read(seen=Seen(), surroundings=ALONE)
            await self._answer(
                asked.event_key, asked.text, user=user, place=place, spot=spot, read=read
            )

    async def ask(self, question: Question) -> None:
        """Answer what was asked about a message."""
        user = await self._people.get(question.user_id, team_id=question.user_team_id)
        place = await self._places.get(question.channel_id)
        message = read_back(
            question.message, team_id=question.team_id, channel_id=question.channel_id
        )
        url = ResponseUrl(question.response_url, self._client)
        texts = reply_texts_for(question.text, user.locale)
        if message is None:
            await _tell(url, texts.not_now)
            return
        if await self._is_off(place):
            await _tell(url, texts.switched_off)
            return
        with self._answers.taking():
            read = await self._reader.read_about(message, question.text, asker_id=user.id)
            thread_ts = message.root_ts if place.is_member else None
            if not place.is_member:
                place = await self._directly(user)
            repeated = await self._repeated(
                place.channel_id, user, question.text, thread_ts=thread_ts
            )
            if not repeated:
                await _tell(url, texts.not_now)
                return
            spot = (
                _under(repeated, place, user, question.user_team_id)
                if thread_ts is None
                else spot_of(message, user, is_about=True)
            )
            await self._answer(
                question.event_key, question.text, user=user, place=place, spot=spot, read=read
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
                    surroundings=read.surroundings,
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


def _under(root: str, place: Place, user: SlackUser, user_team_id: str) -> Spot:
    """The thread under a message of Ellie's that repeats a question."""
    return Spot(
        channel_id=place.channel_id,
        thread_ts=root,
        since=root,
        recipient_user_id=user.id,
        recipient_team_id=user_team_id,
    )


async def _tell(url: ResponseUrl, text: str) -> None:
    """Tell whoever asked, and nobody else."""
    await delivered(url.post(line_part(text)), "question_not_refused")
