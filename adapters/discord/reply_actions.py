"""What the buttons under a reply do."""

from __future__ import annotations

from typing import Any

import discord

from adapters.discord.answer import Answer, Pace
from adapters.discord.answers import Answers
from adapters.discord.normalising import conversation_of, identity_of
from adapters.discord.places import Channels, shown_before
from adapters.discord.shown_reply import ShownReply
from adapters.discord.texts import Texts, texts_for
from bot.domain.delivery import Delivery
from bot.domain.feedback import Verdict
from bot.domain.message import AgainRequest
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
        pace: Pace,
    ) -> None:
        self._pace = pace
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
        reply = await self._engine.again(
            AgainRequest(
                author=identity_of(interaction.user),
                conversation=conversation_of(interaction.channel),
                turn_id=turn_id,
            )
        )
        if reply.turn_id is None:
            outcome = await reply.outcome()
            await interaction.followup.send(outcome.notice or texts.not_now, ephemeral=True)
            return
        answer = Answer(
            reply,
            await self._shown(interaction.message, turn_id),
            author_id=interaction.user.id,
            texts=texts,
            deliveries=self._deliveries,
            pace=self._pace,
        )
        self._answers.show(interaction.id, answer)

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

    async def _shown(self, message: discord.Message, turn_id: TurnId) -> ShownReply:
        """The messages of the reply so far; the one with the button is the last of them."""
        try:
            delivery = await self._deliveries.of_turn(turn_id)
        except StorageError as error:
            log.error("delivery_not_read", error=str(error))
            delivery = None
        if delivery is None or str(message.id) not in delivery.message_ids:
            delivery = Delivery(
                turn_id=turn_id,
                channel_id=str(message.channel.id),
                message_ids=(str(message.id),),
            )
        return shown_before(delivery, self._channels, heading=_question_above(message))


def _question_above(message: discord.Message) -> str:
    """The question that stands above the answer to a command."""
    first, _, _ = message.content.partition("\n")
    is_answer = message.interaction_metadata is not None and first.startswith("> ")
    return f"{first}\n" if is_answer else ""


def _texts(interaction: discord.Interaction[Any]) -> Texts:
    return texts_for("", interaction.locale.value)


async def _say(interaction: discord.Interaction[Any], text: str) -> None:
    await interaction.response.send_message(text, ephemeral=True)
