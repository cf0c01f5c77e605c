"""What a compaction would do: the same work in one transaction that is never committed."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from bot.ports.storage import Storage, UnitOfWork


class Uncommitted:
    """A storage within one open unit of work: all see what was done, and nothing stays.

    Its units of work are the open one, whose commits are put off for ever. So they must be used
    one after the other, and what one of them did before it failed is still there in the next.
    """

    def __init__(self, storage: Storage, work: UnitOfWork) -> None:
        self._storage = storage
        self._work = work

    def unit_of_work(self) -> UnitOfWork:
        """The open unit of work."""
        return _PartOf(self._work)

    async def scrub(self) -> None:
        """Nothing was erased."""


class _PartOf:
    """A unit of work inside another one."""

    def __init__(self, work: UnitOfWork) -> None:
        self.persons = work.persons
        self.conversations = work.conversations
        self.turns = work.turns
        self.facts = work.facts
        self.operations = work.operations
        self.traces = work.traces
        self.vectors = work.vectors
        self.links = work.links
        self.compactions = work.compactions
        self.episodes = work.episodes
        self.retention = work.retention
        self.schedules = work.schedules
        self.policies = work.policies
        self.deliveries = work.deliveries
        self.feedback = work.feedback
        self.quotas = work.quotas
        self.place_settings = work.place_settings
        self.resets = work.resets
        self.audit = work.audit
        self.exports = work.exports
        self.imports = work.imports
        self.erasures = work.erasures

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """The outer one stays open."""

    async def commit(self) -> None:
        """Put off for ever."""
