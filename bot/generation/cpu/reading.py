"""How likely a packed decoder finds replies."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from bot.generation.cpu.decoder import Decoder
from bot.generation.cpu.sequences import new_sequence
from bot.generation.likelihood import LikelihoodReading, ReplyTokens


class PackedReading(LikelihoodReading):
    """As its base, with a decoder in place of a transformers model."""

    def __init__(
        self, decoder: Decoder, texts: Sequence[ReplyTokens], *, piece_tokens: int
    ) -> None:
        super().__init__(None, texts, piece_tokens=piece_tokens)
        self._decoder = decoder
        longest = max((len(text.prompt) + len(text.reply) for text in texts), default=1)
        self._read = new_sequence(len(decoder.layers), decoder.shape, longest)

    def _cut(self, tokens: int) -> None:
        del self._read.tokens[tokens:]

    def _forward(self, piece: Sequence[int], answers: int) -> torch.Tensor:
        with torch.inference_mode():
            return self._decoder.read_piece(self._read, piece, answers=answers)
