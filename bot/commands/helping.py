"""``help``, and sentences about commands that cannot be carried out as typed."""

from __future__ import annotations

from collections.abc import Iterable

from bot.commands.call import Call, Caller
from bot.commands.definitions import COMMANDS, Command, Parameter, ParameterKind
from bot.commands.parsing import (
    Mistake,
    MistakeKind,
    find_command,
    group_of,
    similar_command,
)
from bot.commands.reply import CommandReply, ReplyKind, Row, Section
from bot.commands.voice import Voice
from bot.domain.text import shorten

TYPED_CHARACTERS = 40


class Helping:
    """Made from the definitions, so that it cannot forget one."""

    async def help(self, call: Call) -> CommandReply:
        """All commands, those of a group, or one of them in full."""
        voice, asked = call.voice, call.text("command")
        if not asked:
            rows = tuple(
                _line(command, voice) for command in COMMANDS if _may_see(call.caller, command)
            )
            return CommandReply(
                title=voice.say("help.title"),
                sections=(Section(rows=rows),),
                closing=(voice.say("help.phrases"),),
                private=False,
            )
        command = find_command(asked) or find_command(f"memory {asked}")
        if command is None:
            group = [one for one in group_of(asked) if _may_see(call.caller, one)]
            if group:
                rows = tuple(_line(one, voice) for one in group)
                return CommandReply(
                    title=voice.say("help.group", name=asked.lstrip("/\uff0f")),
                    sections=(Section(rows=rows),),
                    private=False,
                )
        if command is None or not _may_see(call.caller, command):
            return unknown(asked, _seen(similar_command(asked), call.caller), voice)
        return _explained(command, voice)


def explain_mistake(mistake: Mistake, caller: Caller, voice: Voice) -> CommandReply:
    """What is wrong, and what would be right."""
    command, parameter = mistake.command, mistake.parameter
    typed = shorten(mistake.typed, TYPED_CHARACTERS)
    if mistake.kind is MistakeKind.UNKNOWN or command is None:
        return unknown(typed, _seen(command, caller), voice)
    if mistake.kind is MistakeKind.SURPLUS or parameter is None:
        return _refused(voice.say("surplus", name=command.name, typed=typed))
    if mistake.kind is MistakeKind.MISSING:
        return _refused(voice.say(f"missing.{parameter.name}", name=command.name))
    return _refused(voice.say(f"unfit.{parameter.name}", name=command.name, typed=typed))


def _may_see(caller: Caller, command: Command) -> bool:
    return caller.is_admin or not command.admin


def _seen(command: Command | None, caller: Caller) -> Command | None:
    """A command to be proposed, if it is one for whoever asks."""
    return command if command and _may_see(caller, command) else None


def unknown(typed: str, similar: Command | None, voice: Voice) -> CommandReply:
    """No command of that name, and perhaps which one was meant."""
    sentences = [voice.say("unknown", typed=shorten(typed, TYPED_CHARACTERS))]
    if similar:
        sentences.append(voice.say("unknown.similar", name=similar.name))
    sentences.append(voice.say("unknown.help"))
    return _refused(" ".join(sentences))


def usage(command: Command) -> str:
    """How a command is written: ``memory edit FACT TEXT``, ``link [CODE]``."""
    return " ".join([command.name, *map(_placeholder, command.parameters)])


def _placeholder(parameter: Parameter) -> str:
    match parameter.kind:
        case ParameterKind.SWITCH:
            name = "on|off"
        case ParameterKind.FORMAT:
            name = "json|markdown"
        case ParameterKind.PLACE:
            name = "here|everywhere"
        case ParameterKind.WHEN:
            name = "later|now"
        case ParameterKind.PAGE:
            name = "page N"
        case ParameterKind.FILE:
            name = "export"
        case _:
            name = parameter.name.upper()
    return name if parameter.required else f"[{name}]"


def _line(command: Command, voice: Voice) -> Row:
    label = f"{voice.prefix}{usage(command)}"
    return Row(label=label, text=voice.say(f"summary.{command.name}"))


def _explained(command: Command, voice: Voice) -> CommandReply:
    closing = []
    if command.destructive:
        closing.append(voice.say("help.asks"))
    if command.aliases:
        closing.append(voice.say("help.also", aliases=_listed(command.aliases, voice)))
    rows = tuple(
        Row(label=_placeholder(parameter), text=voice.say(f"parameter.{parameter.name}"))
        for parameter in command.parameters
    )
    return CommandReply(
        title=f"{voice.prefix}{command.name}: {voice.say(f'summary.{command.name}')}",
        lines=(voice.say("help.usage", usage=f"{voice.prefix}{usage(command)}"),),
        sections=(Section(rows=rows),) if rows else (),
        closing=tuple(closing),
        private=False,
    )


def _listed(names: Iterable[str], voice: Voice) -> str:
    return ", ".join(f"{voice.prefix}{name}" for name in names)


def _refused(sentence: str) -> CommandReply:
    return CommandReply(kind=ReplyKind.REFUSED, lines=(sentence,))
