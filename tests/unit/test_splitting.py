from __future__ import annotations

import time

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from adapters.fences import find_fences
from adapters.splitting import SHORTEST_LIMIT, length, split

FAMILY = "👨‍👩‍👧‍👦"
FLAG = "🇨🇭"
ACCENTED = "e\u0301"
LINK = "[the manual](https://example.com/a_(b)/c?d=e)"
ADDRESS = "https://example.com/some/long/path?with=query#and-more"

WORDS = [
    "word", "a", "sentence.", "Really?", "今天天气很好。", "我们去公园吧，", "好", FAMILY, FLAG,
    ACCENTED * 3, LINK, ADDRESS, "`inline code`", "**bold**", "_", "`", "[", "](", "- ", "1.",
    "\\`", "｜", "\u200b", "x" * 70,
]  # fmt: skip

words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)
joined = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map("".join)
headings = words.map(lambda line: f"## {line}")
bullets = st.lists(words, min_size=1, max_size=6).map(
    lambda items: "\n".join(f"{'  ' * (n % 2)}- {item}" for n, item in enumerate(items))
)
code_lines = st.lists(
    st.sampled_from(["x = 1", "    return [y](z)", "", "# ``", "中文", "z" * 90, FAMILY * 9]),
    max_size=12,
)


@st.composite
def code_blocks(draw: st.DrawFn) -> str:
    marker = draw(st.sampled_from(["```", "~~~", "`````"]))
    margin = draw(st.sampled_from(["", "   ", "> "]))
    info = draw(st.sampled_from(["", "py", "python title"]))
    lines = [f"{marker}{info}", *draw(code_lines), marker]
    return "\n".join(f"{margin}{line}" for line in lines)


texts = st.lists(
    st.one_of(words, joined, headings, bullets, code_blocks()), min_size=1, max_size=6
).flatmap(lambda blocks: st.sampled_from(["\n\n", "\n"]).map(lambda gap: gap.join(blocks)))
limits = st.integers(SHORTEST_LIMIT, 400)
roomy_limits = st.integers(60, 400)
"""With room for every fence above twice."""


def told(text: str) -> str:
    """What a text says, without white space, fence lines and quote marks."""
    lines = text.split("\n")
    fences = find_fences(lines)
    kept = []
    for number, line in enumerate(lines):
        around = [fence for fence in fences if number in (fence.first, fence.last)]
        if around and (around[0].first == number or around[0].is_closed):
            continue
        kept.append(line)
    return regex.sub(r"[\s>]+", "", "".join(kept))


def code_of(text: str) -> str:
    lines = text.split("\n")
    code = "".join(line for fence in find_fences(lines) for line in fence.code(lines))
    return regex.sub(r"[\s>]+", "", code)


@given(texts, limits)
def test_no_part_is_over_the_limit_or_blank(text: str, limit: int) -> None:
    for part in split(text, limit):
        assert length(part) <= limit
        assert part.strip()


@given(texts, roomy_limits)
def test_the_parts_say_what_the_text_says(text: str, limit: int) -> None:
    parts = split(text, limit)
    # Invisible characters alone make no part.
    assert told("\n".join(parts)).replace("\u200b", "") == told(text).replace("\u200b", "")


