from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.markdown import HIDDEN_BREAK, RULE, for_discord
from adapters.fences import find_fences

Z = HIDDEN_BREAK


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Just a sentence. 就一句话。",
        "# One\n## Two\n### Three\ntext",
        "**bold** *italic* __underlined__ ~~struck~~ ||hidden|| `code`",
        "- one\n  - two\n1. three\n> quoted\n-# small",
        "```python\nprint('#### no heading')\n```",
        "A claim.[^1]\n\n[^1]: Where it is from.",
        "$$\na + b\n= c\n-\nd\n$$ and $x_1 < y$ and \\(a_b\\)",
        "[label](https://example.com/a_(b)) <https://example.com> <t:1:R> <:smile:123>",
        "| not | a table\njust bars",
        "a <tag> b, 1 < 2 > 0, List<int>",
        "2 ** 3 ** 4",
    ],
)
def test_what_discord_shows_stays_as_it_is(text: str) -> None:
    assert for_discord(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("#### Small", "**Small**"),
        ("###### Smaller ##", "**Smaller**"),
        ("#### With **bold** and `**`", "**With bold and `**`**"),
        ("> #### Quoted", "> **Quoted**"),
        ("- #### In a list", "- **In a list**"),
        ("Title\n=====", "# Title"),
        ("标题\n---", "## 标题"),
        ("A sentence ends.\n---", f"A sentence ends.\n{RULE}"),
        ("one\ntwo\n---\nthree", f"one\ntwo\n{RULE}\nthree"),
        ("a\n\n---\n\nb", f"a\n\n{RULE}\n\nb"),
        ("a\n\n* * *\nb", f"a\n\n{RULE}\nb"),
        ("> ***", f"> {RULE}"),
        ("![A cat](https://x.y/c.png)", "[A cat](https://x.y/c.png)"),
        ('![](https://x.y/c.png "t")', "https://x.y/c.png"),
        ("[![Build](https://x.y/b.svg)](https://x.y)", "[Build](https://x.y)"),
        ("- [ ] to do\n- [x] done\n  1. [X] too", "- ☐ to do\n- ☑ done\n  1. ☑ too"),
        ("a<br>b<BR/>c", "a\nb\nc"),
        ("> a<br>b", "> a\n> b"),
        ("<b>a</b> <strong>b</strong> <i>c</i> <em>d</em>", "**a** **b** *c* *d*"),
        ("<u>a</u> <del>b</del> <kbd>Ctrl</kbd>", "__a__ ~~b~~ `Ctrl`"),
        ("<b> <i>both</i> </b>", "***both***"),
        ('<a href="https://x.y/z">there</a>', "[there](https://x.y/z)"),
        ("a\n<hr>\nb", f"a\n{RULE}\nb"),
        (
            "<details open>\n<summary>More of <b>it</b></summary>\n\ninside\n\n</details>\nend",
            "**More of it**\n\ninside\n\nend",
        ),
    ],
)
def test_what_it_does_not_show_is_put_differently(text: str, shown: str) -> None:
    assert for_discord(text) == shown


def test_a_table_becomes_columns() -> None:
    text = (
        "| Name | 年龄 | **Note** |\n|:-----|----:|:----:|\n"
        "| Anna | 31 | `a\\|b` |\n| 李小龙 | 7 | one<br>two |\n| e\u0301 |\n"
    )
    assert for_discord(text) == (
        "```\n"
        "Name    年龄    Note\n"
        "------  ----  --------\n"
        "Anna      31    a|b\n"
        "李小龙     7  one; two\n"
        "e\u0301\n"
        "```\n"
    )


def test_a_table_in_a_quote_stays_in_it() -> None:
    text = "> | a | b |\n> |---|---|\n> | 1 | 2 |\nafter"
    assert for_discord(text) == "> ```\n> a  b\n> -  -\n> 1  2\n> ```\nafter"


def test_a_wide_table_becomes_a_list() -> None:
    text = f"| Name | Says | |\n|---|---|---|\n| Anna | {'好' * 30} | x |\n| Ben | | |"
    assert for_discord(text) == (
        f"- **Name**: Anna\n  - **Says**: {'好' * 30}\n  - x\n- **Name**: Ben"
    )


