"""Commands carried out for a platform: with care, and page by page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeAlias, TypeVar

from adapters.command_texts import CommandTexts
from bot.commands.call import Caller
from bot.commands.definitions import Command, ParameterKind
from bot.commands.dispatch import Commands
from bot.commands.parsing import Invocation, Mistake, MistakeKind
from bot.commands.reply import CommandReply, ReplyKind
from bot.errors import StorageError
from bot.log import get_logger

log = get_logger(__name__)

Answer = TypeVar("Answer")

CarryOut: TypeAlias = Callable[[], Awaitable[CommandReply]]
"""Does what was asked for, and gives the answer."""
TurnPage: TypeAlias = Callable[[int], Awaitable[CommandReply]]
"""Gives the same command again, for the page of that number."""


async def carefully(
    action: Callable[[], Awaitable[Answer]], texts: CommandTexts
) -> Answer | CommandReply:
    """What an action answers; when it fails, a sentence in its place."""
    try:
        return await action()
    except (StorageError, TimeoutError) as error:
        log.error("command_without_memory", error=str(error) or type(error).__name__)
        return CommandReply(kind=ReplyKind.REFUSED, lines=(texts.no_memory,))
    except Exception:
        # Whoever gave a command is answered, whatever happened.
        log.exception("command_failed")
        return CommandReply(kind=ReplyKind.REFUSED, lines=(texts.trouble,))


def ways_to_answer(
    understood: Invocation | Mistake, commands: Commands, caller: Caller
) -> tuple[CarryOut, TurnPage | None]:
    """How a command is carried out, and for another page, where it has pages."""

    async def carry_out() -> CommandReply:
        return await commands.answer(understood, caller)

    if not isinstance(understood, Invocation) or not pages_of(understood.command):
        return carry_out, None

    async def turn_page(page: int) -> CommandReply:
        turned = dict.fromkeys(pages_of(understood.command), page)
        asked = replace(understood, arguments={**understood.arguments, **turned})
        return await commands.answer(asked, caller)

    return carry_out, turn_page


def takes_ids(understood: Invocation | Mistake | None) -> bool:
    """Whether a command names people or places: by ids then, since names are not unique.

    Those for admins do. All others are told what people said, in which mentions are names.
    """
    command = None if understood is None else understood.command
    if command is None:
        return False
    return command.admin or any(one.kind is ParameterKind.USER for one in command.parameters)


def with_accounts(
    understood: Invocation | Mistake | None, is_account: Callable[[str], object]
) -> Invocation | Mistake | None:
    """The same, or a mistake where somebody is named by what ``is_account`` says is no id.

    Names are not unique, and anybody may take the one of somebody else.
    """
    if not isinstance(understood, Invocation):
        return understood
    for parameter in understood.command.parameters:
        typed = understood.arguments.get(parameter.name)
        if parameter.kind is ParameterKind.USER and typed and not is_account(str(typed)):
            return Mistake(
                kind=MistakeKind.UNFIT,
                typed=str(typed),
                command=understood.command,
                parameter=parameter,
                language=understood.language,
            )
    return understood


def pages_of(command: Command) -> list[str]:
    """The parameters of a command that are pages of its answer."""
    return [one.name for one in command.parameters if one.kind is ParameterKind.PAGE]
