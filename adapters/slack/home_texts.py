"""What only the Home tab says: headings, labels of buttons and of menus, and its own dialogs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.commands.definitions import DEFAULT
from bot.commands.language import Language
from bot.domain.policy import AnswerPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeTexts:
    """One language. Names in braces are filled in; titles of dialogs have 24 characters at most."""

    greeting: str
    start: str
    page: str
    search_label: str
    search_hint: str
    show_all: str
    edit: str
    forget: str
    pin: str
    unpin: str
    read: str
    fact_title: str
    settings_title: str
    pause: str
    resume: str
    go_incognito: str
    end_incognito: str
    undo: str
    export: str
    forget_all: str
    try_again: str
    question_title: str
    waiting_title: str
    waiting: str
    answer_title: str
    close: str
    wordless: str
    too_slow: str
    panel_title: str
    panel_note: str
    policy_label: str
    policies: Mapping[str, str]
    channels_title: str
    no_channels: str
    to_default: str
    kept_label: str
    change: str
    kept_title: str
    kept_choice: str
    kept_days: str
    kept_forever: str
    kept_default: str
    days_label: str
    days_missing: str
    prompts_title: str
    prompts: Mapping[str, str]
    """What somebody may begin with: a label, and what it has them say.

    It is said as soon as it is pressed, so that it has to be a whole sentence."""


ENGLISH = HomeTexts(
    greeting="Hello, {name}",
    start="We haven't talked yet. Write to me under Messages, or mention me in a channel that I am "
    "in. What you tell me about yourself is listed here, and here you can change it or have me "
    "forget it.",
    page="Page {page} of {pages}",
    search_label="Search my memory of you",
    search_hint="A word, or the number of a fact",
    show_all="Show all",
    edit="Edit",
    forget="Forget",
    pin="Pin",
    unpin="Unpin",
    read="Read all of it",
    fact_title="#{number}",
    settings_title="What I may remember",
    pause="Pause",
    resume="Resume",
    go_incognito="Go incognito",
    end_incognito="End incognito",
    undo="Undo",
    export="Export",
    forget_all="Forget everything",
    try_again="Try again",
    question_title="Are you sure?",
    waiting_title="One moment…",
    waiting="I am looking that up.",
    answer_title="Ellie",
    close="Close",
    wordless="Please write what it should say.",
    too_slow="That took me too long, and nothing was changed. Please press it again.",
    panel_title="This workspace",
    panel_note="Only those who may manage the workspace see this.",
    policy_label="What I answer in channels",
    policies={
        AnswerPolicy.USUAL: "usual",
        AnswerPolicy.MENTIONS: "mentions",
        AnswerPolicy.ALWAYS: "always",
        AnswerPolicy.THREADS: "threads",
        AnswerPolicy.OFF: "off",
        DEFAULT: "nothing decided",
    },
    channels_title="Channels for which something else was decided",
    no_channels="Nothing else was decided for any channel. {prefix}admin policy does that in one.",
    to_default="Back to default",
    kept_label="For how long I keep what is said",
    change="Change",
    kept_title="How long I keep things",
    kept_choice="What is said to me in this workspace is kept",
    kept_days="for a number of days",
    kept_forever="until somebody erases it",
    kept_default="as whoever runs me decided",
    days_label="Number of days",
    days_missing="Please write a number of days from 1 to 99999.",
    prompts_title="You could say",
    prompts={
        "What do you remember about me?": "What do you remember about me?",
        "What do you store about me?": "What do you store about me?",
        "Give me my data": "Give me my data",
        "What can you do?": "What can you do?",
    },
)

CHINESE = HomeTexts(
    greeting="你好，{name}",
    start="我们还没有聊过。在“消息”里给我写点什么，或者在我所在的频道里提到我。"
    "你告诉我的关于你的事会列在这里，你可以在这里修改，或者让我忘记。",
    page="第{page}页，共{pages}页",
    search_label="在我对你的记忆里搜索",
    search_hint="一个词，或事实的编号",
    show_all="显示全部",
    edit="修改",
    forget="忘记",
    pin="置顶",
    unpin="取消置顶",
    read="阅读全文",
    fact_title="#{number}",
    settings_title="我可以记住什么",
    pause="暂停",
    resume="继续",
    go_incognito="进入无痕模式",
    end_incognito="退出无痕模式",
    undo="撤销",
    export="导出",
    forget_all="忘记全部",
    try_again="再试一次",
    question_title="确定吗？",
    waiting_title="请稍等……",
    waiting="我正在查看。",
    answer_title="Ellie",
    close="关闭",
    wordless="请写下应该是什么。",
    too_slow="我花的时间太长了，什么都没有改变。请再按一次。",
    panel_title="这个工作区",
    panel_note="只有可以管理这个工作区的人能看到这些。",
    policy_label="我在频道里回答什么",
    policies={
        AnswerPolicy.USUAL: "平常",
        AnswerPolicy.MENTIONS: "提及",
        AnswerPolicy.ALWAYS: "总是",
        AnswerPolicy.THREADS: "消息列",
        AnswerPolicy.OFF: "关",
        DEFAULT: "没有决定",
    },
    channels_title="另有决定的频道",
    no_channels="没有频道另有决定。在频道里用 {prefix}admin policy 可以另作决定。",
    to_default="恢复默认",
    kept_label="别人说的话我保存多久",
    change="修改",
    kept_title="保存多久",
    kept_choice="在这个工作区里对我说的话",
    kept_days="保存一定的天数",
    kept_forever="一直保存，直到有人删除",
    kept_default="按运行我的人的规定",
    days_label="天数",
    days_missing="请写1到99999之间的天数。",
    prompts_title="你可以说",
    prompts={
        "你记得我什么？": "你记得我什么？",
        "你保存我的什么数据？": "你保存我的什么数据？",
        "导出我的数据": "导出我的数据",
        "你会做什么？": "你会做什么？",
    },
)


def home_texts(language: Language) -> HomeTexts:
    """The texts in a language."""
    return CHINESE if language is Language.CHINESE else ENGLISH
