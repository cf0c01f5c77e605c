"""From a message that is for Ellie to an answer on its way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import discord

from adapters.answer import Answer, Pace
from adapters.answers import Answers
from adapters.commanding import takes_ids, with_accounts
from adapters.discord import headings
from adapters.discord.command_replies import answer_typed
from adapters.discord.elsewhere import Elsewhere
from adapters.discord.normalising import (
    ACCOUNT,
    conversation_of,
    identity_of,
    inbound,
    roles_of,
    spoken,
)
from adapters.discord.outlets import TROUBLE, ChannelOutlet
from adapters.discord.places import Channels, missing_permission, ruled_place, shown_before
from adapters.discord.reading import read_for
from adapters.discord.reply_screen import ReplyScreen
from adapters.discord.shown_reply import ShownReply
from adapters.discord.texts import Texts, texts_for
from adapters.discord.typing_sign import TypingSign
from adapters.recent import Recent
from adapters.tasks import OwnedTasks
from bot.commands.call import Caller
from bot.commands.dispatch import Commands
from bot.commands.parsing import Invocation
from bot.domain.conversation import ConversationRef
from bot.domain.delivery import Delivery
from bot.domain.identity import Platform
from bot.domain.message import AgainRequest
from bot.domain.text import shorten
from bot.engine.deliveries import Deliveries
from bot.engine.reply import Reply
from bot.engine.turn import TurnEngine
from bot.errors import StorageError
from bot.log import get_logger

log = get_logger(__name__)

THREAD_NAME_CHARACTERS = 60
REMEMBERED_COMMANDS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a message is answered: in its channel, or in a thread that was opened for it."""

    channel: discord.abc.Messageable
    conversation: ConversationRef
    outlet: ChannelOutlet


