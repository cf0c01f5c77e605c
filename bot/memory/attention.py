"""Scaled dot-product attention over memory: a question is the query, each turn a key.

    attention(q, K) = softmax(q·Kᵀ / (√d · T))

after Vaswani et al. 2017, with d the dimensions of the vectors and T the :data:`TEMPERATURE`. Keys
and query have length 1, so that q·k is a cosine. Recall adds the logits q·k / (√d·T) to the
logits of its other evidence and takes one softmax over the sum: a turn gets attention for what it
means, for its words, and for where it stands.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bot.memory.columns import Column
from bot.memory.lexical import Floats

TEMPERATURE = 0.005
"""With 384 dimensions one hundredth of cosine is then a tenth of a logit."""

_ROWS_AT_ONCE = 2048
"""Keys are kept in half precision, and widened in blocks that fit a processor's cache."""


class Keys:
    """The vectors of those turns that have one."""

    def __init__(self) -> None:
        self._keys: Column | None = None
        self._places: dict[int, None] = {}

    def __contains__(self, place: int) -> bool:
        return place in self._places

    def __len__(self) -> int:
        return len(self._places)

    @property
    def size_bytes(self) -> int:
        """The memory they take."""
        return self._keys.size_bytes + 100 * len(self) if self._keys else 0

    def add(self, place: int, vector: NDArray[np.floating]) -> None:
        """Keep the vector, made to have length 1, of the document at ``place``.

        Raises:
            ValueError: the vector has another number of dimensions than those before it.
        """
        if self._keys is None:
            self._keys = Column(np.float16, len(vector))
        wide = vector.astype(np.float32)
        self._keys.append(wide / max(float(np.linalg.norm(wide)), 1e-12))
        self._places[place] = None

    def logits(self, query: NDArray[np.floating], visible: NDArray[np.bool_]) -> Floats:
        """q·k / (√d·T) of every visible document, less their mean; 0 for those without a key.

        Softmax is blind to the mean; without it, to have no key is neither good nor bad.
        """
        result: Floats = np.zeros(len(visible))
        if self._keys is None:
            return result
        keys = self._keys.values
        wide = query.astype(np.float32)
        wide /= max(float(np.linalg.norm(wide)), 1e-12)
        cosines = np.concatenate(
            [
                keys[start : start + _ROWS_AT_ONCE].astype(np.float32) @ wide
                for start in range(0, len(keys), _ROWS_AT_ONCE)
            ]
        )
        places = np.fromiter(self._places, np.int64)
        seen = visible[places]
        if seen.any():
            scaled = cosines[seen].astype(np.float64) / (np.sqrt(keys.shape[1]) * TEMPERATURE)
            result[places[seen]] = scaled - scaled.mean()
        return result


def softmax(logits: Floats) -> Floats:
    """Shares that sum to 1, larger for larger logits."""
    shares: Floats = np.exp(logits - logits.max())
    shares /= shares.sum()
    return shares
