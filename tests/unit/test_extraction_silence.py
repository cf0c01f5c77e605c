"""What must never become a fact, and what may stand right beside it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.extraction import FRIDAY, found

from bot.memory.extraction import extract
from bot.memory.extraction.sentences import MASK, READ_AT_MOST, masked, sentences

QUESTIONS = [
    "Do I live in Porto?",
    "do i live in porto",
    "I live in Porto?",
    "I'm Ana, right?",
    "what if I moved to Berlin",
    "I wonder if I live in the wrong city",
    "我住在哪里？",
    "我是不是太敏感了",
    "我住在北京，对吗",
    "我住在北京吗",
    "我该不该搬到北京呢",
    "你觉得我是医生吗",
]
CONDITIONS = [
    "If I lived in Rome, I live on ice cream.",
    "I wish I lived in Paris",
    "Suppose I work at a bank",
    "I would move to Norway",
    "I could live in Rome",
    "I might move to Canada someday",
    "unless I work at Shell",
    "如果我住在罗马，我喜欢吃冰淇淋",
    "要是我会弹钢琴，我每天弹钢琴",
    "我可能会去日本",
]
FICTION = [
    "Imagine I'm a pirate. My name is Redbeard and I live in Tortuga.",
    "Let's role-play: I'm a detective. I live in Chicago.",
    "In my novel the hero says: I'm from Mars",
    "Write a story about me. I live in Atlantis.",
    "Translate this: I live in Paris",
    "假装我是海盗，我叫黑胡子。我住在船上。",
    "写一个故事：我叫阿德，我住在月球上。",
    "翻译一下：我叫小明",
]
QUOTATIONS = [
    'He said "I live in Paris".',
    "She said 'I'm a nurse' and left",
    "She told me: I work at IKEA",
    "My brother says I live in Porto",
    "my therapist thinks i have adhd",
    "Everyone thinks I'm a lawyer",
    "> I'm from Finland",
    "```\nI live in Oslo\n```",
    "`my name is Bob`",
    "~~I live in Oslo~~",
    "他说“我住在巴黎”",
    "他说我住在巴黎",
    "歌词里唱「我是一只小小鸟，我住在树上」",
    "帮我把“我叫小明”翻译成英文",
]
OTHERS = [
    "Tom says he hates cilantro.",
    "She works at a bank and lives in Dublin.",
    "My friend's neighbour works at Google",
    "You are a nurse.",
    "小李说他讨厌香菜",
    "她住在天津，是个律师",
    "我朋友的邻居在谷歌上班",
]
JOKES = [
    "I'm a professional cat herder. jk",
    "I live in Narnia, just kidding!",
    "I'm a nurse /s",
    "lol I'm the queen of England",
    "I'm Batman haha",
    "I'm a doctor 😂",
    "I'm Zorro 😂",
    "我是秦始皇，我住在皇宫。开玩笑的",
    "我叫秦始皇，骗你的",
    "哈哈我是医生",
]
IDIOMS = [
    *("i live in fear", "I live in December", "im tired", "I'm Tired.", "im back"),
    *("I'm fine", "I'm back.", "I'm sure", "I'm sorry", "I'm done", "I'm home", "I'm in"),
    *("I'm a bit tired", "I'm hungry", "I'm new here", "I'm in love", "I'm in a meeting"),
    *("I live in fear", "I live for pizza", "I work hard", "I work from home on Fridays"),
    *("call me later", "call me maybe", "call me a taxi", "call me crazy", "call me old-fashioned"),
    *(
        "I love it",
        "I like that",
        "I'd like a coffee",
        "I like your answer",
        "I love how you think",
    ),
    *("I hate it when that happens", "I hate to say it", "I love you"),
    *(
        "I'm 5 minutes away",
        "I'm 100% sure",
        "I have a question",
        "I have no idea",
        "I have a cold",
    ),
    *("My phone is dead", "My name is on the list", "My password is wrong", "My job is stressful"),
    *("I'm on the bus", "I'm working on it", "I moved the file", "I play along", "I study a lot"),
    *("I'm a night owl", "I'm a mess", "I'm OK", "I'm IT", "my boss is annoying"),
    *("我是说", "我在想", "我叫了外卖", "我叫他来", "我是第一次", "我是来问路的", "我叫起床"),
    *("我没事", "我现在在开会", "我刚到家", "我要一杯咖啡", "我喜欢你的回答", "我喜欢这个主意"),
    *("我是认真的", "我的手机没电了", "我的意思是你错了", "我在工作", "我在家工作", "我有个问题"),
    *("我有点过敏", "我吃饱了", "我妈叫我吃饭", "我快要疯了", "我叫车去机场"),
]
FORGETTING = [
    *("Forget that I live in Porto", "please forget this: I live in Porto"),
    *("忘掉我住在上海这件事", "忘掉这个：我住在上海"),
]


@pytest.mark.parametrize(
    "text",
    [
        *QUESTIONS,
        *CONDITIONS,
        *FICTION,
        *QUOTATIONS,
        *OTHERS,
        *JOKES,
        *IDIOMS,
        *FORGETTING,
    ],
)
def test_nothing_is_taken_from_what_is_no_statement_about_oneself(text: str) -> None:
    assert [pair for pair in found(text) if pair[0] != "wish"] == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("I'm vegan, do you know any recipes?", [("diet", "vegan")]),
        ("I'm vegan, when is my sister Clara coming?", [("diet", "vegan")]),
        ("你住在哪里？我住在厦门。", [("city", "厦门")]),
        ("我住厦门，你呢？", [("city", "厦门")]),
        ("He said hello. I live in Porto.", [("city", "Porto")]),
        ("As I said, I live in Ghent", [("city", "Ghent")]),
        ("I told you I'm a vegan", [("diet", "vegan")]),
        ("我真的是医生，不开玩笑", [("job", "医生")]),
        ("```\nx = 1\n```\nI live in Porto", [("city", "Porto")]),
        ("My favourite film is “Alien”", [("favourite:film", "Alien")]),
        ("我最喜欢的电影是《千与千寻》", [("favourite:film", "千与千寻")]),
        ("haha I live in Porto too", [("city", "Porto")]),
    ],
)
def test_a_statement_beside_a_trap_is_still_found(
    text: str, kept: list[tuple[str, str | None]]
) -> None:
    assert found(text) == kept


def test_only_the_first_part_of_a_long_message_is_read() -> None:
    assert found("x " * (READ_AT_MOST // 2) + ". I live in Porto.") == []
    assert found("x " * 1000 + ". I live in Porto.") == [("city", "Porto")]


@pytest.mark.parametrize(
    "piece",
    [
        *("i ", "a", "'", "'i ", "`", "*", "> ", "I am really really ", "I live in Porto. "),
        *("please ", "never ", "remember:", "I have a, ", "my sister Clara ", "tomorrow "),
        *("刚", "我刚刚现在", "我的", "以后请你", "每天经常", "我叫", "？", "🎂", " ", "\n"),
    ],
)
def test_a_message_of_forty_thousand_characters_takes_no_longer_than_its_beginning(
    piece: str,
) -> None:
    text = (piece * 40_000)[:40_000]
    begin = time.thread_time()
    extract(text, FRIDAY)
    assert time.thread_time() - begin < 2


PIECES = st.sampled_from(
    [
        *QUESTIONS[:3],
        *IDIOMS[::4],
        *(
            "I'm Ana",
            "my dog is called Rex",
            "I live in ",
            "not ",
            "我叫",
            "小明",
            "remember that ",
        ),
        *(
            "tomorrow",
            "in 9999",
            "on 31 February",
            "我下周",
            "去东京",
            "\ufffc",
            "“",
            "”",
            "'",
            '"',
        ),
        *(
            "```",
            "> ",
            "\n",
            ", ",
            ". ",
            "?",
            "，",
            "。",
            "{value}",
            "{",
            "}",
            "\\",
            "😂",
            "\u200d",
        ),
    ]
)


@given(
    st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=12).map("".join)),
    st.datetimes(timezones=st.just(UTC)),
)
def test_nothing_raises_and_every_quote_is_in_its_message(text: str, said_at: datetime) -> None:
    for candidate in extract(text, said_at):
        assert candidate.quote
        assert text[candidate.start : candidate.end] == candidate.quote
        assert candidate.text.strip()
        assert MASK not in candidate.text
        assert (candidate.slot is None) != (candidate.topic is None)


@given(st.text(max_size=300))
def test_masking_moves_no_character(text: str) -> None:
    shown = masked(text)
    assert len(shown) == len(text)
    for sentence in sentences(shown):
        assert shown[sentence.start :].startswith(sentence.text)


def test_dates_are_in_the_persons_time_zone() -> None:
    zone = timezone(timedelta(hours=9))
    (plan,) = extract("I'm flying to Rome tomorrow", FRIDAY.astimezone(zone))
    assert plan.occurs_from is not None
    assert plan.occurs_from.utcoffset() == timedelta(hours=9)
