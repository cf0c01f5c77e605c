"""Writing turns down: stored before generation, finished after it, never twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from bot.domain.consent import is_kept
from bot.domain.conversation import ConversationId, Scope
from bot.domain.fact import FactId
from bot.domain.generation import FinishReason, GenerationResult
from bot.domain.identity import Person
from bot.domain.message import AgainRequest, InboundMessage
from bot.domain.place_policy import USUAL_POLICY, MemoryMode, PlacePolicy
from bot.domain.text import clean_text
from bot.domain.turn import (
    FailureReason,
    NewTurn,
    TraceItem,
    Turn,
    TurnId,
    TurnOutcome,
    TurnStatus,
    TurnTrace,
)
from bot.engine.accepted import Accepted, Saved
from bot.engine.declining import Declined, NotAgain
from bot.engine.incognito import passer_by
from bot.engine.learning import NOTHING, asked_in_vain, found_in, learn
from bot.engine.quotas import Quotas, Spent, limits_in
from bot.memory.extraction.candidate import Candidate
from bot.memory.stale import GAP
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock, IdSource, WorkerRegistry
from bot.prompt.assemble import Assembled

LEASE = timedelta(seconds=30)
"""For how long an accepted turn is believed to be worked on without news of its process."""


class TurnLedger:
    """The turn's three short transactions. Every method may raise a StorageError."""

    def __init__(
        self,
        storage: Storage,
        *,
        clock: Clock,
        ids: IdSource,
        workers: WorkerRegistry,
        quotas: Quotas | None = None,
    ) -> None:
        """Without ``quotas`` there are none."""
        self._storage = storage
        self._quotas = quotas or Quotas(storage, clock=clock)
        self._clock = clock
        self._ids = ids
        self._worker = workers.name

    async def admit(
        self, message: InboundMessage, text: str, policy: PlacePolicy = USUAL_POLICY
    ) -> Accepted | Spent | None:
        """Store a message and learn from it, at once and together, if ``policy`` has it kept.

        None when it was stored before and is, or is being, answered. Nothing is stored when a
        quota is used up; a message that was stored before costs nothing.
        """
        candidates = found_in(text, message.received_at)
        async with self._storage.unit_of_work() as work:
            mode = policy.memory
            if mode is not MemoryMode.OPT_OUT and not is_kept(
                mode, await work.persons.find(message.author)
            ):
                if await work.turns.owner_of(message.author.platform, event_key(message)):
                    return None  # from when it was kept; whoever answers it tells how it ended
                nobody = passer_by(message.author, seen_at=message.received_at)
                unkept = await self._unstored(
                    work, message, text=text, person=nobody, policy=policy
                )
                if isinstance(unkept, Spent):
                    return unkept
                return replace(unkept, unkept=mode, learned=asked_in_vain(text, candidates))
            person = await work.persons.resolve(
                message.author, new_id=self._ids.new_id(), seen_at=message.received_at
            )
            if person.incognito:
                # Left without a commit: not even a changed display name is stored.
                return await self._unstored(work, message, text=text, person=person, policy=policy)
            return await self._stored(
                work,
                message,
                text=text,
                person=person,
                policy=policy,
                candidates=candidates,
            )

    async def _stored(
        self,
        work: UnitOfWork,
        message: InboundMessage,
        *,
        text: str,
        person: Person,
        policy: PlacePolicy,
        candidates: tuple[Candidate, ...],
    ) -> Accepted | Spent | None:
        lease_until = self._clock.now() + LEASE
        conversation = await work.conversations.resolve(
            message.conversation, new_id=self._ids.new_id()
        )
        turn, is_new = await work.turns.accept(
            NewTurn(
                id=TurnId(self._ids.new_id()),
                person_id=person.id,
                conversation_id=conversation.id,
                audience=conversation.audience,
                event_key=event_key(message),
                text=text,
                received_at=message.received_at,
                worker=self._worker,
                lease_until=lease_until,
                shown=message.shown,
                unremembered=person.paused,
            )
        )
        if not is_new and not (turn.text or turn.shown):
            return None  # deleted on its platform, which delivers it late
        # A platform repeats an event when it saw no answer. If the first attempt died, this
        # one takes over; otherwise it must stay silent.
        if not is_new and not await work.turns.reopen(
            turn.id, worker=self._worker, lease_until=lease_until
        ):
            return None
        learned = NOTHING  # the first attempt has learned already what there is to learn
        if is_new:
            limits = limits_in(message.conversation, policy)
            spent = await self._quotas.take(work, person.id, message.conversation, limits)
            if spent is not None:
                return replace(spent, words=text)
            learned = await learn(work, turn, candidates, self._ids)
        await work.commit()
        return Accepted(
            person=person,
            author=message.author,
            turn=turn,
            conversation=message.conversation,
            learned=learned,
            policy=policy,
        )

    async def _unstored(
        self,
        work: UnitOfWork,
        message: InboundMessage,
        *,
        text: str,
        person: Person,
        policy: PlacePolicy,
    ) -> Accepted | Spent:
        limits = limits_in(message.conversation, policy)
        spent = await self._quotas.take_unstored(work, person.id, message.conversation, limits)
        if spent is not None:
            return replace(spent, words=text)
        turn = Turn(
            id=TurnId(self._ids.new_id()),
            person_id=person.id,
            conversation_id=ConversationId(""),
            audience=message.conversation.audience,
            event_key=event_key(message),
            number=0,
            text=text,
            received_at=message.received_at,
            shown=message.shown,
            unremembered=True,
        )
        return Accepted(
            person=person,
            author=message.author,
            turn=turn,
            conversation=message.conversation,
            policy=policy,
        )

    async def readmit(
        self,
        request: AgainRequest,
        policy: PlacePolicy = USUAL_POLICY,
        *,
        barred: NotAgain | None = None,
    ) -> Accepted | Declined | Spent:
        """Open a finished turn once more, for the person whose turn it is. Nothing is learned.

        It costs a turn, unless nobody asked for it.

        The turn keeps the reply that it had, for the prompt to show; storage has none until the
        new one is saved. It is heard by whoever can read the conversation now. ``barred`` is why
        this person gets no answer there now, whatever the turn.
        """
        lease_until = self._clock.now() + LEASE
        limits = limits_in(request.conversation, policy)
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(request.author)
            if person is None:
                return Declined(why=NotAgain.NOT_YOURS)
            scope = Scope.in_private(person.id)
            turn = await _turn_of(work, scope, request)
            if not is_kept(policy.memory, person):
                barred = barred or NotAgain.UNKEPT
            if person.incognito:
                barred = barred or NotAgain.INCOGNITO
            if turn is None or barred:
                latest = await work.turns.latest(scope, limit=1)
                why = barred or NotAgain.NOT_YOURS
                return Declined(why=why, words=latest[0].text if latest else "")
            if why_not := _why_not_again(turn, only_unanswered=request.only_unanswered):
                return Declined(why=why_not, words=turn.text)
            if not await work.turns.reopen(
                turn.id,
                worker=self._worker,
                lease_until=lease_until,
                finished=not request.after_interruption,
                stays_reported=request.after_interruption,
            ):
                # Of one that was cut off, the platform may have told again meanwhile.
                why = NotAgain.ANSWERED if request.after_interruption else NotAgain.OPEN
                return Declined(why=why, words=turn.text)
            if not request.after_interruption:
                spent = await self._quotas.take(work, person.id, request.conversation, limits)
                if spent is not None:
                    return replace(spent, words=turn.text)
            await work.commit()
        return Accepted(
            person=person,
            author=request.author,
            turn=replace(
                turn,
                audience=request.conversation.audience,
                status=TurnStatus.ACCEPTED,
                finished_at=None,
                failure=None,
            ),
            conversation=request.conversation,
            policy=policy,
        )

    async def save(
        self,
        accepted: Accepted,
        result: GenerationResult,
        *,
        model: str,
        assembled: Assembled | None,
        timings_ms: Mapping[str, float],
        is_seen: bool = True,
    ) -> Saved:
        """Store the reply and its trace.

        It is not kept when the turn is not this process's any more: it was erased meanwhile, or
        another process declared it interrupted. Also when the person had something forgotten
        meanwhile: the reply was written with it in mind, so the turn ends without one.

        Of several turns that end at once, one introduces. One that is not this process's, or whose
        end nobody sees (``is_seen``), leaves that to later ones.
        """
        turn = accepted.turn
        limits = limits_in(accepted.conversation, accepted.policy)
        cancelled = result.finish_reason is FinishReason.CANCELLED
        outcome = TurnOutcome(
            status=TurnStatus.CANCELLED if cancelled else TurnStatus.ANSWERED,
            finished_at=self._clock.now(),
            reply=clean_text(result.text),
        )
        async with self._storage.unit_of_work() as work:
            knows = await still_knows(work, accepted)
            if not knows:
                outcome = replace(outcome, reply="")
            if not await work.turns.finish(turn.id, outcome, worker=self._worker):
                return Saved(is_kept=False, introduces=accepted.first_contact)
            # Whose turn it is now: accounts may have been linked meanwhile.
            owner = await work.persons.find(accepted.author)
            if owner is not None:
                spent = _tokens_of(result, assembled)
                await self._quotas.charge(work, owner.id, accepted.conversation, limits, spent)
            introduces = accepted.first_contact
            if is_seen:
                introduces = await _takes_notice(work, accepted, outcome)
            if assembled and knows:
                used = [item.item_id for item in assembled.items if _is_used_fact(item)]
                await work.facts.mark_used([FactId(i) for i in used], at=outcome.finished_at)
                await work.traces.save(
                    TurnTrace(
                        turn_id=turn.id,
                        person_id=turn.person_id,
                        model=model,
                        prompt_tokens=assembled.prompt.tokens,
                        reply_tokens=result.tokens,
                        finish_reason=result.finish_reason.value,
                        items=assembled.items,
                        timings_ms=dict(timings_ms),
                    )
                )
            await work.commit()
        return Saved(is_kept=knows, introduces=introduces)

    def charge_unstored(
        self, accepted: Accepted, result: GenerationResult, assembled: Assembled | None
    ) -> None:
        """Count the tokens of a reply that is stored nowhere, in memory alone."""
        limits = limits_in(accepted.conversation, accepted.policy)
        self._quotas.charge_unstored(
            accepted.person.id, accepted.conversation, limits, _tokens_of(result, assembled)
        )

    async def fail(
        self, accepted: Accepted, reason: FailureReason, *, is_seen: bool = True
    ) -> bool:
        """Record that a turn has no reply, and why; whether that introduces, as in :meth:`save`.

        Perhaps nobody sees that it was interrupted, so that leaves it to later turns, too.
        """
        outcome = TurnOutcome(
            status=TurnStatus.FAILED, finished_at=self._clock.now(), failure=reason
        )
        introduces = accepted.first_contact
        async with self._storage.unit_of_work() as work:
            if is_seen and reason is not FailureReason.INTERRUPTED:
                # Before the turn is changed: a person is locked before their rows everywhere.
                introduces = await _takes_notice(work, accepted, outcome)
            if not await work.turns.finish(accepted.turn.id, outcome, worker=self._worker):
                return accepted.first_contact
            await work.commit()
        return introduces


