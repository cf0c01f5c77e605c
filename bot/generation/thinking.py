"""Keeping what a reasoning model thinks apart from what it says."""

from __future__ import annotations

from typing import Protocol

PAIRS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "<seed:think>": "</seed:think>",
    "[THINK]": "[/THINK]",
}
"""What begins a block of thinking, and what ends it, in the models that think."""

CHANNEL_MARKS = ("<|start|>", "<|channel|>", "<|message|>", "<|constrain|>", "<|end|>")
"""Tokens with which a model such as gpt-oss divides what it writes into messages, each with the
name of its channel in a header before it. What is said stands in the channel ``final``."""

_SAID = "final"


class ThinkingFilter(Protocol):
    """Lets through what a model says and nothing of what it thinks."""

    @property
    def done(self) -> bool:
        """Whether the reply is complete, though the model did not write an end token."""

    @property
    def thinking(self) -> bool:
        """Whether the model thinks, or has said nothing yet, so that it may begin to."""

    def feed(self, text: str) -> str:
        """Add text; returns what may be shown, possibly nothing."""

    def mark(self, mark: str) -> str:
        """Add a mark that is a token of its own; otherwise as :meth:`feed`."""

    def flush(self, *, by_itself: bool) -> str:
        """What was held back. ``by_itself``: the model came to an end, and was not cut off."""


class ThinkBlocks:
    """Leaves out blocks of thinking before the reply.

    Such a block begins where nothing was said yet; further on its tags are words like others, so
    that an answer may quote them. ``opened`` is the tag that the prompt ended with, if it did.

    ``certain``: this model is known to think. Where that is not known, a block that was begun and
    not closed when the model ended by itself was none, but a quotation, and is shown.
    """

    done = False

    def __init__(self, *, opened: str = "", certain: bool = True) -> None:
        self._certain = certain or bool(opened)
        self._close = PAIRS.get(opened, "")
        self._thought = bool(opened)
        self._speaking = False
        self._held = ""
        self._block = ""

    @property
    def thinking(self) -> bool:
        """See the protocol."""
        return not self._speaking

    def feed(self, text: str) -> str:
        """See the protocol."""
        if self._speaking:
            return text
        self._held += text
        while self._close or self._opens():
            _thoughts, close, after = self._held.partition(self._close)
            if not close:
                return ""
            self._held, self._close = after, ""
            self._thought = self._certain = True
        begun = self._held.lstrip()
        if any(tag.startswith(begun) for tag in PAIRS):  # also where there is nothing yet
            return ""
        return self._speak()

    def mark(self, mark: str) -> str:
        """See the protocol."""
        return self.feed(mark)

    def flush(self, *, by_itself: bool) -> str:
        """See the protocol."""
        if self._speaking or (self._close and not (by_itself and not self._certain)):
            return ""
        self._held = self._block + self._held if self._close else self._held
        return self._speak()

    def _opens(self) -> bool:
        """Enter a block if one begins here."""
        begun = self._held.lstrip()
        for tag, close in PAIRS.items():
            if begun.startswith(tag):
                self._block, self._held, self._close = tag, begun[len(tag) :], close
                return True
        return False

    def _speak(self) -> str:
        said, self._held, self._speaking = self._held, "", True
        return said.lstrip() if self._thought else said


class Channels:
    """Lets through the channel in which a model with channels answers.

    ``prompt_end`` is what the prompt ended with: the beginning of the message that is written now.
    """

    def __init__(self, prompt_end: str = "") -> None:
        self._header: str | None = ""
        self._said = False
        self.done = False
        """See the protocol: the message in that channel is complete."""
        start = prompt_end.rfind("<|start|>")
        channel = prompt_end.rfind("<|channel|>")
        if channel > start:
            header, message, _ = prompt_end[channel:].partition("<|message|>")
            self.mark("<|channel|>")
            self.feed(header.removeprefix("<|channel|>"))
            if message:
                self.mark(message)

    @property
    def thinking(self) -> bool:
        """See the protocol."""
        return not self._said

    def feed(self, text: str) -> str:
        """See the protocol."""
        if self._header is not None:
            self._header += text
            return ""
        return text if self._said and not self.done else ""

    def mark(self, mark: str) -> str:
        """See the protocol."""
        if mark == "<|message|>":
            self._said = self._said or (self._header or "").strip().startswith(_SAID)
            self._header = None
        elif mark == "<|end|>" and self._said:
            self.done = True
        else:
            self._header = ""
        return ""

    def flush(self, *, by_itself: bool) -> str:  # noqa: ARG002 - the protocol's
        """See the protocol: nothing was held back."""
        return ""
