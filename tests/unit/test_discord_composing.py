from __future__ import annotations

import pytest

from adapters.discord.composing import (
    MESSAGE_LIMIT,
    MOST_FILES,
    TEXT_LIMIT,
    compose,
    compose_partial,
)
from adapters.fences import find_fences
from adapters.splitting import length

PARAGRAPH = (
    "Here is a sentence about **something** with `code` in it and [a link](https://example.com). "
    "今天天气很好，我们一起去公园散步吧。 And an emoji 👨‍👩‍👧 at the end.\n\n"
)
CODE = "".join(f"value_{number} = {number}\n" for number in range(500))
"""9,000 characters."""
ANSWER = (
    PARAGRAPH * 30
    + "## List\n\n"
    + "- an item\n  - a nested one\n" * 60
    + f"```python\n{CODE[:2960]}\n```\n\n"
    + "| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    + PARAGRAPH * 150
)


def test_a_long_answer_becomes_messages_that_discord_takes() -> None:
    assert len(ANSWER) > 30_000
    composed = compose(ANSWER)
    assert 16 <= len(composed.parts) <= 24
    assert composed.files == ()
    for part in composed.parts:
        assert part.strip()
        assert length(part) <= TEXT_LIMIT
        assert all(fence.is_closed for fence in find_fences(part.split("\n")))
    assert "".join(composed.parts).count("[a link](https://example.com)") == 180


def test_a_short_answer_is_one_message_in_discords_markdown() -> None:
    assert compose("#### Hi\n<@1>").parts == ("**Hi**\n<\u200b@1>",)


def test_nothing_gives_no_messages() -> None:
    assert compose("").parts == ()
    assert compose(" \n", notice="\n").parts == ()
    assert compose_partial("") == ()


def test_long_code_becomes_a_file() -> None:
    composed = compose(f"Here you are:\n\n```python\n{CODE}```\n\nThat is all.")
    assert composed.parts == (
        "Here you are:\n\n📎 The code is in the file `code-1.py`.\n\nThat is all.",
    )
    (file,) = composed.files
    assert file.name == "code-1.py"
    assert file.media_type == "text/plain"
    assert file.content.decode() == CODE


def test_it_is_said_in_the_language_of_the_answer() -> None:
    composed = compose(f"给你，这是 Python 代码：\n```\n{CODE}# 中文\n```")
    assert composed.parts == ("给你，这是 Python 代码：\n📎 代码在文件 `code-1.txt` 里。",)
    english = compose(f"Here is code that says 你好 to you:\n```\n{CODE}```")
    assert "The code is in" in english.parts[0]


def test_code_that_fits_two_messages_stays_text() -> None:
    around = len("```py\n\n```")
    fitting = "x" * (2 * (TEXT_LIMIT - around))
    assert compose(f"```py\n{fitting}\n```").files == ()
    assert len(compose(f"```py\n{fitting}\n```").parts) == 2
    assert len(compose(f"```py\n{fitting}x\n```").files) == 1


def test_several_files_are_numbered_and_lose_their_margin() -> None:
    text = f"- ```js\n  {CODE.replace(chr(10), chr(10) + '  ')}\n  ```\n\n~~~Rust\n{CODE}~~~\nEnd"
    composed = compose(text)
    assert [file.name for file in composed.files] == ["code-1.js", "code-2.rs"]
    assert composed.files[0].content.decode().startswith("value_0 = 0\nvalue_1 = 1\n")
    assert composed.parts[0].startswith("- 📎 The code is in the file `code-1.js`.\n\n📎")


def test_no_more_files_than_one_message_takes() -> None:
    composed = compose(f"```\n{CODE}```\n" * (MOST_FILES + 1))
    assert len(composed.files) == MOST_FILES
    assert composed.parts[-1].endswith("value_499 = 499\n```")


def test_half_characters_make_no_file_fail() -> None:
    assert compose(f"```\n\ud83d{CODE}```").files[0].content.startswith(b"?value_0")


def test_a_notice_is_small_print_below_the_answer() -> None:
    composed = compose("Hello.", notice="Remembered as #1: tea\n\nRemembered as #2: <@5>")
    assert composed.parts == ("Hello.\n-# Remembered as #1: tea\n-# Remembered as #2: <\u200b@5>",)
    assert compose("", notice="Only this.").parts == ("-# Only this.",)


def test_a_notice_that_does_not_fit_below_has_its_own_message() -> None:
    text = "w" * TEXT_LIMIT
    composed = compose(text, notice="one line\nanother")
    assert composed.parts == (text, "-# one line\n-# another")


