"""Growing arrays with one value for every document."""

from __future__ import annotations

import numpy as np
import pytest

from bot.memory.columns import Column


def test_a_column_keeps_every_value_while_it_grows() -> None:
    column = Column(np.int64)
    for number in range(1000):
        column.append(number)

    assert len(column) == 1000
    assert column.values.tolist() == list(range(1000))
    assert 1000 * 8 <= column.size_bytes <= 2 * 1024 * 8


def test_a_row_of_another_width_is_refused() -> None:
    column = Column(np.float32, 2)
    column.append([1, 2])

    with pytest.raises(ValueError, match="shape"):
        column.append([1, 2, 3])
    assert column.values.tolist() == [[1, 2]]
