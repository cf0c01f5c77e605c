"""What only Slack's commands say: about files, and in forms."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.language import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackCommandTexts:
    """One language. Names in braces are filled in.

    Slack takes 24 characters as the title of a form and on its buttons.
    """

    files_sent: str
    files_unscoped: str
    files_refused: str
    file_too_big: str
    edit_long: str
    save: str
    ask: str
    asked_openly: str
    cancel: str
    form_expired: str


ENGLISH = SlackCommandTexts(
    files_sent="I sent you the files in our direct messages.",
    files_unscoped="I may not send files in this workspace: the permission “files:write” is "
    "missing. Whoever set me up can add it and install me again.",
    files_refused="Slack didn't take the files. Please try again; whoever runs me finds the reason "
    "in the log.",
    file_too_big="{name} has {size} MB, and Slack takes {limit} MB. Ask for one format at a time, "
    "or ask whoever runs me for the file.",
    edit_long="#{number} is too long for Slack's form. Put the new words into the command: "
    "{command} {number} and then what it should say.",
    save="Save",
    ask="Ask",
    asked_openly="I answer in the thread of that message, where everybody sees your question too. "
    "Where I can't write, I answer you directly.",
    cancel="Cancel",
    form_expired="This form is no longer active. Copy your words, and use the command again.",
)

CHINESE = SlackCommandTexts(
    files_sent="我把文件发到了我们的私信里。",
    files_unscoped="我在这个工作区里不能发送文件：缺少“files:write”权限。"
    "设置我的人可以加上它，再重新安装我。",
    files_refused="Slack 没有接受这些文件，请再试一次。运行我的人可以在日志里找到原因。",
    file_too_big="{name} 有 {size} MB，而 Slack 只接受 {limit} MB。"
    "请每次只要一种格式，或者向运行我的人要这个文件。",
    edit_long="#{number} 太长，Slack 的表单放不下。请把新的内容写进命令里："
    "{command} {number}，后面是应该写的内容。",
    save="保存",
    ask="提问",
    asked_openly="我会在那条消息的消息列里回答，那里的人也会看到你的问题。我不能发言的地方，我会直接回答你。",
    cancel="取消",
    form_expired="这个表单已经失效了。请复制里面的内容，重新使用命令。",
)


def slack_command_texts(language: Language) -> SlackCommandTexts:
    """The texts in a language."""
    return CHINESE if language is Language.CHINESE else ENGLISH
