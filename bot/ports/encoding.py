"""Turning texts into vectors whose angles tell how alike the meanings are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""One vector per row, each of length 1, so that a product of two is their cosine."""


class Encoder(Protocol):
    """A sentence encoder. Recall works without one and gets better with one that fits."""

    @property
    def model_name(self) -> str:
        """Which model this is; kept beside vectors, since two models' are never compared."""

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""

    @property
    def ready(self) -> bool:
        """Whether texts would be encoded without waiting for the model to load."""

    async def start(self) -> None:
        """Load the model, and return when it is there. Starting twice changes nothing.

        Raises:
            ModelError: the model cannot be loaded, and every later call raises the same; or the
                encoder was closed.
        """

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """The texts' vectors, in order: shape (texts, :attr:`dimensions`).

        Equal texts get equal vectors, up to rounding, whatever they are encoded with. What is
        longer than the model can read is cut at its end. Waits for a model that is being loaded;
        cancelling the caller stops the work soon.

        Raises:
            ModelError: the encoder cannot be loaded, was never started, or is closed.
        """

    async def close(self) -> None:
        """Free the model; texts still being encoded fail. Closing twice changes nothing."""
