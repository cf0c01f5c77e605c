"""The central executive: decides what enters the prompt, within a budget, and says why.

Facts live in two places. Settled ones form the memory block at the prompt's beginning, which
changes only when one is overwritten or the loop moves on, so that the model need not read
everything again. Facts from turns that are still in the loop are fresh: they wait beside the
question until their turn has left the loop, and so do facts for which the block has no room, or
which have faded. None stands in both places.

Below the facts stands the digest: what the latest episodes say. It is the same for every question.
Turns that an episode sums up leave the loop, in the digest or not: what is asked of them is
recalled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from bot.domain.episode import Episode
from bot.domain.fact import Fact, FactId, FactKind
from bot.domain.memory import RecalledTurn, WorkingMemory
from bot.domain.turn import TraceItem, Turn, TurnId
from bot.memory.asked import asked_properties, bears_on, is_asked, topic_words, touches
from bot.memory.loop import recent_turns, summed_up
from bot.memory.strength import is_demoted

FACT_SHARE = 0.3
"""At most this share of the memory budget goes to the facts of the memory block."""

DIGEST_SHARE = 0.15
"""And at most this share to the digest."""

MAX_EPISODES = 8
"""The digest has at most so many lines, however short they are: what is older is for recall."""

RECALL_SHARE = 0.3
"""This share is kept for what stands beside the question: recalled turns, and facts first. What
the block and this leave unused goes to the loop."""

MAX_RECALLED = 5
"""More evidence than this makes small models worse, not better (LoCoMo, table 3)."""

MAX_RECALLED_FOR_LOOP = 8
"""So many when episodes stand for turns of the loop: the model then reads fewer turns in all, and
what it would have found among them must be found here."""

WEAKER_BY = 3.0
"""A quote whose score is so far below the best one's stays out. Scores are logits: it is e³, or 20,
times less likely to hold the answer."""

MAX_BESIDE = 6
"""At most so many facts stand beside the question."""

OVER_BUDGET = "no room in the token budget"
TOO_MANY = "better matches came first"
TOO_WEAK = "much weaker than the best match"
FROM_THIS_MESSAGE = "learned from this very message"
NOT_ASKED = "in the loop already, and not what the question is about"
SAME_WORDS = "its words are quoted already"
TOO_MANY_EPISODES = "later episodes came first"
SUMMED_UP = "summed up in an episode"
FADED = "faded: not said or used for long"

_ORDER = (
    FactKind.INSTRUCTION,
    FactKind.IDENTITY,
    FactKind.RELATION,
    FactKind.PREFERENCE,
    FactKind.PLAN,
    FactKind.EVENT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What each kind of item costs in tokens, as it will be written into the prompt."""

    fact: Callable[[Fact], int]
    turn: Callable[[Turn], int]
    recalled: Callable[[Turn], int]
    episode: Callable[[Episode], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What enters the prompt, and the account of everything that was considered.

    ``facts`` and ``episodes``, oldest first, form the memory block; ``beside`` stand with the
    question. ``knows_answer`` is False when nothing in memory is about what the question is about.
    """

    facts: tuple[Fact, ...] = ()
    episodes: tuple[Episode, ...] = ()
    beside: tuple[Fact, ...] = ()
    loop: tuple[Turn, ...] = ()
    recalled: tuple[RecalledTurn, ...] = ()
    items: tuple[TraceItem, ...] = ()
    knows_answer: bool = False


def select(memory: WorkingMemory, question: str, budget_tokens: int, costs: Costs) -> Selection:
    """Choose from ``memory`` at most ``budget_tokens`` worth of items for ``question``.

    A recalled turn may stand in the loop as well: a small model answers from a quote beside the
    question what it overlooks ten messages earlier.
    """
    facts = sorted(memory.facts, key=_rank)
    asked = asked_properties(question)
    relevance = {fact.id: bears_on(fact, question, asked) for fact in facts}
    items: list[TraceItem] = []
    present = sum(costs.fact(fact) for fact in facts if not is_demoted(fact))
    fact_budget = min(int(budget_tokens * FACT_SHARE), present)
    beside_budget = int(budget_tokens * RECALL_SHARE) if memory.recalled or facts else 0
    digest = _digest(memory.episodes, int(budget_tokens * DIGEST_SHARE), costs)
    left = budget_tokens - fact_budget - beside_budget - sum(map(costs.episode, digest))
    left_out = summed_up(memory.loop, memory.episodes)
    loop = recent_turns(memory.loop, left, costs.turn, left_out=left_out)
    in_loop = {turn.id for turn in loop}
    settled = [fact for fact in facts if _source(fact) not in in_loop]
    block = _block(settled, fact_budget, costs, relevance, items)
    items += _episode_items(memory.episodes, digest, costs)
    items += [
        _item("loop", turn.id, costs.turn(turn), _why_not(turn, in_loop, left_out))
        for turn in memory.loop
    ]
    table = _Table(question, beside_budget, costs, items)
    table.lay_facts(facts, {fact.id for fact in block}, asked, relevance)
    table.lay_turns(memory.recalled, MAX_RECALLED_FOR_LOOP if left_out else MAX_RECALLED)
    return Selection(
        facts=block,
        episodes=digest,
        beside=tuple(table.facts),
        loop=loop,
        recalled=tuple(table.recalled),
        items=tuple(items),
        knows_answer=(
            memory.told_now
            or table.knows_answer
            or table.is_told_in(loop)
            or table.is_summed_up_in(digest)
        ),
    )


def _rank(fact: Fact) -> tuple[bool, int, float, int]:
    """Pinned facts first, then by kind, by strength, and in the order of being learned.

    No question changes any of it, and no passing of time before the next compaction, so that the
    block stands still in between.
    """
    return not fact.state.pinned, _ORDER.index(fact.kind), -fact.state.strength, fact.number


def _source(fact: Fact) -> TurnId | None:
    return fact.evidence[0].turn_id


def _block(
    facts: Sequence[Fact],
    budget: int,
    costs: Costs,
    relevance: Mapping[FactId, float],
    items: list[TraceItem],
) -> tuple[Fact, ...]:
    taken, spent = [], 0
    for fact in facts:
        price = costs.fact(fact)
        reason = ""
        if is_demoted(fact):
            reason = FADED
        elif spent + price > budget:
            reason = OVER_BUDGET
        if not reason:
            taken.append(fact)
            spent += price
        items.append(_item("fact", fact.id, price, reason, {"relevance": relevance[fact.id]}))
    return tuple(taken)


def _digest(episodes: Sequence[Episode], budget: int, costs: Costs) -> tuple[Episode, ...]:
    """The latest of ``episodes`` (oldest first) that fit, whole; no question has a say in it."""
    taken: list[Episode] = []
    for episode in reversed(episodes):
        price = costs.episode(episode)
        if price <= budget and len(taken) < MAX_EPISODES:
            taken.append(episode)
            budget -= price
    return tuple(reversed(taken))


def _episode_items(
    episodes: Sequence[Episode], digest: Sequence[Episode], costs: Costs
) -> list[TraceItem]:
    reasons = {episode.id: "" for episode in digest}
    otherwise = TOO_MANY_EPISODES if len(digest) == MAX_EPISODES else OVER_BUDGET
    return [
        _item("episode", episode.id, costs.episode(episode), reasons.get(episode.id, otherwise))
        for episode in episodes
    ]


def _why_not(turn: Turn, in_loop: AbstractSet[TurnId], left_out: AbstractSet[TurnId]) -> str:
    if turn.id in in_loop:
        return ""
    return SUMMED_UP if turn.id in left_out else OVER_BUDGET


class _Table:
    """What is laid beside the question, within its own budget: facts first, then turns."""

    def __init__(self, question: str, budget: int, costs: Costs, items: list[TraceItem]) -> None:
        self._topic = topic_words(question)
        self._left = budget
        self._costs = costs
        self._items = items
        self.facts: list[Fact] = []
        self.recalled: list[RecalledTurn] = []
        self.knows_answer = False

    def lay_facts(
        self,
        facts: Sequence[Fact],
        in_block: AbstractSet[FactId],
        asked: Sequence[str],
        relevance: Mapping[FactId, float],
    ) -> None:
        self.knows_answer |= any(
            is_asked(fact, asked) or touches(fact.text, self._topic) for fact in facts
        )
        # A stable sort: facts of equal weight keep their rank.
        for fact in sorted(facts, key=lambda fact: -relevance[fact.id]):
            weight = relevance[fact.id]
            standing = fact.state.pinned or fact.kind is FactKind.INSTRUCTION
            if fact.id in in_block:
                continue
            price = self._costs.fact(fact)
            reason = ""
            if not weight and not standing:
                reason = NOT_ASKED
            elif len(self.facts) == MAX_BESIDE:
                reason = TOO_MANY
            elif price > self._left:
                reason = OVER_BUDGET
            if not reason:
                self.facts.append(fact)
                self._left -= price
            self._items.append(_item("fresh", fact.id, price, reason, {"relevance": weight}))

    def is_told_in(self, loop: Sequence[Turn]) -> bool:
        """Whether the conversation itself has just been about it."""
        return any(touches(turn.text, self._topic) for turn in loop if not _asks(turn))

    def is_summed_up_in(self, digest: Sequence[Episode]) -> bool:
        """Whether an earlier conversation was about it."""
        return any(touches(episode.text, self._topic) for episode in digest)

    def lay_turns(self, candidates: Sequence[RecalledTurn], at_most: int) -> None:
        quoted = {evidence.turn_id for fact in self.facts for evidence in fact.evidence}
        for hit in candidates:
            price = self._costs.recalled(hit.turn)
            reason = ""
            if len(self.recalled) == at_most:
                reason = TOO_MANY
            elif price > self._left:
                reason = OVER_BUDGET
            elif hit.score < candidates[0].score - WEAKER_BY:
                reason = TOO_WEAK
            elif hit.turn.id in quoted and _is_short(hit.turn, self.facts):
                reason = SAME_WORDS
            if not reason:
                self.recalled.append(hit)
                self._left -= price
                self.knows_answer |= not self._topic or touches(hit.turn.text, self._topic)
            scores = {"score": hit.score, **hit.parts}
            self._items.append(_item("recalled", hit.turn.id, price, reason, scores))


def _asks(turn: Turn) -> bool:
    return turn.text.rstrip().endswith(("?", "\uff1f"))


def _is_short(turn: Turn, facts: Sequence[Fact]) -> bool:
    """Whether the facts' quotes are all that the turn says."""
    quotes = {e.quote for fact in facts for e in fact.evidence if e.turn_id == turn.id}
    return sum(map(len, quotes)) >= len(turn.text.strip(" .!?。！？"))


def _item(
    kind: str, item_id: str, tokens: int, reason: str, scores: dict[str, float] | None = None
) -> TraceItem:
    return TraceItem(
        kind=kind,
        item_id=item_id,
        tokens=tokens,
        included=not reason,
        reason=reason,
        scores=scores or {},
    )
