"""From what was typed to a command, or to a sentence about what is wrong with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.commanding import Desk, text_of

from bot.commands.definitions import COMMANDS
from bot.commands.language import Language
from bot.commands.parsing import (
    Invocation,
    Mistake,
    MistakeKind,
    find_command,
    is_command,
    message_of,
    parse_command,
)
from bot.commands.reply import ReplyKind


@pytest.mark.parametrize(
    ("line", "name", "arguments"),
    [
        ("/help", "help", {}),
        ("/?", "help", {}),
        ("/help memory show", "help", {"command": "memory show"}),
        ("/memory", "memory show", {}),
        ("/memory page 2", "memory show", {"page": 2}),
        ("/memory show", "memory show", {}),
        ("  /MEMORY   Show \n", "memory show", {}),
        ("/ memory show", "memory show", {}),
        ("/memory show my dog", "memory show", {"query": "my dog"}),
        ("/memory show my dog page 3", "memory show", {"query": "my dog", "page": 3}),
        ("/查看记忆 第2页", "memory show", {"page": 2}),
        ("/memory why", "memory why", {}),
        ("/memory why m17", "memory why", {"turn": 17}),
        ("/why 17", "memory why", {"turn": 17}),
        (
            "/memory edit #12 I live  in Faro",
            "memory edit",
            {"fact": 12, "text": "I live  in Faro"},
        ),
        ("/edit 12 x", "memory edit", {"fact": 12, "text": "x"}),
        ("/修改 １２ 我住在北京", "memory edit", {"fact": 12, "text": "我住在北京"}),
        ("/memory forget locker code", "memory forget", {"what": "locker code"}),
        ("/forget everything", "memory forget", {"what": "everything"}),
        ("/忘记 密码", "memory forget", {"what": "密码"}),
        ("/undo", "memory undo", {}),
        ("/memory pin 3", "memory pin", {"fact": 3}),
        ("/memory unpin #3", "memory unpin", {"fact": 3}),
        ("/取消置顶 ＃３", "memory unpin", {"fact": 3}),
        ("/memory export", "memory export", {}),
        ("/export md", "memory export", {"format": "markdown"}),
        ("/memory export JSON", "memory export", {"format": "json"}),
        ("/memory pause", "memory pause", {}),
        ("/resume", "memory resume", {}),
        ("/incognito on", "incognito", {"switch": True}),
        ("/incognito OFF", "incognito", {"switch": False}),
        ("/无痕 关", "incognito", {"switch": False}),
        ("/privacy", "privacy", {}),
        ("/link", "link", {}),
        ("/link abcd-efgh", "link", {"code": "abcd-efgh"}),
        ("/link ABCD EFGH", "link", {"code": "ABCD EFGH"}),
        ("/unlink", "unlink", {}),
        ("／帮助", "help", {}),
    ],
)
def test_a_command_is_known_whatever_its_case_and_spacing(
    line: str, name: str, arguments: dict[str, object]
) -> None:
    assert is_command(line)

    parsed = parse_command(line)

    assert isinstance(parsed, Invocation), parsed
    assert parsed.command.name == name
    assert dict(parsed.arguments) == arguments


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/", "I don't know /. /help lists the commands."),
        ("/hlep", "I don't know /hlep. Did you mean /help? /help lists the commands."),
        ("/memroy show", "I don't know /memroy show. Did you mean /memory show?"),
        ("/memory shwo", "I don't know /memory shwo. Did you mean /memory show?"),
        ("/memory frget 12", "I don't know /memory frget 12. Did you mean /memory forget?"),
        ("/incogneto on", "I don't know /incogneto on. Did you mean /incognito?"),
        ("/memory dog", "I don't know /memory dog. Did you mean /memory show?"),
        ("/etc/hosts is lost", "I don't know /etc/hosts is lost. /help lists the commands."),
        ("/memory edit", "Which fact?"),
        ("/memory edit 12", "What should it say?"),
        ("/memory edit Porto Faro", "“Porto” is not the number of a fact."),
        ("/memory pin", "Which fact? Give me its number, for example /memory pin 12."),
        ("/memory pin it", "“it” is not the number of a fact."),
        ("/memory pin 3 4", "/memory pin takes nothing more"),
        ("/memory forget", "What shall I forget?"),
        ("/memory undo please", "/memory undo takes nothing more"),
        ("/memory why not", "“not” is not the number of a message"),
        ("/memory export pdf", "I can export json or markdown, not “pdf”."),
        ("/incognito", "Say /incognito on or /incognito off."),
        ("/incognito maybe", "“maybe” is neither on nor off."),
        ("/help me", "I don't know /me."),
        ("/置顶", "哪一条事实？"),
        ("/忘记", "要忘记什么？"),
    ],
)
async def test_a_mistake_gives_a_sentence_that_says_what_to_do(line: str, sentence: str) -> None:
    reply = await Desk().ask(line)

    assert reply.kind is ReplyKind.REFUSED
    assert text_of(reply).startswith(sentence)


async def test_a_long_mistake_is_answered_shortly() -> None:
    assert len(text_of(await Desk().ask("/" + "x" * 1000))) < 150


@pytest.mark.parametrize("line", ["", "  ", "hello", "help", "a /help", "\\/help", "1/2", "//help"])
def test_other_lines_are_messages(line: str) -> None:
    assert not is_command(line)
    assert Desk().commands.understand(line) is None


@pytest.mark.parametrize("before", ["", " ", "\t  "])
@pytest.mark.parametrize("after", ["", " ", "\n"])
@pytest.mark.parametrize("text", ["/help", "/etc/hosts", "/", "/memory forget everything"])
def test_two_slashes_begin_a_message_that_starts_with_one(
    before: str, after: str, text: str
) -> None:
    line = f"{before}/{text}{after}"

    assert not is_command(line)
    assert message_of(line) == text


@given(st.text() | st.text().map(lambda text: f"/{text}") | st.text("/ memoryshw#12页"))
def test_every_line_is_a_command_a_mistake_or_a_message(line: str) -> None:
    if is_command(line):
        assert isinstance(parse_command(line), Invocation | Mistake)
    else:
        message = message_of(line)
        assert message in line
        assert not message.startswith("//") or line.strip().startswith("///")


def test_names_and_aliases_are_all_different() -> None:
    names = [name for command in COMMANDS for name in (command.name, *command.aliases)]
    assert len(names) == len(set(names))
    for command in COMMANDS:
        for name in (command.name, *command.aliases):
            assert find_command(name) is command


def test_a_mistake_says_what_was_meant() -> None:
    parsed = parse_command("/memory pin it")

    assert isinstance(parsed, Mistake)
    assert parsed.kind is MistakeKind.UNFIT
    assert parsed.command
    assert parsed.command.name == "memory pin"


@pytest.mark.parametrize(
    ("line", "locale", "language"),
    [
        ("/memory show", "", Language.ENGLISH),
        ("/memory show", "zh-CN", Language.CHINESE),
        ("/memory show", "ZH_tw", Language.CHINESE),
        ("/memory show", "zhx", Language.ENGLISH),
        ("/memory show 狗", "en-US", Language.CHINESE),
        ("/帮助", "", Language.CHINESE),
    ],
)
def test_the_answer_is_in_the_language_of_the_command_or_the_platform(
    line: str, locale: str, language: Language
) -> None:
    assert parse_command(line, locale).language is language
