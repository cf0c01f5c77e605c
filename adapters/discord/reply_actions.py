"""What the buttons under a reply do."""

from __future__ import annotations

import asyncio
from typing import Any

import discord

from adapters.discord import headings
from adapters.discord.answer import Answer, Pace
from adapters.discord.answers import Answers
from adapters.discord.attachments import look_at
from adapters.discord.normalising import conversation_of, identity_of
from adapters.discord.outlets import TROUBLE
from adapters.discord.places import Channels, shown_before
from adapters.discord.surroundings import around
from adapters.discord.texts import Texts, texts_for
from adapters.ordering import InOrder
from bot.domain.delivery import Delivery
from bot.domain.feedback import Verdict
from bot.domain.message import AgainRequest
from bot.domain.surroundings import ALONE, Surroundings
from bot.domain.turn import TurnId
from bot.engine.deliveries import Deliveries
from bot.engine.feedback import Feedback, FeedbackResult
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
        answers: Answers,
        deliveries: Deliveries,
        feedback: Feedback,
        channels: Channels,
        context_messages: int,
        pace: Pace,
    ) -> None:
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
        elif answer.author_id != interaction.user.id:
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
                )
            )
            if reply.turn_id is not None:
                answer = Answer(
                    reply,
                    shown,
                    author_id=interaction.user.id,
                    texts=texts,
                    deliveries=self._deliveries,
                    pace=self._pace,
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
        try:
            return await last.channel.fetch_message(first_id)
        except TROUBLE as error:
            log.info("first_message_not_read", error=type(error).__name__)
            return last

    async def _surroundings(
        self, interaction: discord.Interaction[Any], first: discord.Message
    ) -> Surroundings:
        """What stood around the message that was answered; nothing when it is gone."""
        me, asked = interaction.client.user, await _answered(first)
        if me is None or asked is None or asked.author.id != interaction.user.id:
            return ALONE
        seen, said = await asyncio.gather(
            look_at(asked), around(asked, me=me, limit=self._context_messages)
        )
        return Surroundings(said=said, files=seen.files)


async def _answered(reply: discord.Message) -> discord.Message | None:
    """The message to which Ellie replied."""
    reference = reply.reference
    if reference is None or reference.message_id is None:
        return None
    if reference.resolved is not None:
        return reference.resolved if isinstance(reference.resolved, discord.Message) else None
    try:
        return await reply.channel.fetch_message(reference.message_id)
    except TROUBLE as error:
        log.info("question_not_read", error=type(error).__name__)
        return None


def _texts(interaction: discord.Interaction[Any]) -> Texts:
    return texts_for("", interaction.locale.value)


async def _say(interaction: discord.Interaction[Any], text: str) -> None:
    await interaction.response.send_message(text, ephemeral=True)
