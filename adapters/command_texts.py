"""What is said around answers to commands, on every platform that has buttons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.commands.language import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandTexts:
    """One language. Names in braces are filled in."""

    agree: str
    refuse: str
    previous: str
    following: str
    unanswered: str
    not_yours: str
    inactive: str
    no_memory: str
    trouble: str
    edit_title: str
    edit_label: str
    choices: Mapping[str, str]
    """What stands for a value in a menu; it could be typed as well."""


ENGLISH = CommandTexts(
    agree="Yes",
    refuse="No",
    previous="Previous",
    following="Next",
    unanswered="Nobody answered for {minutes} minutes, so nothing was changed.",
    not_yours="These buttons are for the person who asked. Give the command yourself.",
    inactive="This is no longer active. Please use the command again.",
    no_memory="I can't reach my memory just now. Please try again in a minute. "
    "Whoever runs me finds the reason in the log.",
    trouble="Something went wrong on my side. Please try again; whoever runs me finds the reason "
    "in the log.",
    edit_title="Change #{number}",
    edit_label="What it should say",
    choices={},
)

CHINESE = CommandTexts(
    agree="是",
    refuse="否",
    previous="上一页",
    following="下一页",
    unanswered="{minutes}分钟内没有回答，所以什么都没有改变。",
    not_yours="这些按钮属于提问的人。请自己使用这个命令。",
    inactive="这已经失效了，请重新使用命令。",
    no_memory="我现在无法读取记忆，请过一分钟再试。运行我的人可以在日志里找到原因。",
    trouble="我这边出了问题，请再试一次。运行我的人可以在日志里找到原因。",
    edit_title="修改 #{number}",
    edit_label="应该是什么",
    choices={
        "on": "开",
        "off": "关",
        "usual": "平常",
        "mentions": "提及",
        "always": "总是",
        "default": "默认",
        "here": "这里",
        "forever": "永远",
    },
)


def command_texts(language: Language) -> CommandTexts:
    """The texts in a language."""
    return CHINESE if language is Language.CHINESE else ENGLISH
