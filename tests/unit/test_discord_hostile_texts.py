"""Texts that are made to take for ever, in replies, messages and files."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.discord.composing import compose, compose_partial
from adapters.discord.markdown import HIDDEN_BREAK, for_discord
from adapters.discord.normalising import spoken
from adapters.fences import find_fences
from adapters.file_types import text_in

LIMIT_SECONDS = 1.0
"""Each takes a tenth of it at most, and would take many times as long by the obvious way."""


def is_soon_done(action: Callable[[], object]) -> bool:
    """Whether it takes no longer than the limit. Something else may slow the machine down once."""

    def seconds() -> float:
        started = time.process_time()
        action()
        return time.process_time() - started

    return any(seconds() < LIMIT_SECONDS for _ in range(2))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x".join("`" * number for number in range(1, 110)), id="unclosed code"),
        pytest.param("> ```a\nx\n" * 1000, id="quotes of code"),
        pytest.param("> # a\nx\n" * 1000, id="quotes of headings"),
        pytest.param("> > # a\n> x\n" * 700, id="quotes in quotes"),
        pytest.param(f"{' ' * 30_000}x", id="blanks"),
        pytest.param(f"|a|b|\n|-|-|\n|a{' ' * 30_000}x|b|", id="blanks in a table"),
        pytest.param(f"|a|\n|-|\n|x {'`' * 8000} y|", id="an unclosed cell"),
        pytest.param(f"#### {'`' * 30_000}", id="an unclosed heading"),
        pytest.param("<a " + 'href="' * 8000, id="links in HTML"),
        pytest.param("**a " * 7000, id="bold"),
        pytest.param("汉" * 30_000, id="one Chinese word"),
        pytest.param(f"e{chr(0x301) * 30_000}", id="accents"),
    ],
)
def test_no_reply_holds_up_everybody_else(text: str) -> None:
    assert is_soon_done(lambda: compose_partial(text))
    assert is_soon_done(lambda: compose(text))


def test_no_message_holds_up_everybody_else() -> None:
    me: Any = SimpleNamespace(id=7, name="ellie", global_name="Ellie")
    message: Any = SimpleNamespace(
        mentions=[],
        guild=None,
        stickers=[],
        poll=None,
        message_snapshots=[],
        content="a" + "\n" * 60_000 + "x",
    )
    assert is_soon_done(lambda: spoken(message, me))


def test_no_file_holds_up_everybody_else() -> None:
    accents = "a" + "\u0316\u0301" * 40_000
    read: list[str | None] = []

    assert is_soon_done(lambda: read.append(text_in(accents.encode())))

    assert read[0]
    assert read[0].count("\u0316") == 40_000


def test_a_letter_keeps_the_accents_that_it_has() -> None:
    assert text_in("ế a\u0323\u0301 นี้".encode()) == "ế ạ\u0301 นี้"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("> quoted\nBelow\n===", "> quoted\n# Below"),
        ("> quoted\n\n---", "> quoted\n\n──────────"),
        ("> > deep\n> Less\n> ===", "> > deep\n> # Less"),
        ("> a\nb\n#### c\n\n| d |\n|---|\n| e |", "> a\nb\n**c**\n\n```\nd\n-\ne\n```"),
        ("a\\``#### <b>`", "a\\``#### <b>`"),
        ("``a` <b>x</b>", "``a` **x**"),
    ],
)
def test_a_quote_ends_where_discord_ends_it(text: str, shown: str) -> None:
    assert for_discord(text) == shown


@pytest.mark.parametrize("before", ["<br>", "<details>", "a<br/>"])
@pytest.mark.parametrize("mark", ["`", "~"])
def test_what_html_leaves_at_a_line_start_opens_no_code(before: str, mark: str) -> None:
    shown = for_discord(f"{before}{mark * 3}\nwords")
    assert not find_fences(shown.split("\n"))
    assert shown.replace(HIDDEN_BREAK, "").endswith(f"{mark * 3}\nwords")
