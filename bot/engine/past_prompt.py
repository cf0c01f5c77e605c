"""Writing the prompt of a finished turn once more, from the ids in its trace.

A trace holds no words, so that forgetting need not look into it. The words come from the facts,
episodes and turns that are still there, and what was stale when the reply was written is cut from
them again; what was overwritten since is not. So the prompt is the same to the letter as long as
nothing of it was forgotten, the person's display name is what it was, and the place added nothing
to the system text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.conversation import Scope
from bot.domain.episode import Episode, EpisodeId
from bot.domain.fact import Fact
from bot.domain.generation import Prompt
from bot.domain.identity import Person
from bot.domain.memory import RecalledTurn, WorkingMemory
from bot.domain.turn import TraceItem, Turn, TurnId, TurnTrace
from bot.engine.memory_loader import visible_episodes
from bot.engine.memory_view import EVERY_STATUS
from bot.memory.asked import asked_properties, bears_on
from bot.memory.executive import Selection
from bot.memory.rewinding import facts_before, happened_after
from bot.memory.sketchpad import described, heard_and_seen
from bot.memory.stale import StaleWords
from bot.ports.storage import UnitOfWork
from bot.prompt.assemble import PromptAssembler

_FACTS = ("fact", "fresh")
_TURNS = ("loop", "recalled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What an item of a trace stands for: its words, when they were said, and its number.

    An episode has no number.
    """

    number: int | None
    words: str
    said_at: datetime


async def read_past_prompt(
    work: UnitOfWork, person: Person, turn: Turn, trace: TurnTrace
) -> PastPrompt:
    """Read what is left of a prompt, for the eyes of ``person``, whose turn it is."""
    scope = Scope.in_private(person.id)
    facts = await work.facts.of(scope, EVERY_STATUS)
    then = await _known_at(turn, facts, work)
    ids = [TurnId(item.item_id) for item in trace.items if item.kind in _TURNS]
    stale = StaleWords(then)
    memory = WorkingMemory(
        person=person,
        scope=Scope(person.id, turn.audience),
        now=turn.received_at,
        # The name that the prompt calls them by may be one of these, in the prompt or not.
        facts=tuple(
            fact
            for fact in then
            if fact.is_current(turn.received_at) and fact.evidence[0].turn_id != turn.id
        ),
    )
    turns = [stale.cut_from(said) or said for said in await work.turns.by_ids(scope, ids)]
    ids_of_episodes = [EpisodeId(item.item_id) for item in trace.items if item.kind == "episode"]
    episodes: tuple[Episode, ...] = ()
    if ids_of_episodes:
        episodes = visible_episodes(await work.episodes.by_ids(scope, ids_of_episodes), stale)
    return PastPrompt(turn, trace, memory, facts=facts, turns=turns, episodes=episodes)


async def _known_at(turn: Turn, facts: Iterable[Fact], work: UnitOfWork) -> tuple[Fact, ...]:
    """The facts that were loaded for ``turn``, in the states that they had."""
    scope = Scope.in_private(turn.person_id)
    journal = await work.operations.of_person(turn.person_id)
    at_once = [e.turn_id for e in journal if e.turn_id and e.happened_at == turn.received_at]
    numbers: dict[TurnId | None, int] = {
        other.id: other.number for other in await work.turns.by_ids(scope, at_once)
    }
    then = facts_before(happened_after(journal, turn, numbers), facts)
    heard = Scope(turn.person_id, turn.audience)
    return tuple(fact for fact in then if heard.admits(fact.audience))


