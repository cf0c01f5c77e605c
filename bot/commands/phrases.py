"""Plain sentences that ask for a command: "what do you know about me?", 忘记我的密码.

Conservative on purpose: the whole message must be such a request and nothing else. A question
about forgetting, or "don't forget …", is talk.
"""

from __future__ import annotations

import regex

from bot.commands.definitions import (
    EXPORT,
    FORGET,
    INCOGNITO,
    PAUSE,
    PRIVACY,
    RESUME,
    SHOW,
    SUMMARIZE,
    UNDO,
    WHY,
    Command,
)
from bot.commands.language import language_of
from bot.commands.parsing import Argument, Invocation
from bot.memory.cutting import search_terms

_LONGEST = 200
"""Characters. Requests are short; what is longer tells something."""

_POLITE_EN = r"(?:(?:hey|hi|ok|okay|so|and|ellie|please|now|um|well)[\s,]+)*"
_ASKING_EN = r"(?:(?:can|could|would)\s+you\s+(?:please\s+)?)?"
_END_EN = r"(?:[\s,]+(?:please|ellie|now|thanks|thank\s+you|for\s+me|again))*\s*[.!?…]*"
_POLITE_ZH = r"(?:请|麻烦|能不能|可以|可不可以|能|帮我|你|那|现在|艾莉|[，,\s])*"
_END_ZH = r"(?:吧|了|吗|好吗|一下|谢谢|[，,\s])*[。！？!?…~～]*"


def _english(pattern: str) -> regex.Pattern[str]:
    return regex.compile(f"{_POLITE_EN}{_ASKING_EN}(?:{pattern}){_END_EN}", regex.IGNORECASE)


def _chinese(pattern: str) -> regex.Pattern[str]:
    return regex.compile(f"{_POLITE_ZH}(?:{pattern}){_END_ZH}")


_ME = r"(?:about\s+me|of\s+me|on\s+me)"

