"""Replies appear whole and as they were written, on both kinds of screen."""

from __future__ import annotations

import asyncio
import io
import re

import pytest
from rich.console import Console

from adapters.console.screen import PlainScreen, RichScreen, Screen
from bot.engine.reply import Outcome, Reply, ReplyStatus

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\]8;[^\x1b]*\x1b\\")
WORDS = [f"word{number:03}" for number in range(300)]


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def rich(out: io.StringIO) -> RichScreen:
    return RichScreen(Console(file=out, force_terminal=True, width=60, height=10))


def reply_of(*pieces: str, outcome: Outcome | None = None) -> Reply:
    reply = Reply()
    for piece in pieces:
        reply.write(piece)
    reply.finish(outcome or Outcome(status=ReplyStatus.ANSWERED, text="".join(pieces).strip()))
    return reply


def printed(out: io.StringIO) -> str:
    """What is on the screen after the live part was taken away, without colours."""
    *_, last = out.getvalue().split("\x1b[?25h")  # the cursor is shown again when it is over
    return ANSI.sub("", last)


def seen_while_written(out: io.StringIO) -> str:
    return ANSI.sub("", out.getvalue().split("\x1b[?25h")[0])


async def until_shown(out: io.StringIO, text: str) -> None:
    async with asyncio.timeout(20):
        while text not in out.getvalue():  # noqa: ASYNC110 - the display has a thread of its own
            await asyncio.sleep(0.01)


def flowing(text: str) -> str:
    return " ".join(text.split())


async def test_a_reply_is_printed_whole_even_when_longer_than_the_screen(
    rich: RichScreen, out: io.StringIO
) -> None:
    paragraphs = "\n\n".join(" ".join(WORDS[start : start + 30]) for start in range(0, 300, 30))

    outcome = await rich.show(reply_of(paragraphs))

    assert outcome.text == paragraphs
    assert flowing(printed(out)) == " ".join(WORDS)


@pytest.mark.parametrize("separator", [" ", "\n", "\n\n"])
async def test_while_a_long_reply_is_written_its_end_is_visible(
    rich: RichScreen, out: io.StringIO, separator: str
) -> None:
    failed = Outcome(status=ReplyStatus.FAILED, notice="It broke.")

    await rich.show(reply_of(separator.join(WORDS), outcome=failed))

    live = seen_while_written(out)
    assert WORDS[-1] in live
    assert WORDS[0] not in live
    assert WORDS[-1] not in printed(out)


async def test_the_reply_is_visible_before_it_is_complete(
    rich: RichScreen, out: io.StringIO
) -> None:
    reply = Reply()
    showing = asyncio.create_task(rich.show(reply))
    await until_shown(out, "thinking")
    reply.write("Once upon")
    await until_shown(out, "Once upon")
    reply.write(" a time")
    reply.finish(Outcome(status=ReplyStatus.ANSWERED, text="Once upon a time"))
    await showing

    assert printed(out).strip() == "Once upon a time"
    assert "thinking" not in printed(out)


