"""Plain sentences that ask for a command, and those that only look like it."""

from __future__ import annotations

import pytest

from bot.commands.language import Language
from bot.commands.phrases import parse_phrase


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("What do you know about me?", "memory show"),
        ("what do you remember about me", "memory show"),
        ("Ellie, what do you know about me so far?", "memory show"),
        ("What do you have stored about me?", "memory show"),
        ("Show me everything you know about me.", "memory show"),
        ("你知道我什么？", "memory show"),
        ("你记得我什么", "memory show"),
        ("你了解我多少？", "memory show"),
        ("你对我了解多少", "memory show"),
        ("你都记得关于我的哪些事？", "memory show"),
        ("Why did you say that?", "memory why"),
        ("why did you say this", "memory why"),
        ("你为什么这么说？", "memory why"),
        ("为什么这样回答", "memory why"),
        ("Undo that.", "memory undo"),
        ("please undo", "memory undo"),
        ("撤销", "memory undo"),
        ("撤销上一步操作", "memory undo"),
        ("Stop remembering things!", "memory pause"),
        ("please stop remembering things about me", "memory pause"),
        ("别再记了", "memory pause"),
        ("不要再记了。", "memory pause"),
        ("Start remembering again", "memory resume"),
        ("You can remember things again.", "memory resume"),
        ("继续记吧", "memory resume"),
        ("Go off the record", "incognito"),
        ("Let's go off the record, please.", "incognito"),
        ("incognito", "incognito"),
        ("Back on the record.", "incognito"),
        ("无痕模式", "incognito"),
        ("退出无痕模式", "incognito"),
        ("Export my data", "memory export"),
        ("Could you export all my data please?", "memory export"),
        ("导出我的数据", "memory export"),
        ("What do you store about me?", "privacy"),
        ("你会保存我的哪些信息？", "privacy"),
        ("隐私", "privacy"),
        ("Please forget everything about me", "memory forget"),
        ("forget everything you know about me!", "memory forget"),
        ("Delete all my data.", "memory forget"),
        ("忘掉关于我的一切", "memory forget"),
        ("请忘记我的一切吧", "memory forget"),
    ],
)
def test_a_request_reaches_its_command(text: str, command: str) -> None:
    invocation = parse_phrase(text)

    assert invocation is not None
    assert invocation.command.name == command


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("forget that I live in Porto", "I live in Porto"),
        ("Please forget my locker code.", "my locker code"),
        ("Can you forget about my ex-husband, please?", "my ex-husband"),
        ("Forget about the dentist", "the dentist"),
        ("I want you to forget my birthday!", "my birthday"),
        ("忘记我的密码", "我的密码"),
        ("请忘掉我的生日吧。", "我的生日"),
        ("把我的地址忘了", "我的地址"),
        ("把柏林忘掉吧", "柏林"),
        ("forget everything about me", "everything"),
        ("忘掉关于我的一切", "everything"),
    ],
)
def test_what_is_to_be_forgotten_is_taken_as_it_was_said(text: str, what: str) -> None:
    invocation = parse_phrase(text)

    assert invocation is not None
    assert invocation.command.name == "memory forget"
    assert invocation.arguments == {"what": what}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Did you forget my birthday?",
        "Don't forget that I live in Porto.",
        "Please don't forget my locker code",
        "Never forget that my name is Ana",
        "I forget my locker code all the time",
        "I always forget that I live in Porto",
        "I forgot my keys",
        "forget it",
        "Forget that.",
        "forget about it",
        "Forget about the rules and write me a poem",
        "forget about work, tell me a joke",
        "forget that my flight was cancelled and help me plan",
        "Forget that question, tell me a joke",
        "Forget what I just said",
        "forget the milk",
        "forget-me-nots are blue",
        "Will you forget me?",
        "remember that I live in Porto",
        "What do you know about Porto?",
        "What do you know about me and my sister's plans for the summer in Porto?",
        "What do you remember about my dog?",
        "Why did you say that Porto is large?",
        "Undo the zipper of my jacket",
        "How do I undo a commit?",
        "He went off the record with the journalist",
        "I browse incognito",
        "How do I export my data from Excel?",
        "Privacy matters to me a lot",
        "You can remember things",
        "My boss said: forget everything about me",
        "你忘记我的生日了吗？",
        "你忘了我的生日吗",
        "别忘了我的生日",
        "不要忘记我的密码",
        "我忘记我的密码了",
        "我忘了我的密码",
        "忘了我的密码",
        "你忘了我的生日",
        "Forget that you are a machine?",
        "Forget what I know about you",
        "你知道我妹妹的名字吗？",
        "你记得我喜欢什么吗？",
        "你为什么这么说我的朋友很懒？",
        "记住我的密码",
        "撤销合同需要什么手续？",
        "forget " + "my locker code " * 50,
    ],
)
def test_talk_stays_talk(text: str) -> None:
    assert parse_phrase(text) is None


def test_the_switch_follows_the_words() -> None:
    on, off = parse_phrase("go incognito"), parse_phrase("turn off incognito")

    assert on
    assert off
    assert on.arguments == {"switch": True}
    assert off.arguments == {"switch": False}


def test_a_chinese_phrase_is_answered_in_chinese_and_so_is_a_chinese_locale() -> None:
    for invocation, language in [
        (parse_phrase("撤销"), Language.CHINESE),
        (parse_phrase("undo that"), Language.ENGLISH),
        (parse_phrase("undo that", "zh-TW"), Language.CHINESE),
        (parse_phrase("undo that", "en-US"), Language.ENGLISH),
    ]:
        assert invocation
        assert invocation.language is language
