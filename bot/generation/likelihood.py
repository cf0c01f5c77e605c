"""How likely a model finds replies: read piece by piece, with the reading of equal beginnings kept.

Prompts that are compared differ in little. They are read in the order in which their tokens sort,
so that neighbours share the longest beginnings; what one shares with the next stays in one
key-value cache, from which the rest is cut off. Memory is bounded by the longest prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache


@dataclass(frozen=True, slots=True)
class ReplyTokens:
    """A prompt as the model reads it, never empty, and a reply as the model would write it."""

    prompt: Sequence[int]
    reply: Sequence[int]


class LikelihoodReading:
    """Finds the log-likelihood of each reply after its prompt. Used by one thread at a time."""

    def __init__(self, model: Any, texts: Sequence[ReplyTokens], *, piece_tokens: int) -> None:
        self._model = model
        self._texts = list(texts)
        self._piece_tokens = piece_tokens
        self._scores = [0.0] * len(texts)
        # An empty reply needs no reading: it is certain.
        told = [index for index, text in enumerate(texts) if text.reply]
        self._left = sorted(told, key=lambda i: [*texts[i].prompt, *texts[i].reply], reverse=True)
        self._cache: Any = DynamicCache()
        self._cached: list[int] = []
        self._begun = False

    @property
    def done(self) -> bool:
        """Whether everything is read."""
        return not self._left

    @property
    def scores(self) -> tuple[float, ...]:
        """Natural logarithms, in the order of the texts; right once it is :attr:`done`."""
        return tuple(self._scores)

    def read_piece(self) -> None:
        """Read on, at most ``piece_tokens`` tokens. Only while nothing else uses the model."""
        index = self._left[-1]
        text = self._texts[index]
        # What follows the reply's last token is of no interest, so that one is never read.
        wanted = [*text.prompt, *text.reply[:-1]]
        if not self._begun:
            self._keep_beginning(wanted, at_most=len(text.prompt) - 1)
            self._begun = True
        start = len(self._cached)
        piece = wanted[start : start + self._piece_tokens]
        # The state at a token tells about the next one, so the prompt's last token counts too.
        answers = start + len(piece) - (len(text.prompt) - 1)
        logits = self._forward(piece, max(0, min(answers, len(piece))))
        self._cached += piece
        if answers > 0:
            told = torch.tensor(text.reply[answers - len(logits) : answers], device=logits.device)
            chances = torch.log_softmax(logits.float(), dim=1)
            self._scores[index] += float(chances.gather(1, told.unsqueeze(1)).sum())
        if len(self._cached) == len(wanted):
            self._left.pop()
            self._begun = False

    def _keep_beginning(self, wanted: Sequence[int], *, at_most: int) -> None:
        """Cut the cache back to what it shares with the text that comes now."""
        shared = 0
        while shared < min(at_most, len(self._cached)) and self._cached[shared] == wanted[shared]:
            shared += 1
        if shared < len(self._cached):
            self._cut(shared)
        del self._cached[shared:]

    def _cut(self, tokens: int) -> None:
        """Forget what was read after the first so many tokens."""
        if tokens == 0:
            self._cache = DynamicCache()
        else:
            self._cache.crop(tokens - len(self._cached))  # a negative count cuts off the end

    def _forward(self, piece: Sequence[int], answers: int) -> torch.Tensor:
        """Read the piece; the logits at its last ``answers`` tokens, shape (answers, words)."""
        # Logits of a long piece would take more memory than all the rest; one is the least.
        few = {"logits_to_keep": max(1, answers)} if self._model._supports_logits_to_keep() else {}  # noqa: SLF001
        with torch.no_grad():
            output = self._model(
                input_ids=torch.tensor([piece], device=self._model.device),
                past_key_values=self._cache,
                use_cache=True,
                **few,
            )
        logits: torch.Tensor = output.logits[0]
        return logits[len(logits) - answers :]