class Answering:
    """Answers messages."""

    def __init__(
        self,
        *,
        engine: TurnEngine,
        commands: Commands,
        deliveries: Deliveries,
        answers: Answers[ReplyScreen],
        tasks: OwnedTasks,
        channels: Channels,
        context_messages: int,
        hears_all: bool,
        pace: Pace,
    ) -> None:
        """``context_messages``: how many of a channel's latest messages are read.

        ``hears_all``: Discord sends the content of every message.
        """
        self._pace = pace
        self._engine = engine
        self._commands = commands
        self._deliveries = deliveries
        self._answers = answers
        self._tasks = tasks
        self._channels = channels
        self._context_messages = context_messages
        self._hears_all = hears_all
        self._elsewhere = Elsewhere()
        self._carried_out = Recent(REMEMBERED_COMMANDS)
        self._first: int | None = None

    async def answer(
        self,
        message: discord.Message,
        me: discord.ClientUser,
        *,
        is_called: bool = True,
        is_edited: bool = False,
        open_thread: bool = False,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """Answer a message, or carry out the command in it.

        Who calls Ellie where she cannot write is told so directly; who does not, is left alone.
        ``is_edited``: these are not the first words of it. ``is_wanted`` is asked just before the
        message is stored.
        """
        if self._first is None and not is_edited:
            self._first = message.id  # ids grow with time
        text = spoken(message, me)
        texts = texts_for(text)
        missing = missing_permission(message.channel)
        if missing and not is_called:
            log.info("cannot_answer", permission=missing)
            return
        if await self._is_command(message, me, text, directly=bool(missing), is_edited=is_edited):
            return
        if missing:
            await self._elsewhere.cannot_write(message, texts, missing)
            return
        # What was said before the edit may have got an answer, of which the name is taken.
        event_id = "" if is_edited else str(message.id)
        ruled = ruled_place(message.channel)
        rules = await self._engine.rules_in(ruled)
        is_welcome = rules.admits(identity_of(message.author), roles_of(message.author))
        # Nobody gets a thread to be told in that they may not talk.
        open_thread = open_thread and is_welcome
        place = await self._place(message, text, event_id, open_thread=open_thread)
        sign = TypingSign(place.channel, self._tasks)
        try:
            read = await read_for(
                message,
                me=me,
                limit=self._context_messages,
                reads_context=is_welcome and rules.reads_context,
            )
            if not is_wanted():
                sign.stop()
                return
            taken = inbound(message, me=me, seen=read.seen, surroundings=read.surroundings)
            reply = await self._engine.handle(
                replace(taken, conversation=place.conversation, ruled=ruled)
            )
        except BaseException:  # raised again: nobody types who does not answer
            sign.stop()
            raise
        shown = ShownReply(place.outlet, heading=headings.of_remarks(read.remarks))
        self._show(message, texts, reply, shown, sign, is_called=is_called)

    async def is_heard(self, message: discord.Message) -> bool:
        """Whether its author may talk with Ellie there now."""
        rules = await self._engine.rules_in(ruled_place(message.channel))
        return rules.admits(identity_of(message.author), roles_of(message.author))

    async def anew(
        self,
        message: discord.Message,
        me: discord.ClientUser,
        *,
        shown: ShownReply | None,
        only_unanswered: bool,
        is_called: bool,
    ) -> None:
        """Answer a message once more, after its words have changed.

        ``shown`` is what the answer to the old words said so far, if one was on its way.
        """
        ruled = ruled_place(message.channel)
        rules = await self._engine.rules_in(ruled)
        read = await read_for(
            message, me=me, limit=self._context_messages, reads_context=rules.reads_context
        )
        event_key = str(message.id)
        earlier = await self._shown_at(event_key)
        in_thread = message.thread and earlier and earlier.channel_id == str(message.thread.id)
        # A thread may have been opened to answer it.
        channel = message.thread if message.thread and in_thread else message.channel
        reply = await self._engine.again(
            AgainRequest(
                author=identity_of(message.author),
                conversation=conversation_of(channel),
                event_key=event_key,
                only_unanswered=only_unanswered,
                surroundings=read.surroundings,
                author_roles=roles_of(message.author),
                ruled=ruled,
            )
        )
        if reply.turn_id is None:
            log.info("not_answered_anew", status=(await reply.outcome()).status.value)
            if shown is None:
                return  # nobody waits for an answer; why there is none is said to whoever does
        if shown is None:
            outlet = ChannelOutlet(message.channel, message.channel.id, answers=message.id)
            shown = ShownReply(outlet)
            if earlier and earlier.message_ids:
                shown = shown_before(earlier, self._channels)
        sign = TypingSign(channel, self._tasks)
        texts = texts_for(spoken(message, me))
        self._show(message, texts, reply, shown, sign, is_called=is_called)

    def _show(
        self,
        message: discord.Message,
        texts: Texts,
        reply: Reply,
        shown: ShownReply,
        sign: TypingSign,
        *,
        is_called: bool,
    ) -> None:
        async def refused() -> None:
            if is_called:
                await self._elsewhere.cannot_write(message, texts, "Send Messages")

        answer = Answer(
            reply,
            ReplyScreen(shown, texts),
            author_id=str(message.author.id),
            texts=texts,
            deliveries=self._deliveries,
            pace=self._pace,
            when_shown=sign.stop,
            when_refused=refused,
        )
        self._answers.show(message.id, answer)

    async def _shown_at(self, event_key: str) -> Delivery | None:
        try:
            return await self._deliveries.of_event(Platform.DISCORD, event_key)
        except StorageError as error:
            log.error("delivery_not_read", error=str(error))
            return None

    async def _is_command(
        self,
        message: discord.Message,
        me: discord.ClientUser,
        text: str,
        *,
        directly: bool,
        is_edited: bool,
    ) -> bool:
        """Carry out what ``text`` asks for, when it is a command or a plain request for one.

        Once: an event may come twice, and an edit of the message is no new request. Only what was
        not understood may be put right, and only while this process knows what was.
        """
        understood = self._commands.understand(text)
        if takes_ids(understood):
            by_id = self._commands.understand(spoken(message, me, by_id=True))
            understood = with_accounts(by_id, ACCOUNT.fullmatch)
        if understood is None:
            return False
        if is_edited and (self._first is None or message.id < self._first):
            return True  # another process may have carried it out
        key = message.id if isinstance(understood, Invocation) else (message.id, hash(text))
        if message.id in self._carried_out or not self._carried_out.add(key):
            return True
        member = message.author
        caller = Caller(
            identity=identity_of(member),
            conversation=conversation_of(message.channel),
            ruled=ruled_place(message.channel),
            prefix="/",
            is_admin=isinstance(member, discord.Member) and member.guild_permissions.manage_guild,
            hears_all=self._hears_all,
        )
        await answer_typed(message, understood, self._commands, caller, directly=directly)
        return True

    async def _place(
        self, message: discord.Message, text: str, event_id: str, *, open_thread: bool
    ) -> _Place:
        if open_thread:
            name = shorten(text.replace("\n", " "), THREAD_NAME_CHARACTERS) or "Ellie"
            try:
                thread = await message.create_thread(name=name)
            except TROUBLE as error:
                log.warning("thread_not_opened", error=type(error).__name__)
            else:
                return _Place(
                    channel=thread,
                    conversation=conversation_of(thread),
                    outlet=ChannelOutlet(thread, thread.id, event_id=event_id),
                )
        return _Place(
            channel=message.channel,
            conversation=conversation_of(message.channel),
            outlet=ChannelOutlet(
                message.channel, message.channel.id, answers=message.id, event_id=event_id
            ),
        )
