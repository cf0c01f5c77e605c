"""Asking for summaries and translations at a desk."""

from __future__ import annotations

from typing import Any

from support.commanding import Desk, rewording_over, text_of

from bot.commands.dispatch import Commands
from bot.commands.reply import CommandReply


async def done(reply: CommandReply) -> CommandReply:
    """What takes the place of an answer that takes a while."""
    assert reply.more is not None, text_of(reply)
    return await reply.more()


def commands_of(desk: Desk, **more: Any) -> Commands:
    """The commands of a desk with other models or rules."""
    return Commands(desk.control, clock=desk.clock, rewording=rewording_over(desk, **more))


def said_to(desk: Desk) -> list[str]:
    """What the model was last given."""
    return [passage.text for passage in desk.condenser.asked[-1]]


def enqueue(desk: Desk, *texts: str | Exception) -> None:
    desk.condenser._texts.extend(texts)
    desk.translator._texts.extend(texts)
