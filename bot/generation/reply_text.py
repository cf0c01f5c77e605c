"""From a model's tokens to the words of its reply: no thinking, and nobody else's part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.generation import FinishReason
from bot.generation.detokenizer import StreamingDecoder
from bot.generation.stopping import StopStrings
from bot.generation.thinking import Channels, ThinkBlocks, ThinkingFilter

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyStyle:
    """How one model writes replies.

    ``marks`` are tokens, by id, that divide thinking from speaking. ``opened`` is the tag of a
    block of thinking that prompts end with, and ``prompt_end`` all that follows the last message in
    them. ``thinks``: the model is known to think; ``thinking_tokens`` are what it is given for that
    beside what it may say. ``has_channels``: see :class:`Channels`. ``stop_strings`` and
    ``begins_with_space`` are those of models without a template.
    """

    end_token_ids: frozenset[int]
    marks: Mapping[int, str] = field(default_factory=dict)
    opened: str = ""
    prompt_end: str = ""
    thinks: bool = False
    thinking_tokens: int = 0
    has_channels: bool = False
    stop_strings: Sequence[str] = ()
    begins_with_space: bool = False


class ReplyText:
    """Reads the tokens of one reply, of which ``max_tokens`` may be words."""

    def __init__(self, tokenizer: Tokenizer, style: ReplyStyle, *, max_tokens: int) -> None:
        self._style = style
        self._decoder = StreamingDecoder(tokenizer)
        self._thinking: ThinkingFilter = (
            Channels(style.prompt_end)
            if style.has_channels
            else ThinkBlocks(opened=style.opened, certain=style.thinks)
        )
        self._stop = StopStrings(style.stop_strings)
        self._at_start = style.begins_with_space
        self._left = max_tokens
        self.over: FinishReason | None = None
        """Why the reply is over, though the model would write on; what it writes is not read."""

    def feed(self, tokens: Sequence[int]) -> str:
        """Add tokens; returns the words that became certain, possibly none."""
        said = ""
        for token in tokens:
            if self.over is not None:
                break
            if token in self._style.end_token_ids:
                continue
            if mark := self._style.marks.get(token):
                said += self._pass(self._thinking.feed(self._decoder.flush()))
                said += self._pass(self._thinking.mark(mark))
            else:
                said += self._pass(self._thinking.feed(self._decoder.feed(token)))
            self._count()
        return said

    def flush(self, reason: FinishReason) -> str:
        """The rest, once the reply is over for that ``reason``."""
        if self.over is FinishReason.STOP:
            return ""
        rest = self._thinking.feed(self._decoder.flush())
        rest += self._thinking.flush(by_itself=reason is FinishReason.STOP)
        said = self._pass(rest)
        return said + self._stop.flush()

    def _pass(self, text: str) -> str:
        if self._at_start:
            text = text.lstrip()
            self._at_start = not text
        return self._stop.feed(text)

    def _count(self) -> None:
        if self._stop.stopped or self._thinking.done:
            self.over = FinishReason.STOP
        elif self._style.thinking_tokens and not self._thinking.thinking:
            # Who thought little is not given more words for that.
            self._left -= 1
            if self._left <= 0:
                self.over = FinishReason.LENGTH
