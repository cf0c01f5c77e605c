"""Who generates next: a bounded waiting line with priorities."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain.generation import Priority
from bot.errors import GeneratorBusyError


@dataclass(order=True, slots=True)
class Ticket:
    """A place in the line. Ordered by priority, then by round, then by arrival."""

    priority: Priority
    round: int
    number: int
    asker: str = field(compare=False)
    admit: Callable[[], None] = field(compare=False)
    admitted: bool = field(default=False, compare=False)
    returned: bool = field(default=False, compare=False)


class Turnstile:
    """Lets ``places`` requests through at once and ``max_waiting`` more wait.

    Chat goes before background work, and background work takes at most one place, and none while
    chat waits. Askers take turns: in each round everybody has one request, so whoever has many
    waits for everybody else in between, and nobody waits for all of those. Used from one thread,
    the event loop's.
    """

    def __init__(self, *, places: int, max_waiting: int) -> None:
        self._places = places
        self._max_waiting = max_waiting
        self._numbers = itertools.count()
        self._line: list[Ticket] = []
        self._inside: dict[Priority, int] = dict.fromkeys(Priority, 0)
        self._round = 0
        self._last_rounds: dict[str, int] = {}
        self._open: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._line)

    def narrow(self, places: int) -> None:
        """Let no more than so many through at once from now on; whoever is inside stays."""
        self._places = min(self._places, places)

    def enter(self, priority: Priority, admit: Callable[[], None], asker: str = "") -> Ticket:
        """Get in line. ``admit`` is called once a place is free, perhaps before this returns.

        ``asker`` is whose request it is; whoever is not named stands for themselves.

        Raises:
            GeneratorBusyError: the line is full.
        """
        ticket = Ticket(priority, self._next_round(asker), next(self._numbers), asker, admit)
        heapq.heappush(self._line, ticket)
        self._advance()
        if not ticket.admitted and len(self._line) > self._max_waiting:
            self.leave(ticket)
            raise GeneratorBusyError("Too many requests are waiting; try again in a moment.")
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Give the place, or the place in line, back. Leaving twice changes nothing."""
        if ticket.returned:
            return
        ticket.returned = True
        self._open[ticket.asker] -= 1
        if not self._open[ticket.asker]:
            del self._open[ticket.asker]
            self._last_rounds.pop(ticket.asker, None)
        elif not ticket.admitted and self._last_rounds.get(ticket.asker) == ticket.round:
            self._last_rounds[ticket.asker] -= 1  # that round is had by nobody
        if ticket.admitted:
            self._inside[ticket.priority] -= 1
        else:
            self._line.remove(ticket)
            heapq.heapify(self._line)
        self._advance()

    def _advance(self) -> None:
        while self._line and sum(self._inside.values()) < self._places:
            first = self._line[0]
            if first.priority is Priority.BACKGROUND and self._inside[Priority.BACKGROUND]:
                return
            heapq.heappop(self._line)
            first.admitted = True
            self._inside[first.priority] += 1
            if first.priority is Priority.CHAT:
                self._round = max(self._round, first.round)
            first.admit()

    def _next_round(self, asker: str) -> int:
        """The round after the asker's latest, and none that is over."""
        self._open[asker] += 1
        last = self._last_rounds.get(asker) if asker else None
        mine = self._round if last is None else max(self._round, last + 1)
        if asker:
            self._last_rounds[asker] = mine
        return mine
