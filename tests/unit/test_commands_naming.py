"""Names and descriptions in menus: fit for the narrowest platform, in both languages."""

from __future__ import annotations

import pytest
import regex

from bot.commands.definitions import CHOICES, COMMANDS, POLICY_DEFAULT, Command, ParameterKind
from bot.commands.language import Language
from bot.commands.naming import (
    description,
    group_description,
    localised_path,
    parameter_description,
    parameter_name,
    path,
)
from bot.commands.parsing import find_command, parse_command

FIT = regex.compile(r"[-_'\p{L}\p{N}]{1,32}")
"""Discord's rule for names of commands and options, with small letters only."""
LONGEST_DESCRIPTION = 100

each_language = pytest.mark.parametrize("language", Language)
each_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)


def is_fit(name: str) -> bool:
    return FIT.fullmatch(name) is not None and name == name.lower()


def test_a_path_is_the_name_from_the_group_down() -> None:
    paths = {command.name: path(command) for command in COMMANDS}
    assert paths["help"] == ("help",)
    assert paths["memory show"] == ("memory", "show")
    assert paths["admin policy show"] == ("admin", "policy", "show")


def test_chinese_paths_are_the_aliases_of_the_same_shape() -> None:
    paths = {
        command.name: " ".join(localised_path(command, Language.CHINESE)) for command in COMMANDS
    }
    assert paths["memory show"] == "记忆 查看"
    assert paths["help"] == "帮助"
    assert paths["admin retention"] == "管理 保留"


@each_language
@each_command
def test_every_name_fits(command: Command, language: Language) -> None:
    names = localised_path(command, language)
    assert len(names) == len(path(command)) <= 3
    assert all(map(is_fit, names)), names
    assert find_command(" ".join(names)) is command
    of_parameters = [parameter_name(parameter, language) for parameter in command.parameters]
    assert all(map(is_fit, of_parameters)), of_parameters
    assert len(set(of_parameters)) == len(of_parameters)


@each_command
def test_english_names_of_parameters_are_their_names(command: Command) -> None:
    for parameter in command.parameters:
        assert parameter_name(parameter, Language.ENGLISH) == parameter.name


@each_language
def test_no_two_commands_have_one_path_and_a_group_has_one_name(language: Language) -> None:
    paths = [localised_path(command, language) for command in COMMANDS]
    assert len(set(paths)) == len(paths)
    groups = {
        (path(command)[:depth], localised_path(command, language)[:depth])
        for command in COMMANDS
        for depth in range(1, len(path(command)))
    }
    assert len({name for _, name in groups}) == len({name for name, _ in groups}) == len(groups)
    assert {name for _, name in groups}.isdisjoint(paths)


@each_language
@each_command
def test_every_description_has_room(command: Command, language: Language) -> None:
    said = [description(command, language)]
    said += [parameter_description(parameter, language) for parameter in command.parameters]
    for depth in range(1, len(path(command))):
        said.append(group_description(" ".join(path(command)[:depth]), language))
    for text in said:
        assert 1 <= len(text) <= LONGEST_DESCRIPTION, text
        assert "{" not in text


@each_command
def test_required_parameters_come_first(command: Command) -> None:
    required = [parameter.required for parameter in command.parameters]
    assert required == sorted(required, reverse=True)


@each_command
def test_every_choice_can_be_typed(command: Command) -> None:
    for parameter in command.parameters:
        for choice in CHOICES.get(parameter.kind, ()):
            before = "memory off " if parameter.kind is ParameterKind.PLACE else ""
            before = before.replace("off ", "", command is POLICY_DEFAULT)
            if parameter.kind is ParameterKind.WHEN and command.parameters[0] is not parameter:
                before = "@ana "
            understood = parse_command(f"/{command.name} {before}{choice}")
            assert parameter.name in getattr(understood, "arguments", {}), understood
