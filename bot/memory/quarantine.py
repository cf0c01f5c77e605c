"""Words that try to instruct Ellie from inside memory.

Memory is quoted data in every prompt, so such words have no power there. Small models are gullible
all the same, and nobody needs them remembered as a fact.
"""

from __future__ import annotations

import regex

_INJECTION = regex.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,30}"
    r"\b(?:previous|prior|above|earlier|all|your|the|these|any)\b.{0,20}"
    r"\b(?:instructions?|prompts?|rules?|guidelines?|safety|system)\b"
    r"|\b(?:system|developer)\s*(?:prompt|message|role)\b"
    r"|<\|[^|>]{1,40}\|>|\[/?INST\]"
    r"|(?:忽略|无视|忘记|忘掉|不要理会).{0,12}(?:指令|指示|提示词|规则|设定)|系统提示",
    regex.IGNORECASE,
)


def reads_like_injection(text: str) -> bool:
    """Whether ``text`` looks like an attempt to change Ellie's instructions."""
    return bool(_INJECTION.search(text))
