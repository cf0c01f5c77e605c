"""Groups of commands: typed alone, misspelt, and where somebody is named."""

from __future__ import annotations

import pytest
from support.administering import Office
from support.commanding import text_of
from support.deep_commands import ADDED, ALL, BOW, GREET, LOW, add_deep_commands

from bot.commands.definitions import COMMANDS, HELP, POLICY
from bot.commands.language import Language
from bot.commands.naming import localised_path, path
from bot.commands.parsing import Invocation, Mistake, group_of, parse_command, similar_command


@pytest.fixture(autouse=True)
def deep(monkeypatch: pytest.MonkeyPatch) -> None:
    add_deep_commands(monkeypatch)


@pytest.mark.parametrize("typed", ["/admin wave", " /Admin  WAVE ", "/管理 挥手", "admin wave"])
def test_a_group_alone_asks_for_what_is_in_it(typed: str) -> None:
    understood = parse_command(typed)
    assert isinstance(understood, Invocation)
    assert understood.command is HELP
    assert group_of(str(understood.arguments["command"])) == (GREET, ALL)


def test_a_group_that_is_a_command_too_is_the_command() -> None:
    understood = parse_command("/admin bow")
    assert isinstance(understood, Invocation)
    assert understood.command is BOW


async def test_help_lists_a_group_for_those_who_may_use_it() -> None:
    shown = text_of(await Office().ask("/help admin wave"))
    assert "/admin wave user WHO [QUERY]" in shown
    assert "/admin wave all" in shown
    assert "/admin policy" not in shown
    everything = text_of(await Office().ask("/admin"))
    assert "/admin wave all" in everything
    assert "/admin retention" in everything
    chinese = text_of(await Office().ask("/管理 挥手"))
    assert "向所有人打招呼" in chinese


@pytest.mark.parametrize("typed", ["/admin", "/admin wave", "/help admin wave"])
async def test_others_are_not_told_of_it(typed: str) -> None:
    shown = text_of(await Office().ask(typed, is_admin=False))
    assert "wave all" not in shown
    assert "/help" in shown


async def test_help_of_a_group_for_everybody() -> None:
    shown = text_of(await Office().ask("/help memory", is_admin=False))
    assert "/memory show" in shown
    assert "/privacy" not in shown


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("admin wave usr @bea", GREET),
        ("admin wav user @bea", GREET),
        ("admin wafe all", ALL),
        ("admin boww twice", BOW),
        ("admin bow lwo", BOW),
        ("admin bo low", LOW),
        ("admni wave user", GREET),
    ],
)
def test_a_misspelt_name_is_recognised(typed: str, meant: object) -> None:
    assert parse_command(f"/{typed}").command is meant


def test_what_is_like_nothing_in_a_group_is_the_usual() -> None:
    assert similar_command("admin xyzzy plugh quux") is POLICY


def test_menus_have_every_name_once() -> None:
    known = [*COMMANDS, *ADDED]
    for language in Language:
        names = [localised_path(command, language) for command in known]
        beginnings = {name[:depth] for name in names for depth in range(1, len(name))}
        assert len(set(names)) == len(names)
        assert beginnings.isdisjoint(names)
    assert path(BOW) == ("admin", "bow", "once")
    assert path(GREET) == ("admin", "wave", "user")


@pytest.mark.parametrize(
    ("typed", "who"),
    [
        ("<@123>", "123"),
        ("<@!123>", "123"),
        ("<@U1|ann>", "U1"),
        ("@U1", "U1"),
        ("ana.b-c_d", "ana.b-c_d"),
    ],
)
def test_somebody_is_a_mention_or_an_id(typed: str, who: str) -> None:
    understood = parse_command(f"/admin wave user {typed} hi")
    assert isinstance(understood, Invocation)
    assert understood.arguments == {"who": who, "query": "hi"}


@pytest.mark.parametrize("typed", ["<@>", "<#C1>", "<@&1>", "<!here>", "@", "{0}", "a" * 65])
def test_anything_else_is_nobody(typed: str) -> None:
    assert isinstance(parse_command(f"/admin wave user {typed}"), Mistake)
