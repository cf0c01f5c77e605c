"""At its start a process tells Discord about the commands, if they are not those it knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from discord import app_commands
from support.town import Town, town

CHINESE = {"zh-CN", "zh-TW"}
GUILD, BOT_DM = 0, 1
"""Contexts of interactions (docs.discord.com, interactions)."""
CHAT_INPUT, MESSAGE = 1, 3
STRING, ATTACHMENT = 3, 11
MOST = {CHAT_INPUT: 100, MESSAGE: 5}
"""Commands of an application by their kind; newer documentation allows more of the latter."""
LONGEST_COMMAND = 8_000


def told(t: Town) -> list[Any]:
    """What Discord was told, each time."""
    return [
        request.json
        for request in t.env.http_requests
        if request.method == "PUT" and request.path.endswith("/commands")
    ]


def forget_what_was_told(folder: Path) -> None:
    [file] = folder.iterdir()
    file.unlink()


def in_two_languages(part: dict[str, Any], kind: str) -> bool:
    """Whether a name or description has a translation that is Chinese."""
    localised = part[f"{kind}_localizations"]
    return set(localised) == CHINESE and all(
        any("\u4e00" <= character <= "\u9fff" for character in text) for text in localised.values()
    )


def parts_of(command: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield command
    for part in (*command.get("options", ()), *command.get("choices", ())):
        yield from parts_of(part)


def texts_of(part: dict[str, Any], kind: str) -> list[str]:
    return [part.get(kind, ""), *(part.get(f"{kind}_localizations") or {}).values()]


async def test_the_second_start_tells_nothing(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        assert len(told(t)) == 1
        await t.restart()
        await t.restart()
        assert len(told(t)) == 1
        assert "chat" in t.ana.available_commands(t.hall)


async def test_a_start_after_the_file_was_deleted_tells_again(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        forget_what_was_told(tmp_path)
        await t.restart()
        assert len(told(t)) == 2
        assert told(t)[0] == told(t)[1]
        await t.restart()
        assert len(told(t)) == 2


async def test_a_start_that_failed_to_tell_is_made_up_for_by_the_next(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello.") as t:
        forget_what_was_told(tmp_path)
        t.env.inject_error("PUT", "/applications/*/commands", status=503)
        await t.restart("Hello.")
        await t.say(t.ana, "hello")  # she answers all the same
        assert t.said() == ["Hello."]
        await t.restart()
        assert len(told(t)) == 3
        await t.restart()
        assert len(told(t)) == 3


async def test_chat_has_a_text_and_a_file_in_two_languages(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        [chat] = [c for c in told(t)[0] if c["name"] == "chat"]
        assert chat["type"] == CHAT_INPUT
        assert chat["name_localizations"] == dict.fromkeys(CHINESE, "聊天")
        text, file = chat["options"]
        assert (text["name"], text["type"], text["required"]) == ("text", STRING, True)
        assert text["name_localizations"] == dict.fromkeys(CHINESE, "内容")
        assert (text["min_length"], text["max_length"]) == (1, 6000)
        assert (file["name"], file["type"], file["required"]) == ("file", ATTACHMENT, False)
        assert file["name_localizations"] == dict.fromkeys(CHINESE, "文件")
        assert all(in_two_languages(part, "description") for part in parts_of(chat))


async def test_the_menu_entry_is_for_messages_in_two_languages(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        [entry] = [c for c in told(t)[0] if c["type"] == MESSAGE]
        assert entry["name"] == "Ask Ellie about this"
        assert in_two_languages(entry, "name")
        assert not entry.get("options")


async def test_she_can_be_asked_in_servers_and_directly_and_nowhere_else(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        asking = [c for c in told(t)[0] if c["name"] in ("chat", "Ask Ellie about this")]
        assert len(asking) == 2
        for command in asking:
            assert sorted(command["contexts"]) == [GUILD, BOT_DM]
            assert command["integration_types"] == [GUILD]  # not installed for a person alone
            assert command["default_member_permissions"] is None
            assert not command.get("nsfw")


async def test_all_that_is_told_is_within_the_limits(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        [commands] = told(t)
        for kind, most in MOST.items():
            names = [command["name"] for command in commands if command["type"] == kind]
            assert 0 < len(names) <= most
            assert len(set(names)) == len(names)
        for command in commands:
            length = 0
            for part in parts_of(command):
                names, descriptions = texts_of(part, "name"), texts_of(part, "description")
                is_option = command["type"] == CHAT_INPUT and "value" not in part
                longest = 100 if "value" in part else 32  # a choice, or a command or option
                for name in names:
                    assert 1 <= len(name) <= longest
                    assert not is_option or app_commands.commands.validate_name(name)
                assert all(bool(text) is is_option and len(text) <= 100 for text in descriptions)
                length += max(map(len, names)) + max(map(len, descriptions))
                length += len(str(part.get("value", "")))
            assert length <= LONGEST_COMMAND
