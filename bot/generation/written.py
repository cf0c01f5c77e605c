"""What a model wrote, made fit to be read."""

from __future__ import annotations

_SENTENCE_ENDS = ".!?。！？"


def whole_sentences(text: str) -> str:
    """``text`` without the sentence that a limit cut off, unless there is no other."""
    end = max(text.rfind(mark) for mark in _SENTENCE_ENDS)
    return text[: end + 1] if end >= 0 else text
