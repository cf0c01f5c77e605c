"""Showing people what is stored about them, and finding something in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.domain.conversation import Scope
from bot.domain.episode import Episode
from bot.domain.fact import Fact, FactStatus
from bot.domain.identity import IdentityRef
from bot.domain.memory import MemorySummary
from bot.domain.turn import Turn
from bot.engine.memory_settings import KeptFor
from bot.engine.recall_cache import RecallCache
from bot.memory.cutting import Words, search_terms
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock

T = TypeVar("T")

MAX_FOUND = 30
"""Facts, messages, and summaries, that one search returns at most."""

EVERY_STATUS = frozenset(FactStatus)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryMatches:
    """What bears on a query, best first."""

    facts: tuple[Fact, ...]
    turns: tuple[Turn, ...]
    episodes: tuple[Episode, ...] = ()


class MemoryView:
    """Reads for the person's own eyes: direct messages included. May raise a StorageError."""

    def __init__(
        self,
        storage: Storage,
        recall: RecallCache,
        *,
        clock: Clock,
        retention_days: int | None = None,
    ) -> None:
        self._retention_days = retention_days
        self._storage = storage
        self._recall = recall
        self._clock = clock

    async def show(self, identity: IdentityRef, *, latest: int) -> MemorySummary | None:
        """Facts of every status by number, the ``latest`` turns, and every summary.

        None for a stranger.
        """
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None:
                return None
            scope = Scope.in_private(person.id)
            return MemorySummary(
                person=person,
                facts=await work.facts.of(scope, EVERY_STATUS),
                turns=await work.turns.latest(scope, limit=latest),
                turn_count=await work.turns.count(scope),
                episodes=await work.episodes.of(scope),
                retention_days=KeptFor(
                    own=await work.retention.of_person(person.id), given=self._retention_days
                ).days,
            )

    async def search(self, identity: IdentityRef, query: str) -> MemoryMatches:
        """The facts that are not taken back, messages and summaries that bear on ``query``."""
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None:
                return MemoryMatches(facts=(), turns=())
            scope = Scope.in_private(person.id)
            statuses = EVERY_STATUS - {FactStatus.RETRACTED, FactStatus.MERGED}
            facts = await work.facts.of(scope, statuses)
            index = await self._recall.index_of(person, work)
            ranked = index.rank(query, scope, limit=MAX_FOUND, now=self._clock.now())
            turns = await work.turns.by_ids(scope, [hit.turn_id for hit in ranked])
            episodes = await work.episodes.of(scope)
        return MemoryMatches(
            facts=_best(facts, query, lambda fact: (" ".join(_searched(fact)), fact.number)),
            turns=turns,
            episodes=_best(episodes, query, lambda found: (found.text, found.last_number)),
        )


async def fact_numbered(work: UnitOfWork, scope: Scope, number: int) -> Fact | None:
    """A fact by the number that people type, in whatever state; None when there is none."""
    facts = await work.facts.of(scope, EVERY_STATUS)
    return next((fact for fact in facts if fact.number == number), None)


def _best(items: Sequence[T], query: str, read: Callable[[T], tuple[str, int]]) -> tuple[T, ...]:
    """Those that hold most of the query's terms first, then those with the greater number.

    ``read`` returns the text and the number of an item.
    """
    wanted = search_terms(query)
    scored = []
    for item in items:
        text, number = read(item)
        words = Words(text)
        if count := sum(words.hold({term}) for term in wanted):
            scored.append((count, number, item))
    scored.sort(key=lambda entry: entry[:2], reverse=True)
    return tuple(item for _, _, item in scored[:MAX_FOUND])


def _searched(fact: Fact) -> Iterable[str]:
    yield fact.text
    yield (fact.slot or fact.topic or "").replace(":", " ")
    for evidence in fact.evidence:
        yield evidence.quote
