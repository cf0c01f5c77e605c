"""Asking without a mention: ``/chat``, and “Ask Ellie about this” on somebody's message.

Both work wherever the commands do, also without the message-content intent: Discord hands over
the words that a person points at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands

from adapters.answer import Answer, Pace
from adapters.answers import Answers
from adapters.commanding import with_accounts
from adapters.discord import headings
from adapters.discord.application_commands import caller_of
from adapters.discord.command_buttons import FORM_SECONDS, new_id
from adapters.discord.command_replies import answer_asked, explain_error
from adapters.discord.elsewhere import cannot_write_here
from adapters.discord.normalising import (
    ACCOUNT,
    Channel,
    conversation_of,
    identity_of,
    roles_of,
)
from adapters.discord.outlets import InteractionOutlet
from adapters.discord.places import missing_to_answer, policy_in, ruled_place
from adapters.discord.reading import Read, read_about, read_file
from adapters.discord.reply_screen import ReplyScreen
from adapters.discord.shown_reply import ShownReply
from adapters.discord.texts import CHINESE, ENGLISH, Texts, texts_for
from adapters.discord.translating import both
from adapters.tasks import OwnedTasks
from bot.commands.dispatch import Commands
from bot.commands.parsing import message_of
from bot.domain.conversation import ConversationRef
from bot.domain.message import InboundMessage
from bot.domain.place_policy import PlacePolicy
from bot.domain.policy import AnswerPolicy
from bot.engine.deliveries import Deliveries
from bot.engine.house_rules import HouseRules
from bot.engine.notices import notices_for
from bot.engine.policies import ChannelPolicies
from bot.engine.turn import TurnEngine
from bot.log import get_logger

log = get_logger(__name__)

TYPED_CHARACTERS = 4000
"""The most that Discord takes in one field."""
POLICY_SECONDS = 0.8
"""For each of two. Discord waits 3 seconds for a first answer, whatever the database does."""


class Asking:
    """Takes questions that come as interactions, and answers them in the channel."""

    def __init__(
        self,
        *,
        engine: TurnEngine,
        commands: Commands,
        answers: Answers[ReplyScreen],
        deliveries: Deliveries,
        policies: ChannelPolicies,
        tasks: OwnedTasks,
        pace: Pace,
    ) -> None:
        self._tasks = tasks
        self._pace = pace
        self._engine = engine
        self._commands = commands
        self._answers = answers
        self._deliveries = deliveries
        self._policies = policies

    def add_to(self, tree: app_commands.CommandTree[Any]) -> None:
        """Register the command and the menu entry."""
        tree.add_command(self._chat_command())
        tree.add_command(self._menu_entry())

    async def ask(
        self,
        interaction: discord.Interaction[Any],
        text: str,
        read: Callable[[bool], Awaitable[Read]],
    ) -> None:
        """Answer what somebody asks, with what ``read`` finds. Acknowledges at once.

        ``read`` is told whether Ellie may read there what others said.
        """
        texts = texts_for(text, interaction.locale.value)
        if interaction.channel is None:
            await interaction.response.send_message(texts.not_now, ephemeral=True)
            return
        if missing := missing_to_answer(interaction):
            await cannot_write_here(interaction, texts, missing)
            return
        if await self._policy(interaction.channel) is AnswerPolicy.OFF:
            await interaction.response.send_message(texts.switched_off, ephemeral=True)
            return
        ruled = ruled_place(interaction.channel)
        rules = await self._rules(ruled)
        if not rules.admits(identity_of(interaction.user), roles_of(interaction.user)):
            told = notices_for(text).denied
            await interaction.response.send_message(told, ephemeral=True)
            return
        conversation = conversation_of(interaction.channel)
        await interaction.response.defer(thinking=True)
        with self._answers.taking():
            found = await read(rules.reads_context)
            await self._answer(interaction, conversation, text, texts, found)

    async def _answer(
        self,
        interaction: discord.Interaction[Any],
        conversation: ConversationRef,
        text: str,
        texts: Texts,
        read: Read,
    ) -> None:
        reply = await self._engine.handle(
            InboundMessage(
                event_key=f"interaction:{interaction.id}",
                author=identity_of(interaction.user),
                conversation=conversation,
                text=text,
                received_at=interaction.created_at,
                shown=read.seen.shown,
                pictures=read.seen.pictures,
                surroundings=read.surroundings,
                author_roles=roles_of(interaction.user),
                ruled=None if interaction.channel is None else ruled_place(interaction.channel),
            )
        )
        shown = ShownReply(
            InteractionOutlet(interaction),
            heading=headings.of_question(text) + headings.of_remarks(read.remarks),
        )
        answer = Answer(
            reply,
            ReplyScreen(shown, texts),
            author_id=str(interaction.user.id),
            texts=texts,
            deliveries=self._deliveries,
            pace=self._pace,
            is_awaited=True,
            when_refused=lambda: cannot_write_here(interaction, texts, "Send Messages"),
        )
        self._answers.show(interaction.id, answer)

    async def _policy(self, channel: Channel) -> AnswerPolicy:
        # Reading is not cancelled: a database that is busy would have us wait for that too.
        reading = self._tasks.start(policy_in(channel, self._policies), name="read-policy")
        if (await asyncio.wait({reading}, timeout=POLICY_SECONDS))[0]:
            return await reading
        log.warning("policy_read_slowly")
        return AnswerPolicy.USUAL

    async def _rules(self, place: ConversationRef) -> HouseRules:
        reading = self._tasks.start(self._engine.rules_in(place), name="read-rules")
        if (await asyncio.wait({reading}, timeout=POLICY_SECONDS))[0]:
            return await reading
        log.warning("rules_read_slowly")
        # As where they cannot be read: the engine asks once more before it takes anything.
        return HouseRules(policy=PlacePolicy(reads_context=False), place=place)

    def _chat_command(self) -> app_commands.Command[Any, ..., Any]:
        @app_commands.command(
            name=both("chat", "聊天"),
            description=both(ENGLISH.chat_summary, CHINESE.chat_summary),
        )
        @app_commands.rename(text=both("text", "内容"), file=both("file", "文件"))
        @app_commands.describe(
            text=both(ENGLISH.chat_text, CHINESE.chat_text),
            file=both(ENGLISH.chat_file, CHINESE.chat_file),
        )
        @app_commands.allowed_installs(guilds=True, users=False)
        @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
        async def chat(
            interaction: discord.Interaction[Any],
            text: app_commands.Range[str, 1, 6000],
            file: discord.Attachment | None = None,
        ) -> None:
            understood = with_accounts(
                self._commands.understand(text, str(interaction.locale)), ACCOUNT.fullmatch
            )
            if file is None and understood is not None and understood.command is not None:
                await answer_asked(interaction, understood, self._commands, caller_of(interaction))
                return
            said = message_of(text)
            await self.ask(interaction, said, lambda _: read_file(file, said))

        return chat

    def _menu_entry(self) -> app_commands.ContextMenu:
        async def ask_about(
            interaction: discord.Interaction[Any], message: discord.Message
        ) -> None:
            texts = texts_for("", interaction.locale.value)
            await interaction.response.send_modal(_Question(self, message, texts))

        return app_commands.ContextMenu(
            name=both(ENGLISH.ask_menu, CHINESE.ask_menu),
            callback=ask_about,
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=False
            ),
        )


class _Question(discord.ui.Modal):
    """Asks what somebody wants to know about a message."""

    def __init__(self, asking: Asking, message: discord.Message, texts: Texts) -> None:
        # An id of its own: two people may ask about one message at once.
        super().__init__(title=texts.ask_title, custom_id=new_id("ask"), timeout=FORM_SECONDS)
        self._asking = asking
        self._message = message
        self._typed: discord.ui.TextInput[Any] = discord.ui.TextInput(
            label=texts.ask_label,
            placeholder=texts.ask_hint,
            style=discord.TextStyle.paragraph,
            max_length=TYPED_CHARACTERS,
        )
        self.add_item(self._typed)

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """The question was asked."""
        me = interaction.client.user
        if me is None:
            return
        question = self._typed.value
        await self._asking.ask(
            interaction,
            question,
            lambda reads_context: read_about(
                self._message, question, me=me, reads_context=reads_context
            ),
        )

    async def on_error(  # type: ignore[override]  # as discord.py's own Modal has it
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        """Whoever asked is told, whatever happened."""
        await explain_error(interaction, error)
