"""The turn: what happens between a message and the reply to it.

Six steps in one direction: admit, load, recall, prompt, generate, save. No transaction is open
while the model runs, the message is stored before it does, and the reply is saved even when the
task is cancelled at that moment.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from bot.domain.generation import FinishReason, GenerationRequest, GenerationResult
from bot.domain.message import AgainRequest, InboundMessage
from bot.domain.surroundings import Surroundings
from bot.domain.text import clean_text
from bot.domain.turn import FailureReason, Turn, TurnStatus
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.flooding import LoopBreaker, RefusalPacing
from bot.engine.incognito import IncognitoConversations
from bot.engine.lanes import LaneFullError, Lanes, Place, account_of, lane_of
from bot.engine.ledger import Accepted, Declined, Saved, TurnLedger, event_key
from bot.engine.memory_loader import MemoryLoader
from bot.engine.notices import notices_for
from bot.engine.outcomes import DUPLICATE, declined, failed, reason_of, refused, with_changes
from bot.engine.quota_notices import said_too_often, too_much
from bot.engine.quotas import Spent
from bot.engine.reply import Outcome, Reply, ReplyStatus
from bot.engine.shielding import shielded
from bot.engine.stopwatch import Stopwatch
from bot.errors import EngineFailedError, GenerationTimeoutError, StorageError
from bot.log import bound, get_logger
from bot.ports.generation import ChatTokenizer, Generator
from bot.ports.system import Clock
from bot.prompt.assemble import Assembled, PromptAssembler

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
    ) -> None:
        self._followers = followers
        self._traffic = traffic or ChatTraffic()
        self._ledger = ledger
        self._loader = loader
        self._generator = generator
        self._clock = clock
        self._limits = limits
        self._lanes = Lanes(
            max_waiting=limits.max_waiting_per_conversation, max_open=limits.max_open
        )
        self._loops = LoopBreaker(clock)
        self._refusals = RefusalPacing(clock)
        self._incognito = incognito or IncognitoConversations()
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
        if not text and not message.shown:
            return Reply.ended(refused(notices_for(text).empty))
        if repeats := self._loops.repeats(message.author, message.conversation, text):
            return Reply.ended(refused(said_too_often(text), told_before=repeats > 1))
        return await self._take(message, text, functools.partial(self._admit, message, text))

    async def again(self, request: AgainRequest) -> Reply:
        """Answer a finished turn once more. What is said of :meth:`handle` holds here as well.

        The new reply takes the place of the old one, which the model is shown so that it writes
        another. Nothing is learned from the message again. Refused with a sentence unless the
        turn is the author's own, was said here, and is stored with something to answer; also
        while it is being answered, and while its author is incognito.
        """
        return await self._take(request, "", functools.partial(self._readmit, request))

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
        run = self._run(accepted, request.surroundings, reply, place, watch)
        self._own(run, name=f"turn-{accepted.turn.id}")
        return reply

    async def _admit(self, message: InboundMessage, text: str) -> Accepted | Spent | Outcome:
        accepted = await self._ledger.admit(message, text)
        if accepted is None:
            return DUPLICATE
        if isinstance(accepted, Spent):
            return accepted
        if accepted.is_stored:
            self._incognito.end(accepted.person.id)
        elif not self._incognito.take(accepted.turn):
            return DUPLICATE
        return accepted

    async def _readmit(self, request: AgainRequest) -> Accepted | Spent | Outcome:
        answer = await self._ledger.readmit(request)
        return declined(answer) if isinstance(answer, Declined) else answer

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
        surroundings: Surroundings,
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
                outcome = await self._answer(accepted, surroundings, reply, watch)
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
        self, accepted: Accepted, surroundings: Surroundings, reply: Reply, watch: Stopwatch
    ) -> Outcome:
        turn = accepted.turn
        result = GenerationResult(text="", finish_reason=FinishReason.CANCELLED, tokens=0)
        if accepted.learned.answer:
            reply.write(accepted.learned.answer)
            result = GenerationResult(
                text=accepted.learned.answer, finish_reason=FinishReason.STOP, tokens=0
            )
            return await shielded(self._save(accepted, result, None, reply, watch))
        tokenizer = await self._tokenizer(reply)
        if tokenizer is None:
            return await shielded(self._save(accepted, result, None, reply, watch))
        unstored = self._incognito.loop(turn.person_id, accepted.conversation)
        memory = await self._loader.load(accepted.person, turn, watch, unstored=unstored)
        with watch.step("prompt"):
            assembler = PromptAssembler(
                tokenizer,
                memory_tokens=self._limits.memory_tokens,
                reply_tokens=self._limits.reply_tokens,
            )
            assembled = assembler.assemble(memory, turn.text, turn.shown, surroundings)
        if not reply.cancelled:
            with watch.step("generate"):
                variety = VARIETY if memory.earlier_reply else 0.0
                result = await self._generate(turn, assembled, variety, reply, watch)
        return await shielded(self._save(accepted, result, assembled, reply, watch))

    async def _tokenizer(self, reply: Reply) -> ChatTokenizer | None:
        """Wait until the model is loaded; None when the person stops the reply before that."""
        waiting = asyncio.ensure_future(self._generator.tokenizer())
        reply.when_cancelled(waiting.cancel)
        try:
            done, _ = await asyncio.wait({waiting}, timeout=self._limits.time_limit_seconds)
        finally:
            waiting.cancel()
        if not done:
            raise GenerationTimeoutError("The model was not loaded in time.")
        return None if waiting.cancelled() else waiting.result()

    async def _generate(
        self,
        turn: Turn,
        assembled: Assembled,
        variety: float,
        reply: Reply,
        watch: Stopwatch,
    ) -> GenerationResult:
        request = GenerationRequest(
            id=turn.id,
            prompt=assembled.prompt,
            max_tokens=self._limits.reply_tokens,
            time_limit_seconds=self._limits.time_limit_seconds,
            variety=variety,
            asker=turn.person_id,
        )
        # The generator knows the request from the stream's first step on, and nothing else runs
        # between this line and that step.
        reply.when_cancelled(lambda: self._generator.cancel(turn.id))
        began = self._clock.elapsed()
        async with aclosing(self._generator.stream(request)) as events:
            async for event in events:
                if isinstance(event, GenerationResult):
                    return event
                if "first_token" not in watch.steps:
                    watch.note("first_token", self._clock.elapsed() - began)
                reply.write(event.text)
        raise EngineFailedError("The generator ended without a result.")

    async def _save(
        self,
        accepted: Accepted,
        result: GenerationResult,
        assembled: Assembled | None,
        reply: Reply,
        watch: Stopwatch,
    ) -> Outcome:
        with watch.step("save"):
            saved = await self._keep(accepted, result, assembled, reply, watch)
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
        assembled: Assembled | None,
        reply: Reply,
        watch: Stopwatch,
    ) -> Saved:
        """Save the reply, if that is possible."""
        if not accepted.is_stored:
            turn = replace(accepted.turn, status=TurnStatus.ANSWERED, reply=clean_text(result.text))
            self._incognito.add(accepted.conversation, turn)
            try:
                await self._ledger.charge_unstored(accepted, result, assembled)
            except StorageError as error:
                log.warning("tokens_not_counted", error=str(error))
            return Saved(is_kept=True)
        try:
            saved = await self._ledger.save(
                accepted,
                result,
                model=self._generator.model_name,
                assembled=assembled,
                timings_ms=watch.steps,
                is_seen=reply.is_seen,
            )
        except StorageError as error:
            log.error("reply_not_saved", error=str(error))
            return Saved(is_kept=False, introduces=accepted.first_contact)
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
