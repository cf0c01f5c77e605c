"""Who generates next: a bounded waiting line with priorities."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain.generation import Priority
from bot.errors import GeneratorBusyError


@dataclass(order=True, slots=True)
class Ticket:
    """A place in the line. Ordered by priority, then by arrival."""

    priority: Priority
    number: int
    admit: Callable[[], None] = field(compare=False)
    admitted: bool = field(default=False, compare=False)
    returned: bool = field(default=False, compare=False)


class Turnstile:
    """Lets ``places`` requests through at once and ``max_waiting`` more wait.

    Chat goes before background work, and background work takes at most one place, and none while
    chat waits. Used from one thread, the event loop's.
    """

    def __init__(self, *, places: int, max_waiting: int) -> None:
        self._places = places
        self._max_waiting = max_waiting
        self._numbers = itertools.count()
        self._line: list[Ticket] = []
        self._inside: dict[Priority, int] = dict.fromkeys(Priority, 0)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._line)

    def enter(self, priority: Priority, admit: Callable[[], None]) -> Ticket:
        """Get in line. ``admit`` is called once a place is free, perhaps before this returns.

        Raises:
            GeneratorBusyError: the line is full.
        """
        ticket = Ticket(priority, next(self._numbers), admit)
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
            first.admit()
