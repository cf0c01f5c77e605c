"""Reading given tokens with the products of an engine: many at a time as it reads prompts, or one
at a time as it writes replies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import DynamicCache

from bot.generation.cpu.engine import PackedEngine
from bot.generation.cpu.sequences import new_sequence
from bot.generation.engine import BatchEngine
from bot.generation.engine_surface import Engine

Read = Callable[[Sequence[int]], Tensor]
"""Reads the next tokens of a text; the scores of what may follow each, shape (tokens, words)."""


class Reader(Protocol):
    """Reads texts with an engine's model while the engine itself is stopped."""

    def begin(self, tokens: int) -> Read:
        """Begin a text of so many tokens at most."""


def reader_of(engine: Engine) -> Reader:
    """The one for this kind of engine."""
    if isinstance(engine, PackedEngine):
        return PackedReader(engine)
    assert isinstance(engine, BatchEngine)
    return TransformersReader(engine.model)


@dataclass(frozen=True, slots=True)
class TransformersReader:
    """A transformers model and its own cache."""

    model: Any

    def begin(self, tokens: int) -> Read:
        cache = DynamicCache()

        def read(part: Sequence[int]) -> Tensor:
            output = self.model(
                input_ids=torch.tensor([list(part)], device=self.model.device),
                past_key_values=cache,
                use_cache=True,
            )
            scores: Tensor = output.logits[0]
            return scores

        return read


@dataclass(frozen=True, slots=True)
class PackedReader:
    """A packed decoder, which has a way of its own for each."""

    engine: PackedEngine

    def begin(self, tokens: int) -> Read:
        decoder = self.engine.decoder
        sequence = new_sequence(len(decoder.layers), decoder.shape, tokens)

        def read(part: Sequence[int]) -> Tensor:
            if len(part) == 1:
                return decoder.read_some([(sequence, part[0])])
            return decoder.read_piece(sequence, part, answers=len(part))

        return read