async def _turn_of(work: UnitOfWork, scope: Scope, request: AgainRequest) -> Turn | None:
    """The turn that is meant, if it is the person's and was said in this place.

    A thread is the same place as its channel: whoever reads the one can read the other. Anywhere
    else, what was said in private would be answered in front of others.
    """
    turn_id = request.turn_id
    if turn_id is None:
        owned = await work.turns.owner_of(request.conversation.platform, event_key(request))
        turn_id = owned[1] if owned else None
    turns = await work.turns.by_ids(scope, [turn_id]) if turn_id else ()
    here = request.conversation.audience.channel
    return next((turn for turn in turns if turn.audience.channel == here), None)


def _why_not_again(turn: Turn, *, only_unanswered: bool) -> NotAgain | None:
    if only_unanswered and (turn.status is TurnStatus.ANSWERED or turn.reply):
        return NotAgain.ANSWERED
    if not turn.shown and not turn.text.strip(f"{GAP} "):
        return NotAgain.FORGOTTEN
    return None


def _tokens_of(result: GenerationResult, assembled: Assembled | None) -> int:
    """What a reply cost: its own tokens and those of its prompt."""
    return result.tokens + (assembled.prompt.tokens if assembled else 0)


async def _takes_notice(work: UnitOfWork, accepted: Accepted, outcome: TurnOutcome) -> bool:
    """Whether it is this end of a turn that tells the person what is kept about them."""
    return accepted.first_contact and await work.persons.take_notice(
        accepted.turn.person_id, at=outcome.finished_at
    )


async def still_knows(work: UnitOfWork, accepted: Accepted) -> bool:
    """Whether nothing was forgotten since ``accepted``; nothing will be while ``work`` is open."""
    person = await work.persons.find(accepted.author)
    if person is not None:
        await work.facts.begin_change(person.id)
        person = await work.persons.find(accepted.author)
    return person is not None and person.memory_epoch == accepted.person.memory_epoch


def event_key(message: InboundMessage | AgainRequest) -> str:
    """What makes an event unique among all platforms."""
    return f"{message.conversation.platform}:{message.event_key}"


def _is_used_fact(item: TraceItem) -> bool:
    """Whether a fact was in the prompt and bore on the question. To stand there is not enough."""
    is_fact = item.kind in ("fact", "fresh")
    return is_fact and item.included and item.scores.get("relevance", 0.0) > 0
