"""What one person said in a conversation, and what Ellie answered them there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.conversation import Scope
from bot.domain.fact import Fact, FactStatus
from bot.domain.tongues import Tongue, find_tongue
from bot.domain.turn import Turn, TurnStatus
from bot.engine.incognito import IncognitoConversations
from bot.engine.model_work import Admitted
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock, IdSource

MOST_TURNS = 200
"""That are read; further back, a summary says little."""

LOOK_BACK_TURNS = 500
"""Among so many of somebody's latest turns, those of a channel's threads are looked for."""

_NEVER = 2**31 - 1
"""No turn has such a number."""
_MOTHER_TONGUE = frozenset({"language", "mother tongue"})
_SPEAKS = "speaks"


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidHere:
    """The latest turns of a person in a conversation, oldest first.

    ``has_more``: there are older ones.
    """

    turns: tuple[Turn, ...]
    has_more: bool = False


class Listening:
    """Reads one person's own turns, within what may be seen in a conversation. Writes nothing.

    Every method may raise a StorageError.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        clock: Clock,
        ids: IdSource,
        incognito: IncognitoConversations | None = None,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._ids = ids
        self._incognito = incognito or IncognitoConversations()

    async def said(self, known: Admitted, *, limit: int) -> SaidHere:
        """At most ``limit`` turns of whoever asks, in the conversation where they ask."""
        conversation = known.asker.conversation
        unstored = self._incognito.loop(known.counted, conversation)
        stored: tuple[Turn, ...] = ()
        person = known.person
        # Where nothing is kept of somebody, nothing from elsewhere is brought there either.
        if person is not None and known.counted == person.id:
            async with self._storage.unit_of_work() as work:
                # Never committed, so a conversation that nobody knows stays unknown.
                here = await work.conversations.resolve(conversation, new_id=self._ids.new_id())
                scope = Scope(person.id, conversation.audience)
                stored = await work.turns.recent(
                    scope, here.id, before_number=_NEVER, limit=limit + 1
                )
                if not stored and conversation.thread_id is None:
                    stored = await _in_threads(work, scope, limit + 1)
        turns = tuple(turn for turn in (*stored, *unstored) if turn.text or turn.reply)
        return SaidHere(turns=turns[-limit:], has_more=len(turns) > limit)

    async def tongue(self, known: Admitted) -> Tongue | None:
        """The person's own language, if they told it where it may be known here."""
        person = known.person
        if person is None or known.counted != person.id:
            return None
        async with self._storage.unit_of_work() as work:
            return await self._tongue_in(work, Scope(person.id, known.asker.conversation.audience))

    async def _tongue_in(self, work: UnitOfWork, scope: Scope) -> Tongue | None:
        now = self._clock.now()
        active = await work.facts.of(scope, frozenset({FactStatus.ACTIVE}))
        facts = [fact for fact in active if fact.is_current(now)]
        return _named(fact for fact in facts if fact.slot in _MOTHER_TONGUE) or _only(
            [fact for fact in facts if fact.topic == _SPEAKS]
        )


async def _in_threads(work: UnitOfWork, scope: Scope, limit: int) -> tuple[Turn, ...]:
    """What was said in the threads of a channel in which nothing was said beside them.

    On Slack each question begins a thread, and slash commands cannot be given in any.
    """
    latest = await work.turns.latest(scope, limit=LOOK_BACK_TURNS)
    return tuple(
        turn
        for turn in latest
        if turn.audience.channel == scope.audience.channel
        and turn.status is not TurnStatus.ACCEPTED
    )[-limit:]


def _only(facts: Sequence[Fact]) -> Tongue | None:
    """The one language that somebody speaks; of several none is theirs more than the others."""
    return _named(facts) if len(facts) == 1 else None


def _named(facts: Iterable[Fact]) -> Tongue | None:
    found = (find_tongue(fact.value or "") for fact in facts)
    return next((tongue for tongue in found if tongue), None)
