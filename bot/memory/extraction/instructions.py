"""Standing wishes about how Ellie is to answer, in English and Chinese.

"Answer this briefly" is for once and no instruction. A standing wish has a word of duration ("from
now on", "always", 以后), or bans something of style ("no emojis please"), or speaks of all answers.
"""

from __future__ import annotations

# ruff: noqa: PLR2004 - lengths of orders, in characters
import regex

from bot.domain.fact import FactKind
from bot.memory.extraction.chinese_words import LANGUAGE
from bot.memory.extraction.english_words import LANGUAGES
from bot.memory.extraction.pattern import Draft, said

_LEAD = regex.compile(
    r"(?:(?:please|pls|ok(?:ay)?|and|also|hey|hi|hello|ellie|so|but|btw|by the way"
    r"|actually|remember to|don't forget to|make sure (?:to|you)|try to|just"
    r"|(?:can|could|would|will) you|i(?:'d| would) (?:like|prefer"
    r"|love) (?:it if )?you(?: to)?|i want you to|i need you to|you should|you (?:can"
    r"|must|may)|i'd appreciate it if you|it'?d be great if you"
    r"|would you mind|kindly|let's|maybe|thanks|thank you|great|no)(?:\s*[,:!.]+\s*|\s+|$))*",
    regex.IGNORECASE,
)
_STANDING = regex.compile(
    r"\b(?:from now on|from here on|always|never|in (?:the )?future|every time|each time"
    r"|whenever|going forward|henceforth|ever again|by default|at all times"
    r"|for all (?:your )?(?:answers|replies|messages)|any ?more)\b",
    regex.IGNORECASE,
)
_CUE_FIRST = regex.compile(
    r"(?:from now on|from here on(?: out)?|in (?:the )?future|going forward|henceforth"
    r"|as of now|starting now|always|never|(?:every|each) time (?:we|i|you) [^,]{2,30},"
    r"|whenever i [^,]{2,40},|by default)[,:]?\s+",
    regex.IGNORECASE,
)
_COMMAND = regex.compile(
    r"(?:please |always |never |also |only |just )*(?:(?:don't|do not|dont|stop|avoid"
    r"|never|no|quit)\s+(?:ever\s+)?)?"
    r"(?:answer(?:ing)?|repl(?:y|ying)|respond(?:ing)?|writ(?:e|ing)|speak(?:ing)?"
    r"|talk(?:ing)?|us(?:e|ing)|keep(?:ing)? (?:it|your|the|answers|replies|things"
    r"|messages)|be(?: (?:more |less |very |as )?(?:concise|brief|polite|formal|informal"
    r"|honest|direct|casual|kind|gentle|nice|friendly|short|sarcastic|blunt|critical"
    r"|funny|patient|strict|verbose))"
    r"|call(?:ing)? me|address|giv(?:e|ing) (?:me|us|short|long|brief|detailed|answers)"
    r"|explain(?:ing)?|avoid|start(?:ing)? (?:your|each|every|with)|end(?:ing)? (?:your"
    r"|each|every|with)|includ(?:e|ing)|add(?:ing)?|translat(?:e|ing)|format|show"
    r"|summari[sz]e|mak(?:e|ing) (?:your|the|it|them|lists|jokes|sure your)"
    r"|mention(?:ing)?|remind me|ask(?:ing)? me"
    r"|treat|sign|apologi[sz](?:e|ing)|swear(?:ing)?|repeat(?:ing)?|assum(?:e|ing)|refer"
    r"|skip|cite|stick|greet|switch to)\b",
    regex.IGNORECASE,
)
_STYLE = regex.compile(
    r"\b(?:emojis?|emoticons?|exclamation (?:marks|points)|bullet ?(?:points|lists)?"
    r"|markdown|jargon|slang|swear words?|abbreviations?|lists|tables|headings|headers"
    r"|small talk|filler|(?:long|short|brief|concise|detailed) (?:answers|replies"
    r"|responses|messages|explanations)"
    r"|flattery|apologi[sz]ing|apologies|capital letters|caps|semicolons|em[- ]dashes"
    r"|metric|imperial|celsius|fahrenheit|british (?:english|spelling)"
    r"|american (?:english|spelling)|24[- ]hour|(?:formal|informal|simple"
    r"|plain) (?:language|english|words|tone)|spoilers)\b",
    regex.IGNORECASE,
)
_BANS = regex.compile(r"(?:don't|do not|dont|stop|avoid|no|never|quit)\b", regex.IGNORECASE)
_ALL_ANSWERS = regex.compile(
    r"(?:keep|make|write|give)\b.{0,12}\b(?:your|the|all) (?:answers|replies|responses"
    r"|messages)\b|(?:i (?:would )?prefer|i'd prefer|i like)\s+(?:my |your |the "
    r"|it when you(?:r)? |when you(?:r)? )?(?:\w+ )?(?:answers|replies|responses"
    r"|messages)\b|(?:speak|talk|chat) (?:to|with) me in\b|(?:please )?speak \p{L}+ (?:to"
    r"|with) me\b|(?:please )?be (?:a bit |a little )?(?:more|less) \p{L}+$",
    regex.IGNORECASE,
)
_SPEAKING = regex.compile(
    r"\b(?:answer|reply|respond|speak|talk|write|chat|switch)\b.{0,30}\b(?:in"
    r"|to)\s+(?P<language>\p{L}+)\b|\b(?:use|speak) (?P<language>\p{L}+)\b",
    regex.IGNORECASE,
)
_ONCE = regex.compile(
    r"\b(?:this (?:one|time|question|once)|just (?:this )?once|for now|today|(?:this"
    r"|the following) (?:text|message|email|question|code|function|file|article))\b",
    regex.IGNORECASE,
)
_NAME_CHANGE = regex.compile(r"(?:please |always |just )*call(?:ing)? me\b", regex.IGNORECASE)
_CALLED_THAT = regex.compile(
    r"call(?:ing)? me (?:that|this|it|so|later|back|names)\b", regex.IGNORECASE
)
_IDIOM = regex.compile(
    r"(?:never mind|no worries|no problem|don't worry|keep (?:going|up|in mind)"
    r"|make sense|no need)\b",
    regex.I,
)

