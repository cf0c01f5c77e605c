"""Names and descriptions of commands for platforms that show them in menus.

Such platforms have groups of commands, in which groups may be, and a name for each language. A
group is no command there. The names fit the narrowest of them, Discord: 1 to 32 letters, digits,
``-``, ``_`` and ``'``, none of them capital; descriptions have 1 to 100 characters
(docs.discord.com, application commands, naming).
"""

from __future__ import annotations

from bot.commands.definitions import Command, Parameter
from bot.commands.language import Language, language_of
from bot.commands.voice import Voice


def path(command: Command) -> tuple[str, ...]:
    """The English names from the group down: ``("admin", "reset", "user")``, ``("help",)``."""
    return tuple(command.name.split())


def localised_path(command: Command, language: Language) -> tuple[str, ...]:
    """The same names in a language: ``("记忆", "查看")``.

    They are an alias of the command, so that a name that is seen can be typed as well.
    """
    names = path(command)
    if language is Language.ENGLISH:
        return names
    aliases = (tuple(alias.split()) for alias in command.aliases)
    return next(
        alias
        for alias in aliases
        if len(alias) == len(names) and all(language_of(part) is language for part in alias)
    )


def parameter_name(parameter: Parameter, language: Language) -> str:
    """The name of a parameter in a language."""
    return Voice(language=language).say(f"name.{parameter.name}")


def description(command: Command, language: Language) -> str:
    """What a command does, in one line."""
    return Voice(language=language).say(f"summary.{command.name}")


def group_description(group: str, language: Language) -> str:
    """What the commands of a group are about: of ``memory``, ``admin`` or ``admin reset``."""
    return Voice(language=language).say(f"group.{group}")


def parameter_description(parameter: Parameter, language: Language) -> str:
    """What is told with a parameter, in one line."""
    return Voice(language=language).say(f"parameter.{parameter.name}")
