"""Ellie in a local Slack: the real adapter, the real Bolt, a scripted model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from slack_stand_in import Channel, Message, SlackStandIn, Team, User
from support.chat_rewording import reworded_by
from support.dialog import UniqueIds
from support.engine import Workers
from support.engine_choice import engine_over
from support.places import places_over
from support.town import INTRODUCTION, MortalStorage

from adapters.answer import Pace
from adapters.slack.adapter import Options, Services, SlackAdapter
from adapters.slack.http_events import PATH, HttpEvents
from adapters.slack.pacing import PER_MINUTE, Pacing
from adapters.slack.socket import Rhythm
from bot.commands.dispatch import Commands
from bot.domain.generation import GenerationRequest
from bot.domain.identity import Platform, TenantRef
from bot.domain.policy import AnswerPolicy
from bot.domain.turn import Turn
from bot.engine.audit import AuditLog
from bot.engine.deliveries import Deliveries
from bot.engine.explanation import Explanations
from bot.engine.feedback import Feedback
from bot.engine.incognito import IncognitoConversations
from bot.engine.ledger import TurnLedger
from bot.engine.looking import Looking
from bot.engine.memory_control import MemoryControl
from bot.engine.memory_loader import MemoryLoader
from bot.engine.participation import Participation
from bot.engine.policies import ChannelPolicies
from bot.engine.quotas import Quotas
from bot.engine.recall_cache import RecallCache
from bot.engine.recovery import TurnRecovery
from bot.engine.tenant_erasure import TenantErasure
from bot.engine.tenant_retention import TenantRetention
from bot.engine.turn import TurnEngine, TurnLimits
from bot.health import Health
from bot.ports.generation import Generator
from bot.ports.policy_source import FixedPolicy
from bot.ports.scripted import ScriptedGenerator, WordTokenizer
from bot.ports.sight import Blind, Sight
from bot.ports.storage import Storage
from storage.inmemory import InMemoryStorage
from storage.inmemory_state import State

QUICK = Pace(look=0.005, edit=0.005, slowest=0.02, last_tries=(0.01, 0.02, 0.05))
"""Nobody waits in a test; what is shown when is told by what the model is let to write."""
QUICK_RHYTHM = Rhythm(ping_seconds=0.2, overlap_seconds=0.2, acks_seconds=2.0, pauses=(0.02, 0.05))
UNHURRIED = dict.fromkeys(
    ("chat.startStream", "chat.stopStream", "chat.appendStream", "chat.update"), 60_000
)
"""Calls a minute that nobody has to wait for."""


class SlackTime:
    """Ellie's clock, which shows what the stand-in's shows."""

    def __init__(self, slack: SlackStandIn) -> None:
        self._slack = slack

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._slack.clock.now(), UTC)

    def elapsed(self) -> float:
        return self._slack.clock.now()


class HeldGenerator(ScriptedGenerator):
    """Can be let write some words more, and is held again then."""

    def __init__(self, *replies: str | Exception) -> None:
        super().__init__(*replies, tokenizer=WordTokenizer(40_000))
        self._more: set[asyncio.Event] = set()

    def go_on(self, *, after_words: int) -> None:
        """Let what is held write more, and hold it again ``after_words`` into the reply."""
        self.hold_after = after_words
        for event in self._more:
            event.set()

    async def _released(self, request: GenerationRequest, cancelled: asyncio.Event) -> bool:
        more = asyncio.Event()
        self._more.add(more)
        waits = [asyncio.create_task(event.wait()) for event in (self.go, more, cancelled)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._more.discard(more)
            for wait in waits:
                wait.cancel()
        return not cancelled.is_set()


class Ellie:
    """One process of Ellie in one workspace."""

    def __init__(
        self,
        slack: SlackStandIn,
        team: Team,
        *replies: str | Exception,
        before: Ellie | None = None,
        storage: Storage | None = None,
        worker: str = "this",
        sight: Sight | None = None,
        over_http: bool = False,
        generator: Generator | None = None,
        **options: Any,
    ) -> None:
        """``before``: an earlier process, whose database and ids this one goes on with."""
        self.slack, self.team = slack, team
        database = before.storage.database if before else storage or InMemoryStorage()
        self.storage = MortalStorage(database)
        self.clock = SlackTime(slack)
        self.ids = before.ids if before else UniqueIds()
        self.generator = engine_over(generator or HeldGenerator(*replies))
        self.workers = Workers(worker)
        self.health = Health()
        incognito, recall, limits = IncognitoConversations(), RecallCache(), TurnLimits()
        self.rules = FixedPolicy()
        self.control = MemoryControl.over(
            self.storage,
            recall,
            clock=self.clock,
            ids=self.ids,
            incognito=incognito,
            policies=self.rules,
        )
        self.policies = ChannelPolicies(self.storage, clock=self.clock)
        self.deliveries = Deliveries(self.storage, clock=self.clock, workers=self.workers)
        self.engine = TurnEngine(
            ledger=TurnLedger(
                self.storage,
                clock=self.clock,
                ids=self.ids,
                workers=self.workers,
                quotas=Quotas(self.storage, clock=self.clock, policies=self.rules),
            ),
            loader=MemoryLoader(self.storage, recall),
            generator=self.generator,
            clock=self.clock,
            limits=limits,
            incognito=incognito,
            policies=self.rules,
            looking=Looking(sight or Blind(), self.storage, recall),
        )
        commands = Commands(
            self.control,
            clock=self.clock,
            explanations=Explanations(self.storage, self.generator, ids=self.ids, limits=limits),
            places=places_over(self.storage, self.clock, self.policies),
            retention=TenantRetention(self.storage, default_days=None),
            rules=self.rules,
            audit=AuditLog(self.storage, clock=self.clock, ids=self.ids),
            rewording=reworded_by(
                self.generator,
                self.storage,
                clock=self.clock,
                ids=self.ids,
                incognito=incognito,
                policies=self.rules,
            ),
        )
        token = (
            {"signing_secret": team.signing_secret, "host": "127.0.0.1", "port": 0}
            if over_http
            else {"app_token": team.app_token}
        )
        self.adapter = SlackAdapter(
            Services(
                engine=self.engine,
                commands=commands,
                control=self.control,
                policies=self.policies,
                participation=Participation(self.storage),
                deliveries=self.deliveries,
                feedback=Feedback(self.storage, clock=self.clock),
                erasure=TenantErasure(self.storage, erasing=self.control.erasing),
                health=self.health,
                clock=self.clock,
            ),
            Options(
                bot_token=team.bot_token,
                base_url=slack.api_url,
                **{
                    "pace": QUICK,
                    "rhythm": QUICK_RHYTHM,
                    "pacing": Pacing({**PER_MINUTE, **UNHURRIED}),
                    **token,
                    **options,
                },
            ),
        )
        self._running: asyncio.Task[None] | None = None

    @property
    def state(self) -> State:
        """What is in the database."""
        assert isinstance(self.storage.database, InMemoryStorage)
        return self.storage.database.state

    async def start(self) -> None:
        """Connect."""
        recovery = TurnRecovery(self.storage, clock=self.clock, workers=self.workers)
        await recovery.close_orphans()
        running = self._running = asyncio.create_task(self.adapter.run())
        options = self.adapter._options
        if options.app_token:
            await self.slack.until(lambda: running.done() or self.slack.connections(self.team))
            return
        await self.slack.until(lambda: running.done() or self.adapter.connection is not None)
        if not running.done():
            assert isinstance(self.adapter.connection, HttpEvents)
            address = await self.adapter.connection.listening()
            self.slack.connect_http(self.team, f"{address}{PATH}")

    async def ended(self) -> None:
        """Wait until it ends by itself; raises what it ended with."""
        assert self._running is not None
        running, self._running = self._running, None
        await asyncio.wait_for(running, 10)

    async def stop(self) -> None:
        """End in good order, as ``ellie run`` does."""
        if self._running is None:
            return
        await self.adapter.stop()
        await self.engine.stop(0.5)
        await self.ended()

    async def kill(self) -> None:
        """End the process where it is: what it was doing is not written down any more."""
        self.storage.is_alive = False
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})
            self._running = None
        await self.engine.stop(0)

    def prompts(self) -> list[str]:
        """What the model was given, one text for each request."""
        return [
            "\n".join(f"{m.role.value}: {m.content}" for m in request.prompt.messages)
            for request in self.generator.requests
        ]

    def turns(self) -> list[Turn]:
        """Every stored turn, oldest first."""
        return [stored.turn for stored in self.state.turns.values()]

    def facts(self) -> list[str]:
        """Every stored fact."""
        return [fact.text for fact in self.state.facts.values()]


class Office:
    """A workspace with a channel and two people, and Ellie in it."""

    def __init__(self, slack: SlackStandIn, team: Team, ellie: Ellie) -> None:
        self.slack, self.team, self.ellie = slack, team, ellie
        self.ana = team.add_user("U1", name="ana", real_name="Ana", display_name="Ana")
        self.bo = team.add_user("U2", name="bo", real_name="Bo", display_name="Bo")
        self.chief = team.add_user(
            "U3", name="chief", real_name="Chief", display_name="Chief", is_admin=True
        )
        self.hall = team.add_channel("C1", name="hall", members=[self.ana, self.bo, self.chief])

    @property
    def me(self) -> str:
        """How people call Ellie."""
        return self.team.mention

    async def decide(self, policy: AnswerPolicy, channel: Channel | None = None) -> None:
        """Have a policy hold in the workspace, or in one channel of it."""
        tenant = TenantRef(platform=Platform.SLACK, external_id=self.team.id)
        await self.ellie.policies.set(tenant, None if channel is None else channel.id, policy)

    async def call(self, who: User, text: str, channel: Channel | None = None, **how: Any) -> Any:
        """Somebody calls Ellie and says something."""
        return await self.team.say(who, channel or self.hall, f"{self.me} {text}", **how)

    async def write(self, who: User, text: str, **how: Any) -> Message:
        """Somebody writes to Ellie directly."""
        return await self.team.say(who, self.team.dm(who), text, **how)

    def hers(self, channel: Channel | None = None, thread_ts: str | None = None) -> list[Message]:
        """Ellie's messages in a channel, oldest first."""
        return self.team.hers(channel or self.hall, thread_ts)

    def said(self, channel: Channel | None = None, thread_ts: str | None = None) -> list[str]:
        """What she said there, without what she tells everybody at first."""
        return [spoken_by_her(message) for message in self.hers(channel, thread_ts)]

    async def answered(self, count: int = 1, channel: Channel | None = None) -> list[str]:
        """Wait until she has said so many things in a channel, and finished them; what she said."""
        await self.slack.until(lambda: self.is_finished(count, channel))
        return self.said(channel)

    def is_finished(self, count: int, channel: Channel | None = None) -> bool:
        """Whether she has said so many things, with buttons under the last one."""
        hers = self.hers(channel)
        return (
            len(hers) >= count
            and not any(message.is_streaming for message in hers)
            and self.ellie.adapter.is_idle
        )

    async def restart(self, *replies: str | Exception, **options: Any) -> Ellie:
        """Another process takes over, to which the one before is dead."""
        before = self.ellie
        await before.kill()
        self.ellie = Ellie(
            self.slack,
            self.team,
            *replies,
            before=before,
            worker=f"{before.workers.name}+",
            **options,
        )
        self.ellie.workers.dead = frozenset({*before.workers.dead, before.workers.name})
        await self.ellie.start()
        return self.ellie


def spoken_by_her(message: Message) -> str:
    """The words of a message without the introduction that everybody gets once."""
    lines = message.shown_text.split("\n")
    return "\n".join(line for line in lines if INTRODUCTION not in line).strip()


@asynccontextmanager
async def office(
    *replies: str | Exception, manifest: Any = None, **options: Any
) -> AsyncIterator[Office]:
    """A running Ellie in a local Slack with one workspace."""
    async with SlackStandIn() as slack:
        team = slack.add_team("T1", name="Acme", manifest=manifest)
        ellie = Ellie(slack, team, *replies, **options)
        place = Office(slack, team, ellie)
        await ellie.start()
        try:
            yield place
        finally:
            await place.ellie.stop()