_CN_LEAD = r"(?:请|麻烦|拜托|希望|你|您|可以|能不能|能|我希望|我想让|记住|记得|，|,|\s)*"
_CN_STANDING = r"(?:以后|从现在起|从今以后|从现在开始|今后|往后|每次|总是|一直|永远|始终|都|再也)"
_CN_DO = (
    r"(?:回答|回复|说话?|讲|聊|交流|称呼|叫我|解释|写|使用|用|别|不要|少|多|保持|尽量|直接"
    r"|简短|详细|提醒我|给我)"
)
_CN_STYLE = (
    r"(?:表情(?:符号|包)?|感叹号|emoji|术语|缩写|敬语|客套话?|废话|列表|表格|markdown|颜文字"
    r"|网络用语|脏话|繁体字?|简体字?|套话|英文单词)"
)
_CN_STANDING_WISH = regex.compile(
    rf"{_CN_LEAD}{_CN_STANDING}{_CN_LEAD}(?:都|请|就|只|一律|尽量|要|，|你)*{_CN_DO}.*", regex.I
)
_CN_SOON = regex.compile(
    rf"{_CN_LEAD}(?:以后|今后|每次|从现在(?:起|开始))[\p{{Han}}]{{0,6}}?(?:回答|回复|说话"
    r"|说)(?:我)?(?:的时候|时)?(?:请|要|尽量|都|可以|能)*(?:简短|简洁|短|详细|直接|温柔"
    r"|正式|口语化)(?:一?[点些]|就行|就好)?",
    regex.I,
)
_CN_BAN = regex.compile(
    rf"{_CN_LEAD}(?:不要|别|不用|少|禁止)(?:再)?(?:用|使用|发|说|加|带|写)?(?:那么多|太多"
    rf"|任何)?{_CN_STYLE}.*",
    regex.I,
)
_CN_SPEAK = regex.compile(
    rf"{_CN_LEAD}(?P<standing>{_CN_STANDING})?{_CN_LEAD}(?:都|请|就|只|一律)*(?:用|讲|说"
    rf"|改用)(?P<language>{LANGUAGE})(?P<verb>回答我?|回复我?|跟我(?:说话?|聊天?|交流)"
    r"|和我(?:说话?|聊天?|交流)|与我交流|交流|聊天?|说话?|吧)?"
)
_CN_ONCE = regex.compile(
    r"这(?:个|次|句|段|篇|道|封)|今天|暂时|我(?:会|要|再|就|都|也|去|来|想)(?!你)|以后(?:再|我)"
)


def instruction(sentence: str) -> Draft | None:
    """The standing wish that a whole sentence is, or None."""
    if regex.search(r"\p{Han}", sentence):
        return _chinese(sentence)
    lead = _LEAD.match(sentence)
    order = sentence[lead.end() if lead else 0 :]
    cue = _CUE_FIRST.match(order)
    if cue:
        rest = order[cue.end() :]
        after = _LEAD.match(rest)
        command = rest[after.end() if after else 0 :]
    else:
        command = order
    if (
        len(command) > 200
        or _IDIOM.match(command)
        or _IDIOM.match(order)
        or (_NAME_CHANGE.match(command) and not _BANS.match(order))
        or _CALLED_THAT.search(command)
    ):
        return None
    standing = bool(_STANDING.search(order))
    told = _COMMAND.match(command)
    if not (
        (told and standing and not _ONCE.search(order))
        or (_BANS.match(command) and _STYLE.search(command) and not _ONCE.search(command))
        or (_ALL_ANSWERS.match(command) and not _ONCE.search(command))
        or (
            told
            and _STYLE.search(command)
            and regex.match(r"(?:please )?use ", command, regex.I)
            and not _ONCE.search(command)
        )
    ):
        return None
    spoken = _SPEAKING.search(order)
    language = spoken and spoken["language"].lower() in LANGUAGES and spoken["language"]
    if language and not _BANS.match(command):
        return _draft(order, "language", language)
    return _draft(order, None, None)


def _chinese(sentence: str) -> Draft | None:
    if _CN_ONCE.search(sentence) or len(sentence) > 80:
        return None
    spoken = _CN_SPEAK.match(sentence)
    if spoken and (
        spoken["standing"] or regex.match(r"[跟和与].*|交流|聊天?", spoken["verb"] or "")
    ):
        return _draft(_without_please(sentence), "language", spoken["language"])
    if _CN_STANDING_WISH.match(sentence) or _CN_SOON.match(sentence) or _CN_BAN.match(sentence):
        if regex.match(r".*(?:叫我|称呼我)", sentence) and not regex.search(r"别|不要", sentence):
            return None
        return _draft(_without_please(sentence), None, None)
    return None


def _without_please(sentence: str) -> str:
    return regex.sub(r"^(?:请|麻烦|拜托|你|您|可以|能不能|，|\s)+|(?:吗|好吗|谢谢)$", "", sentence)


def _draft(text: str, slot: str | None, value: str | None) -> Draft:
    return Draft(
        kind=FactKind.INSTRUCTION,
        text=said(text),
        slot=slot,
        topic=None if slot else "instruction",
        value=value,
    )
