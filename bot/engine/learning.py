"""Learning from a message, inside the transaction that stores it.

Rules read the person's own words and nothing else: not Ellie's replies, not what was recalled, not
what others said. What they find is consolidated with what is known, and a change of memory is told
to the person with the row that was written, and only then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.conversation import Scope
from bot.domain.fact import Fact, FactId, FactStatus
from bot.domain.operation import Actor, MemoryOperation, MemoryPatch, OperationKind
from bot.domain.text import shorten
from bot.domain.turn import Turn
from bot.engine.memory_store import apply_patch
from bot.engine.notices import Notices, notices_for
from bot.memory.consolidation import consolidate
from bot.memory.extraction.candidate import Candidate
from bot.memory.extraction.rules import extract
from bot.memory.operations import ChangeContext
from bot.ports.storage import UnitOfWork
from bot.ports.system import IdSource

SHOWN_CHARACTERS = 200
"""A fact's text is shortened to this where a change is told."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a message changed in memory.

    ``remarks`` say so to the person, a line for each change. ``answer`` is the whole reply to a
    message that only asks to remember something; no model is needed for it.
    """

    remarks: tuple[str, ...] = ()
    answer: str = ""


NOTHING = Learned()
"""What most messages change."""


def found_in(text: str, said_at: datetime) -> tuple[Candidate, ...]:
    """The statements in a message. Pure and quick, so it is done before a transaction opens."""
    return extract(text, said_at)


async def learn(
    work: UnitOfWork, turn: Turn, candidates: tuple[Candidate, ...], ids: IdSource
) -> Learned:
    """Consolidate what was found in ``turn`` with what is known, within the open unit of work."""
    texts = notices_for(turn.text)
    asked = _only_asks_to_remember(turn.text, candidates)
    if turn.unremembered:
        return Learned((texts.paused,), texts.cannot_remember) if asked else NOTHING
    if not candidates:
        return NOTHING
    number = await work.facts.begin_change(turn.person_id)
    facts = await work.facts.of(Scope.in_private(turn.person_id), {FactStatus.ACTIVE})
    context = ChangeContext(
        person_id=turn.person_id,
        audience=turn.audience,
        actor=Actor.PERSON if asked else Actor.EXTRACTION,
        now=turn.received_at,
        new_id=ids.new_id,
        next_number=number,
        turn_id=turn.id,
    )
    patch = consolidate(candidates, facts, context)
    await apply_patch(work, patch)
    remarks = _Remarks(patch, facts, turn, texts)
    answer = _answer(patch, texts) if asked else ""
    return Learned(remarks.lines(tell_known=asked), answer)


def asked_in_vain(text: str, candidates: tuple[Candidate, ...]) -> Learned:
    """What a message that asks to remember something is told where nothing is kept."""
    told = notices_for(text).cannot_keep
    if _only_asks_to_remember(text, candidates):
        return Learned(answer=told)
    return Learned((told,)) if any(found.explicit for found in candidates) else NOTHING


def _only_asks_to_remember(text: str, candidates: tuple[Candidate, ...]) -> bool:
    is_question = "?" in text or "\uff1f" in text
    return bool(candidates) and all(c.explicit for c in candidates) and not is_question


def _answer(patch: MemoryPatch, texts: Notices) -> str:
    """The reply to a request to remember something, true to what was written."""
    if any(fact.status is FactStatus.ACTIVE for fact in patch.added):
        return texts.will_remember
    if patch.added:
        return texts.will_not_use
    is_over = any(operation.kind is OperationKind.ERASE for operation in patch.operations)
    return texts.will_remember if is_over else texts.known_already


class _Remarks:
    """Says what a patch did, in front of the audience of the turn that led to it."""

    def __init__(
        self, patch: MemoryPatch, known: tuple[Fact, ...], turn: Turn, texts: Notices
    ) -> None:
        self._operations = patch.operations
        self._facts: dict[FactId, Fact] = {fact.id: fact for fact in (*known, *patch.added)}
        self._scope = Scope(turn.person_id, turn.audience)
        self._texts = texts

    def lines(self, *, tell_known: bool) -> tuple[str, ...]:
        found = [self._line(operation, tell_known) for operation in self._operations]
        return tuple(dict.fromkeys(filter(None, found)))

    def _line(self, operation: MemoryOperation, tell_known: bool) -> str:
        new = [self._facts[c.fact_id] for c in operation.changes if c.before is None]
        # What was told in a narrower circle is not repeated here, not even as what is over.
        old = [
            fact
            for change in operation.changes
            if change.before is not None
            and self._scope.admits((fact := self._facts[change.fact_id]).audience)
        ]
        if operation.kind is OperationKind.STRENGTHEN:
            known = [self._told(self._texts.known, fact) for fact in old]
            return "\n".join(known) if tell_known else ""
        if operation.kind is OperationKind.ERASE:
            return "\n".join(self._told(self._texts.over, fact) for fact in old)
        return "\n".join(self._introduced(fact, old) for fact in new)

    def _introduced(self, fact: Fact, old: list[Fact]) -> str:
        if fact.status is FactStatus.QUARANTINED:
            return self._told(self._texts.set_aside, fact)
        line = self._told(self._texts.learned, fact)
        if old:
            line += self._texts.was.format(text=shorten(old[-1].text, SHOWN_CHARACTERS))
        other = self._facts.get(fact.conflicts_with) if fact.conflicts_with else None
        if other is not None and self._scope.admits(other.audience):
            text = shorten(other.text, SHOWN_CHARACTERS)
            doubt = self._texts.doubtful.format(number=fact.number, other=other.number, text=text)
            line = f"{line}\n{doubt}"
        return line

    def _told(self, template: str, fact: Fact) -> str:
        return template.format(number=fact.number, text=shorten(fact.text, SHOWN_CHARACTERS))
