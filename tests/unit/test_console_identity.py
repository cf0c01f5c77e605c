"""Who sits at the terminal."""

from __future__ import annotations

import pytest

from adapters.console.chat import console_conversation, console_identity
from bot.errors import UsageError


def test_nobody_in_particular_is_the_owner() -> None:
    owner = console_identity("")

    assert owner.external_id == "owner"
    assert owner.display_name == ""


@pytest.mark.parametrize("spelling", ["Ana", "ana", "ANA", "  Ana ", "A\x00na", "An\ud800a"])
def test_a_name_is_the_same_person_however_it_is_spelt(spelling: str) -> None:
    assert console_identity(spelling).external_id == "ana"


def test_a_name_is_shown_as_it_was_given() -> None:
    assert console_identity("  Ana Šimić ").display_name == "Ana Šimić"
    assert console_identity("Ana").external_id != console_identity("Anna").external_id
    assert console_identity("STRASSE").external_id == console_identity("Straße").external_id


def test_each_name_has_a_direct_conversation_of_its_own() -> None:
    ana, bob = (console_conversation(console_identity(name)) for name in ("Ana", "Bob"))

    assert ana != bob
    assert ana == console_conversation(console_identity("ana"))
    assert ana.visibility.value == "direct"


@pytest.mark.parametrize("name", [" ", "\x00", "\ud800", "\u200b", "\u202e \u200e", "x" * 81])
def test_a_name_nobody_can_see_or_remember_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="--user needs a name of 1 to 80 characters") as caught:
        console_identity(name)
    assert caught.value.exit_code == 64


@pytest.mark.parametrize("name", ["x" * 80, "安娜", "🎉", "עדי", "o'Neil; DROP TABLE", "../../x"])
def test_any_visible_name_of_80_characters_is_fine(name: str) -> None:
    assert console_identity(name).display_name == name
