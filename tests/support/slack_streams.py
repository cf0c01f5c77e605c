"""Long answers in a local Slack, let come piece by piece."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import regex
from support.office import Office, office
from support.piecewise import PiecewiseGenerator
from support.slack_looks import labels

from adapters.fences import find_fences
from adapters.slack.markdown import HIDDEN_BREAK

LIMIT = 12_000
"""Characters that Slack takes in one message."""
PROSE = " ".join(f"The number {n} is a number that comes after {n - 1}." for n in range(1, 620))
"""A text of several messages."""


def bare(text: str) -> str:
    """Without white space, the lines around code, and what is hidden in it."""
    lines = (line for line in text.split("\n") if not line.strip().startswith(("```", "~~~")))
    return re.sub(rf"[\s{HIDDEN_BREAK}]+", "", "\n".join(lines))


def characters(text: str) -> list[str]:
    """As people see them: an emoji may be many code points."""
    return regex.findall(r"\X", bare(text))


def together(o: Office, channel: Any = None) -> str:
    """What all her messages say, without what tells where white space was."""
    return "".join(map(bare, o.said(channel)))


def failed(o: Office) -> list[str]:
    """Her calls that Slack refused."""
    return [f"{call.method}: {call.error}" for call in o.slack.calls if not call.ok]


def assert_finished(o: Office, text: str) -> None:
    """All of the text is there, once, in messages that fit, of which the last has the buttons."""
    messages = o.hers()
    assert together(o) == bare(text)
    assert not any(message.is_streaming for message in messages)
    assert [labels(m) for m in messages] == [[]] * (len(messages) - 1) + [["Again"]]
    for message, said in zip(messages, o.said(), strict=True):
        assert 0 < len(message.markdown or message.shown_text) <= LIMIT
        assert all(fence.is_closed for fence in find_fences(said.split("\n")))


@asynccontextmanager
async def writing(pieces: Sequence[str], **options: Any) -> AsyncIterator[Office]:
    """Somebody has asked, and the model writes as it is let."""
    async with office(generator=PiecewiseGenerator(pieces), **options) as o:
        await o.call(o.ana, "tell me everything")
        yield o


def go_on(o: Office, count: int | None = None) -> str:
    """Let so many pieces be written; returns what they are together."""
    generator = o.ellie.generator
    assert isinstance(generator, PiecewiseGenerator)
    return generator.write(count)


async def write(o: Office, count: int | None = None, *, unseen: int = 0) -> None:
    """Let so many pieces be written, and wait until they are seen.

    ``unseen``: how many characters at the end need not be, because more may change them.
    """
    text = go_on(o, count)
    if count is None:
        await o.slack.until(lambda: o.is_finished(1))
    else:
        await o.slack.until(lambda: len(together(o)) >= len(bare(text)) - unseen)


def expire(o: Office) -> None:
    """Slack ends what it streams, of its own accord and early, and without a word."""
    for message in o.hall.running():
        assert message.stream is not None
        message.stream.is_running = False
