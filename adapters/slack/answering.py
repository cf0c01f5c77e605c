"""From a message that is for Ellie to an answer on its way."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from slack_sdk.web.async_client import AsyncWebClient

from adapters.answer import USUAL_PACE, Answer, Pace, ScreenError
from adapters.answers import Answers
from adapters.recent import Recent
from adapters.reply_texts import ReplyTexts, reply_texts_for
from adapters.slack.callers import caller_for, spoken_prefix
from adapters.slack.command_answering import Changed
from adapters.slack.elsewhere import Elsewhere
from adapters.slack.events import SlackMessage
from adapters.slack.headings import of_remarks
from adapters.slack.outlets import Spot, ThreadOutlet
from adapters.slack.people import People, SlackUser
from adapters.slack.places import Place, Places
from adapters.slack.reading import READING_SECONDS, Reader, inbound
from adapters.slack.ruled_reading import RuledReading
from adapters.slack.screen import SlackScreen
from adapters.slack.spoken_commands import command_of
from adapters.slack.status import Sign, Statuses
from adapters.slack.workspace import Workspace
from adapters.tasks import OwnedTasks
from bot.commands.call import Caller
from bot.commands.parsing import Invocation, Mistake
from bot.domain.identity import Platform
from bot.domain.message import AgainRequest
from bot.domain.turn import TurnId
from bot.engine.deliveries import Deliveries
from bot.engine.reply import Reply
from bot.engine.turn import TurnEngine
from bot.errors import StorageError
from bot.log import get_logger
from bot.ports.system import Clock

log = get_logger(__name__)

REMEMBERED_COMMANDS = 10_000
REMEMBERED_ANSWERS = 10_000
COMMAND_SECONDS = 1.0
LEAST_SECONDS = 0.3
"""So long at least Slack is asked what stands around a message."""


class TypedCommands(Protocol):
    """Carries out commands that people write to Ellie."""

    async def typed(
        self, message: SlackMessage, understood: Invocation | Mistake, caller: Caller
    ) -> None:
        """Carry out one, and show the answer to its author. Never raises."""


class Answering:
    """Answers messages."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        workspace: Workspace,
        engine: TurnEngine,
        commands: TypedCommands,
        deliveries: Deliveries,
        answers: Answers[SlackScreen],
        statuses: Statuses,
        people: People,
        places: Places,
        reader: Reader,
        tasks: OwnedTasks,
        clock: Clock,
        context_messages: int,
        changed: Changed | None = None,
        pace: Pace = USUAL_PACE,
    ) -> None:
        """``context_messages``: how many messages before one are read.

        ``changed`` is told whose memory may have changed, by their user id.
        """
        self._clock = clock
        self._client = client
        self._workspace = workspace
        self._engine = engine
        self._commands = commands
        self._deliveries = deliveries
        self._answers = answers
        self._statuses = statuses
        self._people = people
        self._places = places
        self._reader = reader
        self.reading = RuledReading(
            reader,
            engine=engine,
            people=people,
            workspace=workspace,
            context_messages=context_messages,
        )
        self._tasks = tasks
        self._changed = changed
        self._pace = pace
        self._elsewhere = Elsewhere(client, clock.elapsed)
        self._carried_out = Recent(REMEMBERED_COMMANDS)
        self._began_at = clock.now()
        self._shown: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._first_ts: float | None = None

    async def answer(
        self,
        message: SlackMessage,
        user: SlackUser,
        place: Place,
        *,
        is_called: bool,
        is_edited: bool = False,
        is_wanted: Callable[[], bool] = lambda: True,
        read_until: float,
    ) -> bool:
        """Answer a message, or carry out the command in it. False when it was not taken.

        Who calls Ellie where she cannot write is told so directly. ``is_edited``: these are not the
        first words of it. ``is_wanted`` is asked just before the message is stored. What Slack has
        not told at ``read_until``, by the clock of the loop, is left out.
        """
        if self._first_ts is None and not is_edited:
            self._first_ts = float(message.ts)
        text = await self.words_of(message)
        if await self._is_command(message, text, user, is_edited=is_edited):
            return True
        spot = spot_of(message, user)
        sign = self._statuses.thinking(spot)
        try:
            left = read_until - asyncio.get_running_loop().time()
            seconds = min(READING_SECONDS, max(LEAST_SECONDS, left))
            read = await self.reading.read_for(message, user, place, seconds=seconds)
            if not is_wanted():
                sign.end()
                return False
            reply = await self._engine.handle(
                inbound(
                    message,
                    text,
                    read,
                    author=self._people.identity_of(user),
                    place=place,
                    workspace=self._workspace,
                    roles=user.roles,
                )
            )
        except BaseException:  # raised again: nobody thinks who does not answer
            sign.end()
            raise
        texts = reply_texts_for(text, user.locale)
        # A process that ended before it told Slack that the message arrived may have begun.
        earlier = () if reply.turn_id is None else await self._shown_at(message.event_key)
        screen = self.screen(
            spot,
            texts,
            # What was said before an edit may have got an answer, of which the names are taken.
            event_key="" if is_edited else message.event_key,
            may_be_there=not is_edited and message.sent_at < self._began_at,
            heading=of_remarks(read.remarks),
            earlier=earlier or None,
        )
        self.show(
            message.event_key,
            reply,
            screen,
            user,
            sign,
            texts=texts,
            when_refused=self._refused(message, user, text) if is_called else None,
        )
        return True

    async def anew(
        self,
        message: SlackMessage,
        user: SlackUser,
        place: Place,
        *,
        shown: Sequence[str] = (),
        only_unanswered: bool = False,
        after_interruption: bool = False,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Reply:
        """Answer a message once more: its words have changed, or the answer was cut off.

        ``shown`` are the messages of an earlier answer, which was still on its way. ``is_wanted``
        is asked before anything is shown.
        """
        text = await self.words_of(message)
        read = await self.reading.read_for(message, user, place)
        reply = await self._engine.again(
            AgainRequest(
                author=self._people.identity_of(user),
                conversation=place.conversation(self._workspace, message.root_ts),
                event_key=message.event_key,
                only_unanswered=only_unanswered,
                after_interruption=after_interruption,
                surroundings=read.surroundings,
                author_roles=user.roles,
            )
        )
        if reply.turn_id is None:
            log.info("not_answered_anew", status=(await reply.outcome()).status.value)
            if after_interruption or not shown:
                return reply  # nobody waits; why there is none is said to whoever does
        earlier = [*shown] or await self._shown_at(message.event_key)
        if not is_wanted():
            reply.cancel(is_seen=False)
            return reply
        spot = spot_of(message, user)
        texts = reply_texts_for(text, user.locale)
        screen = self.screen(
            spot,
            texts,
            event_key=message.event_key if after_interruption else "",
            may_be_there=after_interruption,
            heading=of_remarks(read.remarks),
            earlier=earlier or None,
        )
        sign = self._statuses.thinking(spot)
        self.show(message.event_key, reply, screen, user, sign, texts=texts)
        return reply

    def show(
        self,
        event_key: str,
        reply: Reply,
        screen: SlackScreen,
        user: SlackUser,
        sign: Sign,
        *,
        texts: ReplyTexts,
        when_refused: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Show a reply from now on, with the sign up until it is shown."""
        answer = Answer(
            reply,
            screen,
            author_id=user.id,
            texts=texts,
            deliveries=self._deliveries,
            pace=self._pace,
            when_refused=when_refused,
        )
        self._answers.show(event_key, answer)
        self._tasks.start(self._after(event_key, answer, sign), name="after-answer")

    async def words_of(self, message: SlackMessage) -> str:
        """What somebody said, in words."""
        return await self._reader.words_of(message)

    def screen(
        self,
        spot: Spot,
        texts: ReplyTexts,
        *,
        event_key: str = "",
        may_be_there: bool = False,
        heading: str = "",
        earlier: Sequence[str] | None = None,
    ) -> SlackScreen:
        """Where a reply is shown: streamed, or with ``earlier`` messages of it, by edits of these.

        See :class:`adapters.slack.outlets.ThreadOutlet` for ``event_key`` and ``may_be_there``.
        """
        outlet = ThreadOutlet(
            self._client,
            spot,
            me=self._workspace.bot_user_id,
            event_key=event_key,
            may_be_there=may_be_there,
            known=self._on_their_way,
            session_status=lambda: self._statuses.meanwhile(spot),
            when_told=lambda status: self._statuses.told(spot, status),
        )
        return SlackScreen(
            outlet,
            texts,
            prefix=spoken_prefix(spot.channel_id, self._workspace.bot_name),
            heading=heading,
            earlier=earlier,
            session_status=lambda: self._statuses.after_reply(spot),
            clock=self._clock.elapsed,
        )

    def _on_their_way(self) -> set[str]:
        return {ts for answer in self._answers.every() for ts in answer.screen.message_ids}

    async def take_away(self, screen: SlackScreen) -> bool:
        """Take away all messages of a reply, with patience. False when Slack may do so later."""
        for pause in (*self._pace.last_tries, None):
            try:
                await screen.remove()
            except ScreenError as error:
                log.warning("reply_not_removed", **error.detail)
                if error.is_final or pause is None:
                    return error.is_final
                await asyncio.sleep(pause)
            else:
                return True
        return False

    def is_answering(self, turn_id: TurnId) -> bool:
        """Whether an answer of a turn is on its way."""
        return self._answers.of(turn_id) is not None

    def shown_lately(self, event_key: str) -> tuple[str, ...]:
        """The messages of an answer that this process showed, also to what is stored nowhere."""
        return self._shown.get(event_key, ())

    async def _after(self, event_key: str, answer: Answer[SlackScreen], sign: Sign) -> None:
        await self._answers.ended(answer)
        self._shown[event_key] = answer.screen.message_ids
        while len(self._shown) > REMEMBERED_ANSWERS:
            self._shown.popitem(last=False)
        sign.end()
        if self._changed is not None:
            await self._changed(answer.author_id)

    def _refused(
        self, message: SlackMessage, user: SlackUser, text: str
    ) -> Callable[[], Awaitable[None]]:
        async def refused() -> None:
            await self._elsewhere.cannot_write(user.id, message.channel_id, text, user.locale)

        return refused

    async def _shown_at(self, event_key: str) -> Sequence[str]:
        try:
            delivery = await self._deliveries.of_event(Platform.SLACK, event_key)
        except StorageError as error:
            log.error("delivery_not_read", error=str(error))
            return ()
        return () if delivery is None else delivery.message_ids

    async def _is_command(
        self, message: SlackMessage, text: str, user: SlackUser, *, is_edited: bool
    ) -> bool:
        """Carry out what ``text`` asks for, when it is a command or a plain request for one.

        Once: an event may come twice, and an edit of the message is no new request. Only what was
        not understood may be put right, and only while this process knows what was.
        """
        understood = command_of(message, text, self._workspace, user.locale)
        if understood is None:
            return False
        if is_edited and (self._first_ts is None or float(message.ts) < self._first_ts):
            return True  # another process may have carried it out
        key = message.event_key
        tried = key if isinstance(understood, Invocation) else (key, hash(text))
        if key in self._carried_out or not self._carried_out.add(tried):
            return True
        caller = await caller_for(
            user.id,
            message.channel_id,
            people=self._people,
            places=self._places,
            workspace=self._workspace,
            prefix=spoken_prefix(message.channel_id, self._workspace.bot_name),
            team_id=message.user_team_id,
            channel_type=message.channel_type,
            is_ext_shared=message.is_ext_shared,
            root_ts=message.root_ts,
        )
        typed = self._commands.typed(message, understood, caller)
        carrying_out = self._tasks.start(typed, name="typed-command")
        # Slack is told that the request arrived once it is carried out, if that is soon.
        await asyncio.wait({carrying_out}, timeout=COMMAND_SECONDS)
        return True


def spot_of(message: SlackMessage, user: SlackUser, *, is_about: bool = False) -> Spot:
    """Where the reply to a message goes."""
    return Spot(
        channel_id=message.channel_id,
        thread_ts=message.root_ts,
        since=message.ts,
        is_about=is_about,
        recipient_user_id=user.id,
        recipient_team_id=message.user_team_id or message.team_id,
    )
