"""What a message taught, taken back: its author deleted it, or wrote something else in its place.

Memory is to be as if the words had never been said. What they overwrote is current again, unless
something newer came in between; what was also said elsewhere stays, on those words alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.conversation import Audience, Visibility
from bot.domain.fact import Evidence, Fact, FactId, FactKind, FactState, FactStatus
from bot.domain.operation import MemoryOperation, MemoryPatch, OperationKind
from bot.domain.turn import Turn, TurnId
from bot.memory.cutting import Words, places, same_words, search_terms, sentence_spans
from bot.memory.extraction.rules import extract
from bot.memory.operations import ChangeContext, MemoryChange

_REASON = "its message is gone"

_WIDEST_FIRST = (
    Visibility.PUBLIC,
    Visibility.PRIVATE,
    Visibility.SHARED,
    Visibility.DIRECT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """What to change, and then which facts to erase.

    ``unsaid`` are those of them that nothing says any more; the others live on in other words.
    """

    patch: MemoryPatch
    gone: tuple[Fact, ...] = ()
    unsaid: tuple[Fact, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.patch or self.gone)


def withdraw(
    turn: Turn,
    text: str,
    facts: Iterable[Fact],
    operations: Sequence[MemoryOperation],
    context: ChangeContext,
    *,
    heard: Mapping[TurnId, Audience],
) -> Withdrawal:
    """What follows when ``text`` stands in place of the words of ``turn``; nothing, if it is empty.

    What sentences taught that stay word for word is left as it is. ``facts`` are all of the
    person's, of every status; ``operations`` those that the turn led to, oldest first. ``heard``
    says to whom the other turns were said that those facts stand on.
    """
    return _Withdrawing(turn, text, facts, context, heard=heard).result(operations)


class _Withdrawing:
    def __init__(
        self,
        turn: Turn,
        text: str,
        facts: Iterable[Fact],
        context: ChangeContext,
        *,
        heard: Mapping[TurnId, Audience],
    ) -> None:
        self._turn = turn
        self._heard = heard
        self._stays = {span.of(text) for span in sentence_spans(text)}
        self._were = {fact.id: fact for fact in facts}
        self._known = dict(self._were)
        self._change = MemoryChange((), context)
        self._left = {
            fact.id: left
            for fact in self._were.values()
            if len(left := tuple(e for e in fact.evidence if not self._is_lost(e)))
            < len(fact.evidence)
        }
        self._unsaid = {fact_id for fact_id, left in self._left.items() if not left}
        self._reworded: dict[FactId, Fact] = {}

    def result(self, operations: Sequence[MemoryOperation]) -> Withdrawal:
        for operation in reversed(operations):
            if not self._still_holds(operation):
                self._take_back(operation)
        for fact_id, left in self._left.items():
            if not left:
                continue
            fact = self._were[fact_id]
            words, audience = _other_words(fact, left), self._audience(fact, left)
            if words is not None or audience != fact.audience:
                new = replace(self._known[fact_id], text=words or fact.text, audience=audience)
                self._begin_anew(new, left)
        gone = self._unsaid | self._reworded.keys()
        for fact in list(self._known.values()):
            # Also what no operation of this turn says, such as facts of linked accounts.
            if fact.state.superseded_by in gone and fact.id not in gone:
                self._move_on(fact)
        patch = self._change.patch()
        unsupport = [
            (fact_id, lost)
            for fact_id in self._left
            if fact_id not in gone
            for lost in self._were[fact_id].evidence
            if self._is_lost(lost)
        ]
        return Withdrawal(
            patch=replace(patch, unsupport=(*patch.unsupport, *unsupport)),
            gone=self._those(gone),
            unsaid=self._those(self._unsaid),
        )

    def _is_lost(self, evidence: Evidence) -> bool:
        if evidence.turn_id != self._turn.id:
            return False
        text = self._turn.text
        found = places(text, evidence.quote)
        around = {
            span.of(text)
            for span in sentence_spans(text)
            if any(span.overlaps(place) for place in found)
        }
        # "I live in Porto" is not what "I live in Porto no more" says.
        return not found or not around <= self._stays

    def _still_holds(self, operation: MemoryOperation) -> bool:
        """Whether what the operation began, or strengthened, has words to stand on."""
        strengthened = operation.kind is OperationKind.STRENGTHEN
        return any(
            change.fact_id in self._were
            and (change.fact_id not in self._left if strengthened else self._stands(change.fact_id))
            for change in operation.changes
            if strengthened or change.before is None
        )

    def _stands(self, fact_id: FactId) -> bool:
        return fact_id not in self._unsaid

    def _take_back(self, operation: MemoryOperation) -> None:
        for change in operation.changes:
            fact = self._known.get(change.fact_id)
            if change.before is None or fact is None or fact.state != change.after:
                continue
            was_active = change.before.status is FactStatus.ACTIVE
            comes_back = was_active and fact.status is not FactStatus.ACTIVE
            if comes_back and (heir := self._heir(fact)) is not None:
                self._restate(fact, _given_way(fact, heir))
        self._follow(lambda: self._change.undo(operation, self._known.values()))

    def _move_on(self, fact: Fact) -> None:
        """Whatever took the place of ``fact`` is gone: something else has it, or it is back."""
        renamed = self._reworded.get(fact.state.superseded_by or FactId(""))
        if renamed is not None:
            self._restate(fact, replace(fact.state, superseded_by=renamed.id))
        elif heir := self._heir(fact):
            self._restate(fact, _given_way(fact, heir))
        elif fact.status in (FactStatus.SUPERSEDED, FactStatus.MERGED):
            ends = fact.occurs_until if fact.kind is FactKind.PLAN else None
            state = replace(fact.state, status=FactStatus.ACTIVE, valid_to=ends, superseded_by=None)
            self._restate(fact, state)

    def _heir(self, fact: Fact) -> Fact | None:
        """What stands in place of ``fact`` though the words that replaced it are gone, if any."""
        following = fact.state.superseded_by
        seen = {fact.id}
        while following in self._unsaid and following not in seen:
            seen.add(following)
            between = self._were[following]
            given = between.status in (FactStatus.SUPERSEDED, FactStatus.MERGED)
            following = between.state.superseded_by if given else None
        if following is not None and following not in seen and following in self._known:
            return self._known[following]
        rivals = [
            other
            for other in self._known.values()
            if fact.slot
            and other.slot == fact.slot
            and other.id not in self._unsaid
            and other.id != fact.id
            and other.status is FactStatus.ACTIVE
        ]
        return max(rivals, key=lambda rival: (rival.valid_from, rival.number), default=None)

    def _audience(self, fact: Fact, left: Sequence[Evidence]) -> Audience:
        """Who may hear of a fact that stands on ``left`` alone: nobody who heard none of it."""
        circles = [self._heard[e.turn_id] if e.turn_id else fact.audience for e in left]
        if any(circle.may_enter(fact.audience) for circle in circles):
            return fact.audience
        return min(circles, key=lambda circle: _WIDEST_FIRST.index(circle.visibility))

    def _begin_anew(self, fact: Fact, left: Sequence[Evidence]) -> None:
        """Put ``fact`` on ``left`` in place of the one with the same id."""
        new = replace(
            fact,
            id=FactId(self._change.context.new_id()),
            number=self._change.next_number,
            evidence=tuple(left),
            valid_from=max(fact.valid_from, left[0].said_at),
        )
        self._reworded[fact.id] = new
        self._change.append(new, _REASON)
        self._known[new.id] = new
        del self._known[fact.id]

    def _restate(self, fact: Fact, state: FactState) -> None:
        self._change.restate(OperationKind.UNDO, fact, state, _REASON)
        self._known[fact.id] = fact.in_state(state)

    def _follow(self, change: Callable[[], None]) -> None:
        """Do ``change``, and note the states that it leaves."""
        before = len(self._change.patch().operations)
        change()
        for operation in self._change.patch().operations[before:]:
            for moved in operation.changes:
                self._known[moved.fact_id] = self._known[moved.fact_id].in_state(moved.after)

    def _those(self, ids: Collection[FactId]) -> tuple[Fact, ...]:
        return tuple(fact for fact in self._were.values() if fact.id in ids)


def _given_way(fact: Fact, heir: Fact) -> FactState:
    status = FactStatus.MERGED if fact.status is FactStatus.MERGED else FactStatus.SUPERSEDED
    since = max(fact.state.valid_to or fact.valid_from, heir.valid_from)
    return replace(fact.state, status=status, valid_to=since, superseded_by=heir.id)


def _other_words(fact: Fact, left: Sequence[Evidence]) -> str | None:
    """What a fact has to say now that it stands on ``left`` alone; None when it may stay as it is.

    It is in the words of whoever said it first, and those may be the ones that are gone.
    """
    found = [found for support in left for found in extract(support.quote, support.said_at)]
    if any(same_words(candidate.text, fact.text) for candidate in found):
        return None
    if Words(" ".join(support.quote for support in left)).hold(search_terms(fact.text)):
        return None
    alike = [
        candidate.text
        for candidate in found
        if (candidate.slot, candidate.topic) == (fact.slot, fact.topic)
        and (candidate.value or "").casefold() == (fact.value or "").casefold()
    ]
    return alike[-1] if alike else left[-1].quote
