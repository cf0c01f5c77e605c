"""Cleaning what people type, so that every database, tokenizer and terminal can hold it."""

from __future__ import annotations

import re
import unicodedata

_UNSAFE = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters except tab, line feed, return
    "\ud800-\udfff"  # lone surrogates: no encoding of Unicode can carry them
    "\u202a-\u202e\u2066-\u2069"  # embeddings, overrides and isolates: they reorder what follows
    "\ufffe\uffff"  # noncharacters
    "]"
)


def clean_text(raw: str) -> str:
    r"""What was typed, without the characters that break storage or display, and trimmed.

    Surrogate pairs that arrived as two halves are joined first. Right-to-left *marks* stay, since
    Hebrew and Arabic need them; the controls that reorder foreign text go. Line ends become
    ``\n`` and the result is in Unicode's composed form (NFC), so that equal words are equal.
    """
    joined = raw.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    text = joined.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _UNSAFE.sub("", text)).strip()


def shorten(text: str, limit: int) -> str:
    """``text`` on one line, cut at a word near ``limit`` characters with an ellipsis."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    head, space, _ = cut.rpartition(" ")
    return (head if space and len(head) > limit // 2 else cut) + "…"
