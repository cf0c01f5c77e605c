"""What the machine itself can do: the limits that no engine passes.

python bench/generation_machine.py THREADS FOUND.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from generation_job import seconds

GIBIBYTE = 1 << 30
TRIES = 7
SIDE = 1024


@dataclass(frozen=True, slots=True)
class Machine:
    """Measured with all threads: bytes per second that are read, operations per second."""

    bandwidth: float
    bf16: float
    fp32: float


def measure(threads: int) -> Machine:
    """The best of some tries of each."""
    torch.set_num_threads(threads)
    numbers = torch.ones(GIBIBYTE // 4)
    # Two ways to read everything once; which one keeps the memory busier depends on the machine.
    rows = numbers.view(1 << 14, -1)
    column = torch.ones(rows.shape[1])
    read = min(best(numbers.sum), best(lambda: torch.mv(rows, column)))
    return Machine(GIBIBYTE / read, products(torch.bfloat16), products(torch.float32))


def products(dtype: torch.dtype) -> float:
    """Operations per second of a product of two large matrices."""
    one, other = (torch.ones(SIDE, 2 * SIDE, dtype=dtype) for _ in range(2))
    return 2 * SIDE * SIDE * 2 * SIDE / best(lambda: torch.mm(one, other.t()))


def best(action: Callable[[], object]) -> float:
    """The fewest seconds it took."""
    return min(seconds(action) for _ in range(TRIES))


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(asdict(measure(int(sys.argv[1])))))
