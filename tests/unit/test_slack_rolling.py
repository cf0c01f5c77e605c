"""Where a long reply on Slack goes on in the next message, and what a stream makes of trouble."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError

from adapters.slack import rolling
from adapters.slack.markdown import HIDDEN_BREAK, for_slack, undecided
from adapters.slack.outlets import NOT_STREAMING, STREAMING, Spot, ThreadOutlet
from adapters.slack.stream import LATEST_SECONDS, LIFETIME_SECONDS, NativeStream
from adapters.slack.web import TROUBLE
from adapters.splitting import length

ME = "UME"
FAMILY = "👨‍👩‍👧‍👦"
PARTS = (
    *("word", "a", "two words", " ", "  ", "\n", "\n\n", "\n    ", ". ", "，", "。", "x" * 70),
    *("春眠不觉晓", FAMILY, FAMILY * 9, "🇵🇹", "🇵🇹" * 20, "👍🏽", "🙂", "`code`", "**"),
    *("\n```py\n", "\n```\n", "\n~~~\n", "\n  ```\n  code\n  ```\n", "\n> ```py\n> code\n"),
    *(
        "\n> quoted\n",
        "\n- item\n",
        "\n1. one\n2. two\n",
        "<!channel>",
        "<@U2>",
        "@here ",
        "@",
        "<",
    ),
)
TEXTS = st.lists(st.sampled_from(PARTS), max_size=60).map("".join)
WHOLE_TEXTS = st.lists(st.sampled_from((*PARTS, "e\u0301")), max_size=60).map("".join)
LIMITS = st.integers(150, 400)


def bare(text: str) -> str:
    """Without white space, what is hidden, and the lines around code."""
    lines = (line for line in text.split("\n") if not re.match(r"[\s>*+\-\d.)]*(?:```|~~~)", line))
    return re.sub(rf"[\s{HIDDEN_BREAK}]+", "", "\n".join(lines))


def characters(text: str) -> list[str]:
    return regex.findall(r"\X", bare(text))


def rolled(text: str, limit: int) -> list[str]:
    """The messages that a whole text becomes."""
    messages, shown = [], ""
    while not rolling.fits(shown, text, limit):
        found = rolling.cut(shown, text, limit)
        messages.append(shown + found.head)
        text, shown = text[found.taken :], found.opening
    messages.append(shown + text + rolling.closing(shown + text))
    return messages


@given(WHOLE_TEXTS, LIMITS)
def test_what_is_cut_says_what_the_text_said(text: str, limit: int) -> None:
    messages = rolled(text, limit)
    assert "".join(map(bare, messages)) == bare(text)
    assert all(length(message) <= limit for message in messages)
    assert not any(rolling.closing(message) for message in messages)


@given(WHOLE_TEXTS, LIMITS)
def test_no_character_is_cut(text: str, limit: int) -> None:
    messages = rolled(text, limit)
    assert [c for message in messages for c in characters(message)] == characters(text)


@pytest.mark.parametrize(
    "text",
    [
        "`" * 3_000,
        "~" * 3_000 + "\nwords\n" + "~" * 3_000,
        "```" + "x" * 3_000,
        "```" + "x " * 1_500 + "\ncode\n```",
        " " * 3_000 + "```\ncode",
        "a" + "\u0301" * 3_000,
        "```\na" + "\u0301" * 3_000,
        "> " * 1_000 + "```\ncode",
        "\n" * 3_000,
    ],
)
def test_what_no_person_writes_ends_all_the_same(text: str) -> None:
    messages = rolled(text, 300)
    assert all(length(message) <= 300 for message in messages)
    assert len(messages) < 100


@pytest.mark.parametrize("begin", ["```\n", "> ~~~~~~\n> ", ""])
def test_at_the_brim_code_can_still_be_closed(begin: str) -> None:
    for size in range(240, 310):
        messages = rolled(begin + "a" * size, 300)
        assert all(length(message) <= 300 for message in messages)
        assert not any(rolling.closing(message) for message in messages)


def test_the_best_place_is_taken() -> None:
    text = "one two. three four\nfive six\n\nseven eight" + " nine" * 30
    assert rolled(text, 70)[0] == "one two. three four\nfive six"
    assert rolled("word " * 20, 70)[0] == "word word word word word word word word word"


def test_no_word_is_cut_because_little_of_it_is_there_when_a_message_is_full() -> None:
    found = rolling.cut("word " * 50, "encyclopaedia of", 280)
    assert (found.head, found.taken) == ("", 0)
    found = rolling.cut("word " * 50 + "word", " encyclopaedia of", 280)
    assert (found.head, found.taken) == ("", 1)
    found = rolling.cut("```\n", "encyclopaedia " * 30, 280)
    assert found.taken > 0


def test_code_goes_on_with_its_language() -> None:
    code = "\n".join(f"line {number}" for number in range(30))
    first, second, *_ = rolled(f"Here:\n```py\n{code}\n```\nDone.", 150)
    assert first.startswith("Here:\n```py\nline 0\n")
    assert first.endswith("\n```")
    assert second.startswith("```py\nline ")


@given(TEXTS, st.lists(st.integers(0, 400), max_size=6))
def test_what_is_decided_stays_as_it_is(text: str, stops: list[int]) -> None:
    shown = ""
    for stop in [*sorted(stops), len(text)]:
        so_far = text[:stop]
        decided = for_slack(so_far[: len(so_far) - undecided(so_far)])
        # A blank line may be all that is there of the first line of a code block.
        assert decided.startswith(shown) or shown.startswith(decided)
        shown = max(shown, decided, key=len)
    assert for_slack(text).startswith(shown)
    # Where it ends now, no character goes on.
    assert characters(shown) == characters(text)[: len(characters(shown))]


def test_little_is_undecided() -> None:
    for text in ("one two", "数到四", "`code` and", "a, b.", "1 < 2", "me@example.org", "**bold**"):
        assert undecided(text) == 0
    for text in ("a <", "hi @he", "```py", f"so {FAMILY}", "\n~~"):
        assert 0 < undecided(text) <= len(FAMILY)


# A stream, with everything that may go wrong.


class Answer(dict[str, Any]):
    """What Slack answers."""

    status_code = 200


def refusal(code: str, status: int = 200) -> SlackApiError:
    answer = Answer(ok=False, error=code) if status == 200 else Answer()
    answer.status_code = status
    return SlackApiError("refused", answer)  # type: ignore[no-untyped-call]


ERRORS: Mapping[str, Exception] = {
    "lost": TimeoutError(),
    "busy": refusal("", 503),
    "broken": refusal("internal_error"),
    "limited": refusal("ratelimited", 429),
}


@dataclass
class Shown:
    """A message in the thread."""

    text: str
    is_streaming: bool = False
    blocks: Sequence[Any] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class FakeSlack:
    """One thread. ``troubles`` befall the calls in order; then everything works."""

    limit: int
    troubles: Iterator[str] = field(default_factory=lambda: iter(()))
    messages: dict[str, Shown] = field(default_factory=dict)
    now: float = 0.0

    def __getattr__(self, method: str) -> Callable[..., Any]:
        real = getattr(FakeSlack, f"_{method.replace('S', '_s').replace('M', '_m')}")

        async def call(**given: Any) -> Answer:
            what, _, when = next(self.troubles, "").partition(" ")
            if what == "expired" and method in {"chat_appendStream", "chat_stopStream"}:
                self.messages[given["ts"]].is_streaming = False
            self.now += 100 if what == "late" else 0
            if when == "before":
                raise ERRORS[what]
            answer = Answer(real(self, **given))
            if when == "after":
                raise ERRORS[what]
            return answer

        return call

    def _new(self, shown: Shown) -> dict[str, Any]:
        assert length(shown.text) <= self.limit
        ts = f"{len(self.messages) + 2}.000000"
        self.messages[ts] = shown
        return {"ts": ts}

    def _running(self, ts: str) -> Shown:
        found = self.messages[ts]
        if not found.is_streaming:
            raise refusal(NOT_STREAMING)
        return found

    def _chat_start_stream(self, *, markdown_text: str, **_: Any) -> dict[str, Any]:
        return self._new(Shown(markdown_text, is_streaming=True))

    def _chat_append_stream(self, *, ts: str, markdown_text: str, **_: Any) -> dict[str, Any]:
        found = self._running(ts)
        found.text += markdown_text
        assert length(found.text) <= self.limit
        return {}

    def _chat_stop_stream(
        self, *, ts: str, markdown_text: str | None = None, blocks: Any = (), **_: Any
    ) -> dict[str, Any]:
        found = self._running(ts)
        found.text += markdown_text or ""
        assert length(found.text) <= self.limit
        found.blocks, found.is_streaming = blocks, False
        return {}

    def _chat_update(
        self, *, ts: str, blocks: Sequence[Any], metadata: Any = None, **_: Any
    ) -> dict[str, Any]:
        found = self.messages[ts]
        if found.is_streaming:
            raise refusal(STREAMING)
        found.text, found.blocks = _split(blocks)
        found.metadata = metadata or found.metadata
        assert length(found.text) <= self.limit
        return {}

    def _chat_post_message(self, *, blocks: Sequence[Any], metadata: Any, **_: Any) -> Any:
        text, others = _split(blocks)
        return self._new(Shown(text, blocks=others, metadata=metadata))

    def _conversations_replies(self, **_: Any) -> dict[str, Any]:
        found = [
            {
                "ts": ts,
                "user": ME,
                "streaming_state": "in_progress" if shown.is_streaming else "completed",
                "metadata": shown.metadata,
            }
            for ts, shown in self.messages.items()
        ]
        return {"messages": found}


def _split(blocks: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """What a message says, and what stands under it."""
    words = [block["text"] for block in blocks if block["type"] == "markdown"]
    return "".join(words), [block for block in blocks if block["type"] != "markdown"]


def stream_into(slack: FakeSlack) -> NativeStream:
    spot = Spot(channel_id="C1", thread_ts="1.000000")
    outlet = ThreadOutlet(cast("Any", slack), spot, me=ME, event_key="key")
    return NativeStream(outlet, clock=lambda: slack.now, limit=slack.limit)


async def told(slack: FakeSlack, stream: NativeStream, prefixes: Sequence[str], text: str) -> None:
    """Have a text that grows be shown, and its end, however often that takes."""
    for prefix in prefixes:
        try:
            await stream.show(prefix)
        except TROUBLE:
            continue
    blocks = [{"type": "actions"}]
    for _ in range(200):
        try:
            await stream.end(text, blocks)
        except TROUBLE:
            continue
        break
    else:
        pytest.fail("the end was never shown")


def assert_told(slack: FakeSlack, text: str) -> None:
    messages = list(slack.messages.values())
    assert "".join(bare(message.text) for message in messages) == bare(for_slack(text))
    assert not any(message.is_streaming for message in messages)
    assert [bool(message.blocks) for message in messages] == [False] * (len(messages) - 1) + [True]


TROUBLES = st.lists(
    st.sampled_from(
        [
            "", "", "", "expired", "late", "lost before", "lost after", "busy before",
            "busy after", "broken before", "broken after", "limited before",
        ]
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=400)
@given(TEXTS, st.lists(st.integers(0, 900), max_size=12), LIMITS, TROUBLES)
@example("a b c d", [1, 3], 150, ["lost after", "", ""])
@example("one two three", [7], 150, ["busy after"])
@example("word", [1, 2, 2, 3], 150, ["", "lost before", "", "", "", "lost after"])
@example("one two three", [7], 150, ["lost after", "busy before"])
@example("one two three", [7], 150, ["lost after", "", "", "", "lost before"])
@example("one two three", [7], 150, ["lost after", "", "", "", "lost after"])
async def test_whatever_goes_wrong_the_messages_say_the_text(
    text: str, stops: list[int], limit: int, troubles: list[str]
) -> None:
    slack = FakeSlack(limit, iter(troubles))
    stream = stream_into(slack)
    await told(slack, stream, [text[:stop] for stop in sorted(stops)], text)
    assert_told(slack, text)
    assert stream.message_ids == tuple(slack.messages)


@given(TEXTS, st.lists(st.integers(0, 900), max_size=12), LIMITS)
async def test_without_trouble_nothing_is_edited_and_no_character_cut(
    text: str, stops: list[int], limit: int
) -> None:
    slack = FakeSlack(limit)
    stream = stream_into(slack)
    await told(slack, stream, [text[:stop] for stop in sorted(stops)], text)
    assert_told(slack, text)
    said = [c for message in slack.messages.values() for c in characters(message.text)]
    assert said == characters(for_slack(text))


async def test_a_stream_that_is_old_ends_where_a_word_does() -> None:
    slack = FakeSlack(300)
    stream = stream_into(slack)
    await stream.show("one tw")
    slack.now += LIFETIME_SECONDS + 1
    await stream.show("one tw")
    assert [message.text for message in slack.messages.values()] == ["one tw"]
    await stream.show("one two thr")
    assert [message.text for message in slack.messages.values()] == ["one two", "thr"]
    await stream.end("one two three", ())
    assert [message.text for message in slack.messages.values()] == ["one two", "three"]


async def test_a_stream_that_is_too_old_ends_anywhere() -> None:
    slack = FakeSlack(300)
    stream = stream_into(slack)
    await stream.show("one tw")
    slack.now += LATEST_SECONDS + 1
    await stream.show("one tw")
    [message] = slack.messages.values()
    assert not message.is_streaming


async def test_how_old_a_stream_is_counts_from_when_slack_was_asked() -> None:
    slack = FakeSlack(300, iter(["late"]))
    stream = stream_into(slack)
    await stream.show("one")
    slack.now += LATEST_SECONDS - 50
    await stream.show("one")
    [message] = slack.messages.values()
    assert not message.is_streaming
