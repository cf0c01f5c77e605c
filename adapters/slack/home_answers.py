"""Carrying out what somebody pressed in the Home tab, and what it says about that."""

from __future__ import annotations

from dataclasses import replace

from adapters.commanding import carefully
from adapters.slack.home_blocks import row_text
from adapters.slack.home_dialogs import Answer, Asked, Asker, Questions
from adapters.slack.home_reading import Visitor, Visitors
from adapters.slack.home_state import Notice
from bot.commands.call import Caller
from bot.commands.definitions import Command
from bot.commands.dispatch import Commands
from bot.commands.parsing import Invocation
from bot.commands.reply import CommandReply
from bot.domain.policy import AnswerPolicy


class Carrying:
    """Gives commands in somebody's name. None of its methods raises: all that fails is a reply."""

    def __init__(self, commands: Commands, visitors: Visitors, questions: Questions) -> None:
        self._commands = commands
        self._visitors = visitors
        self._questions = questions

    async def out(
        self, visitor: Visitor, invocation: Invocation, *, channel_id: str = ""
    ) -> CommandReply:
        """The answer to a command; ``channel_id`` is where one for admins is given."""

        async def carry_out() -> CommandReply:
            caller = await self._caller(visitor, invocation.command, channel_id)
            return await self._commands.answer(invocation, caller)

        return await carefully(carry_out, visitor.words)

    async def ask(self, visitor: Visitor, asked: Asked) -> Answer:
        """The question of a command, as a dialog; or its answer, where it has none."""
        return self._or_question(
            visitor, asked, await self.out(visitor, asked.invocation(visitor.language))
        )

    async def agree(self, visitor: Visitor, asked: Asked, key: str) -> Answer:
        """What comes of a yes. One that this process knows nothing about is asked for anew."""
        confirmation = self._questions.taken(key, visitor.user.id)
        if confirmation is None:
            return await self.ask(visitor, asked)
        reply = await carefully(lambda: confirmation.answer(True), visitor.words)
        return self._or_question(visitor, asked, reply)

    def _or_question(self, visitor: Visitor, asked: Asked, reply: CommandReply) -> Answer:
        confirmation = reply.confirmation
        if confirmation is None:
            return reply
        asker = Asker(user_id=visitor.user.id, language=visitor.language)
        return self._questions.view(reply, confirmation, asked, asker)

    async def _caller(self, visitor: Visitor, command: Command, channel_id: str) -> Caller:
        if not command.admin:
            return visitor.caller
        is_admin = await self._visitors.is_admin_now(visitor)
        return self._visitors.as_admin(visitor, is_admin=is_admin, channel_id=channel_id)


def notice_of(reply: CommandReply, *also: str, channel_id: str = "") -> Notice:
    """What the tab says about a reply on top: its lines, what it is about now, and ``also``."""
    rows = (row_text(row) for section in reply.sections for row in section.rows)
    return Notice(lines=(*reply.lines, *rows, *also), channel_id=channel_id)


def for_everywhere(reply: CommandReply, visitor: Visitor) -> CommandReply:
    """The reply to a decision for the whole workspace, without what it says about “this channel”.

    The panel is in no channel.
    """
    voice = visitor.voice
    about_channel = {
        voice.say("policy.now", words=voice.say(f"policy.{policy.value}"))
        for policy in AnswerPolicy
    }
    return replace(reply, lines=tuple(line for line in reply.lines if line not in about_channel))
