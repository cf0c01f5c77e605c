"""What the buttons under a reply do."""

from __future__ import annotations

from typing import Any

import discord

from adapters.answer import Answer, Pace
from adapters.answers import Answers
from adapters.discord import headings
from adapters.discord.elsewhere import cannot_write_here
from adapters.discord.normalising import conversation_of, identity_of, roles_of
from adapters.discord.outlets import TROUBLE
from adapters.discord.places import (
    Channels,
    missing_to_answer,
    policy_in,
    ruled_place,
    shown_before,
)
from adapters.discord.reading import read_about, read_for
from adapters.discord.reply_screen import ReplyScreen
from adapters.discord.surroundings import starter_of
from adapters.discord.texts import Texts, texts_for
from adapters.discord.typing_sign import TypingSign
from adapters.ordering import InOrder
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


class ReplyButtons:
    """Carries out :class:`adapters.discord.buttons.ReplyActions`."""

    def __init__(
        self,
        *,
        engine: TurnEngine,
        answers: Answers[ReplyScreen],
        deliveries: Deliveries,
        feedback: Feedback,
        policies: ChannelPolicies,
        channels: Channels,
        tasks: OwnedTasks,
        context_messages: int,
        pace: Pace,
    ) -> None:
        self._policies = policies
        self._tasks = tasks
        self._pace = pace
        self._context_messages = context_messages
        self._one_by_one = InOrder()
        self._engine = engine
        self._answers = answers
        self._deliveries = deliveries
        self._feedback = feedback
        self._channels = channels

    async def stop(self, interaction: discord.Interaction[Any], turn_id: TurnId) -> None:
        """Stop a reply that is being written, for whoever asked."""
        texts = _texts(interaction)
        answer = self._answers.of(turn_id)
        if answer is None:
            await _say(interaction, texts.over)
        elif answer.author_id != str(interaction.user.id):
            await _say(interaction, texts.not_yours)
        else:
            answer.stop()
            await interaction.response.defer()

    async def again(self, interaction: discord.Interaction[Any], turn_id: TurnId) -> None:
        """Answer anew, in the same messages."""
        texts = _texts(interaction)
        if interaction.message is None or interaction.channel is None:
            return
        await interaction.response.defer()
        if missing := missing_to_answer(interaction):
            await cannot_write_here(interaction, texts, missing)
        elif await policy_in(interaction.channel, self._policies) is AnswerPolicy.OFF:
            await interaction.followup.send(texts.switched_off, ephemeral=True)
        else:
            with self._answers.taking():
                await self._again(interaction, interaction.message, turn_id, texts)

    async def _again(
        self,
        interaction: discord.Interaction[Any],
        message: discord.Message,
        turn_id: TurnId,
        texts: Texts,
    ) -> None:
        async with self._one_by_one.for_(turn_id):
            if self._answers.of(turn_id) is not None:  # written, perhaps, and not yet shown
                await interaction.followup.send(texts.still_answering, ephemeral=True)
                return
            delivery = await self._delivery(message, turn_id)
            first = await self._first(message, delivery)
            shown = shown_before(delivery, self._channels, heading=headings.above(first))
            reply = await self._engine.again(
                AgainRequest(
                    author=identity_of(interaction.user),
                    conversation=conversation_of(message.channel),
                    turn_id=turn_id,
                    surroundings=await self._surroundings(interaction, first),
                    author_roles=roles_of(interaction.user),
                    ruled=ruled_place(message.channel),
                )
            )
            if reply.turn_id is not None:
                sign = TypingSign(message.channel, self._tasks)
                said_in = texts_for(first.content, interaction.locale.value)
                answer = Answer(
                    reply,
                    ReplyScreen(shown, said_in),
                    author_id=str(interaction.user.id),
                    texts=said_in,
                    deliveries=self._deliveries,
                    pace=self._pace,
                    when_shown=sign.stop,
                    when_refused=lambda: cannot_write_here(interaction, texts, "Send Messages"),
                )
                self._answers.show(interaction.id, answer)
                return
        outcome = await reply.outcome()
        await interaction.followup.send(outcome.notice or texts.not_now, ephemeral=True)

    async def judge(
        self, interaction: discord.Interaction[Any], turn_id: TurnId, verdict: Verdict
    ) -> None:
        """Note what the one who asked thinks of the reply."""
        texts = _texts(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            result = await self._feedback.give(identity_of(interaction.user), turn_id, verdict)
        except StorageError as error:
            log.error("feedback_not_stored", error=str(error))
            said = texts.not_now
        else:
            said = {
                FeedbackResult.TAKEN: texts.thanks,
                FeedbackResult.TAKEN_BACK: texts.taken_back,
                FeedbackResult.NOT_YOURS: texts.not_yours,
            }[result]
        await interaction.edit_original_response(content=said)

    async def _delivery(self, message: discord.Message, turn_id: TurnId) -> Delivery:
        """The messages of the reply so far; the one with the button is the last of them."""
        try:
            delivery = await self._deliveries.of_turn(turn_id)
        except StorageError as error:
            log.error("delivery_not_read", error=str(error))
            delivery = None
        if delivery is not None and str(message.id) in delivery.message_ids:
            return delivery
        return Delivery(
            turn_id=turn_id,
            channel_id=str(message.channel.id),
            message_ids=(str(message.id),),
        )

    async def _first(self, last: discord.Message, delivery: Delivery) -> discord.Message:
        """The message with which the reply begins; the last one where that cannot be read."""
        first_id = int(delivery.message_ids[0])
        if first_id == last.id:
            return last
        return await _message(last.channel, first_id) or last

    async def _surroundings(
        self, interaction: discord.Interaction[Any], first: discord.Message
    ) -> Surroundings:
        """What stood around what was answered, read again; nothing of what is gone by now."""
        me = interaction.client.user
        if me is None:
            return ALONE
        rules = await self._engine.rules_in(ruled_place(first.channel))
        if not rules.reads_context:
            return ALONE
        if (about := _asked_about(first)) is not None:
            meant = await _message(first.channel, about)
            return ALONE if meant is None else (await read_about(meant, "", me=me)).surroundings
        asked = await _answered(first)
        if asked is None or asked.author.id != interaction.user.id:
            return ALONE
        return (await read_for(asked, me=me, limit=self._context_messages)).surroundings


def _asked_about(reply: discord.Message) -> int | None:
    """The message that the question was about, when it was asked by the menu of that message."""
    by = reply.interaction_metadata
    opened_by = None if by is None else by.modal_interaction
    return None if opened_by is None else opened_by.target_message_id


async def _answered(reply: discord.Message) -> discord.Message | None:
    """The message to which Ellie replied."""
    reference, channel = reply.reference, reply.channel
    if reference is None or reference.message_id is None:
        # An answer in a thread that she opened for it replies to nothing.
        if not isinstance(channel, discord.Thread) or channel.owner_id != reply.author.id:
            return None
        return None if reply.interaction_metadata else await starter_of(channel)
    if reference.resolved is not None:
        return reference.resolved if isinstance(reference.resolved, discord.Message) else None
    return await _message(channel, reference.message_id)


async def _message(
    channel: discord.abc.MessageableChannel, message_id: int
) -> discord.Message | None:
    try:
        return await channel.fetch_message(message_id)
    except TROUBLE as error:
        log.info("message_not_read", error=type(error).__name__)
        return None


def _texts(interaction: discord.Interaction[Any]) -> Texts:
    return texts_for("", interaction.locale.value)


async def _say(interaction: discord.Interaction[Any], text: str) -> None:
    await interaction.response.send_message(text, ephemeral=True)
