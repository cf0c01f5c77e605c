"""How long each step of a turn takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bot.ports.system import Clock


@dataclass(slots=True)
class Stopwatch:
    """Milliseconds by step, for one turn."""

    clock: Clock
    steps: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what happens inside; a step that happens twice adds up."""
        began = self.clock.elapsed()
        try:
            yield
        finally:
            self.note(name, self.clock.elapsed() - began)

    def note(self, name: str, seconds: float) -> None:
        """Add a duration measured elsewhere."""
        self.steps[name] = round(self.steps.get(name, 0.0) + seconds * 1000, 2)
