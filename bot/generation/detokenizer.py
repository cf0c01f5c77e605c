"""From tokens to text that can be shown at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import regex
from tokenizers.decoders import DecodeStream

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_CLUSTER = regex.compile(r"\X")


class GraphemeBuffer:
    """Lets whole grapheme clusters through: a character with its accents, an emoji with its parts.

    The last cluster is held back until the next one begins, since a skin tone, a joined figure or
    the second half of a flag may follow.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Add text; returns what is certain to be complete, possibly nothing."""
        clusters = _CLUSTER.findall(self._held + text)
        self._held = clusters[-1] if clusters else ""
        return "".join(clusters[:-1])

    def flush(self) -> str:
        """What was held back; nothing follows it any more."""
        held, self._held = self._held, ""
        return held


class StreamingDecoder:
    """Decodes one reply token by token. Bytes that never become a character are dropped."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._stream = DecodeStream(skip_special_tokens=True)
        self._buffer = GraphemeBuffer()

    def feed(self, token_id: int) -> str:
        """Add a token; returns the text that became complete, possibly none."""
        text = self._stream.step(self._tokenizer, token_id)
        return self._buffer.feed(text) if text else ""

    def flush(self) -> str:
        """The rest of the text."""
        return self._buffer.flush()
