"""Writing all that is kept of one person at once, with the ids and numbers that it had.

Used inside a unit of work; see :mod:`bot.ports.storage`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.domain.compaction import CompactionJob
from bot.domain.conversation import Conversation
from bot.domain.delivery import Delivery
from bot.domain.episode import Episode
from bot.domain.fact import Fact
from bot.domain.identity import IdentityRef, Person, PersonId
from bot.domain.operation import MemoryOperation
from bot.domain.turn import Turn, TurnTrace
from bot.ports.channel_storage import GivenVerdict
from bot.ports.export_storage import Account, Bookkeeping


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeMemory:
    """All that is kept of one person, and can be kept elsewhere.

    Everything in it is that person's, and whatever it names by id is in it: conversations of
    turns, turns of evidence. ``operations`` and ``compactions`` stand in the order in which they
    came to be.
    """

    person: Person
    bookkeeping: Bookkeeping
    accounts: tuple[Account, ...]
    conversations: tuple[Conversation, ...] = ()
    turns: tuple[Turn, ...] = ()
    facts: tuple[Fact, ...] = ()
    episodes: tuple[Episode, ...] = ()
    operations: tuple[MemoryOperation, ...] = ()
    compactions: tuple[CompactionJob, ...] = ()
    traces: tuple[TurnTrace, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    feedback: tuple[GivenVerdict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Somebody who is here already under an id or an account that is to be imported."""

    person: Person
    bookkeeping: Bookkeeping
    is_empty: bool
    """Whether they have no turn and no fact."""


class Kind(StrEnum):
    """What an id belongs to; named like the lists of an export."""

    CONVERSATIONS = "conversations"
    TURNS = "turns"
    EVENTS = "events"
    """Not an id but the event key of a turn, which is taken once on each platform."""
    FACTS = "facts"
    EPISODES = "episodes"
    OPERATIONS = "operations"
    COMPACTIONS = "compactions"


@dataclass(frozen=True, slots=True, order=True)
class Taken:
    """An id, or an event key, that something else has here."""

    kind: Kind
    id: str


class ImportRepository(Protocol):
    """Brings a whole memory in. What others have is never touched."""

    async def hold(
        self, person_id: PersonId, identities: Collection[IdentityRef]
    ) -> tuple[Holder, ...]:
        """Who has that id or one of these accounts, by id. Held off from changes until the end."""

    async def taken(self, memory: WholeMemory) -> tuple[Taken, ...]:
        """What of the memory's ids and event keys is taken here, sorted.

        A conversation's is when another conversation has it; one of the same name may have any id.
        What is left in the journal under the person's own id, and their own compactions, count as
        theirs and not as taken.
        """

    async def write(self, memory: WholeMemory, *, replaced: Collection[PersonId] = ()) -> None:
        """Store all of it. None of its ids may be taken.

        The people in ``replaced``, who must be empty, become the person: their accounts too, and
        nothing else of them stays. The journal and the compactions are the memory's from then on.
        Conversations that are here under the same name are used as they are; others are created,
        and tenants. Interruptions count as told.

        Raises:
            StorageError: somebody else got one of the accounts meanwhile.
        """
