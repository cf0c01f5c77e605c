"""Everything Ellie says to people that no model wrote."""

from __future__ import annotations

from dataclasses import dataclass

import regex

from bot.domain.generation import FinishReason
from bot.domain.turn import FailureReason

_HAN = regex.compile(r"\p{Han}")

EMPTY = "Your message was empty. Write me something and I'll answer."
BUSY = "I'm busy, try again in a moment."
STOPPING = "I'm just being shut down. Please write again in a minute."
MEMORY_UNAVAILABLE = (
    "I can't reach my memory right now, so I did not take your message. Please try again later."
)
NOT_KEPT = "I could not save this reply, so I will not remember it."

FAILURES = {
    FailureReason.INTERRUPTED: "I was interrupted before I could answer. Please write it again.",
    FailureReason.TOO_LONG: (
        "Your message is too long for me to read in one piece. I kept it, but please send me the "
        "part that matters, or split it."
    ),
    FailureReason.TIMEOUT: "I could not answer in time. Please try again, perhaps a bit shorter.",
    FailureReason.BUSY: BUSY,
    FailureReason.MODEL: (
        "My language model is not working right now. I kept your message; please try again in a "
        "moment. Whoever runs me finds the reason in the log."
    ),
    FailureReason.INTERNAL: (
        "Something went wrong on my side. I kept your message; please try again. Whoever runs me "
        "finds the reason in the log."
    ),
}

FAILED_INCOGNITO = (
    "I could not answer, and since you are incognito I kept nothing. Please write it again."
)

UNFINISHED = {
    FinishReason.LENGTH: "(I stopped here because the reply got long. Say “go on” for more.)",
    FinishReason.TIME_LIMIT: "(I ran out of time here. Say “go on” for more.)",
}
"""Added after a reply that ended early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryTexts:
    """What Ellie says about changes of memory, in one language. Names in braces are filled in."""

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


ENGLISH = MemoryTexts(
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

CHINESE = MemoryTexts(
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


def memory_texts(message: str) -> MemoryTexts:
    """The texts in the language of ``message``."""
    return CHINESE if _HAN.search(message) else ENGLISH
