"""What is typed after /ellie: a command, a mistake, or talk."""

from __future__ import annotations

import pytest

from adapters.slack.slash import fact_without_words, slash_in, understand, words_of_markup
from bot.commands import definitions as known
from bot.commands.language import Language
from bot.commands.parsing import Invocation, Mistake


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("", known.HELP),
        ("   ", known.HELP),
        ("help", known.HELP),
        ("help memory show", known.HELP),
        ("memory show", known.SHOW),
        ("/memory show tea", known.SHOW),
        ("memory", known.SHOW),
        ("memory show page 2", known.SHOW),
        ("memory edit 3 I like green tea now", known.EDIT),
        ("forget everything", known.FORGET),
        ("why", known.WHY),
        ("admin policy off everywhere", known.POLICY_SET),
        ("admin policy", known.POLICY),
        ("what do you know about me?", known.SHOW),
        ("forget my password", known.FORGET),
        ("记忆 查看", known.SHOW),
        ("查看记忆", known.SHOW),
    ],
)
def test_commands_and_plain_requests_are_understood(typed: str, command: known.Command) -> None:
    understood = understand(typed)
    assert isinstance(understood, Invocation)
    assert understood.command is command


@pytest.mark.parametrize(
    "typed",
    [
        "what is a fjord?",
        "why is the sky blue?",
        "help me to write a letter",
        "hello",
        "pin the tail on the donkey",
        "undo is a funny word, isn't it?",
        "为什么天空是蓝色的？",
        "今天天气怎么样",
        "explain the policy of our company",
    ],
)
def test_talk_is_no_command(typed: str) -> None:
    assert understand(typed) is None


@pytest.mark.parametrize(
    "typed",
    [
        "memory shwo",
        "memroy show",
        "memory what is it that you know of me",
        "memory pin",
        "pin tea",
        "incognito maybe",
        "admin polcy",
    ],
)
def test_mistakes_in_commands_are_no_talk(typed: str) -> None:
    assert isinstance(understand(typed), Mistake)


def test_the_language_is_that_of_the_words_or_of_the_person() -> None:
    chinese = understand("memory show", "zh-CN")
    assert chinese is not None
    assert chinese.language is Language.CHINESE
    words = understand("帮助", "en-US")
    assert words is not None
    assert words.language is Language.CHINESE


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("memory edit 3", 3),
        ("edit #12 ", 12),
        ("/memory edit 3", 3),
        ("修改 4", 4),
        ("memory edit ４", 4),
        ("memory edit", None),
        ("memory edit 3 tea", None),
        ("memory edit tea", None),
        ("memory pin 3", None),
        ("what is 3", None),
    ],
)
def test_a_fact_without_new_words_is_noticed(typed: str, number: int | None) -> None:
    assert fact_without_words(understand(typed), typed) == number


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("memory edit 3 R&amp;D is &lt;great&gt;", "memory edit 3 R&D is <great>"),
        ("forget <@U123|ana> and <@U9>", "forget @ana and @U9"),
        ("in <#C123|general> <#C9>", "in #general #C9"),
        ("<https://example.org/x|example.org/x> <https://a.test/?a=1&amp;b=2>",
         "example.org/x https://a.test/?a=1&b=2"),
        ("<mailto:a@b.test|a@b.test>", "a@b.test"),
        ("<!here> <!subteam^S1|@team> <!channel|channel>", "@here @team channel"),
        ("`<@U1>` &amp;lt;", "`<@U1>` &lt;"),
        ("a\u202eb\x00", "ab"),
    ],
)  # fmt: skip
def test_markup_is_read_as_it_is_seen(raw: str, words: str) -> None:
    assert words_of_markup(raw) == words


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("reset <@U123|ana smith> and <@W9>", "reset <@U123> and <@W9>"),
        ("in <#C123|general> <#C9>", "in <#C123> <#C9>"),
        ("<!subteam^S1|@team> <!subteam^S2>", "<!subteam^S1> <!subteam^S2>"),
        ("<!here> <!date^1^{date}|today> <https://a.test|b>", "@here today b"),
        ("&lt;@U1&gt; `<@U1>`", "<@U1> `<@U1>`"),
        ("<!subteam^S1^x|y>", "y"),
    ],
)
def test_for_commands_that_take_ids_mentions_stay(raw: str, words: str) -> None:
    assert words_of_markup(raw, by_id=True) == words


def test_a_payload_is_read_and_the_command_may_have_another_name() -> None:
    slash = slash_in(
        {
            "command": "/ellie-test",
            "text": "memory show",
            "user_id": "U1",
            "team_id": "T1",
            "channel_id": "C1",
            "trigger_id": "1.x",
            "response_url": "https://hooks.slack.com/commands/x",
        }
    )
    assert (slash.user_id, slash.team_id, slash.channel_id) == ("U1", "T1", "C1")
    assert slash.prefix == "/ellie-test "
    assert slash_in({"user_id": "U1"}).prefix == "/ellie "
