"""Thirty thousand characters of what is hard to cut: whole messages, and nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import discord
import pytest
import regex
from support.town import town

from adapters.discord.markdown import HIDDEN_BREAK
from adapters.fences import find_fences

pytestmark = pytest.mark.at_once  # thousands of words in no time are no way to talk to a server

LENGTH = 30_000
LIMIT = 2_000

CODE = "\n".join(
    f"    if count[{n}] == {n}:\n\n        print('{n}: 数到了', sep='\t')" for n in range(600)
)
LIST = "\n".join(
    f"- The part {n} has parts of its own:\n"
    f"  1. the first, which is called {n}a\n"
    f"     - and has **one** more, {n}aa, with `code` in it\n"
    f"  2. the second, which is called {n}b"
    for n in range(220)
)
ANSWERS = {
    "a nested list": LIST,
    "emoji": "🙂" * LENGTH,
    "emoji to the brim": "🙂" * 995 * 31,  # no room for small print in the last message
    "families": "👨‍👩‍👧‍👦" * (LENGTH // 7 + 1),
    "flags and skins": "🇵🇹👍🏽" * (LENGTH // 4),
    "Chinese": "春眠不觉晓处处闻啼鸟夜来风雨声花落知多少" * (LENGTH // 20),
    "Chinese sentences": "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少？" * (LENGTH // 24 + 1),
    "one word": "a" * LENGTH,
    "links in lines": "\n".join(f"https://example.org/a/{n}?q={'x' * 90}#{n}" for n in range(260)),
    "links in a row": " ".join(f"https://example.org/a/{n}_(b)?q={'x' * 90}" for n in range(260)),
    "links in Chinese": "".join(
        f"第{n}页在这里，https://example.org/{n}/{'x' * 90}，很有意思，" for n in range(260)
    ),
    "named links": "".join(
        f"([a page, {n}](https://example.org/{n}/{'x' * 80}))," for n in range(280)
    ),
}


def units(text: str) -> int:
    """How long clients count it."""
    return len(text.encode("utf-16-le")) // 2


def links(text: str) -> list[str]:
    return re.findall(r"\[[^\]\n]+\]\([^)\s]+\)|https://[^\s，]+", text)


def bare(text: str) -> str:
    """Without white space, the lines around code, and what is hidden in it."""
    lines = (line for line in text.split("\n") if not line.strip().startswith("```"))
    return re.sub(rf"[\s{HIDDEN_BREAK}]+", "", "\n".join(lines))


def characters(text: str) -> list[str]:
    """As people see them: an emoji may be many code points."""
    return regex.findall(r"\X", bare(text))


def assert_fit(messages: Sequence[str]) -> None:
    """Discord takes them, and none ends within something."""
    for message in messages:
        assert 0 < units(message) <= LIMIT
        assert not any("\ud800" <= character <= "\udfff" for character in message)
        assert message.count("```") % 2 == 0
        assert all(fence.is_closed for fence in find_fences(message.split("\n")))


def assert_same(messages: Sequence[str], text: str) -> None:
    assert "".join(map(bare, messages)) == bare(text)
    assert [one for message in messages for one in characters(message)] == characters(text)
    assert [link for message in messages for link in links(message)] == links(text)


@pytest.mark.parametrize("kind", ANSWERS)
async def test_it_comes_whole_in_messages_that_fit(tmp_path: Path, kind: str) -> None:
    text = ANSWERS[kind]
    assert len(text) >= LENGTH - 100
    async with town(tmp_path, text) as t:
        await t.say(t.ana, "tell me everything")
        messages = t.hers()
        assert_fit([message.content for message in messages])
        assert_same(t.said(), text)
        assert len(messages) <= 2 * units(text) // LIMIT + 2
        assert [bool(t.buttons(m)) for m in messages] == [False] * (len(messages) - 1) + [True]


@pytest.mark.parametrize("kind", ["a nested list", "links in lines", "named links"])
async def test_what_is_seen_of_it_meanwhile_is_whole_too(tmp_path: Path, kind: str) -> None:
    text = ANSWERS[kind]
    words = len(text.split(" "))
    async with town(tmp_path, text) as t:
        t.ellie.generator.hold(after_words=words // 3)
        await t.say(t.ana, "tell me everything")
        await t.env.advance_time(60)
        assert_fit([message.content for message in t.hers()])
        t.ellie.generator.go_on(after_words=2 * words // 3)
        await t.env.settle()
        await t.env.advance_time(60)
        assert_fit([message.content for message in t.hers()])
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(60)
        assert_fit([message.content for message in t.hers()])
        assert_same(t.said(), text)


async def test_by_chat_the_question_stands_above_the_first_message_alone(tmp_path: Path) -> None:
    async with town(tmp_path, ANSWERS["Chinese"]) as t:
        await t.ana.slash(t.hall, "chat", text="recite a poem")
        assert_fit([message.content for message in t.hers()])
        first, *others = t.said()
        question, _, begin = first.partition("\n")
        assert question == "> recite a poem"
        assert_same([begin, *others], ANSWERS["Chinese"])


async def test_one_code_block_comes_as_a_file(tmp_path: Path) -> None:
    async with town(tmp_path, f"Here it is:\n```python\n{CODE}\n```\nThat is all.") as t:
        await t.say(t.ana, "write a program")
        [message] = t.hers()
        assert_fit([message.content])
        [file] = message.attachments
        assert file.filename.endswith(".py")
        assert (await file.read()).decode() == f"{CODE}\n"
        assert message.content.index("Here it is:") < message.content.index(file.filename)
        assert message.content.index(file.filename) < message.content.index("That is all.")
        assert t.buttons(message)[0] == "Again"


@pytest.mark.parametrize(
    "code", [CODE, "x" * LENGTH, "春" * LENGTH], ids=["lines", "one line", "Chinese"]
)
async def test_where_no_file_may_be_sent_code_comes_whole_in_messages(
    tmp_path: Path, code: str
) -> None:
    async with town(tmp_path, f"Here it is:\n```python\n{code}\n```\nThat is all.") as t:
        me, no_files = t.guild.me, discord.PermissionOverwrite(attach_files=False)
        assert me is not None
        plain = t.guild.create_text_channel("plain", overwrites={me: no_files})
        await t.say(t.ana, "write a program", plain)
        messages = t.said(plain)
        assert_fit([message.content for message in t.hers(plain)])
        assert_same(messages, f"Here it is:\n{code}\nThat is all.")
        assert sum("```python" in message for message in messages) >= len(messages) - 1


async def test_a_code_block_that_never_ends_comes_whole_as_well(tmp_path: Path) -> None:
    async with town(tmp_path, f"Here it is:\n```python\n{CODE}") as t:
        await t.say(t.ana, "write a program")
        [message] = t.hers()
        assert_fit([message.content])
        [file] = message.attachments
        assert (await file.read()).decode() == f"{CODE}\n"