_FIXED: tuple[tuple[regex.Pattern[str], Command, dict[str, Argument]], ...] = (
    (
        _english(
            r"(?:summari[sz]e|sum\s+up|give\s+me\s+a\s+summary\s+of)\s+"
            r"(?:(?:this|our|the)\s+(?:whole\s+)?(?:chat|conversation|discussion)"
            r"|what\s+we(?:'ve|\s+have)?\s+(?:said|talked\s+about|discussed))"
            r"(?:\s+(?:here|so\s+far|until\s+now|up\s+to\s+now))*"
        ),
        SUMMARIZE,
        {},
    ),
    (
        _chinese(
            r"(?:总结|概括)(?:一下)?(?:我们(?:的)?|这次(?:的)?|这段|上面的)?(?:对话|聊天|谈话|聊的内容|说过的话)"
        ),
        SUMMARIZE,
        {},
    ),
    (
        _english(
            rf"what(?:\s+all)?\s+do\s+you\s+(?:know|remember)\s+{_ME}(?:\s+(?:so\s+far|by\s+now))?"
            rf"|what\s+(?:do\s+you\s+have|have\s+you(?:\s+got)?)\s+(?:stored|saved)\s+{_ME}"
            rf"|what\s+have\s+you\s+(?:learned|learnt|remembered)\s+{_ME}"
            rf"|(?:show|tell)\s+me\s+(?:everything|what|all)\s+you\s+(?:know|remember)\s+{_ME}"
            r"|show\s+(?:me\s+)?(?:my|your)\s+memor(?:y|ies)(?:\s+of\s+me)?"
        ),
        SHOW,
        {},
    ),
    (
        _chinese(
            r"(?:都)?(?:知道|记得|了解|记住了?|记着)(?:关于)?我(?:的)?(?:些|哪些|一些)?"
            r"(?:什么|多少|啥|哪些事|哪些事情|什么事)"
            r"|(?:关于我)(?:都)?(?:知道|记得|了解|记住了?)(?:些|哪些|了)?(?:什么|多少|啥)"
            r"|(?:对我)(?:都)?(?:了解|知道)(?:些|哪些)?(?:多少|什么|啥)"
            r"|(?:给我)?看看?(?:关于我的|我的|你的)记忆"
        ),
        SHOW,
        {},
    ),
    (
        _english(
            r"why\s+did\s+you\s+(?:just\s+)?(?:say|write|answer|think|tell\s+me)\s+(?:that|this|so)"
            r"|(?:what|what's|what\s+is)\s+(?:made\s+you\s+say|the\s+reason\s+you\s+said)\s+that"
            r"|how\s+did\s+you\s+(?:know|come\s+up\s+with)\s+that"
        ),
        WHY,
        {},
    ),
    (
        _chinese(
            r"(?:刚才|刚刚)?为(?:什么|啥)(?:刚才|刚刚)?(?:会)?(?:这么|这样|那么|那样)(?:说|回答|讲)"
        ),
        WHY,
        {},
    ),
    (
        _english(r"undo(?:\s+(?:that|this|it|the\s+last\s+(?:change|one)))?|take\s+that\s+back"),
        UNDO,
        {},
    ),
    (
        _chinese(r"撤销(?:刚才的|上一个|上一步|上次的)?(?:操作|修改|更改|改动)?|撤回(?:修改|更改)"),
        UNDO,
        {},
    ),
    (
        _english(
            r"(?:stop|quit)\s+(?:remembering|learning)(?:\s+(?:things|anything|stuff|more))?"
            rf"(?:\s+{_ME})?"
            r"|(?:don't|do\s+not)\s+remember\s+(?:anything|any\s+of\s+this)(?:\s+(?:more|else))?"
            r"|pause\s+(?:your\s+|my\s+)?memory"
        ),
        PAUSE,
        {},
    ),
    (
        _chinese(
            r"(?:别|不要|不用|停止)(?:再)?(?:记|记住|记录|记忆)(?:我说的话|我的事|东西|任何东西)?|暂停(?:记忆|记录)"
        ),
        PAUSE,
        {},
    ),
    (
        _english(
            r"(?:start|resume|go\s+on)\s+(?:remembering|learning)(?:\s+(?:things|stuff))?"
            rf"(?:\s+{_ME})?"
            r"|you\s+(?:can|may)\s+(?:start\s+)?(?:remember|remembering)(?:\s+things)?\s+again"
            r"|resume\s+(?:your\s+|my\s+)?memory"
        ),
        RESUME,
        {},
    ),
    (
        _chinese(r"(?:重新|继续|恢复)(?:开始)?(?:记|记住|记录|记忆)|(?:又)?可以(?:重新|继续)记"),
        RESUME,
        {},
    ),
    (
        _english(
            r"(?:(?:let's|let\s+us)\s+)?(?:go|be|switch\s+to)\s+(?:off\s+the\s+record|incognito)"
            r"|(?:this\s+is\s+|turn\s+on\s+)?incognito(?:\s+(?:mode|on|mode\s+on))?"
            r"|(?:this\s+is\s+)?off\s+the\s+record"
        ),
        INCOGNITO,
        {"switch": True},
    ),
    (
        _chinese(
            r"(?:开启|打开|进入|开)?无痕(?:模式)?|(?:下面|接下来)?(?:的话)?(?:不要|别)(?:保存|存储)(?:我说的话|下来)?"
        ),
        INCOGNITO,
        {"switch": True},
    ),
    (
        _english(
            r"(?:go\s+)?back\s+on\s+the\s+record"
            r"|(?:turn\s+off|leave|stop|end|exit)\s+incognito(?:\s+mode)?"
            r"|incognito\s+(?:mode\s+)?off"
        ),
        INCOGNITO,
        {"switch": False},
    ),
    (_chinese(r"(?:关闭|退出|结束|关掉)无痕(?:模式)?"), INCOGNITO, {"switch": False}),
    (
        _english(
            r"(?:export|download)\s+(?:all\s+(?:of\s+)?)?(?:my|your)\s+(?:data|memory|memories)"
            r"|(?:give|send)\s+me\s+(?:all\s+(?:of\s+)?)?my\s+data"
        ),
        EXPORT,
        {},
    ),
    (_chinese(r"(?:导出|下载)(?:全部|所有)?(?:我的)?(?:全部|所有)?(?:数据|记忆|资料)"), EXPORT, {}),
    (
        _english(
            rf"what(?:\s+data)?\s+do\s+you\s+(?:store|save|keep|collect)(?:\s+{_ME})?"
            r"|how\s+long\s+do\s+you\s+(?:store|keep)\s+(?:my\s+data|what\s+i\s+(?:say|write))"
            r"|what\s+about\s+(?:my\s+)?privacy|privacy(?:\s+policy)?"
        ),
        PRIVACY,
        {},
    ),
    (
        _chinese(
            r"(?:会)?(?:保存|存储|收集|储存)(?:了)?(?:我的|我)?(?:哪些|什么)(?:数据|信息|资料|东西)?|隐私(?:政策|说明)?"
        ),
        PRIVACY,
        {},
    ),
    (
        _english(
            rf"forget\s+(?:everything|all)(?:\s+(?:you\s+(?:know|remember)\s+)?{_ME})?"
            rf"|(?:erase|delete)\s+everything\s+(?:you\s+(?:know|remember|have)\s+)?{_ME}"
            r"|(?:erase|delete|wipe)\s+(?:all\s+(?:of\s+)?)?my\s+(?:data|memory|memories)"
            r"|forget\s+me"
        ),
        FORGET,
        {"what": "everything"},
    ),
    (
        _chinese(
            r"(?:忘掉|忘记|忘了|删除|清除|抹掉)(?:所有|全部|一切)?(?:关于我的|我的)"
            r"(?:一切|所有|全部|所有事|所有事情|所有记忆|全部记忆|所有数据|全部数据)(?:记忆|数据)?"
            r"|把(?:关于我的|我的)(?:一切|所有|全部)(?:记忆|数据|事情)?(?:都|全)?(?:忘掉|忘记|忘了|删掉|删除)"
            r"|忘掉我|忘记我|忘了我(?=吧)"
        ),
        FORGET,
        {"what": "everything"},
    ),
)

