"""What only Discord's commands say: what can go wrong with an answer there."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from adapters import command_texts as shared
from bot.commands.language import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandTexts(shared.CommandTexts):
    """One language. Names in braces are filled in."""

    outdated: str
    told_directly: str
    done_untold: str
    cannot_tell: str
    zipped: str
    too_big: str
    edit_long: str
    no_person: str


ENGLISH = CommandTexts(
    **asdict(shared.ENGLISH),
    outdated="This command has just changed. Please try again in a minute, or restart Discord.",
    told_directly="I answered you in a direct message: that is for your eyes alone.",
    done_untold="Done. I would tell you more in a direct message, but Discord doesn't let me send "
    "you one.",
    cannot_tell="The answer is for your eyes alone, and Discord doesn't let me send you a direct "
    "message. Use {command} here: only you see what it answers.",
    zipped="{name} is packed, because it is too big for Discord as it is.",
    too_big="{name} has {size} MB, and Discord takes {limit} MB even when it is packed. Ask for "
    "one format at a time, or ask whoever runs me for the file.",
    edit_long="#{number} is too long for Discord's form. Put the new words into the option "
    "“{option}” of this command.",
    no_person="{name} is a bot, and I keep nothing about bots. Choose a person.",
)

_CHINESE = asdict(shared.CHINESE)
_CHINESE["choices"] = {**shared.CHINESE.choices, "threads": "子区", "everywhere": "服务器"}

CHINESE = CommandTexts(
    **_CHINESE,
    outdated="这个命令刚刚有了变化。请过一分钟再试，或者重新启动 Discord。",
    told_directly="我在私信里回答了你：那些内容只给你看。",
    done_untold="完成了。我本想在私信里告诉你详情，但 Discord 不允许我给你发私信。",
    cannot_tell="回答只给你看，但 Discord 不允许我给你发私信。请在这里使用 {command}："
    "它的回答只有你能看到。",
    zipped="{name} 原来的大小超出了 Discord 的限制，所以打了包。",
    too_big="{name} 有 {size} MB，打包后 Discord 也只接受 {limit} MB。"
    "请每次只要一种格式，或者向运行我的人要这个文件。",
    edit_long="#{number} 太长，Discord 的表单放不下。请把新的内容写进这个命令的“{option}”选项。",
    no_person="{name} 是机器人，我不保存关于机器人的任何内容。请选择一个人。",
)


def command_texts(language: Language) -> CommandTexts:
    """The texts in a language."""
    return CHINESE if language is Language.CHINESE else ENGLISH
