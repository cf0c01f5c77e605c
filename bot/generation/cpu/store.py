"""Sequences that were read, kept for whoever comes with the same beginning.

A person who writes again brings a prompt that begins as the one before. What was read of it is kept
after the reply, as much as a budget of tokens allows; what was not used for longest goes first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.generation.cpu.sequences import Sequence, common_beginning, copy_beginning


@dataclass(frozen=True, slots=True)
class Opened:
    """A sequence for a prompt, and how many tokens of it need not be read again."""

    sequence: Sequence
    reused: int


class SequenceStore:
    """Running sequences and kept ones, together within ``budget`` tokens of room.

    One sequence alone may exceed the budget. Used from one thread.
    """

    def __init__(self, make: Callable[[int], Sequence], *, budget: int) -> None:
        self._make = make
        self._budget = budget
        self._running: list[Sequence] = []
        self._kept: list[Sequence] = []  # the one that was not used for longest comes first

    @property
    def running_tokens(self) -> int:
        """Room of the sequences that are in use."""
        return sum(sequence.room for sequence in self._running)

    @property
    def kept_tokens(self) -> int:
        """Room of the sequences that wait for somebody to come again."""
        return sum(sequence.room for sequence in self._kept)

    def open(
        self, prompt: list[int], room: int, *, asker: str = "", keep: bool = True
    ) -> Opened | None:
        """A sequence with room for so many tokens that knows as much of the prompt as is known.

        Its last token is always left to read. None while running sequences leave no room.
        ``asker`` and ``keep`` are as :class:`Sequence` has them.
        """
        if self._running and self.running_tokens + room > self._budget:
            return None
        best, reused = self._best(prompt)
        if best in self._kept:
            self._kept.remove(best)  # used just now
            self._kept.append(best)
        while self._kept and self.running_tokens + self.kept_tokens + room > self._budget:
            oldest = self._kept.pop(0)
            if oldest is best:  # it is all there is: no room to copy from it
                best, reused = None, 0
        sequence = self._make(room)
        sequence.asker, sequence.is_kept = asker, keep
        if best is not None and reused:
            copy_beginning(best, sequence, reused)
        self._running.append(sequence)
        return Opened(sequence, reused)

    def close(self, sequence: Sequence) -> None:
        """The sequence is not in use any more. What it knows replaces what knows less of it."""
        self._running.remove(sequence)
        if not sequence.is_kept or not sequence.tokens:
            return
        known = sequence.tokens
        self._kept = [
            kept for kept in self._kept if common_beginning(kept.tokens, known) < len(kept.tokens)
        ]
        self._kept.append(sequence)
        while self.running_tokens + self.kept_tokens > self._budget and len(self._kept) > 1:
            self._kept.pop(0)

    def forget(self, asker: str) -> None:
        """Forget what was read for that asker or for nobody; what is in use, once it is not.

        What somebody else's began with as a copy of it stays: their own prompt says it too.
        """
        theirs = (asker, "")
        self._kept = [kept for kept in self._kept if kept.asker not in theirs]
        for running in self._running:
            running.is_kept = running.is_kept and running.asker not in theirs

    def clear(self) -> None:
        """Forget everything."""
        self._running.clear()
        self._kept.clear()

    def _best(self, prompt: list[int]) -> tuple[Sequence | None, int]:
        best, most = None, 0
        for sequence in (*self._kept, *self._running):
            if not sequence.is_kept:
                continue
            shared = min(common_beginning(sequence.tokens, prompt), len(prompt) - 1)
            if shared > most:
                best, most = sequence, shared
        return best, most
