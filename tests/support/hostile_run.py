"""Hostile input through every command and the turn, over a whole Ellie; what went wrong is listed.

Three people have secrets: Vera in a channel and directly in one workspace, Vito in another one.
Nobody but they themselves may see them, but that admins of Vera's workspace may export what she
said in its channels.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from structlog.testing import capture_logs
from support.commanding import text_of
from support.hostile import FRAGMENTS, hostile_text, mangled

from adapters.names import one_line
from bot.app import App
from bot.commands.call import Caller
from bot.commands.definitions import COMMANDS, Command
from bot.commands.language import Language
from bot.commands.parsing import Invocation, Mistake, parse_arguments
from bot.commands.reply import CommandReply
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.generation import GenerationRequest
from bot.domain.identity import IdentityRef, Platform, TenantRef
from bot.domain.message import InboundMessage
from bot.domain.shown import Shown
from bot.domain.text import clean_text
from bot.ports.generation import GenerationEvent
from bot.ports.scripted import ScriptedGenerator
from bot.system import SystemClock

HERE = TenantRef(platform=Platform.SLACK, external_id="T1")
THERE = TenantRef(platform=Platform.SLACK, external_id="T2")
GUILD = TenantRef(platform=Platform.DISCORD, external_id="1")
DIRECT_SECRET, CHANNEL_SECRET, OTHER_SECRET = "KOMODO-DIRECT", "KOMODO-CHANNEL", "KOMODO-THERE"
_CODE = re.compile(r"\b[2-9A-HJ-NP-Z]{8}\b")
_TRACEBACK = re.compile(r"Traceback|File \"|\bError\(|object at 0x")
SLOW_SECONDS = 5.0
"""Longer than anything here may take, on a machine that does other things as well."""


def account(user: str, tenant: TenantRef, name: str = "") -> IdentityRef:
    """Somebody's account in a tenant."""
    is_slack = tenant.platform is Platform.SLACK
    return IdentityRef(
        platform=tenant.platform,
        external_id=user,
        display_name=name or user,
        tenant=tenant if is_slack else None,
    )


def channel(tenant: TenantRef, channel_id: str = "C1") -> ConversationRef:
    """An open channel."""
    return ConversationRef(
        platform=tenant.platform,
        channel_id=channel_id,
        visibility=Visibility.PUBLIC,
        tenant=tenant,
    )


def direct(identity: IdentityRef) -> ConversationRef:
    """The direct messages of an account."""
    return ConversationRef(
        platform=identity.platform,
        channel_id=f"D{identity.external_id}",
        visibility=Visibility.DIRECT,
        tenant=identity.tenant,
    )


VERA, VITO = account("U0VICTIM", HERE, "Vera"), account("U0OTHER", THERE, "Vito")
BOSS, CHIEF = account("U9BOSS", HERE, "Boss"), account("99", GUILD, "Chief")


class Obliging(ScriptedGenerator):
    """Answers whatever it is asked."""

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        """Say ok."""
        self.enqueue("ok")
        async with aclosing(super().stream(request)) as events:
            async for event in events:
                yield event


class HastyClock(SystemClock):
    """A minute goes by whenever it is told so: nobody is slowed down for asking too much."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The time, and the minutes that went by."""
        return super().now() + self._ahead

    def elapsed(self) -> float:
        """The same, in seconds."""
        return super().elapsed() + self._ahead.total_seconds()

    def hurry(self) -> None:
        """Let a minute go by."""
        self._ahead += timedelta(minutes=1)


@dataclass
class Findings:
    """What a run found. ``problems`` is empty when all is well."""

    inputs: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")


