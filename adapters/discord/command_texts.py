"""What only Discord's commands say: labels of buttons, and what can go wrong with an answer."""

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
    outdated: str
    no_memory: str
    trouble: str
    told_directly: str
    done_untold: str
    cannot_tell: str
    zipped: str
    too_big: str
    edit_title: str
    edit_label: str
    edit_long: str
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
    outdated="This command has just changed. Please try again in a minute, or restart Discord.",
    no_memory="I can't reach my memory just now. Please try again in a minute. "
    "Whoever runs me finds the reason in the log.",
    trouble="Something went wrong on my side. Please try again; whoever runs me finds the reason "
    "in the log.",
    told_directly="I answered you in a direct message: that is for your eyes alone.",
    done_untold="Done. I would tell you more in a direct message, but Discord doesn't let me send "
    "you one.",
    cannot_tell="The answer is for your eyes alone, and Discord doesn't let me send you a direct "
    "message. Use {command} here: only you see what it answers.",
    zipped="{name} is packed, because it is too big for Discord as it is.",
    too_big="{name} has {size} MB, and Discord takes {limit} MB even when it is packed. Ask for "
    "one format at a time, or ask whoever runs me for the file.",
    edit_title="Change #{number}",
    edit_label="What it should say",
    edit_long="#{number} is too long for Discord's form. Put the new words into the option "
    "“{option}” of this command.",
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
    outdated="这个命令刚刚有了变化。请过一分钟再试，或者重新启动 Discord。",
    no_memory="我现在无法读取记忆，请过一分钟再试。运行我的人可以在日志里找到原因。",
    trouble="我这边出了问题，请再试一次。运行我的人可以在日志里找到原因。",
    told_directly="我在私信里回答了你：那些内容只给你看。",
    done_untold="完成了。我本想在私信里告诉你详情，但 Discord 不允许我给你发私信。",
    cannot_tell="回答只给你看，但 Discord 不允许我给你发私信。请在这里使用 {command}："
    "它的回答只有你能看到。",
    zipped="{name} 原来的大小超出了 Discord 的限制，所以打了包。",
    too_big="{name} 有 {size} MB，打包后 Discord 也只接受 {limit} MB。"
    "请每次只要一种格式，或者向运行我的人要这个文件。",
    edit_title="修改 #{number}",
    edit_label="应该是什么",
    edit_long="#{number} 太长，Discord 的表单放不下。请把新的内容写进这个命令的“{option}”选项。",
    choices={
        "on": "开",
        "off": "关",
        "usual": "平常",
        "mentions": "提及",
        "always": "总是",
        "threads": "子区",
        "default": "默认",
        "here": "这里",
        "everywhere": "服务器",
        "forever": "永远",
    },
)


def command_texts(language: Language) -> CommandTexts:
    """The texts in a language."""
    return CHINESE if language is Language.CHINESE else ENGLISH