class PastPrompt:
    """A turn, its trace, and what is left of all that the trace names."""

    def __init__(
        self,
        turn: Turn,
        trace: TurnTrace,
        memory: WorkingMemory,
        *,
        facts: Iterable[Fact],
        turns: Iterable[Turn],
        episodes: Iterable[Episode] = (),
    ) -> None:
        self.turn = turn
        self.trace = trace
        self._memory = memory
        self._facts: dict[str, Fact] = {fact.id: fact for fact in facts}
        self._turns: dict[str, Turn] = {said.id: said for said in turns}
        self._episodes: dict[str, Episode] = {episode.id: episode for episode in episodes}

    def remembered(self, item: TraceItem) -> Remembered | None:
        """What ``item`` stands for, as the prompt had it.

        None when it was forgotten since, and for a note.
        """
        if (fact := self._fact(item)) is not None:
            return Remembered(number=fact.number, words=fact.text, said_at=fact.learned_at)
        if (turn := self._turn(item)) is not None:
            words = heard_and_seen(turn)
            return Remembered(number=turn.number, words=words, said_at=turn.received_at)
        if (episode := self._episode(item)) is not None:
            return Remembered(number=None, words=episode.text, said_at=episode.began_at)
        return None

    def by_weight(self) -> tuple[int, ...]:
        """What was in the prompt and is still in memory, the likeliest to matter first.

        As places in the trace: facts beside the question, facts of the block that bear on it,
        recalled turns, episodes, the other facts, and the loop from its newest turn on. A note is
        no memory.
        """
        asked = asked_properties(self.turn.text)

        def weight(place: int) -> tuple[int, int]:
            item = self.trace.items[place]
            fact, turn = self._fact(item), self._turn(item)
            if fact is not None and item.kind == "fresh":
                return 0, 0
            if fact is not None:
                return (1 if bears_on(fact, self.turn.text, asked) else 4), 0
            if turn is not None and item.kind == "loop":
                return 5, -turn.number
            return (3 if item.kind == "episode" else 2), 0

        there = [place for place, item in enumerate(self.trace.items) if self._is_there(item)]
        return tuple(sorted(there, key=weight))

    def write(self, assembler: PromptAssembler, *, without: int | None = None) -> Prompt:
        """The prompt; or the one without the item at that place, all else as it was.

        Without the fact that tells the person's name, it calls them as their platform does.
        """
        items = [item for item in self.trace.items if self._is_there(item)]
        memory = self._memory
        if without is not None:
            left_out = self.trace.items[without]
            items = [item for item in items if item is not left_out]
            if (known := self._fact(left_out)) is not None:
                others = [fact for fact in memory.facts if fact.id != known.id]
                memory = replace(memory, facts=tuple(others))
        newest = described(self.turn.text, self.turn.shown)
        return assembler.rewrite(memory, self._selection(items), newest)

    def _selection(self, items: Collection[TraceItem]) -> Selection:
        def facts(kind: str) -> tuple[Fact, ...]:
            found = [self._fact(item) for item in items if item.kind == kind]
            return tuple(fact for fact in found if fact is not None)

        def turns(kind: str) -> tuple[Turn, ...]:
            found = [self._turn(item) for item in items if item.kind == kind]
            return tuple(turn for turn in found if turn is not None)

        summaries = [self._episode(item) for item in items]
        return Selection(
            facts=facts("fact"),
            episodes=tuple(episode for episode in summaries if episode is not None),
            beside=facts("fresh"),
            loop=turns("loop"),
            recalled=tuple(RecalledTurn(turn=turn, score=0) for turn in turns("recalled")),
            # The same for every item that is left out, so that only the item makes a difference.
            knows_answer=all(item.kind != "note" for item in self.trace.items),
        )

    def _is_there(self, item: TraceItem) -> bool:
        """Whether it was in the prompt, and enough of it is left to be in one."""
        if not item.included or not self.remembered(item):
            return False
        turn = self._turn(item)
        return turn is None or bool(turn.reply) or item.kind == "recalled"

    def _fact(self, item: TraceItem) -> Fact | None:
        return self._facts.get(item.item_id) if item.kind in _FACTS else None

    def _episode(self, item: TraceItem) -> Episode | None:
        return self._episodes.get(item.item_id) if item.kind == "episode" else None

    def _turn(self, item: TraceItem) -> Turn | None:
        """The turn with what is left of its words, if anything is."""
        turn = self._turns.get(item.item_id) if item.kind in _TURNS else None
        return turn if turn is not None and heard_and_seen(turn) else None
