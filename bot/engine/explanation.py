"""Why Ellie said something: what was in the prompt of a reply, and what each part did to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.conversation import ConversationRef, Scope
from bot.domain.identity import IdentityRef, Person
from bot.domain.turn import TraceItem, Turn, TurnStatus
from bot.engine.generators import Generators
from bot.engine.past_prompt import PastPrompt, Remembered, read_past_prompt
from bot.engine.turn import TurnLimits
from bot.ports.generation import Generator
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import IdSource
from bot.prompt.assemble import PromptAssembler

MAX_MEASURED = 12
"""Influences of one reply that are measured. Each takes reading a prompt from where it differs."""

LOOK_BACK_TURNS = 50
"""The latest answered turn is looked for among so many; all others failed or were stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedItem:
    """One memory that was considered for a prompt.

    ``kind``, ``tokens``, ``included``, ``reason`` and ``scores`` are those of its
    :class:`~bot.domain.turn.TraceItem`. ``number`` is the number of the fact or turn, ``words``
    what the prompt had of it. Both are missing, and so is ``said_at``, when it was forgotten since,
    and for a ``note``, which is Ellie's own. An ``episode`` has no number; it was said from
    ``said_at`` on. ``influence`` is how much likelier the reply was with this than without it, in
    nats; None when it was not measured.
    """

    kind: str
    tokens: int
    included: bool
    reason: str = ""
    number: int | None = None
    words: str = ""
    said_at: datetime | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    influence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What was considered for one turn's prompt, in the order of its trace.

    Without ``model`` there was no prompt: the turn waits for its reply, failed, was stopped before
    the model began, or Ellie answered without it ("I'll remember that."). ``measured`` tells that
    influences were looked for; items beyond :data:`MAX_MEASURED` have none even then.
    """

    turn: Turn
    model: str = ""
    prompt_tokens: int = 0
    finish_reason: str = ""
    items: tuple[ExplainedItem, ...] = ()
    measured: bool = False
    timings_ms: Mapping[str, float] = field(default_factory=dict)


class Explanations:
    """Explains replies to the person they were for, direct messages included.

    Every method may raise a StorageError. Nothing is stored.
    """

    def __init__(
        self,
        storage: Storage,
        generator: Generator,
        *,
        ids: IdSource,
        limits: TurnLimits,
        generators: Generators | None = None,
    ) -> None:
        """``generators``: ``generator`` with the models that places may have in its stead."""
        self._storage = storage
        self._generators = generators or Generators(generator)
        self._ids = ids
        self._limits = limits

    async def explain(
        self,
        identity: IdentityRef,
        conversation: ConversationRef | None,
        turn_number: int | None = None,
    ) -> Explanation | None:
        """The person's turn of that number; without a number, the one answered last.

        That is the last of ``conversation``, or of all when it is None. None when there is no such
        turn of this person, and without a number while they are incognito: what was answered last
        is stored nowhere.
        """
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None or (turn_number is None and person.incognito):
                return None
            scope = Scope.in_private(person.id)
            if turn_number is None:
                turn = await self._answered_last(work, scope, conversation)
            else:
                later = await work.turns.after(scope, turn_number - 1)
                turn = next((turn for turn in later if turn.number == turn_number), None)
            if turn is None:
                return None
            return _explained(turn, await _past_prompt(work, person, turn))

    async def _answered_last(
        self, work: UnitOfWork, scope: Scope, conversation: ConversationRef | None
    ) -> Turn | None:
        turns = await work.turns.latest(scope, limit=LOOK_BACK_TURNS)
        if turns and conversation is not None:
            # Never committed, so a conversation that nobody knows stays unknown.
            known = await work.conversations.resolve(conversation, new_id=self._ids.new_id())
            turns = await work.turns.recent(
                scope, known.id, before_number=turns[-1].number + 1, limit=LOOK_BACK_TURNS
            )
        answered = [turn for turn in turns if turn.status is TurnStatus.ANSWERED]
        return answered[-1] if answered else None

    async def measure(self, identity: IdentityRef, explanation: Explanation) -> Explanation | None:
        """The same, from memory as it is now, with the influence of what was in the prompt.

        One item after the other is left out, at most :data:`MAX_MEASURED` of them, and the reply
        is scored again: influence = ln P(reply | prompt) - ln P(reply | prompt without the item).
        Waits until the model is loaded, and while anybody's reply is being written; see
        :meth:`~bot.ports.generation.Generator.score`.

        ``measured`` stays False when there was no prompt, when nothing is left of the reply, and
        when the model that replied is none of those in use: another would tell about itself. What
        the place adds to the system text is in none of the prompts. None when the turn is gone.

        Raises:
            ModelError: the model cannot be loaded, or Ellie is stopping.
            EngineFailedError: the engine broke; it restarts for later calls.
        """
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None:
                return None
            scope = Scope.in_private(person.id)
            turns = await work.turns.by_ids(scope, [explanation.turn.id])
            past = await _past_prompt(work, person, turns[0]) if turns else None
        if not turns:
            return None
        generator = None if past is None else self._generators.written_by(past.trace.model)
        if past is None or generator is None or not past.turn.reply:
            return _explained(turns[0], past)
        return _explained(turns[0], past, await self._influences(past, generator))

    async def _influences(self, past: PastPrompt, generator: Generator) -> dict[int, float]:
        """The influence of items by their place in the trace."""
        chosen = past.by_weight()[:MAX_MEASURED]
        if not chosen:
            return {}
        assembler = PromptAssembler(
            await generator.tokenizer(),
            memory_tokens=self._limits.memory_tokens,
            reply_tokens=self._limits.reply_tokens,
        )
        prompts = [past.write(assembler, without=place) for place in (None, *chosen)]
        whole, *without = await generator.score(prompts, past.turn.reply)
        return {place: whole - score for place, score in zip(chosen, without, strict=True)}


async def _past_prompt(work: UnitOfWork, person: Person, turn: Turn) -> PastPrompt | None:
    trace = await work.traces.get(Scope.in_private(person.id), turn.id)
    return None if trace is None else await read_past_prompt(work, person, turn, trace)


def _explained(
    turn: Turn, past: PastPrompt | None, influences: Mapping[int, float] | None = None
) -> Explanation:
    if past is None:
        return Explanation(turn=turn)
    trace = past.trace
    return Explanation(
        turn=turn,
        model=trace.model,
        prompt_tokens=trace.prompt_tokens,
        finish_reason=trace.finish_reason,
        items=tuple(
            _item(item, past.remembered(item), (influences or {}).get(place))
            for place, item in enumerate(trace.items)
        ),
        measured=influences is not None,
        timings_ms=trace.timings_ms,
    )


def _item(item: TraceItem, remembered: Remembered | None, influence: float | None) -> ExplainedItem:
    return ExplainedItem(
        kind=item.kind,
        tokens=item.tokens,
        included=item.included,
        reason=item.reason,
        number=remembered.number if remembered else None,
        words=remembered.words if remembered else "",
        said_at=remembered.said_at if remembered else None,
        scores=item.scores,
        influence=influence,
    )
