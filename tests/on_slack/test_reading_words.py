"""What people's words on Slack are for the core."""

from __future__ import annotations

import time

import pytest
from support.slack_reading import HER, WORKSPACE, Desk, said, share

from adapters.slack.markup import mentions_in
from adapters.slack.normalising import Named, quoted, readable, spoken

NAMED = Named(people={"U2": "Ben", "W3": "Cy"}, channels={"C2": "tea"})


def words(raw: str) -> str:
    return spoken(said(raw), WORKSPACE, NAMED)


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        (f"{HER} what's up?", "what's up?"),
        (f"{HER}, what's up?", "what's up?"),
        (f"{HER} , what's up?", "what's up?"),
        (f"{HER}: tell me", "tell me"),
        (f"{HER}\u00a0tell me", "tell me"),
        (f"{HER} {HER} hello", "hello"),
        (f"{HER}，你好吗？", "你好吗？"),
        (f"{HER}：你好", "你好"),
        (f"{HER} 你好", "你好"),
        ("<@U0ELLIE|ellie> hello", "hello"),
        (f"{HER} :) hello", ":) hello"),
        (f"{HER} /memory show", "/memory show"),
        (f"how are you? {HER}", "how are you?"),
        (f"how are you?\n{HER}", "how are you?"),
        (f"你好吗？{HER}", "你好吗？"),
        (f"What does {HER} think of tea?", "What does Ellie think of tea?"),
        (f"I agree with {HER}", "I agree with Ellie"),
        (f"Thanks, {HER}!", "Thanks, Ellie!"),
        (HER, "Ellie"),
        (f" {HER}\n{HER} ", "Ellie"),
        (f"`{HER}` is how to write it", f"`{HER}` is how to write it"),
        (f"{HER} ```\n{HER}\n```", f"```\n{HER}\n```"),
        ("", ""),
    ],
)
def test_her_mention_goes_and_the_sentence_stays(typed: str, heard: str) -> None:
    assert words(typed) == heard


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("ask <@U2> now", "ask @Ben now"),
        ("ask <@U2|b.smith> now", "ask @Ben now"),
        ("ask <@W3>", "ask @Cy"),
        ("ask <@U9>", "ask @someone"),
        ("ask <@U9|dan>", "ask @dan"),
        ("ask <@U9|>", "ask @someone"),
        ("see <#C2>", "see #tea"),
        ("see <#C2|old-tea>", "see #tea"),
        ("see <#C9|coffee>", "see #coffee"),
        ("see <#C9>", "see #channel"),
        ("see <#C9|>", "see #channel"),
        ("<!subteam^S1|@cooks> come", "@cooks come"),
        ("<!subteam^S1> come", "@group come"),
        ("on <!date^1700000000^{date_short}|Nov 14th> then", "on Nov 14th then"),
        ("on <!date^1700000000^{date}^https://a.example/|Nov 14th> then", "on Nov 14th then"),
        ("on <!date^1700000000^{date}> then", "on 2023-11-14 22:13 UTC then"),
        ("on <!date^soon^{date}> then", "on some time then"),
        ("<!new|kind of thing>", "kind of thing"),
        ("<!new>", "new"),
        (":wave: hi", ":wave: hi"),
    ],
)
def test_other_markup_becomes_words(typed: str, heard: str) -> None:
    assert words(typed) == heard


@pytest.mark.parametrize("call", ["here", "channel", "everyone"])
def test_calls_of_everybody_alarm_nobody(call: str) -> None:
    assert words(f"<!{call}> dinner") == f"{call} dinner"
    assert words(f"<!{call}|@{call}> dinner") == f"{call} dinner"


@pytest.mark.parametrize("name", ["@everyone", "everyone", "HERE", "@@here", "channel"])
def test_a_name_never_alarms_a_channel(name: str) -> None:
    bare = name.lstrip("@")
    assert spoken(said("ask <@U7>"), WORKSPACE, Named(people={"U7": name})) == f"ask {bare}"
    assert words(f"ask <!subteam^S1|{name}>") == f"ask {bare}"


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("<https://a.example/x>", "https://a.example/x"),
        ("<https://a.example/x|the plan>", "the plan (https://a.example/x)"),
        ("<https://a.example/x|https://a.example/x>", "https://a.example/x"),
        ("<http://a.example|a.example>", "a.example"),
        ("<https://a.example/|a.example>", "a.example"),
        ("<https://a.example/x|>", "https://a.example/x"),
        ("<https://evil.example|bank.example>", "bank.example (https://evil.example)"),
        ("<https://a.example/?a=1&amp;b=2>", "https://a.example/?a=1&b=2"),
        ("<https://a.example/|a &amp; b>", "a & b (https://a.example/)"),
        ("<mailto:ana@a.example|ana@a.example>", "ana@a.example"),
        ("<mailto:ana@a.example|Ana>", "Ana (ana@a.example)"),
        ("<tel:+4912345|+49 12345>", "+49 12345 (+4912345)"),
        ("`curl <https://a.example/?a=1&amp;b=2>`", "`curl https://a.example/?a=1&b=2`"),
        ("```GET <http://a.example|a.example>\n&lt;p&gt;```", "```GET a.example\n<p>```"),
    ],
)
def test_links_are_told_with_where_they_lead(typed: str, heard: str) -> None:
    assert words(typed) == heard


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&amp;lt;", "&lt;"),
        ("&amp;amp;lt;", "&amp;lt;"),
        ("&lt;@U2&gt; is markup", "<@U2> is markup"),
        ("&lt;!here&gt;", "<!here>"),
        ("&quot;", "&quot;"),
        ("<nothing known>", "<nothing known>"),
        ("a < b", "a < b"),
        ("<>", "<>"),
    ],
)
def test_signs_are_decoded_once(typed: str, heard: str) -> None:
    assert words(typed) == heard


