"""The turn: what happens between a message and the reply to it.

Six steps in one direction: admit, load, recall, prompt, generate, save. No transaction is open
while the model runs, the message is stored before it does, and the reply is saved even when the
task is cancelled at that moment.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from bot.domain.conversation import ConversationRef
from bot.domain.generation import FinishReason, GenerationResult
from bot.domain.identity import IdentityRef
from bot.domain.memory import WorkingMemory
from bot.domain.message import AgainRequest, InboundMessage
from bot.domain.place_policy import PlacePolicy
from bot.domain.text import clean_text
from bot.domain.turn import FailureReason, Turn, TurnStatus
from bot.engine.accepted import Accepted, Saved, allowed
from bot.engine.admission import Admission
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.flooding import LoopBreaker, RefusalPacing
from bot.engine.generators import Generators
from bot.engine.house_rules import HouseRules, nobody
from bot.engine.incognito import IncognitoConversations
from bot.engine.lanes import LaneFullError, Lanes, Place, account_of, lane_of
from bot.engine.ledger import TurnLedger, event_key
from bot.engine.looking import Glance, Looking
from bot.engine.memory_loader import MemoryLoader
from bot.engine.notices import notices_for
from bot.engine.outcomes import DUPLICATE, failed, reason_of, refused, with_changes
from bot.engine.quota_notices import said_too_often, too_much
from bot.engine.quotas import Spent
from bot.engine.reply import Outcome, Reply, ReplyStatus
from bot.engine.shielding import shielded
from bot.engine.stopwatch import Stopwatch
from bot.engine.writing import ReplyWriter
from bot.errors import StorageError
from bot.log import bound, get_logger
from bot.ports.generation import Generator
from bot.ports.policy_source import PolicySource
from bot.ports.system import Clock
from bot.prompt.assemble import Assembled, PromptAssembler
from bot.prompt.place import PlaceText

log = get_logger(__name__)

T = TypeVar("T")

VARIETY = 0.8
"""Of a reply that takes the place of an earlier one, see :class:`GenerationRequest`. A small model
that is asked for another reply says the likeliest one again, to the letter."""

_Admit = Callable[[], Awaitable[Accepted | Spent | Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnLimits:
    """The settings that bound a turn; see :class:`bot.config.Settings`."""

    memory_tokens: int = 1500
    reply_tokens: int = 400
    time_limit_seconds: float = 300.0
    max_waiting_per_conversation: int = 3
    max_open: int = 40


@dataclass(frozen=True, slots=True)
class _Written:
    """What a model was given, and which model."""

    assembled: Assembled
    model: str


class TurnFollower(Protocol):
    """Works on turns after they were answered, in the background."""

    def offer(self, turn: Turn) -> None:
        """Take note of a turn that was answered and may be remembered. Returns at once."""


class TurnEngine:
    """Answers messages. Owns a task for each turn in progress."""

    def __init__(
        self,
        *,
        ledger: TurnLedger,
        loader: MemoryLoader,
        generator: Generator,
        clock: Clock,
        limits: TurnLimits,
        followers: Sequence[TurnFollower] = (),
        traffic: ChatTraffic | None = None,
        incognito: IncognitoConversations | None = None,
        policies: PolicySource | None = None,
        generators: Generators | None = None,
        looking: Looking | None = None,
        is_owner: Callable[[IdentityRef], bool] = nobody,
    ) -> None:
        """``policies``: what holds where; without any, the usual does.

        ``generators``: ``generator`` with the models that places may have in its stead.
        ``looking``: who looks at pictures; else they are known by their names.
        ``is_owner``: whether somebody owns this Ellie, whom no list locks out.
        """
        self._followers = followers
        self._traffic = traffic or ChatTraffic()
        self._ledger = ledger
        self._loader = loader
        self._generators = generators or Generators(generator)
        self._writer = ReplyWriter(
            self._generators,
            clock=clock,
            reply_tokens=limits.reply_tokens,
            time_limit_seconds=limits.time_limit_seconds,
        )
        self._looking = looking
        self._clock = clock
        self._limits = limits
        self._lanes = Lanes(
            max_waiting=limits.max_waiting_per_conversation, max_open=limits.max_open
        )
        self._loops = LoopBreaker(clock)
        self._refusals = RefusalPacing(clock)
        self._incognito = incognito or IncognitoConversations()
        self._admission = Admission(
            ledger,
            clock=clock,
            incognito=self._incognito,
            policies=policies,
            is_owner=is_owner,
        )
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = False

    async def handle(self, message: InboundMessage) -> Reply:
        """Take a message. Returns once it is stored, or refused; the reply is written meanwhile.

        Never raises for what a person wrote or for a failing database or model: the reply's
        outcome says what to tell them. A caller that is cancelled meanwhile loses the reply and
        not the message: once it is stored it will be answered.
        """
        if self._incognito.knows(event_key(message)):
            # Answered incognito, and delivered again when the person may no longer be so: it must
            # not be stored now.
            return Reply.ended(DUPLICATE)
        text = clean_text(message.text)
        if repeats := self._loops.repeats(message.author, message.conversation, text):
            return Reply.ended(refused(said_too_often(text), told_before=repeats > 1))
        admit = functools.partial(self._admission.admit, message, text)
        return await self._take(message, text, admit)

    async def again(self, request: AgainRequest) -> Reply:
        """Answer a finished turn once more. What is said of :meth:`handle` holds here as well.

        The new reply takes the place of the old one, which the model is shown so that it writes
        another. Nothing is learned from the message again. Refused with a sentence unless the
        turn is the author's own, was said here, and is stored with something to answer; also
        while it is being answered, and while its author is incognito.
        """
        return await self._take(request, "", functools.partial(self._admission.readmit, request))

    async def rules_in(self, place: ConversationRef) -> HouseRules:
        """What holds in a place. Adapters ask before they read what others said there.

        Where that cannot be read nobody is turned away yet, and nothing is read: the engine says
        what is wrong to whoever speaks to her.
        """
        try:
            return await self._admission.rules_in(place)
        except StorageError as error:
            log.error("policy_not_read", error=str(error))
            return HouseRules(policy=PlacePolicy(reads_context=False), place=place)

    async def _take(
        self, request: InboundMessage | AgainRequest, words: str, admit: _Admit
    ) -> Reply:
        taking = self._begin(request, words, admit)
        return await asyncio.shield(self._own(taking, name="take-message"))

    async def _begin(
        self, request: InboundMessage | AgainRequest, words: str, admit: _Admit
    ) -> Reply:
        notices = notices_for(words)
        if self._stopping:
            return Reply.ended(refused(notices.stopping))
        author, conversation = request.author, request.conversation
        try:
            place = self._lanes.enter(lane_of(conversation, author), account_of(author))
        except LaneFullError:
            was_told = self._refusals.was_told(author, conversation)
            return Reply.ended(refused(notices.busy, told_before=was_told))
        watch = Stopwatch(self._clock)
        accepted: Accepted | Spent | Outcome | None = None
        try:
            with watch.step("admit"):
                accepted = await admit()
        except StorageError as error:
            log.error("message_not_stored", error=str(error))
            return Reply.ended(refused(notices.memory_unavailable))
        finally:
            if not isinstance(accepted, Accepted):
                self._lanes.leave(place)
        if isinstance(accepted, Outcome):
            return Reply.ended(accepted)
        if isinstance(accepted, Spent):
            was_told = self._refusals.was_told(author, conversation)
            if not was_told:
                log.info("quota_spent", holder=accepted.holder.value)
            return Reply.ended(refused(too_much(accepted), told_before=was_told))
        reply = Reply(accepted.turn.id)
        run = self._run(accepted, self._glance(request, accepted), reply, place, watch)
        self._own(run, name=f"turn-{accepted.turn.id}")
        return reply

    def _glance(self, request: InboundMessage | AgainRequest, accepted: Accepted) -> Glance:
        around = allowed(request.surroundings, accepted)
        if self._looking is None:
            return Glance(accepted, around)
        pictures = request.pictures if isinstance(request, InboundMessage) else ()
        return self._looking.begin(accepted, pictures, around)

    def _own(self, work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Start a task that :meth:`stop` waits for."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def stop(self, grace_seconds: float) -> None:
        """Take no more messages, let turns in progress end, and interrupt those that do not."""
        self._stopping = True
        if self._tasks:
            log.info("draining_turns", count=len(self._tasks))
        deadline = asyncio.get_running_loop().time() + grace_seconds
        # A message that was just being taken becomes a turn while this waits for it.
        while self._tasks:
            left = deadline - asyncio.get_running_loop().time()
            _, late = await asyncio.wait(set(self._tasks), timeout=max(0.0, left))
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    async def _run(
        self,
        accepted: Accepted,
        glance: Glance,
        reply: Reply,
        place: Place,
        watch: Stopwatch,
    ) -> None:
        """Answer one turn and leave it finished, whatever happens."""
        turn = accepted.turn
        outcome = failed(accepted, FailureReason.INTERRUPTED, introduces=accepted.first_contact)
        with (
            bound(turn=turn.id, person=turn.person_id, conversation=turn.conversation_id),
            self._traffic.answering(),
        ):
            try:
                await place.turn()
                outcome = await self._answer(accepted, glance, reply, watch)
            except asyncio.CancelledError:
                await shielded(self._fail(accepted, FailureReason.INTERRUPTED, reply))
                raise
            except Exception as error:
                # Whatever it is, the turn must end as a recorded failure.
                reason = reason_of(error)
                unforeseen = reason is FailureReason.INTERNAL
                log.error("turn_failed", reason=reason.value, error=str(error), exc_info=unforeseen)
                introduces = await shielded(self._fail(accepted, reason, reply))
                outcome = failed(accepted, reason, introduces=introduces)
            finally:
                self._lanes.leave(place)
                self._incognito.leave(turn.id)
                reply.finish(outcome)

    async def _answer(
        self, accepted: Accepted, glance: Glance, reply: Reply, watch: Stopwatch
    ) -> Outcome:
        result = GenerationResult(text="", finish_reason=FinishReason.CANCELLED, tokens=0)
        if accepted.learned.answer:
            reply.write(accepted.learned.answer)
            result = GenerationResult(
                text=accepted.learned.answer, finish_reason=FinishReason.STOP, tokens=0
            )
            return await shielded(self._save(accepted, result, None, reply, watch))
        loaded = await self._writer.loaded(accepted.policy.model, reply)
        if loaded is None:
            return await shielded(self._save(accepted, result, None, reply, watch))
        generator, tokenizer = loaded
        with watch.step("look"):
            accepted, surroundings = await glance.seen(reply)
        turn = accepted.turn
        memory = await self._remember(accepted, watch)
        with watch.step("prompt"):
            assembler = PromptAssembler(
                tokenizer,
                memory_tokens=self._limits.memory_tokens,
                reply_tokens=self._limits.reply_tokens,
                place=PlaceText.of(accepted.policy),
            )
            assembled = assembler.assemble(memory, turn.text, turn.shown, surroundings)
        if not reply.cancelled:
            with watch.step("generate"):
                variety = VARIETY if memory.earlier_reply else 0.0
                result = await self._writer.write(
                    generator, turn, assembled, reply, variety=variety, watch=watch
                )
        written = _Written(assembled, generator.model_name)
        return await shielded(self._save(accepted, result, written, reply, watch))

    async def _remember(self, accepted: Accepted, watch: Stopwatch) -> WorkingMemory:
        person, turn = accepted.person, accepted.turn
        unstored = self._incognito.loop(person.id, accepted.conversation)
        if accepted.unkept:
            return self._loader.without_memory(person, turn, unstored=unstored)
        return await self._loader.load(person, turn, watch, unstored=unstored)

    async def _save(
        self,
        accepted: Accepted,
        result: GenerationResult,
        written: _Written | None,
        reply: Reply,
        watch: Stopwatch,
    ) -> Outcome:
        with watch.step("save"):
            saved = await self._keep(accepted, result, written, reply, watch)
        log.info(
            "turn_finished",
            finish_reason=result.finish_reason.value,
            reply_tokens=result.tokens,
            saved=saved.is_kept,
        )
        log.debug("turn_timings", **watch.steps)
        cancelled = result.finish_reason is FinishReason.CANCELLED
        notices = notices_for(accepted.turn.text)
        unfinished = notices.unfinished.get(result.finish_reason, "")
        return Outcome(
            status=ReplyStatus.CANCELLED if cancelled else ReplyStatus.ANSWERED,
            text=clean_text(result.text),
            notice=with_changes(
                accepted,
                unfinished,
                "" if saved.is_kept else notices.not_kept,
                introduces=saved.introduces,
            ),
        )

    async def _keep(
        self,
        accepted: Accepted,
        result: GenerationResult,
        written: _Written | None,
        reply: Reply,
        watch: Stopwatch,
    ) -> Saved:
        """Save the reply, if that is possible."""
        if not accepted.is_stored:
            turn = replace(accepted.turn, status=TurnStatus.ANSWERED, reply=clean_text(result.text))
            self._incognito.add(accepted.conversation, turn)
            self._ledger.charge_unstored(accepted, result, written.assembled if written else None)
            return Saved(is_kept=True)
        try:
            saved = await self._ledger.save(
                accepted,
                result,
                model=written.model if written else self._generators.usual.model_name,
                assembled=written.assembled if written else None,
                timings_ms=watch.steps,
                is_seen=reply.is_seen,
            )
        except StorageError as error:
            log.error("reply_not_saved", error=str(error))
            return Saved(is_kept=False, introduces=accepted.first_contact)
        if not saved.is_kept:  # its prompt may have been made before something was forgotten
            self._generators.forget(accepted.turn.person_id)
        if saved.is_kept and not accepted.turn.unremembered:
            for follower in self._followers:
                follower.offer(accepted.turn)
        return saved

    async def _fail(self, accepted: Accepted, reason: FailureReason, reply: Reply) -> bool:
        """Record a failure; whether the person is to be told with it what is kept about them."""
        if not accepted.is_stored:
            return False
        try:
            return await self._ledger.fail(accepted, reason, is_seen=reply.is_seen)
        except StorageError as error:
            # The lease runs out, and recovery records the failure once the database is back.
            log.error("failure_not_recorded", error=str(error))
            return accepted.first_contact