def test_a_table_with_links_becomes_a_list_since_code_has_none() -> None:
    text = "| Name | Where |\n|---|---|\n| A | [there](https://x.y) <@123> |"
    assert for_discord(text) == f"- **Name**: A\n  - **Where**: [there](https://x.y) <{Z}@123>"


def test_mentions_lose_their_meaning() -> None:
    text = "<@1> <@!2> <@&3> <#4> </memory show:5> <id:browse> @everyone @here me@here.org"
    assert for_discord(text) == (
        f"<{Z}@1> <{Z}@!2> <{Z}@&3> <{Z}#4> <{Z}/memory show:5> <{Z}id:browse> "
        f"@{Z}everyone @{Z}here me@{Z}here.org"
    )


def test_escapes_do_not_hide_a_mention() -> None:
    assert for_discord("\\`<@1>\\` \\\\<@2> \\<@3>") == (f"\\`<{Z}@1>\\` \\\\<{Z}@2> \\<{Z}@3>")
    assert for_discord("`a\n\n<@1>`") == f"`a\n\n<{Z}@1>`"


@pytest.mark.parametrize(
    "code",
    [
        "<@123> @everyone",
        "![a](b) <b>x</b> <br>",
        "#### a\n---\n- [ ] b",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "    indented\n\n\n  more  ",
    ],
)
@pytest.mark.parametrize("marker", ["```", "~~~", "`````"])
def test_nothing_changes_inside_code(code: str, marker: str) -> None:
    assert for_discord(f"{marker}\n{code}\n{marker}") == f"```\n{code}\n```"
    if "\n" not in code:
        assert for_discord(f"so `{code}` and ``{code}``") == f"so `{code}` and ``{code}``"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("~~~python\nx\n~~~", "```python\nx\n```"),
        ("```python title=a.py\nx\n```", "```python\nx\n```"),
        ("```{.python}\nx\n```", "```\nx\n```"),
        ("````md\n```\nx\n```\n````", f"```md\n`{Z}`{Z}`\nx\n`{Z}`{Z}`\n```"),
        ("```py\nx = 1", "```py\nx = 1\n```"),
        ("```py\nx = 1\n\n", "```py\nx = 1\n```"),
        ("> ```py\n> x = 1\nout <@1>", f"> ```py\n> x = 1\n> ```\nout <{Z}@1>"),
        ("a\n```py\n```\nb", "a\nb"),
        ("a\n```py", "a"),
        ("```a``` is no block <@1>", f"```a``` is no block <{Z}@1>"),
        ("write ``` first", f"write `{Z}`{Z}` first"),
        ("- ```py\n  x\n  ```", "- ```py\n  x\n  ```"),
    ],
)
def test_a_block_is_fenced_as_discord_knows_it(text: str, shown: str) -> None:
    assert for_discord(text) == shown


pieces = st.sampled_from(
    ["<@1>", "`", "``", "```", "~~~", "\n", "\n\n", " ", "a", "> ", "- ", "|", "|-|-|", "\\", "<b>",
     "</b>", "![x](y)", "####", "---", "===", "<br>", "[", "](", "@everyone", "好", "    "]
)  # fmt: skip


@given(st.lists(pieces, max_size=30).map("".join))
def test_whatever_comes_fences_are_closed_and_mentions_gone(text: str) -> None:
    shown = for_discord(text).split("\n")
    fences = find_fences(shown)
    assert all(fence.is_closed for fence in fences)
    code = {number for fence in fences for number in range(fence.first, fence.last + 1)}
    prose = "\n".join(line for number, line in enumerate(shown) if number not in code)
    if "`" not in prose:
        assert "<@1>" not in prose


def test_what_takes_no_room_does_not_put_a_table_out_of_line() -> None:
    text = "| ab | c |\n|---|---|\n| x\u200by\u200b | d |\n| e\u0301f | d |"
    assert for_discord(text) == "```\nab  c\n--  -\nx\u200by\u200b  d\ne\u0301f  d\n```"


def test_a_bold_title_of_a_wide_table_is_bold_once() -> None:
    wide = "w" * 70
    text = f"| ** a ** | b |\n|---|---|\n| {wide} | c |"
    assert for_discord(text) == f"- **a**: {wide}\n  - **b**: c"
