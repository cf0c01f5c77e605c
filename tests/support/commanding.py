"""Commands over in-memory storage: people who ask, and memory made by hand."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from support.engine import FakeClock, Workers

from bot.commands.call import Caller
from bot.commands.dispatch import Commands
from bot.commands.reply import CommandReply
from bot.domain.conversation import ConversationRef, Scope, Visibility
from bot.domain.fact import Evidence, Fact, FactId, FactKind, FactStatus
from bot.domain.identity import IdentityRef, Person, Platform, TenantRef
from bot.domain.operation import Actor
from bot.domain.recipient import Recipient
from bot.domain.shown import Shown
from bot.domain.turn import NewTurn, Turn, TurnId, TurnOutcome, TurnStatus
from bot.engine.incognito import IncognitoConversations
from bot.engine.memory_control import MemoryControl
from bot.engine.memory_store import apply_patch
from bot.engine.model_work import ModelWork
from bot.engine.quotas import Quotas
from bot.engine.recall_cache import RecallCache
from bot.engine.rewording import Rewording
from bot.engine.said_here import Listening
from bot.memory.operations import ChangeContext, MemoryChange
from bot.ports.condensing import ScriptedCondenser
from bot.ports.storage import UnitOfWork
from bot.ports.translating import ScriptedTranslator
from storage.inmemory import InMemoryStorage

WORKSPACE = TenantRef(platform=Platform.SLACK, external_id="T1")


class Ids:
    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.codes: list[str] = []

    def new_id(self) -> str:
        return f"id{next(self._numbers)}"

    def new_code(self) -> str:
        self.codes.append(f"CODE{next(self._numbers):04}")
        return self.codes[-1]


class CountedStorage(InMemoryStorage):
    scrubbed = 0

    async def scrub(self) -> None:
        self.scrubbed += 1
        await super().scrub()


def rewording_over(desk: Desk, **more: Any) -> Rewording:
    """What sums up and translates at a desk; ``more`` says who is let in, and how often."""
    more.setdefault("quotas", Quotas(desk.storage, clock=desk.clock))
    return Rewording(
        ModelWork(desk.storage, **more),
        Listening(desk.storage, clock=desk.clock, ids=desk.ids, incognito=desk.incognito),
        condenser=desk.condenser,
        translator=desk.translator,
    )


class Desk:
    """Where people ask. Without another account, somebody writes directly in Slack."""

    def __init__(
        self,
        explanations: Any = None,
        *,
        retention_days: int | None = None,
        sent_to: Sequence[Recipient] = (),
    ) -> None:
        self.sent_to = sent_to
        self.storage = CountedStorage()
        self.clock = FakeClock()
        self.ids = Ids()
        self.recall = RecallCache()
        self.control = MemoryControl.over(
            self.storage,
            self.recall,
            clock=self.clock,
            ids=self.ids,
            retention_days=retention_days,
        )
        self.condenser = ScriptedCondenser()
        self.translator = ScriptedTranslator()
        self.incognito = IncognitoConversations()
        self.rewording = rewording_over(self)
        self.commands = Commands(
            self.control,
            clock=self.clock,
            explanations=explanations,
            rewording=self.rewording,
            sent_to=sent_to,
        )
        self.names: dict[str, str] = {}
        """How accounts call themselves, where that is not their id with a capital letter."""
        self._events = itertools.count()

    def identity(self, user: str = "ana", platform: Platform = Platform.SLACK) -> IdentityRef:
        return IdentityRef(
            platform=platform,
            external_id=user,
            display_name=self.names.get(user, user.title()),
            tenant=WORKSPACE if platform is Platform.SLACK else None,
        )

    def caller(self, user: str = "ana", *, locale: str = "", **account: Platform) -> Caller:
        identity = self.identity(user, **account)
        return Caller(identity=identity, conversation=_direct(identity), locale=locale)

    async def ask(
        self, line: str, user: str = "ana", *, locale: str = "", **account: Platform
    ) -> CommandReply:
        """What a line is answered that must be a command."""
        understood = self.commands.understand(line, locale)
        assert understood is not None, f"{line!r} is a message"
        return await self.commands.answer(understood, self.caller(user, locale=locale, **account))

    async def agree(
        self, line: str, user: str = "ana", *, yes: bool = True, **account: Platform
    ) -> CommandReply:
        """What a command answers after its question."""
        asked = await self.ask(line, user, **account)
        assert asked.confirmation is not None, text_of(asked)
        return await asked.confirmation.answer(yes)

    async def say(
        self,
        text: str,
        reply: str = "ok",
        user: str = "ana",
        *,
        shown: tuple[Shown, ...] = (),
        **account: Platform,
    ) -> Turn:
        """A turn as the engine leaves it, with nothing learned."""
        identity = self.identity(user, **account)
        async with self.storage.unit_of_work() as work:
            person = await self._resolve(work, identity)
            conversation = await work.conversations.resolve(
                _direct(identity), new_id=self.ids.new_id()
            )
            turn, _ = await work.turns.accept(
                NewTurn(
                    id=TurnId(self.ids.new_id()),
                    person_id=person.id,
                    conversation_id=conversation.id,
                    audience=conversation.audience,
                    event_key=f"e{next(self._events)}",
                    text=text,
                    received_at=self.clock.now(),
                    worker=Workers.name,
                    lease_until=self.clock.now(),
                    shown=shown,
                )
            )
            outcome = TurnOutcome(
                status=TurnStatus.ANSWERED, finished_at=self.clock.now(), reply=reply
            )
            await work.turns.finish(turn.id, outcome, worker=Workers.name)
            await work.commit()
        return turn

    async def learn(
        self,
        text: str,
        turn: Turn | None = None,
        *,
        user: str = "ana",
        quote: str = "",
        replaces: Fact | None = None,
        kind: FactKind = FactKind.IDENTITY,
        platform: Platform = Platform.SLACK,
        **more: Any,
    ) -> Fact:
        """A fact that the person's words in ``turn``, or in a command, taught."""
        identity = self.identity(user, platform)
        now: datetime = self.clock.now()
        async with self.storage.unit_of_work() as work:
            person = await self._resolve(work, identity)
            number = await work.facts.begin_change(person.id)
            audience = turn.audience if turn else _direct(identity).audience
            context = ChangeContext(
                person_id=person.id,
                audience=audience,
                actor=Actor.EXTRACTION,
                now=now,
                new_id=self.ids.new_id,
                next_number=number,
            )
            fact = Fact(
                id=FactId(self.ids.new_id()),
                person_id=person.id,
                audience=audience,
                number=number,
                kind=kind,
                text=text,
                evidence=(
                    Evidence(
                        quote=quote or text.rstrip("."),
                        turn_id=turn.id if turn else None,
                        said_at=now,
                    ),
                ),
                valid_from=now,
                **more,
            )
            change = MemoryChange([replaces] if replaces else [], context)
            if replaces:
                change.overwrite([replaces], fact, "test")
            else:
                change.append(fact, "test")
            await apply_patch(work, change.patch())
            await work.commit()
        return fact

    async def facts(self, user: str = "ana", **account: Platform) -> dict[int, Fact]:
        """The facts of every status, by number."""
        async with self.storage.unit_of_work() as work:
            person = await self._resolve(work, self.identity(user, **account))
            facts = await work.facts.of(Scope.in_private(person.id), frozenset(FactStatus))
        return {fact.number: fact for fact in facts}

    async def turns(self, user: str = "ana", **account: Platform) -> list[tuple[str, str]]:
        """What was said and replied."""
        async with self.storage.unit_of_work() as work:
            person = await self._resolve(work, self.identity(user, **account))
            turns = await work.turns.after(Scope.in_private(person.id), 0)
        return [(turn.text, turn.reply) for turn in turns]

    async def person(self, user: str = "ana", **account: Platform) -> Person | None:
        async with self.storage.unit_of_work() as work:
            return await work.persons.find(self.identity(user, **account))

    def later(self, **time: float) -> None:
        self.clock.moment += timedelta(**time)

    async def _resolve(self, work: UnitOfWork, identity: IdentityRef) -> Person:
        return await work.persons.resolve(
            identity, new_id=self.ids.new_id(), seen_at=self.clock.now()
        )


def text_of(reply: CommandReply) -> str:
    """All that a reply shows, line by line."""
    lines = [reply.title, *reply.lines]
    for section in reply.sections:
        lines.append(section.title)
        for row in section.rows:
            lines.append(" ".join([row.label, row.text, *(f"[{mark}]" for mark in row.marks)]))
            lines += [f"  {note}" for note in row.notes]
    lines += reply.closing
    if reply.confirmation:
        lines.append(reply.confirmation.question)
    return "\n".join(line for line in lines if line)


def _direct(identity: IdentityRef) -> ConversationRef:
    return ConversationRef(
        platform=identity.platform,
        channel_id=f"dm-{identity.external_id}",
        visibility=Visibility.DIRECT,
    )
