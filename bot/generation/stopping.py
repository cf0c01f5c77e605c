"""Ending a reply at words instead of at a token: where a model begins to speak for others."""

from __future__ import annotations

from collections.abc import Sequence


class StopStrings:
    """Lets text through up to the first of some strings.

    What may be the beginning of one is held back until it is clear, and so is white space, which
    is dropped when nothing follows it. Nothing of a stop string is ever let through.
    """

    def __init__(self, strings: Sequence[str]) -> None:
        """``strings``: none of them empty. Without any, everything passes at once."""
        self._strings = tuple(strings)
        self._held = ""
        self.stopped = False
        """Whether one was found. Nothing passes any more."""

    def feed(self, text: str) -> str:
        """Add text; returns what may be shown, possibly nothing."""
        if self.stopped or not self._strings:
            return "" if self.stopped else text
        text = self._held + text
        found = [at for string in self._strings if (at := text.find(string)) >= 0]
        if found:
            self.stopped, self._held = True, ""
            return text[: min(found)].rstrip()
        sure = len(text[: len(text) - self._doubtful(text)].rstrip())
        self._held = text[sure:]
        return text[:sure]

    def flush(self) -> str:
        """What was held back; nothing follows it any more."""
        held, self._held = self._held, ""
        return held.rstrip()

    def _doubtful(self, text: str) -> int:
        """How many characters at the end of ``text`` could begin a stop string."""
        longest = min(len(text), max(map(len, self._strings)) - 1)
        return next(
            (
                length
                for length in range(longest, 0, -1)
                if any(string.startswith(text[-length:]) for string in self._strings)
            ),
            0,
        )
