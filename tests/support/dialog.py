"""Conversations of several people in several places, and everything that the model was given."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from typing import Any

import regex
from support.commanding import text_of
from support.engine import FakeClock, Workers

from bot.commands.call import Caller
from bot.commands.dispatch import Commands
from bot.commands.reply import CommandReply
from bot.domain.conversation import ConversationRef, Scope, Visibility
from bot.domain.fact import Fact, FactStatus
from bot.domain.generation import (
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    GenerationResult,
    TextDelta,
)
from bot.domain.identity import IdentityRef, Person, Platform, TenantRef
from bot.domain.message import InboundMessage
from bot.domain.place_policy import USUAL_POLICY, PlacePolicy
from bot.domain.shown import Shown
from bot.domain.turn import Turn
from bot.engine.erase_list import EraseList
from bot.engine.explanation import Explanations
from bot.engine.generators import Generators
from bot.engine.incognito import IncognitoConversations
from bot.engine.ledger import TurnLedger
from bot.engine.looking import Looking
from bot.engine.memory_control import MemoryControl
from bot.engine.memory_loader import MemoryLoader
from bot.engine.quotas import Quotas
from bot.engine.recall_cache import RecallCache
from bot.engine.reply import Outcome
from bot.engine.turn import TurnEngine, TurnLimits
from bot.engine.vectors import VectorKeeper
from bot.ports.hashed import HashingEncoder
from bot.ports.policy_source import FixedPolicy
from bot.ports.scripted import ScriptedGenerator, WordTokenizer
from bot.ports.sight import Blind, Sight
from bot.ports.storage import Storage
from storage.inmemory import InMemoryStorage

WORK = TenantRef(platform=Platform.SLACK, external_id="work")

_ROOM = 40_000
"""Tokens: all that may enter a prompt does, unless a test wants it tight."""


def nod(_: str) -> str:
    """A reply that repeats nothing."""
    return "All right."


_MARKER = regex.compile(r"zq[a-j]{4}x", regex.IGNORECASE)


def marker(number: int) -> str:
    """A word that nothing else holds. It has no digits, so that it may be a name."""
    return f"Zq{''.join('abcdefghij'[int(digit)] for digit in f'{number:04}')}x"


def markers_in(text: str) -> frozenset[str]:
    """The markers in ``text``, as :func:`marker` writes them."""
    return frozenset(found.capitalize() for found in _MARKER.findall(text))


def parrot(prompt: str) -> str:
    """A reply that gives away every marker below 9000 that the model was shown."""
    said = sorted(word for word in markers_in(prompt) if word < marker(9000))
    return f"You told me {' and '.join(said)}."


class Nodding(ScriptedGenerator):
    """Answers every prompt with what ``answer`` makes of it, for as long as a test talks."""

    def __init__(self, answer: Callable[[str], str] = nod, context_tokens: int = _ROOM) -> None:
        super().__init__(tokenizer=WordTokenizer(context_tokens))
        self.answer = answer
        self.asked = asyncio.Event()

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        self.requests.append(request)
        self.asked.set()
        await self.go.wait()
        text = self.answer(prompt_text(request))
        yield TextDelta(text)
        yield GenerationResult(text=text, finish_reason=FinishReason.STOP, tokens=2)


class UniqueIds:
    """Ids and codes that no later engine over the same storage gives out again."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def new_id(self) -> str:
        return f"id{next(self._numbers):06}"

    def new_code(self) -> str:
        return f"CODE{next(self._numbers):04}"


def account(
    name: str = "ana", platform: Platform = Platform.SLACK, display: str | None = None
) -> IdentityRef:
    return IdentityRef(
        platform=platform,
        external_id=name,
        display_name=name.title() if display is None else display,
        tenant=WORK if platform is Platform.SLACK else None,
    )


def direct(who: IdentityRef) -> ConversationRef:
    return ConversationRef(
        platform=who.platform, channel_id=f"dm-{who.external_id}", visibility=Visibility.DIRECT
    )


def channel(
    name: str = "hall",
    visibility: Visibility = Visibility.PUBLIC,
    tenant: TenantRef = WORK,
    thread: str | None = None,
) -> ConversationRef:
    return ConversationRef(
        platform=tenant.platform,
        channel_id=name,
        visibility=visibility,
        tenant=tenant,
        thread_id=thread,
    )


ANA = account()
HALL = channel()