_PLEASE_ZH = r"(?:请你?|麻烦你?|你?(?:能不能|可不可以|可以|能)|帮我|那|现在|艾莉|[，,\s])*"
_NOT_ASKED_ZH = r"(?:吧|好吗|一下|谢谢|[，,\s])*[。！!~～]*"

# 忘了我的密码 without 吧 is what somebody says who forgot it, and 你忘了我的生日 is a reproach.
_FORGET: tuple[regex.Pattern[str], ...] = (
    regex.compile(
        rf"{_POLITE_EN}{_ASKING_EN}(?:i\s+(?:want|need|would\s+like|'d\s+like)\s+you\s+to\s+)?"
        rf"forget\s+(?:about\s+|that\s+)?(?P<what>(?:my|our|i|i'm|i've|we)\b[^?]*?){_END_EN}",
        regex.IGNORECASE,
    ),
    regex.compile(
        rf"{_POLITE_EN}{_ASKING_EN}forget\s+(?:about\s+(?P<what>[^?]+?)"
        rf"|that\s+(?!you\b)(?P<what>[^?,]+\s(?:is|are|was|were|has|have|had)\s[^?,]+?)){_END_EN}",
        regex.IGNORECASE,
    ),
    regex.compile(
        rf"{_PLEASE_ZH}(?:忘掉|忘记|忘了(?=.*吧))(?P<what>(?:关于)?我[^？?吗了]*?){_NOT_ASKED_ZH}"
    ),
    regex.compile(rf"{_PLEASE_ZH}把(?P<what>[^？?吗]+?)(?:给)?(?:忘掉|忘记|忘了){_NOT_ASKED_ZH}"),
)

_TALK = regex.compile(
    # "Forget about it", "forget that idea": said to change the subject, not to erase.
    r"(?:it|that|this|the\s+(?:idea|question|last)\b.*|what\s+i\s+(?:just\s+)?said.*|"
    r"i\s+(?:asked|said|ever|even|mentioned|wrote)\b.*|my\s+(?:last\s+)?(?:question|message)\b.*)",
    regex.IGNORECASE,
)


_AND_DO = regex.compile(
    # "Forget about work and tell me a joke": a request of another kind.
    r"(?:,|\band|\bthen)\s+(?:please\s+)?"
    r"(?:tell|write|help|give|show|let|make|say|explain|answer|go|do|start|just)\b",
    regex.IGNORECASE,
)


def parse_phrase(text: str, locale: str = "") -> Invocation | None:
    """The command that a plain message asks for; None when it is talk."""
    message = " ".join(text.replace("\u2019", "'").split())
    if len(message) > _LONGEST:
        return None
    language = language_of(message, locale)
    for pattern, command, arguments in _FIXED:
        if pattern.fullmatch(message):
            return Invocation(command=command, arguments=arguments, language=language)
    for pattern in _FORGET:
        found = pattern.fullmatch(message)
        if found and _is_matter(what := found["what"].strip(" ,，、")):
            return Invocation(command=FORGET, arguments={"what": what}, language=language)
    return None


def _is_matter(what: str) -> bool:
    """Whether there is something to look for."""
    return bool(search_terms(what)) and not _TALK.fullmatch(what) and not _AND_DO.search(what)
