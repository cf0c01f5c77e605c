"""A stand-in for a sentence encoder: texts are alike as far as they share words."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from bot.errors import ModelError
from bot.ports.encoding import Vectors


class HashingEncoder:
    """Adds up a pseudo-random direction for every word. No model, and the same on every machine.

    Keeps every text it encoded in :attr:`encoded`.
    """

    def __init__(self, *, model_name: str = "hashing", dimensions: int = 64) -> None:
        self.model_name = model_name
        self.dimensions = dimensions
        self.ready = False
        self.encoded: list[str] = []
        self._closed = False

    async def start(self) -> None:
        """There is nothing to load."""
        if self._closed:
            raise _not_loaded()
        self.ready = True

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """See the port."""
        if not self.ready:
            raise _not_loaded()
        self.encoded += texts
        rows = np.array([self._sum(text) for text in texts], dtype=np.float32)
        rows = rows.reshape(len(texts), self.dimensions)
        vectors: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return vectors

    async def close(self) -> None:
        """There is nothing to free."""
        self._closed = True
        self.ready = False

    def _sum(self, text: str) -> Vectors:
        # The empty word stands for a text that has no other: its vector needs a direction too.
        words = text.lower().split() or [""]
        total: Vectors = np.sum([self._direction(word) for word in words], axis=0)
        return total

    def _direction(self, word: str) -> Vectors:
        seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:8], "big")
        direction = np.random.default_rng(seed).standard_normal(self.dimensions)
        return direction.astype(np.float32)


def _not_loaded() -> ModelError:
    return ModelError("The encoder is not loaded: Ellie is stopping or never started it.")