class Dialog:
    """Ellie with her commands over any storage. :meth:`restart` leaves only the storage as it is.

    A minute passes before whatever is said, or another time ``between``.
    """

    def __init__(
        self,
        storage: Storage | None = None,
        *,
        answer: Callable[[str], str] = nod,
        memory_tokens: int = _ROOM // 2,
        context_tokens: int = _ROOM,
        encoding: bool = False,
        policy: PlacePolicy = USUAL_POLICY,
        between: timedelta = timedelta(minutes=1),
        erase_list: EraseList | None = None,
        sight: Sight | None = None,
        see_seconds: float = 20.0,
    ) -> None:
        self.storage = storage or InMemoryStorage()
        self.erase_list = erase_list
        self.clock = FakeClock()
        self.ids = UniqueIds()
        self._events = itertools.count()
        self._answer = answer
        self._limits = TurnLimits(memory_tokens=memory_tokens, reply_tokens=50)
        self._context_tokens = context_tokens
        self._encoding = encoding
        self._between = between
        self._sight = sight or Blind()
        self._see_seconds = see_seconds
        self.rules = FixedPolicy(policy)
        self.restart()

    def restart(self) -> None:
        """Everything anew but the storage, the time, and the ids given out so far."""
        self.generator = Nodding(self._answer, self._context_tokens)
        self.encoder = HashingEncoder()
        vectors = self.encoder.model_name if self._encoding else ""
        self.recall = RecallCache(vector_model=vectors)
        self.keeper = VectorKeeper(self.storage, self.encoder, self.recall)
        self.generators = Generators(self.generator)
        self.incognito = IncognitoConversations(dropped=self.generators.forget)
        self.quotas = Quotas(self.storage, clock=self.clock, policies=self.rules)
        self.looking = Looking(
            self._sight, self.storage, self.recall, wait_seconds=self._see_seconds
        )
        self.engine = TurnEngine(
            ledger=TurnLedger(
                self.storage,
                clock=self.clock,
                ids=self.ids,
                workers=Workers(),
                quotas=self.quotas,
            ),
            loader=MemoryLoader(self.storage, self.recall, self.keeper if self._encoding else None),
            generator=self.generator,
            clock=self.clock,
            limits=self._limits,
            incognito=self.incognito,
            policies=self.rules,
            looking=self.looking,
            generators=self.generators,
        )
        self.control = MemoryControl.over(
            self.storage,
            self.recall,
            clock=self.clock,
            ids=self.ids,
            incognito=self.incognito,
            policies=self.rules,
            erase_list=self.erase_list,
            generators=self.generators,
        )
        explanations = Explanations(self.storage, self.generator, ids=self.ids, limits=self._limits)
        self.commands = Commands(
            self.control,
            clock=self.clock,
            explanations=explanations,
            quotas=self.quotas,
            rules=self.rules,
        )

    def later(self, **time: float) -> None:
        self.clock.moment += timedelta(**time)

    def message(
        self,
        text: str,
        who: IdentityRef = ANA,
        where: ConversationRef | None = None,
        *,
        event: str | None = None,
        shown: tuple[Shown, ...] = (),
        **rest: Any,
    ) -> InboundMessage:
        return InboundMessage(
            event_key=event or f"event{next(self._events)}",
            author=who,
            conversation=where or direct(who),
            text=text,
            received_at=self.clock.now(),
            shown=shown,
            **rest,
        )

    async def say(
        self,
        text: str,
        who: IdentityRef = ANA,
        where: ConversationRef | None = None,
        **rest: Any,
    ) -> Outcome:
        self.clock.moment += self._between
        if self._encoding:
            await self.encoder.start()
        reply = await self.engine.handle(self.message(text, who, where, **rest))
        outcome = await reply.outcome()
        if self._encoding and (person := await self.person(who)) is not None:
            await self.keeper.catch_up(person.id)
        return outcome

    async def prompt_for(
        self,
        text: str,
        who: IdentityRef = ANA,
        where: ConversationRef | None = None,
        **rest: Any,
    ) -> str:
        """What the model is given for ``text``."""
        before = len(self.generator.requests)
        await self.say(text, who, where, **rest)
        assert len(self.generator.requests) == before + 1, f"no model was asked for {text!r}"
        return self.last_prompt()

    def last_prompt(self) -> str:
        return prompt_text(self.generator.requests[-1])

    async def command(
        self, line: str, who: IdentityRef = ANA, where: ConversationRef | None = None
    ) -> CommandReply:
        self.clock.moment += self._between
        understood = self.commands.understand(line)
        assert understood is not None, f"{line!r} is a message"
        caller = Caller(identity=who, conversation=where or direct(who))
        return await self.commands.answer(understood, caller)

    async def ask(
        self, line: str, who: IdentityRef = ANA, where: ConversationRef | None = None
    ) -> str:
        """What a command says."""
        return text_of(await self.command(line, who, where))

    async def agree(self, line: str, who: IdentityRef = ANA) -> str:
        """What a command says after its question was answered with yes."""
        asked = await self.command(line, who)
        assert asked.confirmation is not None, text_of(asked)
        return text_of(await asked.confirmation.answer(True))

    async def link(self, one: IdentityRef, other: IdentityRef) -> None:
        """Make two accounts one person, as people do it."""
        self.later(hours=2)  # codes are rationed
        issued = await self.control.linking.issue(one)
        await self.control.linking.redeem(other, getattr(issued, "code", ""))

    async def person(self, who: IdentityRef = ANA) -> Person | None:
        async with self.storage.unit_of_work() as work:
            return await work.persons.find(who)

    async def facts(self, who: IdentityRef = ANA, *statuses: FactStatus) -> tuple[Fact, ...]:
        """Their facts in any of the statuses; without one, the active ones."""
        person = await self.person(who)
        if person is None:
            return ()
        async with self.storage.unit_of_work() as work:
            return await work.facts.of(
                Scope.in_private(person.id), statuses or (FactStatus.ACTIVE,)
            )

    async def known(self, who: IdentityRef = ANA) -> list[str]:
        """What is current about them."""
        now = self.clock.now()
        return [fact.text for fact in await self.facts(who) if fact.is_current(now)]

    async def number_of(self, words: str, who: IdentityRef = ANA) -> int:
        """The number of their one fact of any status that has these words."""
        (found,) = [f for f in await self.facts(who, *FactStatus) if words in f.text]
        return found.number

    async def turns(self, who: IdentityRef = ANA) -> tuple[Turn, ...]:
        person = await self.person(who)
        if person is None:
            return ()
        async with self.storage.unit_of_work() as work:
            return await work.turns.after(Scope.in_private(person.id), 0)


def prompt_text(request: GenerationRequest) -> str:
    return "\n".join(f"{m.role.value}: {m.content}" for m in request.prompt.messages)