@given(texts, roomy_limits)
def test_every_part_closes_the_code_it_opens_and_code_stays_code(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert all(fence.is_closed for part in parts for fence in find_fences(part.split("\n")))
    assert "".join(code_of(part) for part in parts) == code_of(text)


@given(texts, roomy_limits)
def test_no_character_is_cut(text: str, limit: int) -> None:
    for part in split(text, limit):
        for whole in (FAMILY, FLAG, ACCENTED):
            rest = part.replace(whole, "")
            assert not any(piece in rest for piece in whole.strip("e"))


whole_things = st.lists(
    st.sampled_from(
        [
            "word. ",
            "today ",
            "今天天气很好。",
            "我们",
            LINK,
            f"!{LINK} ",
            f"{ADDRESS} ",
            "`inline code`",
        ]
    ),
    min_size=1,
    max_size=30,
).map("".join)


@given(whole_things, st.integers(80, 400))
def test_links_addresses_and_inline_code_stay_whole(text: str, limit: int) -> None:
    parts = split(text, limit)
    for whole in (LINK, ADDRESS, "`inline code`"):
        assert sum(part.count(whole) for part in parts) == text.count(whole)


growing = st.lists(
    st.one_of(
        st.lists(
            st.sampled_from(
                ["A sentence of words.", "今天天气很好。", LINK, "`code`", FAMILY, "b"]
            ),
            min_size=4,
            max_size=16,
        ).map(" ".join),
        st.just("## A heading"),
        st.just("- one item\n- another item\n  with more"),
        st.just("```python\n" + "print('hello')\n" * 15 + "```"),
    ),
    min_size=3,
    max_size=8,
).map("\n\n".join)


@given(growing, st.integers(150, 400), st.data())
def test_while_a_text_grows_all_parts_but_the_last_two_stay(
    text: str, limit: int, data: st.DataObject
) -> None:
    prefix = text[: data.draw(st.integers(0, len(text)))]
    settled = split(prefix, limit)[:-2]
    assert split(text, limit)[: len(settled)] == settled


def test_a_short_text_is_one_part_and_a_blank_one_none() -> None:
    assert split("Hello!\n", 2000) == ["Hello!"]
    assert split("", 2000) == []
    assert split(" \n\n\t\u200b", 2000) == []


def test_a_limit_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="19"):
        split("Hello", 19)


def test_an_emoji_counts_as_two() -> None:
    assert length("a🙂好") == 4
    assert [length(part) for part in split("🙂" * 30, 20)] == [20, 20, 20]


@pytest.mark.parametrize(
    ("text", "limit", "first"),
    [
        (
            "One. Two is here.\nThree\n\nFour. Five\nsix seven eight",
            36,
            "One. Two is here.\nThree",
        ),
        (
            "One two three.\nFour five six\n## Seven\neight nine ten",
            44,
            "One two three.\nFour five six",
        ),
        ("One two. three four\nfive six. seven eight nine ten el", 36, "One two. three four"),
        ("One two three four. Five six seven eight nine ten eleven", 36, "One two three four."),
        (
            "今天天气真的很好。我们一起去公园散步吧，然后再去吃饭好不好",
            21,
            "今天天气真的很好。我们一起去公园散步吧，",
        ),
        (
            "今天我们一起去公园散步吧。然后再去吃饭，好不好呀朋友们大家",
            21,
            "今天我们一起去公园散步吧。",
        ),
        ("See what there is to do. Now:\n- one, two\n- three", 36, "See what there is to do."),
        (
            "- one two three four five\n- six seven\n  more of it here",
            49,
            "- one two three four five",
        ),
    ],
    ids=["paragraph", "heading", "line", "sentence", "clause", "chinese", "announced", "item"],
)
def test_the_best_place_near_the_end_is_taken(text: str, limit: int, first: str) -> None:
    assert split(text, limit)[0] == first


def test_a_heading_is_not_left_behind() -> None:
    text = "Some words to begin with.\n\n## A heading\n\nWhat it announces, and more of it."
    assert split(text, 50) == [
        "Some words to begin with.",
        "## A heading\n\nWhat it announces, and more of it.",
    ]


def test_a_number_is_not_parted_from_its_item() -> None:
    assert split("A list with words:\n\n1. averyveryverylongword", 24)[-1].startswith("1. ")


def test_code_goes_on_with_its_language() -> None:
    code = "\n".join(f"line_{number} = {number}" for number in range(12))
    parts = split(f"Look:\n\n  ```python\n{code}\n  ```\n\nDone.", 80)
    assert len(parts) > 2
    assert parts[0].endswith("\n  ```")
    assert parts[1].startswith("  ```python\nline_")
    assert parts[-1].endswith("```\n\nDone.")


