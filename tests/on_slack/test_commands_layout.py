"""A command's answer as blocks: it fits, all of it is there, and nothing in it is markup."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_stand_in.block_rules import check_message_blocks

from adapters.slack.command_layout import Part, line_part, parts_of, remark
from adapters.splitting import length
from bot.commands.reply import CommandReply, Confirmation, ReplyKind, Row, Section

HOSTILE = (
    "<!channel> <!here|x> <@U123> <#C123> <https://evil.test|bank> *bold* _it_ ~no~ `code` "
    "```x``` :smile: &lt; & @everyone @here > quote"
)


def texts_in(part: Any) -> Iterator[str]:
    """Every text of an element or a block, however deep."""
    if isinstance(part, dict):
        if isinstance(part.get("text"), str):
            yield part["text"]
        for value in part.values():
            yield from texts_in(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from texts_in(value)


def elements_in(part: Part) -> list[dict[str, Any]]:
    rich = [block for block in part.blocks if block["type"] == "rich_text"]
    return [e for block in rich for section in block["elements"] for e in section["elements"]]


def words_of(parts: Sequence[Part]) -> str:
    return "\n".join("".join(texts_in(block)) for part in parts for block in part.blocks)


def check(parts: Sequence[Part]) -> None:
    """Slack takes each of them, and would with buttons and a remark under it."""
    assert parts
    for part in parts:
        button = {
            "type": "button",
            "action_id": "ellie:page:x",
            "text": {"type": "plain_text", "text": "x"},
        }
        more = part.with_blocks({"type": "actions", "elements": [button]}, remark("r" * 200))
        check_message_blocks(list(more.blocks))
        assert part.text
        assert len(part.text) <= 1000
        assert "<" not in part.text
        assert sum(map(length, texts_in(part.blocks))) <= 11_000
        for block in part.blocks:
            assert block["type"] == "header" or all(s["elements"] for s in block["elements"])
            assert sum(map(length, texts_in(block))) <= 3_000
        assert all(e["type"] == "channel" or e["text"] for e in elements_in(part))


def rows(*texts: str, **more: Any) -> CommandReply:
    return CommandReply(sections=(Section(rows=tuple(Row(text=text) for text in texts)),), **more)


def test_title_lines_sections_and_closing_stand_in_their_order() -> None:
    reply = CommandReply(
        title="What I remember",
        lines=("3 messages are kept.",),
        sections=(
            Section(
                title="About you",
                rows=(
                    Row(label="#1", text="Likes tea.", marks=("pinned",), notes=("said today",)),
                ),
            ),
        ),
        closing=("Type more.",),
    )
    [part] = parts_of(reply)
    check([part])
    assert part.blocks[0] == {
        "type": "header",
        "text": {"type": "plain_text", "text": "What I remember", "emoji": False},
    }
    said = words_of([part])
    wanted = ["3 messages", "About you", "#1 Likes tea. · pinned", "said today", "Type more."]
    assert [said.index(words) for words in wanted] == sorted(said.index(w) for w in wanted)
    looks = {e["text"].strip(): e.get("style") for e in elements_in(part)}
    assert looks["About you\n#1"] == {"bold": True}
    assert looks["Likes tea."] is None
    assert part.text == "What I remember 3 messages are kept. About you"


def test_a_question_stands_at_the_end() -> None:
    async def answer(_: bool) -> CommandReply:
        return CommandReply()

    question = Confirmation(question="Shall I *erase* it?", answer=answer)
    [part] = parts_of(
        CommandReply(kind=ReplyKind.QUESTION, lines=("This goes.",), confirmation=question)
    )
    assert elements_in(part)[-1] == {
        "type": "text",
        "text": "Shall I *erase* it?",
        "style": {"bold": True},
    }


@pytest.mark.parametrize("field", ["title", "line", "section", "label", "text", "mark", "note"])
def test_what_people_say_is_shown_as_it_is_and_is_no_markup(field: str) -> None:
    words = dict.fromkeys(["title", "line", "section", "label", "text", "mark", "note"], "x")
    words[field] = HOSTILE
    row = Row(
        label=words["label"],
        text=words["text"],
        marks=(words["mark"],),
        notes=(words["note"],),
    )
    parts = parts_of(
        CommandReply(
            title=words["title"],
            lines=(words["line"],),
            sections=(Section(title=words["section"], rows=(row,)),),
        )
    )
    check(parts)
    assert HOSTILE in words_of(parts)
    # Nothing but texts that are taken literally: no mrkdwn, no mention, no link.
    kinds = {e["type"] for part in parts for e in elements_in(part)}
    assert kinds == {"text"}
    assert {block["type"] for part in parts for block in part.blocks} <= {"header", "rich_text"}
    assert '"mrkdwn"' not in repr(parts)


def test_notifications_show_the_beginning_escaped() -> None:
    [part] = parts_of(CommandReply(lines=("<!channel> & you",)))
    assert part.text == "&lt;!channel&gt; &amp; you"


def test_a_channel_is_linked_only_by_what_can_be_its_id() -> None:
    for label, is_linked in (
        ("C0123ABC", True),
        ("G9Z", True),
        ("C123|evil", False),
        ("<!channel>", False),
        ("general", False),
        ("C١٢٣", False),
        ("", False),
    ):
        row = Row(label=label, text="always", names_channel=True)
        [part] = parts_of(CommandReply(sections=(Section(rows=(row,)),)))
        linked = [e for e in elements_in(part) if e["type"] == "channel"]
        expected = [{"type": "channel", "channel_id": label}] if is_linked else []
        assert linked == expected, label
        check([part])
    [part] = parts_of(rows("x"))
    assert not [e for e in elements_in(part) if e["type"] == "channel"]


def test_a_title_that_is_no_header_any_more_is_a_bold_line() -> None:
    [part] = parts_of(CommandReply(title="t" * 151, lines=("x",)))
    check([part])
    assert [block["type"] for block in part.blocks] == ["rich_text"]
    assert elements_in(part)[0]["style"] == {"bold": True}
    [part] = parts_of(CommandReply(title="t" * 150, lines=("x",)))
    assert part.blocks[0]["type"] == "header"
    [part] = parts_of(CommandReply(title="😀" * 76, lines=("x",)))
    assert part.blocks[0]["type"] == "rich_text"


def test_five_hundred_facts_come_in_several_messages_in_their_order() -> None:
    facts = tuple(
        Row(label=f"#{n}", text=f"Fact number {n} is about tea.", marks=("pinned",), notes=("n",))
        for n in range(1, 501)
    )
    parts = parts_of(CommandReply(title="All", sections=(Section(title="Facts", rows=facts),)))
    check(parts)
    assert 2 <= len(parts) <= 12
    said = words_of(parts)
    places = [said.index(f"Fact number {n} is") for n in range(1, 501)]
    assert places == sorted(places)


def test_a_fact_of_forty_thousand_characters_is_all_there() -> None:
    words = [f"word{n}" for n in range(5_000)]
    text = " ".join(words)[:40_000]
    parts = parts_of(rows(text))
    check(parts)
    assert " ".join(words_of(parts).split()) == text


@pytest.mark.parametrize("text", ["字" * 40_000, "😀" * 12_000, "a" * 40_000, "👩‍👩‍👧‍👦" * 3_000])
def test_what_has_no_blanks_is_cut_between_signs_and_nothing_is_lost(text: str) -> None:
    parts = parts_of(rows(text))
    check(parts)
    pieces = [e["text"].strip("\n") for part in parts for e in elements_in(part)]
    assert "".join("".join(pieces).split()) == text
    # No surrogate half, and no joiner at the edge of a piece.
    assert not any(p.startswith("\u200d") or p.endswith("\u200d") for p in pieces)


def test_one_letter_with_thousands_of_accents_is_cut_all_the_same() -> None:
    text = "e" + "\u0301" * 8_000
    parts = parts_of(rows(text))
    check(parts)
    assert "".join(words_of(parts).split()) == text


def test_many_short_lines_and_many_sections_stay_within_the_number_of_blocks() -> None:
    sections = tuple(Section(title=f"S{n}", rows=(Row(text=f"r{n}"),)) for n in range(300))
    parts = parts_of(CommandReply(sections=sections))
    check(parts)
    assert all(len(part.blocks) <= 45 for part in parts)
    assert all(f"r{n}" in words_of(parts) for n in range(300))


@pytest.mark.parametrize(
    "reply", [CommandReply(), CommandReply(lines=("", " \n ")), rows("", " "), rows("\n")]
)
def test_an_answer_without_words_is_a_tick(reply: CommandReply) -> None:
    parts = parts_of(reply)
    check(parts)
    assert words_of(parts) == "✓"


def test_lines_of_a_stored_text_stay_lines() -> None:
    [part] = parts_of(CommandReply(sections=(Section(rows=(Row(label="#1", text="a\nb\n\nc"),)),)))
    assert words_of([part]) == "#1 a\nb\nc"


def test_a_sentence_is_a_message() -> None:
    check([line_part(HOSTILE)])
    check([line_part("")])


LONG = st.builds(lambda text, times: text * times, st.text(max_size=20), st.integers(1, 600))
WORDS = st.text(max_size=40) | st.just(HOSTILE) | LONG
ROWS = st.builds(
    Row,
    text=WORDS,
    label=st.text(max_size=40),
    names_channel=st.booleans(),
    marks=st.lists(WORDS, max_size=3).map(tuple),
    notes=st.lists(WORDS, max_size=3).map(tuple),
)
REPLIES = st.builds(
    CommandReply,
    title=WORDS,
    lines=st.lists(WORDS, max_size=4).map(tuple),
    sections=st.lists(
        st.builds(Section, title=WORDS, rows=st.lists(ROWS, max_size=8).map(tuple)), max_size=5
    ).map(tuple),
    closing=st.lists(WORDS, max_size=3).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(REPLIES)
def test_any_answer_fits_and_says_everything(reply: CommandReply) -> None:
    parts = parts_of(reply)
    check(parts)
    said = _squeezed(words_of(parts))
    texts = itertools.chain(
        [reply.title],
        reply.lines,
        (row.text for section in reply.sections for row in section.rows),
        reply.closing,
    )
    for text in texts:
        assert _squeezed(text) in said


def _squeezed(text: str) -> str:
    return "".join(text.split())