async def test_markdown_is_rendered(rich: RichScreen, out: io.StringIO) -> None:
    await rich.show(
        reply_of("**bold** and `code`\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    )

    text = printed(out)
    assert "bold and code" in text
    assert "**" not in text
    assert " • one" in text
    assert "|---|" not in text


@pytest.mark.parametrize(
    "text",
    [
        "[red]not red[/red]",
        "[bold]x [/] [link=http://x]y[/link] \\[z]",
        "Dear <name>, use <div> and </b>",
        "<think>hm</think> yes",
        "ends with <|im_end|> and <|im_start|>",
        "a < b and c > d",
        "[/nothing to close]",
    ],
)
async def test_what_looks_like_markup_is_shown_as_it_is(
    rich: RichScreen, out: io.StringIO, text: str
) -> None:
    await rich.show(reply_of(text))
    assert flowing(printed(out)) == text.replace("\\[", "[")  # Markdown's own escape

    rich.say(text)
    rich.tell(text)
    assert flowing(printed(out)).count(text) == 3 - ("\\[" in text)


async def test_a_block_that_looks_like_html_is_shown(rich: RichScreen, out: io.StringIO) -> None:
    await rich.show(reply_of("before\n\n<div>\ninside\n</div>\n\nafter"))

    assert flowing(printed(out)) == "before <div> inside </div> after"


async def test_a_stopped_reply_is_shown_as_far_as_it_came_and_said_to_be_stopped(
    rich: RichScreen, out: io.StringIO
) -> None:
    outcome = Outcome(status=ReplyStatus.CANCELLED, text="one two")

    assert await rich.show(reply_of("one two", outcome=outcome)) is outcome
    lines = [line.strip() for line in printed(out).splitlines()]
    assert [line for line in lines if line] == ["one two", "(stopped)"]


async def test_a_reply_stopped_before_its_first_word_is_only_said_to_be_stopped(
    rich: RichScreen, out: io.StringIO
) -> None:
    await rich.show(reply_of(outcome=Outcome(status=ReplyStatus.CANCELLED)))

    assert flowing(printed(out)) == "(stopped)"


async def test_a_notice_follows_the_reply(rich: RichScreen, out: io.StringIO) -> None:
    outcome = Outcome(status=ReplyStatus.ANSWERED, text="Long.", notice="(I stopped [here].)")

    await rich.show(reply_of("Long.", outcome=outcome))

    assert flowing(printed(out)) == "Long. (I stopped [here].)"


async def test_a_failure_shows_its_notice_and_no_half_reply(
    rich: RichScreen, out: io.StringIO
) -> None:
    failed = Outcome(status=ReplyStatus.FAILED, notice="It broke.")

    await rich.show(reply_of("half a re", outcome=failed))

    assert flowing(printed(out)) == "It broke."


async def test_long_remarks_are_not_cut(rich: RichScreen, out: io.StringIO) -> None:
    rich.say(" ".join(WORDS))
    rich.tell("\n".join(WORDS))

    assert flowing(printed(out)) == " ".join([*WORDS, *WORDS])


@pytest.mark.parametrize("text", ["你好，我叫安娜。" * 40, "👩‍👩‍👧 " * 100, "שלום עולם " * 40])
async def test_wide_and_foreign_characters_all_arrive(
    rich: RichScreen, out: io.StringIO, text: str
) -> None:
    await rich.show(reply_of(text))

    assert "".join(printed(out).split()) == "".join(text.split())


async def test_a_plain_screen_keeps_replies_apart_from_remarks() -> None:
    output, remarks = io.StringIO(), io.StringIO()
    screen = PlainScreen(output, remarks)
    cut = Outcome(status=ReplyStatus.ANSWERED, text="**one**\n<two>", notice="(cut [off])")

    assert await screen.show(reply_of("**one**", "\n<two>", outcome=cut)) is cut
    screen.say("a remark")
    screen.tell("an answer")

    assert output.getvalue() == "**one**\n<two>\nan answer\n"
    assert remarks.getvalue() == "(cut [off])\na remark\n"


async def test_a_plain_screen_prints_no_empty_line_for_no_reply() -> None:
    output, remarks = io.StringIO(), io.StringIO()

    await PlainScreen(output, remarks).show(
        reply_of("half", outcome=Outcome(status=ReplyStatus.FAILED, notice="It broke."))
    )

    assert output.getvalue() == ""
    assert remarks.getvalue() == "It broke.\n"


async def test_a_plain_screen_shows_each_reply_before_the_next_begins() -> None:
    flushed: list[str] = []

    class Pipe(io.StringIO):
        def flush(self) -> None:
            flushed.append(self.getvalue())

    screen: Screen = PlainScreen(Pipe(), io.StringIO())
    await screen.show(reply_of("one"))
    await screen.show(reply_of("two"))

    assert flushed == ["one\n", "one\ntwo\n"]