def test_a_longer_fence_and_its_inner_fence_go_on() -> None:
    text = "`````md\n" + "\n".join(["```", "some code here", "```"] * 6) + "\n`````"
    for part in split(text, 70):
        assert part.startswith("`````md\n")
        assert part.endswith("\n`````")


def test_code_that_never_ends_is_closed() -> None:
    assert split("```py\nx = 1", 2000) == ["```py\nx = 1\n```"]
    assert split("```py", 2000) == ["```py\n```"]


def test_no_part_holds_a_code_block_without_code() -> None:
    text = "\n\n".join(["Some words before the code."] * 2 + ["```py\nfirst = 1\n```"] * 9)
    for limit in range(30, 90):
        for part in split(text, limit):
            assert not regex.search(r"```(?:py)?\n```", part.replace("```\n\n```", "")), part


def test_the_last_character_of_a_block_stays_whole() -> None:
    for limit in range(60, 130):
        parts = split(f"```py\n{FAMILY * 9}\n```", limit)
        assert sum(part.count(FAMILY) for part in parts) == 9, limit


def test_a_long_info_string_is_dropped_before_the_text_is() -> None:
    parts = split("```" + "i" * 60 + "\n" + "code\n" * 40 + "```", 80)
    assert parts[1].startswith("```\ncode")


def test_a_word_is_cut_only_where_it_does_not_fit_at_all() -> None:
    assert split("Well, " + "w" * 50, 30) == ["Well,", "w" * 30, "w" * 20]
    assert split("Well, " + "w" * 29, 30) == ["Well,", "w" * 29]


def test_chinese_without_punctuation_is_cut_between_characters() -> None:
    assert split("a " + "好" * 40, 30) == ["a " + "好" * 28, "好" * 12]


def test_an_address_longer_than_a_part_is_cut() -> None:
    address = "https://example.com/" + "a/" * 25_000
    parts = split(address, 2000)
    assert "".join(parts) == address
    assert len(parts) < 30


@pytest.mark.parametrize(
    "text",
    [
        "word, another `piece of code` and [a link](https://example.com). " * 3000,
        "今天天气很好，我们去公园吧。" * 14_000,
        "a" * 200_000,
        "` `` " * 40_000,
        "[a](" * 50_000,
        "- - " * 50_000,
        FAMILY * 28_000,
        "```py\nx = 1\n```\n" * 12_000,
        "x\n" * 100_000,
    ],
    ids=["prose", "chinese", "word", "ticks", "links", "bullets", "emoji", "blocks", "lines"],
)
def test_the_time_grows_with_the_text_and_not_with_its_square(text: str) -> None:
    def seconds(some: str) -> float:
        begun = time.process_time()
        split(some, 1990)
        return time.process_time() - begun

    # Whatever else the machine does may slow one attempt down; a square slows them all.
    quarter = min(seconds(text[: len(text) // 4]) for _ in range(2))
    assert any(seconds(text) < 10 * quarter + 0.5 for _ in range(3))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        pytest.param(
            f"- {'a' * 30}\n  - bbbbbbbbbb\n    cccccc\n    {'d' * 40}",
            f"- {'a' * 30}",
            id="before a nested item rather than within it",
        ),
        pytest.param(
            f"- {'a' * 30}\n- bbbb\n  - cccc\n  - {'d' * 40}",
            f"- {'a' * 30}",
            id="before an item rather than before a nested one",
        ),
        pytest.param(
            f"{'a' * 30}\n\n- bbb\n- ccc\n- {'d' * 40}",
            "a" * 30,
            id="before a list rather than within it",
        ),
    ],
)
def test_a_list_is_cut_where_it_hurts_least(text: str, first: str) -> None:
    assert split(text, 60)[0] == first


def test_a_long_line_of_code_is_cut_between_words() -> None:
    parts = split("```\n" + "word " * 40 + "\n```", 60)
    assert len(parts) > 2
    words = " ".join(part.removeprefix("```\n").removesuffix("\n```") for part in parts).split()
    assert words == ["word"] * 40