def test_a_long_notice_is_shortened_line_by_line() -> None:
    notice = "\n".join(f"Remembered as #{n}: {'很长的话' * 100}" for n in range(5))
    (part,) = compose("", notice=notice).parts
    assert length(part) <= MESSAGE_LIMIT
    lines = part.split("\n")
    assert len(lines) == 5
    for number, line in enumerate(lines):
        assert line.startswith(f"-# Remembered as #{number}: ")
        assert line.endswith("…")
        assert len(line) > 300


def test_a_notice_of_too_many_lines_says_that_there_is_more() -> None:
    (part,) = compose("", notice="\n".join(f"<@{n}> and 🙂 {'w' * 40}" for n in range(300))).parts
    assert length(part) <= MESSAGE_LIMIT
    assert part.endswith("\n-# …")
    assert all(line.startswith("-# ") for line in part.split("\n"))


@pytest.mark.parametrize("cut", range(500, len(ANSWER), 1733))
def test_what_is_being_written_is_stable_and_becomes_the_answer(cut: int) -> None:
    partial = compose_partial(ANSWER[:cut])
    assert partial[:-2] == compose(ANSWER).parts[: len(partial[:-2])]
    for part in partial:
        assert part.strip()
        assert length(part) <= TEXT_LIMIT
        assert all(fence.is_closed for fence in find_fences(part.split("\n")))


def test_code_that_gets_long_becomes_a_file_while_it_is_written() -> None:
    assert len(compose_partial(f"Look:\n```py\n{CODE[:3000]}")) == 2
    assert compose_partial(f"Look:\n```py\n{CODE}") == (
        "Look:\n📎 The code is in the file `code-1.py`.",
    )


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Some **bold", "Some **bold**"),
        ("Some **bold*", "Some **bold**"),
        ("Some **bold**", "Some **bold**"),
        ("Some **", "Some "),
        ("**a** and **b ", "**a** and **b**"),
        ("Use `co", "Use `co`"),
        ("Use `", "Use "),
        ("Use `a**b", "Use `a**b`"),
        ("See [the page](https://exa", "See the page"),
        ("See [the page](https://example.com)", "See [the page](https://example.com)"),
        ("See [", "See "),
        ("- one\n- [x] two", "- one\n- ☑ two"),
        ("Old **para\n\nNew", "Old **para\n\nNew"),
        ("```py\nx = '**", "```py\nx = '**\n```"),
        ("```py\nx\n```\n**b", "```py\nx\n```\n**b**"),
        ("```py\na ** b\n```\nc", "```py\na ** b\n```\nc"),
        ("Look:\n```py", "Look:"),
        ("Look:\n``", "Look:"),
    ],
)
def test_what_has_only_begun_does_not_look_broken(written: str, shown: str) -> None:
    assert compose_partial(written) == (shown.rstrip(),)


def test_a_notice_goes_below_the_last_of_several_messages() -> None:
    text = f"{PARAGRAPH * 40}End."
    parts = compose(text).parts
    assert len(parts) > 2
    assert compose(text, notice="Cut off.").parts == (*parts[:-1], f"{parts[-1]}\n-# Cut off.")


@pytest.mark.parametrize("spare", [0, -1])
def test_a_notice_has_a_message_of_its_own_only_if_it_must(spare: int) -> None:
    text = "a" * 1900
    notice = "n" * (MESSAGE_LIMIT - len(text) - len("\n-# ") - spare)
    parts = compose(text, notice=notice).parts
    assert parts == ((f"{text}\n-# {notice}",) if spare == 0 else (text, f"-# {notice}"))


def test_a_notice_that_just_fits_is_not_shortened() -> None:
    notice = "word " * 399 + "ab"
    assert compose("", notice=notice).parts == (f"-# {notice}",)
    assert length(f"-# {notice}") == MESSAGE_LIMIT


def test_blank_lines_of_a_notice_are_left_out() -> None:
    assert compose("", notice="a\n \n\nb").parts == ("-# a\n-# b",)


def test_the_language_of_code_is_not_that_of_the_answer() -> None:
    code = "x = 1\n" * 1000 + "one two three four five six\n# seven eight nine ten eleven"
    (part,) = compose(f"这是代码。\n```py\n{code}\n```").parts
    assert "代码在文件" in part


def test_what_follows_a_quoted_block_that_never_ended_is_mended() -> None:
    assert compose_partial("> ```\n> a\n**b") == ("> ```\n> a\n> ```\n**b**",)
    assert compose_partial("> ```\n> a\n\n**b\nc") == ("> ```\n> a\n> ```\n\n**b\nc**",)