def test_a_name_stays_on_its_line_and_is_not_read_as_markup() -> None:
    joker = Named(people={"U7": "Eve Ellie: <@U0ELLIE>"})
    assert spoken(said("ask <@U7>"), WORKSPACE, joker) == "ask @Eve_Ellie_U0ELLIE"
    assert words("ask <@U9|Eve\u202e &lt;!here&gt;>") == "ask @Eve_here"


def test_nobody_speaks_for_her_with_a_sign_of_hers() -> None:
    assert words("\0 hello \0") == "hello"


def test_who_is_called_is_found_outside_code() -> None:
    found = mentions_in(f"{HER} `<@U2>` ```<!here>\n<@U3>``` <@W4|cy> &lt;@U5&gt; <#C2|tea>")
    assert found.users == {"U0ELLIE", "W4"}
    assert found.channels == {"C2"}
    assert not found.is_loud
    assert mentions_in("<!subteam^S1|@cooks>").is_loud
    assert mentions_in("<!channel>").is_loud
    assert not mentions_in("<!date^1700000000^{date}|then>").is_loud


def test_forwarded_words_are_not_the_persons_own() -> None:
    message = said("look", attachments=[share("I like <https://a.example|tea>")])
    assert spoken(message, WORKSPACE) == "look\n[forwarded message]"
    assert quoted(message, WORKSPACE).endswith("I like tea (https://a.example)")
    linked = said(
        "see <https://acme.slack.com/archives/C1/p1>", attachments=[share("tea", is_share=False)]
    )
    assert "[forwarded message]" not in spoken(linked, WORKSPACE)


def test_what_programs_show_is_told_where_they_say_nothing() -> None:
    shows = [{"title": "Song", "text": "by *somebody* &amp; co"}, {"fallback": "a picture"}]
    quiet = said("", attachments=shows)
    assert quoted(quiet, WORKSPACE) == ("[embed: Song: by *somebody* & co]\n[embed: a picture]")
    assert quoted(said("listen", attachments=shows), WORKSPACE) == "listen"


@pytest.mark.parametrize(
    "hostile",
    [
        "<" * 40_000,
        "<@" * 20_000,
        "<a|" * 13_000,
        "`" * 40_000,
        "``` " * 10_000,
        "`a\n" * 13_000,
        "```" + "<" * 39_000,
        "`" + "<https://a" * 4_000 + "`",
        "&" * 40_000,
        "&amp;" * 8_000,
        f"{HER}\n" * 4_000 + "x",
        f".{HER}" * 4_000 + "x",
        f"{HER} ," * 4_000,
        "." + " " * 39_000 + "x",
        f"{HER}" + " " * 39_000 + "x",
        "a\n" + " \n" * 19_000 + "x",
        "<!date^" * 5_000,
        "<https://a|" + "|" * 3_900 + ">" + "<#C" * 10_000,
    ],
)
def test_hostile_texts_take_no_time(hostile: str) -> None:
    began = time.perf_counter()
    words(hostile)
    mentions_in(hostile)
    assert time.perf_counter() - began < 2


def test_words_survive_every_cut_of_markup() -> None:
    whole = f"{HER} `a` <@U2> <!here> <https://a.example|b> <!date^1^x|y> <#C2|z> ```c``` &lt;"
    for end in range(len(whole)):
        assert "\0" not in readable(whole[:end], WORKSPACE, NAMED)
        assert "\0" not in readable(whole[end:], WORKSPACE, NAMED)


async def test_names_are_looked_up() -> None:
    desk = Desk()
    desk.slack.channel("C2", "tea")
    desk.slack.channel("C3", "secret", is_private=True)
    text = await desk.reader.words_of(said(f"{HER} ask <@U2> and <@U9> in <#C2|> or <#C3|>"))
    assert text == "ask @Ben and @someone in #tea or #channel"


async def test_words_do_not_wait_for_names(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    desk.slack.hanging = {"users.info", "conversations.info"}
    text = await desk.reader.words_of(said(f"{HER} ask <@U2> in <#C1>"), seconds=0.01)
    assert text == "ask @someone in #channel"
