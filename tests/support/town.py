"""Ellie on a Discord in memory: the real adapter and the real discord.py, a scripted model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import discord
import simcord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle
from support.chat_rewording import reworded_by
from support.dialog import UniqueIds
from support.engine import FakeClock, Workers
from support.engine_choice import engine_over
from support.places import places_over

from adapters.answer import Pace
from adapters.discord.adapter import DiscordAdapter, Options, Services
from adapters.discord.client import EllieClient
from bot.commands.dispatch import Commands
from bot.domain.feedback import Verdict
from bot.domain.generation import GenerationRequest
from bot.domain.identity import Platform, TenantRef
from bot.domain.message import AgainRequest, InboundMessage
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
from bot.engine.policies import ChannelPolicies
from bot.engine.quotas import Quotas
from bot.engine.recall_cache import RecallCache
from bot.engine.recovery import TurnRecovery
from bot.engine.reply import Reply
from bot.engine.turn import TurnEngine, TurnLimits
from bot.errors import StorageUnavailableError
from bot.health import Health
from bot.ports.policy_source import FixedPolicy
from bot.ports.scripted import ScriptedGenerator, WordTokenizer
from bot.ports.sight import Blind, Sight
from bot.ports.storage import Storage, UnitOfWork
from storage.inmemory import InMemoryStorage
from storage.inmemory_state import State

SLOW_PACE = Pace(look=60.0, edit=60.0, slowest=480.0, last_tries=(60.0, 120.0))
"""A minute passes between edits: longer than the Discord in memory waits for anything, so that time
moves only when a test says so."""

INTRODUCTION = "I'm Ellie. To remember you"


class MortalStorage:
    """The way of one process to the database. When the process is killed it writes no more."""

    def __init__(self, database: Storage) -> None:
        self.database = database
        self.is_alive = True

    def unit_of_work(self) -> UnitOfWork:
        if not self.is_alive:
            raise StorageUnavailableError("The process is dead.")
        return self.database.unit_of_work()

    async def scrub(self) -> None:
        await self.database.scrub()


class HeldGenerator(ScriptedGenerator):
    """Can be held in the middle of a reply. The Discord in memory knows that it waits."""

    def __init__(self, *replies: str | Exception) -> None:
        super().__init__(*replies, tokenizer=WordTokenizer(40_000))
        self.env: simcord.Env | None = None
        self._gates: dict[str, asyncio.Future[bool]] = {}

    def release(self) -> None:
        super().release()
        for gate in self._gates.values():
            if not gate.done():
                gate.set_result(True)

    def go_on(self, *, after_words: int) -> None:
        """Let what is held write more, and hold it again ``after_words`` into the reply."""
        self.hold_after = after_words
        for gate in self._gates.values():
            gate.set_result(True)

    def cancel(self, request_id: str) -> None:
        super().cancel(request_id)
        if (gate := self._gates.get(request_id)) and not gate.done():
            gate.set_result(False)

    async def _released(self, request: GenerationRequest, cancelled: asyncio.Event) -> bool:
        if cancelled.is_set():
            return False
        if self.go.is_set():
            return True
        assert self.env is not None
        gate = self._gates[request.id] = asyncio.get_running_loop().create_future()
        return await self.env.external_wait(gate, reason="the model writes")


class _WatchedReply:
    """A reply of which the Discord in memory knows that somebody waits for it."""

    def __init__(self, reply: Reply, env: simcord.Env) -> None:
        self._reply = reply
        self._env = env

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reply, name)

    async def __aiter__(self) -> AsyncIterator[str]:
        pieces = aiter(self._reply)
        while True:
            try:
                yield await self._env.external_wait(anext(pieces), reason="a reply is read")
            except StopAsyncIteration:
                return


class WatchedEngine(TurnEngine):
    """The engine, whose replies may take a while in a test."""

    env: simcord.Env | None = None

    async def handle(self, message: InboundMessage) -> Any:
        return self._watched(await super().handle(message))

    async def again(self, request: AgainRequest) -> Any:
        return self._watched(await super().again(request))

    def _watched(self, reply: Reply) -> Any:
        return reply if self.env is None else _WatchedReply(reply, self.env)


class Ellie:
    """One process of Ellie on Discord."""

    def __init__(
        self,
        folder: Path,
        *replies: str | Exception,
        before: Ellie | None = None,
        storage: Storage | None = None,
        worker: str = "this",
        sight: Sight | None = None,
        see_seconds: float = 20.0,
        **options: Any,
    ) -> None:
        """``before``: an earlier process, whose database, clock and ids this one goes on with."""
        self.folder = folder
        database = before.storage.database if before else storage or InMemoryStorage()
        self.storage = MortalStorage(database)
        self.clock = before.clock if before else FakeClock()
        self.ids = before.ids if before else UniqueIds()
        self.generator = engine_over(HeldGenerator(*replies))
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
        self.engine = WatchedEngine(
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
            looking=Looking(sight or Blind(), self.storage, recall, wait_seconds=see_seconds),
        )
        explanations = Explanations(self.storage, self.generator, ids=self.ids, limits=limits)
        commands = Commands(
            self.control,
            clock=self.clock,
            explanations=explanations,
            places=places_over(self.storage, self.clock, self.policies),
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
        self.adapter = DiscordAdapter(
            Services(
                engine=self.engine,
                commands=commands,
                control=self.control,
                policies=self.policies,
                deliveries=self.deliveries,
                feedback=Feedback(self.storage, clock=self.clock),
                health=self.health,
            ),
            Options(
                token="t",
                state_file=folder / "discord-commands.json",
                **{"pace": SLOW_PACE, **options},
            ),
        )

    @property
    def client(self) -> EllieClient:
        return self.adapter.client

    @property
    def state(self) -> State:
        """What is in the database."""
        assert isinstance(self.storage.database, InMemoryStorage)
        return self.storage.database.state

    def join(self, env: simcord.Env) -> None:
        """Let a Discord in memory know what may take a while."""
        self.generator.env = self.engine.env = env

    async def close_orphans(self) -> int:
        """What this process notices of others that were killed."""
        recovery = TurnRecovery(self.storage, clock=self.clock, workers=self.workers)
        return await recovery.close_orphans()

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


class Town:
    """A server with a channel and two people, and Ellie in it."""

    def __init__(self, env: simcord.Env, ellie: Ellie) -> None:
        self.env = env
        self.ellie = ellie
        ellie.join(env)
        self.guild: GuildHandle = env.create_guild("Town")
        self.hall: ChannelHandle = self.guild.create_text_channel("hall")
        self.ana: MemberActor = self.guild.add_member(env.create_user("ana", global_name="Ana"))
        self.bo: MemberActor = self.guild.add_member(env.create_user("bo", global_name="Bo"))

    @property
    def me(self) -> str:
        """How people call Ellie."""
        user = self.ellie.client.user
        assert user is not None
        return user.mention

    async def decide(self, policy: AnswerPolicy, channel: ChannelHandle | None = None) -> None:
        """Have a policy hold in the server, or in one channel of it."""
        tenant = TenantRef(platform=Platform.DISCORD, external_id=str(self.guild.id))
        where = None if channel is None else str(channel.id)
        await self.ellie.policies.set(tenant, where, policy)

    def channel(self, handle: ChannelHandle | None = None) -> discord.TextChannel:
        """A channel as Ellie sees it."""
        found = self.ellie.client.get_channel((handle or self.hall).id)
        assert isinstance(found, discord.TextChannel)
        return found

    def requests(self, method: str, ending: str) -> list[Any]:
        """What Ellie asked of Discord."""
        made = self.env.http_requests
        return [r for r in made if r.method == method and r.path.endswith(ending)]

    def edits(self) -> list[Any]:
        """Her edits of messages, in order."""
        made = self.env.http_requests
        return [r for r in made if r.method == "PATCH" and "/messages/" in r.path]

    def verdicts(self) -> list[Verdict]:
        """What people think of her replies."""
        return [given.verdict for given in self.ellie.state.feedback.values()]

    def buttons(self, message: discord.Message) -> list[str | None]:
        """The labels under a message; None for those with only a picture."""
        rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
        return [c.label for row in rows for c in row.children if isinstance(c, discord.Button)]

    async def press(self, who: MemberActor, message: discord.Message, name: str) -> Any:
        """Press the button ``name`` (stop, again, good or bad) under a reply of hers."""
        rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
        ids = [c.custom_id for row in rows for c in row.children if isinstance(c, discord.Button)]
        [found] = [i for i in ids if i and i.startswith(f"ellie:{name}:")]
        return await (who if message.guild else who.user).click(message, custom_id=found)

    async def say(self, who: MemberActor, text: str, channel: ChannelHandle | None = None) -> Any:
        """Somebody calls Ellie and says something."""
        return await who.send(channel or self.hall, f"{self.me} {text}")

    def hers(self, channel: ChannelHandle | None = None) -> list[discord.Message]:
        """Ellie's messages in a channel, oldest first."""
        assert self.ellie.client.user is not None
        me = self.ellie.client.user.id
        history = (channel or self.hall).history()
        return [m for m in history if m.author.id == me and not m.is_system()]

    def said(self, channel: ChannelHandle | None = None) -> list[str]:
        """What she said there, without what she tells everybody at first."""
        return [spoken_by_her(m) for m in self.hers(channel)]

    def kill(self) -> None:
        """End the process where it is: what it was doing is not written down any more."""
        self.ellie.storage.is_alive = False

    async def restart(self, *replies: str | Exception, **options: Any) -> Ellie:
        """Another process takes over, to which the one before is dead."""
        before = self.ellie
        self.ellie = Ellie(
            before.folder, *replies, before=before, worker=f"{before.workers.name}+", **options
        )
        self.ellie.workers.dead = frozenset({*before.workers.dead, before.workers.name})
        self.ellie.join(self.env)
        await self.ellie.close_orphans()
        await self.env.restart_bot(self.ellie.client)
        return self.ellie


def spoken_by_her(message: discord.Message) -> str:
    """The words of a message without the introduction that everybody gets once."""
    lines = message.content.split("\n")
    return "\n".join(line for line in lines if INTRODUCTION not in line).strip()


@asynccontextmanager
async def town(
    folder: Path, *replies: str | Exception, storage: Storage | None = None, **options: Any
) -> AsyncIterator[Town]:
    """A running Ellie on a Discord with one server. Errors of hers fail the test."""
    about_discord = {
        name: options.pop(name)
        for name in ("approved_intents", "shard_count", "settle_timeout", "check_errors")
        if name in options
    }
    about_discord.setdefault("shard_count", 1)
    ellie = Ellie(folder, *replies, storage=storage, **options)
    async with simcord.run(ellie.client, **about_discord) as env:
        with env.time_context():
            yield Town(env, ellie)
