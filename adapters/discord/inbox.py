"""What people do in channels: messages, edits and deletions, in order for each message.

A message is answered by a task of its own. What happens to it meanwhile is done after it was
taken: a deletion that comes while the channel is still being read finds a message that will not
be answered, and one that comes later stops the answer and takes it away.
"""

from __future__ import annotations

from collections.abc import Collection

import discord

from adapters.answer import Answer
from adapters.answers import Answers
from adapters.discord.addressing import decide, is_mentioned, is_withdrawn
from adapters.discord.answering import Answering
from adapters.discord.attachments import names_of
from adapters.discord.normalising import spoken
from adapters.discord.outlets import TROUBLE
from adapters.discord.places import Channels, policy_in, ruled_place, shown_before
from adapters.discord.reply_screen import ReplyScreen
from adapters.discord.shown_reply import ShownReply
from adapters.ordering import InOrder
from adapters.recent import Recent
from bot.domain.delivery import Delivery
from bot.domain.identity import Platform
from bot.domain.policy import AnswerPolicy
from bot.engine.deliveries import Deliveries
from bot.engine.policies import ChannelPolicies
from bot.engine.revisions import MessageRevisions, Revised
from bot.errors import StorageError
from bot.log import get_logger

log = get_logger(__name__)

REMEMBERED_DELETIONS = 10_000
NAMELESS = "…"
"""A thread has to have some name."""
LATE_EDIT_SECONDS = 600.0
"""A message that is edited within this time so that it is for Ellie is answered then."""


class Inbox:
    """Takes events of the gateway.

    Every method returns once the event is dealt with; an answer goes on by itself.
    """

    def __init__(
        self,
        answering: Answering,
        *,
        answers: Answers[ReplyScreen],
        channels: Channels,
        policies: ChannelPolicies,
        deliveries: Deliveries,
        revisions: MessageRevisions,
    ) -> None:
        self._answering = answering
        self._answers = answers
        self._channels = channels
        self._policies = policies
        self._deliveries = deliveries
        self._revisions = revisions
        self._in_order = InOrder()
        self._deleted = Recent(REMEMBERED_DELETIONS)

    async def message(self, message: discord.Message, me: discord.ClientUser) -> None:
        """Answer a message if it is for Ellie."""
        with self._answers.taking():
            async with self._in_order.for_(message.id):
                await self._take(message, me)

    async def edited(self, message: discord.Message, me: discord.ClientUser) -> None:
        """Follow an edit: memory has the new words, and what had no answer yet gets one to them.

        Discord also tells that a link got a preview, which is no edit, and may then tell no words.
        An edit after which the message is not said to her any more is taken for a deletion.
        """
        if message.edited_at is None or message.author.bot:
            return
        if not message.content and is_mentioned(message, me):
            return  # the words are withheld
        with self._answers.taking():
            async with self._in_order.for_(message.id):
                if message.id not in self._deleted:
                    await self._follow_edit(message, me)

    async def deleted(self, message_ids: Collection[int]) -> None:
        """Follow deletions: nothing of these messages is kept, and their answers go too.

        Memory first: Discord may be slow, and Ellie may be stopped meanwhile.
        """
        for message_id in message_ids:
            self._deleted.add(message_id)
        with self._answers.taking():
            found = [await self._forget(message_id) for message_id in message_ids]
            for message_id, answer, delivery in found:
                await self._take_back(message_id, answer, delivery)

    async def _follow_edit(self, message: discord.Message, me: discord.ClientUser) -> None:
        policy = await policy_in(message.channel, self._policies)
        words = spoken(message, me)
        if is_withdrawn(message, me=me, policy=policy):
            words = ""
        # The answer may end while memory changes, and was to the old words all the same.
        answer = self._answers.to(message.id)
        try:
            revised = await self._revisions.edited(
                Platform.DISCORD,
                str(message.id),
                words,
                files=names_of(message.attachments),
                place=ruled_place(message.channel),
                is_heard=await self._answering.is_heard(message),
            )
            delivery = None
            if revised is Revised.CHANGED:
                delivery = await self._deliveries.of_event(Platform.DISCORD, str(message.id))
        except StorageError as error:
            log.error("edit_not_followed", error=str(error))
            return
        if delivery is not None:
            answer = answer or self._answers.of(delivery.turn_id)
        if revised is Revised.UNKNOWN:
            if message.content and _age(message) < LATE_EDIT_SECONDS:
                await self._take(message, me, is_edited=True)
        elif revised is Revised.CHANGED and not words:
            await self._take_back(message.id, answer, delivery)
        elif revised is Revised.CHANGED:
            await self._answer_anew(message, me, answer)

    async def _answer_anew(
        self, message: discord.Message, me: discord.ClientUser, answer: Answer[ReplyScreen] | None
    ) -> None:
        if answer is not None:
            await self._answers.end_unseen(answer, self._deliveries)
        await self._answering.anew(
            message,
            me,
            shown=None if answer is None else answer.screen.shown,
            only_unanswered=answer is None,
            is_called=decide(message, me=me, policy=AnswerPolicy.USUAL).is_called,
        )

    async def _take(
        self, message: discord.Message, me: discord.ClientUser, *, is_edited: bool = False
    ) -> None:
        if message.id in self._deleted or message.author.bot or self._answers.to(message.id):
            return
        policy = await policy_in(message.channel, self._policies)
        decision = decide(message, me=me, policy=policy)
        if not decision.answers:
            return
        log.info("message_for_me", reason=decision.reason)
        await self._answering.answer(
            message,
            me,
            is_called=decision.is_called,
            is_edited=is_edited,
            open_thread=decision.open_thread,
            is_wanted=lambda: message.id not in self._deleted,
        )

    async def _forget(
        self, message_id: int
    ) -> tuple[int, Answer[ReplyScreen] | None, Delivery | None]:
        """Have memory follow a deletion; what is left on Discord is returned."""
        event_key = str(message_id)
        async with self._in_order.for_(message_id):
            answer, delivery = self._answers.to(message_id), None
            if answer is not None:
                answer.retract()
            try:
                await self._revisions.deleted(Platform.DISCORD, event_key)
                delivery = await self._deliveries.of_event(Platform.DISCORD, event_key)
            except StorageError as error:
                log.error("deletion_not_followed", error=str(error))
            if answer is None and delivery is not None:
                answer = self._answers.of(delivery.turn_id)
            if answer is not None:
                answer.retract()
        return message_id, answer, delivery

    async def _take_back(
        self, message_id: int, answer: Answer[ReplyScreen] | None, delivery: Delivery | None
    ) -> None:
        """Take away what answers a message; ``answer`` is one that was still on its way."""
        if answer is not None:
            await self._answers.end_unseen(answer, self._deliveries)
            await _remove(answer.screen.shown)
        elif delivery is not None:
            await _remove(shown_before(delivery, self._channels))
        await self._close_thread(message_id)

    async def _close_thread(self, message_id: int) -> None:
        """Close the thread that was opened to answer a message, and is named after its words.

        It has the id of that message.
        """
        thread = self._channels.get_channel(message_id)
        if not isinstance(thread, discord.Thread) or thread.owner_id != thread.guild.me.id:
            return
        try:
            await thread.edit(name=NAMELESS, archived=True)
        except TROUBLE as error:
            log.warning("thread_not_closed", error=type(error).__name__)


async def _remove(reply: ShownReply) -> None:
    try:
        await reply.remove()
    except TROUBLE as error:
        log.warning("reply_not_removed", error=type(error).__name__)


def _age(message: discord.Message) -> float:
    """Seconds since it was written."""
    return (discord.utils.utcnow() - message.created_at).total_seconds()