class HostileRun:
    """Puts one input after another in."""

    def __init__(self, app: App, generator: Obliging, clock: HastyClock, *, seed: int) -> None:
        self._app = app
        self._clock = clock
        self._generator = generator
        self._dice = random.Random(seed)
        self._event = 0
        self._aside = 0.0
        self.found = Findings()

    async def settle_in(self) -> Mapping[str, Any]:
        """Let the victims talk; returns what is stored about Vito, whom nobody may touch."""
        for who, where, words in (
            (VERA, channel(HERE), f"My dog is called {CHANNEL_SECRET}."),
            (VERA, direct(VERA), f"My locker code is {DIRECT_SECRET}."),
            (VITO, channel(THERE), f"My cat is called {OTHER_SECRET}."),
        ):
            await self.talk(who, where, words)
        return await self._stored(VITO)

    async def go(self, count: int) -> None:
        """Put ``count`` inputs in."""
        for number in range(count):
            self._clock.hurry()
            kind, put = self._next(f"ZQ{number}QZ")
            self.found.inputs[kind] += 1
            began, self._aside = time.perf_counter(), 0.0
            with capture_logs() as logs:
                try:
                    await put
                except Exception as error:  # noqa: BLE001 - this is what is looked for
                    self._problem(kind, number, f"raised {type(error).__name__}: {error}"[:300])
            seconds = time.perf_counter() - began - self._aside
            self.found.seconds.append(seconds)
            self.found.slowest = max(self.found.slowest, (seconds, f"{kind} {number}"))
            if seconds > SLOW_SECONDS:
                self._problem(kind, number, f"took {seconds:.1f} s")
            for line in logs:
                if line["log_level"] != "debug" and f"ZQ{number}QZ" in repr(line):
                    self._problem(kind, number, f"is in the log: {line['event']}")
                if line["log_level"] in ("error", "critical") and line.get("reason") != "too_long":
                    self._problem(kind, number, f"logged {line}"[:300])

    async def end(self, vito_before: Mapping[str, Any]) -> None:
        """Look whether anything of those changed whom it does not concern."""
        if await self._stored(VITO) != vito_before:
            self._problem("end", 0, "what is stored about Vito changed")
        vera = json.dumps(await self._stored(VERA))
        if DIRECT_SECRET not in vera:
            self._problem("end", 0, "what Vera said directly is gone")
        await self.talk(VERA, direct(VERA), "hello")

    def _next(self, marker: str) -> tuple[str, Any]:
        dice = self._dice
        chosen = dice.random()
        if chosen < 0.55:
            command = dice.choice(COMMANDS)
            name = dice.choice((command.name, *command.aliases))
            name = mangled(dice, name) if dice.random() < 0.1 else name
            return f"/{command.name}", self._typed(f"/{name} {hostile_text(dice, marker)}")
        if chosen < 0.7:
            command = dice.choice(COMMANDS)
            return f"options of {command.name}", self._chosen(command, marker)
        if chosen < 0.8:
            return "line", self._typed(hostile_text(dice, marker))
        return "message", self._message(marker)

    def caller(self) -> Caller:
        """Somebody somewhere: an admin of one of two tenants, a member, or a hostile stranger."""
        dice = self._dice
        stranger = dice.choice((HERE, GUILD))
        identity, is_admin = dice.choice(
            (
                (BOSS, True),
                (CHIEF, True),
                (account("U7", HERE), False),
                (account(hostile_text(dice)[:80] or "x", stranger, hostile_text(dice)), False),
            )
        )
        identity = _storable(identity)
        tenant = identity.tenant or GUILD
        places = (
            channel(tenant),
            channel(tenant, one_line(hostile_text(dice))[:40] or "C"),
            direct(identity),
        )
        where = dice.choice(places)
        return Caller(
            identity=identity,
            conversation=where,
            is_admin=is_admin and where.visibility is not Visibility.DIRECT,
            locale=dice.choice(("", "zh", "en-GB", hostile_text(dice)[:20])),
        )

    async def _typed(self, line: str) -> None:
        understood = self._app.commands.understand(line)
        caller = self.caller()
        if understood is None:
            await self.talk(caller.identity, caller.conversation, line)
            return
        await self._answered(understood, caller)

    async def _chosen(self, command: Command, marker: str) -> None:
        """Arguments of any kind for any parameter, as a platform's menus may hand them over."""
        dice = self._dice
        values = (
            hostile_text(dice, marker),
            dice.randint(-5, 10**12),
            True,
            dice.choice(FRAGMENTS),
        )
        given = {
            parameter.name: str(dice.choice(values))
            for parameter in command.parameters
            if parameter.required or dice.random() < 0.8
        }
        understood = _read_alone(command, given)
        await self._answered(understood, self.caller())

    async def _answered(self, understood: Invocation | Mistake, caller: Caller) -> None:
        reply = await self._app.commands.answer(understood, caller)
        self.look_at(reply, caller)
        if reply.more:  # goes on in the background and may take its time
            began = time.perf_counter()
            self.look_at(await reply.more(), caller)
            self._aside += time.perf_counter() - began
        if reply.confirmation:
            self.look_at(await reply.confirmation.answer(self._dice.random() < 0.5), caller)
        code = _CODE.search(text_of(reply))
        if code and isinstance(understood, Invocation) and self._dice.random() < 0.5:
            again = {**understood.arguments, "code": code[0]}
            self.look_at(
                await self._app.commands.answer(
                    Invocation(command=understood.command, arguments=again), caller
                ),
                caller,
            )

    def look_at(self, reply: CommandReply, caller: Caller) -> None:
        """Look for secrets and insides in an answer."""
        self.found.outcomes[reply.kind.value] += 1
        shown = text_of(reply)
        files = " ".join(file.content.decode("utf-8", "replace") for file in reply.files)
        number = self.found.inputs.total() - 1
        if not (shown or files):
            self._problem("answer", number, "nothing is said")
        if _TRACEBACK.search(shown):
            self._problem("answer", number, f"shows the insides: {shown[:200]}")
        for secret, may_see in (
            (DIRECT_SECRET, False),
            (OTHER_SECRET, False),
            (CHANNEL_SECRET, caller.is_admin and caller.conversation.tenant == HERE),
        ):
            if secret in f"{shown} {files}" and not may_see:
                self._problem("answer", number, f"{secret} is shown to {caller.identity}")

    async def _message(self, marker: str) -> None:
        dice, caller = self._dice, self.caller()
        shown = (
            Shown(
                name=clean_text(hostile_text(dice)[:300]), caption=clean_text(hostile_text(dice))
            ),
        )
        await self.talk(
            caller.identity,
            caller.conversation,
            hostile_text(dice, marker),
            shown=shown if dice.random() < 0.2 else (),
        )

    async def talk(
        self,
        who: IdentityRef,
        where: ConversationRef,
        words: str,
        *,
        shown: tuple[Shown, ...] = (),
    ) -> None:
        """Say something to Ellie, and look whose secrets are in her prompt."""
        self._event += 1
        asked = len(self._generator.requests)
        reply = await self._app.engine.handle(
            InboundMessage(
                event_key=f"hostile-{self._event}",
                author=who,
                conversation=where,
                text=words,
                received_at=self._app.clock.now(),
                shown=shown,
            )
        )
        outcome = await reply.outcome()
        self.found.outcomes[outcome.status.value] += 1
        for request in self._generator.requests[asked:]:
            prompt = repr(request.prompt.messages)
            for secret, owner in (
                (DIRECT_SECRET, VERA),
                (CHANNEL_SECRET, VERA),
                (OTHER_SECRET, VITO),
            ):
                if secret in prompt and who != owner:
                    self._problem("message", self._event, f"{secret} is in a prompt of {who}")
        self._generator.requests.clear()

    async def _stored(self, who: IdentityRef) -> Mapping[str, Any]:
        document = await self._app.control.export.of(who)
        assert document is not None
        stored: dict[str, Any] = json.loads(document.content)
        del stored["exported_at"]
        return stored

    def _problem(self, kind: str, number: int, what: str) -> None:
        self.found.problems.append(f"{kind} {number}: {what}")


def _read_alone(command: Command, given: Mapping[str, str]) -> Invocation | Mistake:
    """The command with its options, each of which a menu hands over alone."""
    arguments: dict[str, Any] = {}
    for parameter in command.parameters:
        if parameter.name not in given:
            continue
        alone = replace(command, parameters=(parameter,))
        read = parse_arguments(alone, clean_text(given[parameter.name]), Language.ENGLISH)
        if isinstance(read, Mistake):
            return replace(read, command=command)
        arguments.update(read.arguments)
    return Invocation(command=command, arguments=arguments)


def _storable(identity: IdentityRef) -> IdentityRef:
    return IdentityRef(
        platform=identity.platform,
        external_id=one_line(identity.external_id) or "x",
        display_name=one_line(identity.display_name),
        tenant=identity.tenant,
    )
