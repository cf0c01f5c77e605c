"""Everything Ellie says to people that no model wrote, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import regex

from bot.domain.generation import FinishReason
from bot.domain.place_policy import MemoryMode
from bot.domain.turn import FailureReason

_HAN = regex.compile(r"\p{Han}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """What Ellie says in one language. Names in braces are filled in.

    ``unfinished`` is added after a reply that ended early. ``unkept`` is told once where a place
    keeps nothing. The sentences from ``first_contact`` on are about changes of memory.
    """

    empty: str
    busy: str
    stopping: str
    memory_unavailable: str
    not_kept: str
    failures: Mapping[FailureReason, str]
    failed_incognito: str
    failed_unkept: str
    unfinished: Mapping[FinishReason, str]
    not_yours: str
    forgotten: str
    still_answering: str
    not_while_incognito: str
    not_while_unkept: str
    denied: str
    unkept: Mapping[MemoryMode, str]
    cannot_keep: str
    first_contact: str
    will_remember: str
    known_already: str
    cannot_remember: str
    will_not_use: str
    learned: str
    was: str
    known: str
    over: str
    doubtful: str
    set_aside: str
    paused: str


_BUSY = "I'm busy, try again in a moment."

_BUSY_IN_CHINESE = "我现在有点忙，请稍后再试。"

ENGLISH = Notices(
    empty="Your message was empty. Write me something and I'll answer.",
    busy=_BUSY,
    stopping="I'm just being shut down. Please write again in a minute.",
    memory_unavailable=(
        "I can't reach my memory right now, so I did not take your message. Please try again later."
    ),
    not_kept="I could not save this reply, so I will not remember it.",
    failures={
        FailureReason.INTERRUPTED: "I was interrupted before I could answer. Please try again.",
        FailureReason.TOO_LONG: (
            "Your message is too long for me to read in one piece. I kept it, but please send me "
            "the part that matters, or split it."
        ),
        FailureReason.TIMEOUT: (
            "I could not answer in time. Please try again, perhaps a bit shorter."
        ),
        FailureReason.BUSY: _BUSY,
        FailureReason.MODEL: (
            "My language model is not working right now. I kept your message; please try again in "
            "a moment. Whoever runs me finds the reason in the log."
        ),
        FailureReason.NOTHING_SAID: (
            "I thought about that and did not come to an answer. I kept your message; please ask "
            "me once more in other words, or for a smaller part of it."
        ),
        FailureReason.INTERNAL: (
            "Something went wrong on my side. I kept your message; please try again. Whoever runs "
            "me finds the reason in the log."
        ),
    },
    failed_incognito=(
        "I could not answer, and since you are incognito I kept nothing. Please write it again."
    ),
    failed_unkept=(
        "I could not answer, and since nothing of it is kept here, please write it again."
    ),
    unfinished={
        FinishReason.LENGTH: "(I stopped here because the reply got long. Say “go on” for more.)",
        FinishReason.TIME_LIMIT: "(I ran out of time here. Say “go on” for more.)",
    },
    not_yours=(
        "I can answer a message again only for whoever wrote it, where they wrote it, and as long "
        "as I have it."
    ),
    forgotten="What you wrote there is forgotten, so I cannot answer it again.",
    still_answering="I'm still answering that.",
    not_while_incognito=(
        "You are incognito, so I write nothing down, and another answer would have to be. "
        "/incognito off, and then I can."
    ),
    not_while_unkept=(
        "Nothing that you write here is kept now, and another answer would have to be. Just write "
        "it again."
    ),
    denied=(
        "I may not talk with you here: that is what those decided who manage this place. Ask one "
        "of its admins if you think it should be otherwise. What I may have kept about you "
        "is still yours: /privacy tells you more."
    ),
    unkept={
        MemoryMode.OPT_IN: (
            "Here I keep only what those write who agreed to it, so I keep nothing of this and "
            "remember nothing. If you want me to, say /memory allow; /privacy tells you more."
        ),
        MemoryMode.OFF: (
            "Memory is off here: I keep nothing of what you write, and know nothing that you told "
            "me elsewhere. Only those who manage this place can allow it, so ask one of its "
            "admins; /privacy tells you more."
        ),
    },
    cannot_keep="Nothing of what you write here is kept, so I will not remember that.",
    first_contact=(
        "I'm Ellie. To remember you I keep what you write to me and what I learn from it, on the "
        "machine of whoever runs me. /privacy tells you more, /memory pause stops it, and "
        "/memory forget everything erases it."
    ),
    will_remember="I'll remember that.",
    known_already="I know, and I'll keep it in mind.",
    cannot_remember="I'm not learning anything new at the moment.",
    will_not_use="I won't make use of that.",
    learned="Remembered as #{number}: {text}",
    was=" (was: {text})",
    known="That is #{number}: {text}",
    over="No longer true, and out of my memory: #{number} {text}",
    doubtful="#{number} may contradict #{other}: {text} Which is right? /memory forget {other} "
    "or /memory forget {number} settles it.",
    set_aside="I keep #{number} aside, because it reads like an instruction to me.",
    paused="Memory is paused, so I did not keep that. /memory resume starts it again.",
)

CHINESE = Notices(
    empty="你的消息是空的。给我写点什么吧，我会回答的。",
    busy=_BUSY_IN_CHINESE,
    stopping="我正在关机，请过一分钟再写给我。",
    memory_unavailable="我现在无法读取记忆，所以没有收下你的消息。请稍后再试。",
    not_kept="我没能保存这条回复，所以不会记得它。",
    failures={
        FailureReason.INTERRUPTED: "我还没来得及回答就被打断了，请再试一次。",
        FailureReason.TOO_LONG: (
            "你的消息太长，我一次读不完。我已经保存了它，请把重要的部分发给我，或者分成几段。"
        ),
        FailureReason.TIMEOUT: "我没能及时回答。请再试一次，也许可以短一点。",
        FailureReason.BUSY: _BUSY_IN_CHINESE,
        FailureReason.MODEL: (
            "我的语言模型现在无法工作。你的消息已经保存，请稍后再试。运行我的人可以在日志里找到原因。"
        ),
        FailureReason.NOTHING_SAID: (
            "我想了想，但没能得出回答。你的消息已经保存，请换个说法再问一次，或者只问其中一部分。"
        ),
        FailureReason.INTERNAL: (
            "我这边出了点问题。你的消息已经保存，请再试一次。运行我的人可以在日志里找到原因。"
        ),
    },
    failed_incognito="我没能回答，而且因为你处于无痕模式，我什么都没有保存。请再写一次。",
    failed_unkept="我没能回答，而这里不保存任何内容，所以请再写一次。",
    unfinished={
        FinishReason.LENGTH: "（回复太长，我先停在这里。说“继续”我就接着写。）",
        FinishReason.TIME_LIMIT: "（时间到了，我先停在这里。说“继续”我就接着写。）",
    },
    not_yours="只有写下那条消息的人，在原来的地方，并且我还留着它的时候，我才能重新回答。",
    forgotten="你在那里写的内容已经被忘记，所以我无法重新回答。",
    still_answering="我还在回答那条消息。",
    not_while_incognito=(
        "你处于无痕模式，我什么都不保存，而新的回答必须保存。先用 /incognito off 退出吧。"
    ),
    not_while_unkept="你在这里写的内容现在不保存，而新的回答必须保存。请直接再写一次。",
    denied=(
        "这里的管理者决定了我不能在这里和你交谈。如果你觉得不该这样，请问问管理员。"
        "我可能保存过的关于你的内容仍然归你：/privacy 有详细说明。"
    ),
    unkept={
        MemoryMode.OPT_IN: (
            "在这里，我只保存同意过的人写的内容，所以这些我不保存，也不会记得。"
            "如果你愿意让我记住，请写 /memory allow；/privacy 有详细说明。"
        ),
        MemoryMode.OFF: (
            "这里关闭了记忆：你写的内容我都不保存，你在别处告诉我的事在这里我也不知道。"
            "只有这里的管理者可以允许，请问问管理员；/privacy 有详细说明。"
        ),
    },
    cannot_keep="你在这里写的内容都不保存，所以这件事我不会记住。",
    first_contact=(
        "我是 Ellie。为了记住你，我会把你写给我的话和我从中了解到的事保存在运行我的那台机器上。"
        "/privacy 有详细说明，/memory pause 可以暂停，/memory forget everything 会全部删除。"
    ),
    will_remember="好的，我记住了。",
    known_already="我知道，我会记着的。",
    cannot_remember="我现在不在学习新的东西。",
    will_not_use="这个我不会使用。",
    learned="已记住 #{number}：{text}",
    was="（之前：{text}）",
    known="这就是 #{number}：{text}",
    over="已不再成立，不再使用：#{number} {text}",
    doubtful="#{number} 可能和 #{other} 矛盾：{text} 哪个是对的？"
    "用 /memory forget {other} 或 /memory forget {number} 来决定。",
    set_aside="#{number} 看起来像是给我的指令，我把它放在一边，不会使用。",
    paused="记忆已暂停，所以我没有保存。/memory resume 可以恢复。",
)


def notices_for(message: str) -> Notices:
    """What Ellie says, in the language of ``message``."""
    return CHINESE if _HAN.search(message) else ENGLISH
