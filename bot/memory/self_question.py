"""Does somebody ask about themselves?

Small models would rather invent a dog than admit that they know of none. When a person asks about
themselves and nothing they said bears on it, the prompt says so in plain words; a 1.5B model that
answers "your dog is called Max" without that line answers "I don't know your dog's name" with it.
"""

from __future__ import annotations

import regex

from bot.memory.asked import asked_properties

_QUESTION = regex.compile(r"[?\uff1f]|[吗呢么]\s*$")
_FIRST_PERSON = regex.compile(
    r"\b(?:i|i'm|i've|i'd|me|my|mine|myself|our|ours|we|us)\b|[我咱]", regex.IGNORECASE
)
_ABOUT_ELLIE = regex.compile(
    r"\b(?:can|could|would|will)\s+you\b|\b(?:tell|help|show|give|teach|explain\s+to|let)\s+me\b"
    r"|(?:帮|给|教|告诉)我",
    regex.IGNORECASE,
)

_ADVICE = regex.compile(
    r"\bwhy\b|\bhow (?:do|can|could|should|would|to)\b"
    r"|\b(?:should|shall|can|could|may|might|would) (?:i|we)\b|\bshould\b"
    r"|为什么|怎么|怎样|如何|应该|该不该",
    regex.IGNORECASE,
)


def asks_about_self(text: str) -> bool:
    """Whether ``text`` is a question with the speaker in it, in English or Chinese.

    "What is my dog called?" is one; "Can you tell me a joke?" is not: there "me" is only the one
    who listens. Nor is "What should I do?", which asks for advice, unless it is about a property
    that people tell, as in "What should I not eat?".
    """
    if not _QUESTION.search(text):
        return False
    if _ADVICE.search(text) and not asked_properties(text):
        return False
    return bool(_FIRST_PERSON.search(_ABOUT_ELLIE.sub(" ", text)))
