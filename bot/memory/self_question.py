"""Does somebody ask about themselves?

Small models would rather invent a dog than admit that they know of none. When a person asks about
themselves and nothing they said bears on it, the prompt says so in plain words; a 1.5B model that
answers "your dog is called Max" without that line answers "I don't know your dog's name" with it.
"""

from __future__ import annotations

import regex

_QUESTION = regex.compile(r"[?\uff1f]|[吗呢么]\s*$")
_FIRST_PERSON = regex.compile(
    r"\b(?:i|i'm|i've|i'd|me|my|mine|myself|our|ours|we|us)\b|[我咱]", regex.IGNORECASE
)
_ABOUT_ELLIE = regex.compile(
    r"\b(?:can|could|would|will)\s+you\b|\b(?:tell|help|show|give|teach|explain\s+to|let)\s+me\b"
    r"|(?:帮|给|教|告诉)我",
    regex.IGNORECASE,
)


def asks_about_self(text: str) -> bool:
    """Whether ``text`` is a question with the speaker in it, in English or Chinese.

    "What is my dog called?" is one; "Can you tell me a joke?" is not: there "me" is only the one
    who listens.
    """
    if not _QUESTION.search(text):
        return False
    return bool(_FIRST_PERSON.search(_ABOUT_ELLIE.sub(" ", text)))
