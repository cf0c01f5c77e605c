"""How a sentence says that it corrects something: by its first words, or by naming the old value.

"Actually, my dog is called Bruno" and "My dog is called Bruno, not Biscuit" are corrections,
whatever the property.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import regex

from bot.memory.extraction.pattern import Clause, Draft, tidy

_PAUSE = r"(?:\s*[,;:.!\u2013\u2014-]+\s*|\s+-+\s+)"
_ENGLISH_CUE = regex.compile(
    r"(?:(?:oh|ah|hey|hi|well|um|uh|oops|ellie|wait|hang on|hold on|but|and|so|ok|okay)[\s,!:.]+)*"
    r"(?:(?:actually|correction|(?:sorry|no)?[ ,]*i meant(?: to say)?|i misspoke|i was wrong"
    r"|my (?:bad|mistake)|that(?:'s| is| was) (?:wrong|not right))\b"
    rf"|(?:no|nope|nah|sorry)(?:{_PAUSE}|\s+(?=my\b|actually\b|i meant\b))"
    r"(?!(?:thanks|thank|worries|problem|need|you|idea)\b))",
    regex.IGNORECASE,
)
_CHINESE_CUE = regex.compile(
    r"(?:(?:哦|噢|啊|呃|额|嗯|诶|哎呀?|等等|等一下|抱歉|不好意思|对不起)[，,。.！!\s]*)*"
    r"(?:其实|事实上|更正(?:一下)?|纠正一下|我?(?:刚才?|刚刚)?(?:说|讲|打|写|记)错了"
    r"|我(?:是说|想说的是|的意思是)|(?:不对|不是|不|抱歉|不好意思|对不起)(?=[，,：:。.！!、\s]))"
)
_CUE_AT_END = regex.compile(
    r"(?:\b(?:actually|correction|i meant)|其实|事实上|更正)[\s,:，：]*$",
    regex.IGNORECASE,
)
_ALONE = regex.compile(r"[\s,;:.!，。！：、]*")
_OLD_ENGLISH = regex.compile(
    r",?\s+(?:and )?not (?:in |at |to |from |the |an? )?(?!(?:far|every|that|so|really|too|very"
    r"|just|only|yet|much|many|sure|any|always|because|for|with|when|until|as|like|even|all|near|alone"
    r"|often|usually|necessarily|exactly|quite|you|it|this|here|there|my|right|now|today)\b)"
    r"(?P<old>\w[\w' -]{1,30})$",
    regex.IGNORECASE,
)
_OLD_CHINESE = regex.compile(
    r"(?:我)?(?:的名字)?(?:而)?不(?:是|叫|在|住|姓)(?:对)?"
    r"(?![很太吗说因特那么这每经家校真为想要最有])(?P<old>[\p{Han}\p{L}]{2,8}?)(?:过敏)?$"
)


def opens_with_correction(sentence: str) -> bool:
    """Whether the first words say that what follows corrects something: "No, …", 不对，…."""
    return bool(_ENGLISH_CUE.match(sentence) or _CHINESE_CUE.match(sentence))


def ends_with_correction(words: str) -> bool:
    """Whether ``words``, which lead up to a clause, end with a cue: "…; actually", 其实."""
    return bool(_CUE_AT_END.search(words))


def is_correction_cue(sentence: str) -> bool:
    """Whether a sentence is nothing but such a cue: "Sorry, I misspoke." before the correction."""
    found = _CHINESE_CUE.match(f"{sentence}，") or _ENGLISH_CUE.match(f"{sentence}.")
    return bool(found and _ALONE.fullmatch(sentence[found.end() :]))


def old_in_english(clause: str) -> str | None:
    """The value that a clause says is wrong: "Biscuit" of "…, not Biscuit"."""
    found = _OLD_ENGLISH.search(clause)
    return tidy(found["old"]) if found else None


def old_in_chinese(clauses: Sequence[Clause], place: int) -> str | None:
    """The value that the clause after or before this one says is wrong: 不叫饼干."""
    for beside in (place + 1, place - 1):
        found = 0 <= beside < len(clauses) and _OLD_CHINESE.match(clauses[beside].text)
        if found:
            return found["old"]
    return None


def corrected(draft: Draft, *, cue: bool, old: str | None) -> Draft:
    """``draft`` as the correction that its sentence makes it."""
    if old and draft.value and not draft.ends and old.casefold() != draft.value.casefold():
        return replace(draft, corrects=True, replaces=draft.replaces or old)
    return replace(draft, corrects=True) if cue else draft
