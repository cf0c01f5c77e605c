"""Parameters of the neutral commands as options of Discord's, and back."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands

from adapters.discord.command_texts import command_texts
from adapters.discord.translating import both
from bot.commands import naming
from bot.commands.definitions import CHOICES, Command, Parameter, ParameterKind
from bot.commands.language import Language
from bot.commands.parsing import Argument, Invocation, Mistake, parse_arguments
from bot.commands.voice import Voice
from bot.domain.text import clean_text, shorten
from bot.engine.said_here import MOST_TURNS

MAX_NUMBER = 999_999_999
MAX_PAGE = 999_999
"""As many digits as can be typed."""
MAX_CHOICE_CHARACTERS = 100
"""Of the name of a choice (docs.discord.com, application commands)."""

_TYPES: Mapping[ParameterKind, Any] = {
    ParameterKind.FACT: app_commands.Range[int, 1, MAX_NUMBER],
    ParameterKind.TURN: app_commands.Range[int, 1, MAX_NUMBER],
    ParameterKind.COUNT: app_commands.Range[int, 1, MOST_TURNS],
    ParameterKind.PAGE: app_commands.Range[int, 1, MAX_PAGE],
    # Who is no member any more can be named as well.
    ParameterKind.USER: discord.Member | discord.User,
}


def signature(command: Command, optional: frozenset[Parameter]) -> inspect.Signature:
    """What discord.py reads the options from: one keyword for each parameter.

    Those in ``optional`` need not be filled in, whatever the definition says.
    """
    options = [
        inspect.Parameter(
            parameter.name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=_TYPES.get(parameter.kind, str),
            default=inspect.Parameter.empty
            if parameter.required and parameter not in optional
            else None,
        )
        for parameter in command.parameters
    ]
    interaction = inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return inspect.Signature([interaction, *options])


def names(command: Command) -> dict[str, app_commands.locale_str]:
    """What each option is called."""
    return {
        parameter.name: both(
            naming.parameter_name(parameter, Language.ENGLISH),
            naming.parameter_name(parameter, Language.CHINESE),
        )
        for parameter in command.parameters
    }


def descriptions(command: Command) -> dict[str, app_commands.locale_str]:
    """What each option is for."""
    return {
        parameter.name: both(
            naming.parameter_description(parameter, Language.ENGLISH),
            naming.parameter_description(parameter, Language.CHINESE),
        )
        for parameter in command.parameters
    }


def choices(command: Command) -> dict[str, list[app_commands.Choice[str]]]:
    """What there is to choose from, for the options with little choice."""
    return {
        parameter.name: [
            app_commands.Choice(
                name=both(
                    _choice(parameter, value, Language.ENGLISH),
                    _choice(parameter, value, Language.CHINESE),
                ),
                value=value,
            )
            for value in CHOICES[parameter.kind]
        ]
        for parameter in command.parameters
        if parameter.kind in CHOICES
    }


def understood(
    command: Command, given: Mapping[str, Any], language: Language
) -> Invocation | Mistake:
    """The command with what was put into its options, read like typed words."""
    arguments: dict[str, Argument] = {}
    for parameter in command.parameters:
        if given.get(parameter.name) is None:
            continue
        chosen = given[parameter.name]
        # A name is no account: what counts of somebody is the id.
        typed = clean_text(str(chosen.id if isinstance(chosen, discord.abc.User) else chosen))
        if parameter.kind is ParameterKind.PAGE:
            typed = f"page {typed}"
        alone = replace(command, parameters=(parameter,))
        read = parse_arguments(alone, typed, language)
        if isinstance(read, Mistake):
            return replace(read, command=command)
        arguments.update(read.arguments)
    return Invocation(command=command, arguments=arguments, language=language)


def asked_with(command: Command, given: Mapping[str, Any]) -> str:
    """What was typed into options, without what is only to be worked on."""
    material = {one.name for one in command.parameters if one.kind is ParameterKind.MATERIAL}
    typed = (value for name, value in given.items() if name not in material)
    return " ".join(value for value in typed if isinstance(value, str))


def bot_among(given: Mapping[str, Any]) -> discord.abc.User | None:
    """A bot that was chosen where a person is asked for."""
    people = (value for value in given.values() if isinstance(value, discord.abc.User))
    return next((user for user in people if user.bot), None)


def _choice(parameter: Parameter, value: str, language: Language) -> str:
    voice = Voice(language=language)
    name = command_texts(language).choices.get(value, value)
    explained = f"{parameter.name}.{value}"
    if voice.knows(explained):
        name = f"{name}: {voice.say(explained)}"
    return shorten(name, MAX_CHOICE_CHARACTERS)
