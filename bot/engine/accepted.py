"""A turn that was taken, and what became of its reply."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.conversation import ConversationRef
from bot.domain.identity import IdentityRef, Person
from bot.domain.place_policy import USUAL_POLICY, MemoryMode, PlacePolicy
from bot.domain.surroundings import ALONE, Surroundings
from bot.domain.turn import Turn
from bot.engine.learning import NOTHING, Learned


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A turn to be answered, whose it is, and what it changed in memory.

    A turn of somebody incognito has the number 0 and is stored nowhere. So has one where the place
    keeps nothing: ``unkept`` says why it does not, and ``person`` is a passer-by without memory.
    ``policy`` is what holds there.
    """

    person: Person
    author: IdentityRef
    turn: Turn
    conversation: ConversationRef
    learned: Learned = NOTHING
    policy: PlacePolicy = USUAL_POLICY
    unkept: MemoryMode | None = None

    @property
    def is_stored(self) -> bool:
        """Whether there is a row of this turn."""
        return self.turn.number > 0

    @property
    def first_contact(self) -> bool:
        """Whether nobody had told the person what is kept about them when the turn was opened."""
        return self.is_stored and self.person.told_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What became of a reply.

    ``is_kept``: it is stored. ``introduces``: with it, the person is to be told what is kept about
    them.
    """

    is_kept: bool
    introduces: bool = False


def allowed(surroundings: Surroundings, accepted: Accepted) -> Surroundings:
    """What stands around a message, as far as its place lets Ellie read it.

    Files stay: they came with the message, and adapters read nobody else's in such a place.
    """
    if accepted.policy.reads_context or surroundings == ALONE:
        return surroundings
    return replace(surroundings, said=(), pictures=())
