"""What Discord suggests while somebody fills in an option: their own memory, and nobody else's.

Suggestions are seen by the one who types alone, wherever they type.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import discord
from discord import app_commands

from adapters.discord.command_options import MAX_CHOICE_CHARACTERS
from adapters.discord.command_texts import command_texts
from adapters.discord.normalising import identity_of
from bot.commands.definitions import (
    COMMANDS,
    DEFAULT,
    FORGET,
    PIN,
    UNPIN,
    Command,
    Parameter,
    ParameterKind,
)
from bot.commands.language import Language, language_of
from bot.commands.naming import description
from bot.commands.voice import Voice
from bot.domain.fact import Fact, FactStatus
from bot.domain.text import shorten
from bot.domain.tongues import TONGUES
from bot.engine.memory_view import MemoryView
from bot.errors import StorageError
from bot.log import get_logger

log = get_logger(__name__)

MAX_SUGGESTIONS = 25
"""Discord takes no more (docs.discord.com, receiving and responding to interactions)."""

DEADLINE_SECONDS = 2.0
"""Discord waits 3 seconds for suggestions."""

_LATEST_TURNS = 100
_DAYS = (7, 30, 90, 365)
FOREVER = "forever"
_UNLISTED = frozenset({FactStatus.RETRACTED, FactStatus.MERGED})
"""What ``memory show`` does not list either."""

Value = TypeVar("Value", int, str)
Suggest = Callable[[discord.Interaction[Any], str], Awaitable[list[app_commands.Choice[Any]]]]


class Suggestions:
    """Reads memory like ``memory show``, by the identity of whoever types."""

    def __init__(self, view: MemoryView) -> None:
        self._view = view

    def of(self, command: Command, parameter: Parameter) -> Suggest | None:
        """What to suggest for a parameter; None where anything may be typed."""
        sources: dict[ParameterKind, Suggest] = {
            ParameterKind.FACT: self._facts(command),
            ParameterKind.TURN: self._turns,
            ParameterKind.DAYS: _days(command),
            ParameterKind.COMMAND: _commands,
            ParameterKind.LANGUAGE: _languages,
        }
        if command is FORGET and parameter.kind is ParameterKind.TEXT:
            return _safe(self._forgettable)
        source = sources.get(parameter.kind)
        return None if source is None else _safe(source)

    def _facts(self, command: Command) -> Suggest:
        async def facts(
            interaction: discord.Interaction[Any], typed: str
        ) -> list[app_commands.Choice[Any]]:
            known = await self._known(interaction)
            return _choices(
                (
                    (_fact_name(fact), fact.number)
                    for fact in known
                    if fact.status is FactStatus.ACTIVE and _serves(command, fact)
                ),
                typed,
            )

        return facts

    async def _forgettable(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[Any]]:
        known = await self._known(interaction)
        return _choices(((_fact_name(fact), str(fact.number)) for fact in known), typed)

    async def _turns(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[Any]]:
        summary = await self._view.show(identity_of(interaction.user), latest=_LATEST_TURNS)
        turns = sorted(summary.turns if summary else (), key=lambda turn: -turn.number)
        return _choices(
            ((f"m{turn.number} {turn.text}", turn.number) for turn in turns if turn.text), typed
        )

    async def _known(self, interaction: discord.Interaction[Any]) -> list[Fact]:
        """The caller's facts that ``memory show`` lists, the newest first."""
        summary = await self._view.show(identity_of(interaction.user), latest=0)
        facts = [fact for fact in (summary.facts if summary else ()) if fact.text]
        listed = [fact for fact in facts if fact.status not in _UNLISTED]
        return sorted(listed, key=lambda fact: -fact.number)


def _days(command: Command) -> Suggest:
    async def days(
        interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[Any]]:
        voice = _voice(interaction)
        words = command_texts(voice.language).choices
        others = (FOREVER, DEFAULT) if command.admin else (FOREVER,)
        return _choices(
            [
                *((voice.count(number, "day"), str(number)) for number in _DAYS),
                *((words.get(other, other), other) for other in others),
            ],
            typed,
        )

    return days


async def _languages(
    interaction: discord.Interaction[Any], typed: str
) -> list[app_commands.Choice[Any]]:
    is_chinese = _voice(interaction).language is Language.CHINESE
    return _choices(
        (
            (f"{one.chinese if is_chinese else one.english} ({one.code})", one.code)
            for one in TONGUES
        ),
        typed,
    )


async def _commands(
    interaction: discord.Interaction[Any], typed: str
) -> list[app_commands.Choice[Any]]:
    language = _voice(interaction).language
    return _choices(
        (
            (f"/{command.name}: {description(command, language)}", command.name)
            for command in COMMANDS
        ),
        typed,
    )


def _voice(interaction: discord.Interaction[Any]) -> Voice:
    return Voice(language=language_of("", str(interaction.locale)))


def _serves(command: Command, fact: Fact) -> bool:
    """Whether a command would change anything about a fact."""
    pinned = {PIN.name: False, UNPIN.name: True}
    return pinned.get(command.name, fact.state.pinned) is fact.state.pinned


def _fact_name(fact: Fact) -> str:
    return f"#{fact.number} {fact.text}"


def _choices(suggested: Iterable[tuple[str, Value]], typed: str) -> list[app_commands.Choice[Any]]:
    """Those with what was typed so far in them."""
    wanted = " ".join(str(typed).split()).casefold()
    found: list[app_commands.Choice[Any]] = []
    for name, value in suggested:
        if wanted in " ".join(name.split()).casefold():
            found.append(
                app_commands.Choice(name=shorten(name, MAX_CHOICE_CHARACTERS), value=value)
            )
        if len(found) == MAX_SUGGESTIONS:
            break
    return found


def _safe(source: Suggest) -> Suggest:
    """The same, without suggestions when anything goes wrong: Discord would show an error."""

    async def suggest(
        interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[Any]]:
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await source(interaction, typed)
        except (StorageError, TimeoutError) as error:
            log.warning("no_suggestions", error=str(error) or type(error).__name__)
        except Exception:
            # The command can be given without suggestions.
            log.exception("suggestions_failed")
        return []

    return suggest
