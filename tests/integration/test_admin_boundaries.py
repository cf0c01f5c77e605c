"""No administrator reads or changes anything outside their tenant, or beyond their role.

Random people with accounts in two workspaces and on a server say words, each of which is unique.
Random callers give random admin commands in random places. Whatever they do, the words that they
are shown were said in channels of the place's tenant, and what was said anywhere else is stored as
before, as is what was decided there.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.commanding import text_of
from support.hostile_run import HastyClock, Obliging, account, channel, direct

from bot.app import App, assembled_app
from bot.commands.call import Caller
from bot.commands.reply import CommandReply
from bot.config import Settings
from bot.config_choices import Extraction
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import IdentityRef, Platform, TenantRef
from bot.domain.message import InboundMessage
from bot.domain.place_policy import PlacePolicy

_WORD = re.compile(r"\bword\d+\b")
_CODE = re.compile(r"\b[2-9A-HJ-NP-Z]{8}\b")
_numbers = itertools.count(1)

LINES: Sequence[str] = (
    "/admin reset user {user}",
    "/admin reset user {user} now",
    "/admin reset channel",
    "/admin reset channel now",
    "/admin reset server",
    "/admin reset server now",
    "/admin reset undo",
    "/admin reset list",
    "/admin export user {user}",
    "/admin audit",
    "/admin audit export",
    "/admin policy show",
    "/admin policy set memory off everywhere",
    "/admin policy set deny-users {user} everywhere",
    "/admin policy set persona Bob here",
    "/admin policy set answers off everywhere",
    "/admin policy default memory everywhere",
    "/admin policy export",
    "/admin retention 1",
    "/admin retention forever",
    "/admin compact",
)


@dataclass(frozen=True)
class Said:
    """A word, who said it, and where."""

    word: str
    who: IdentityRef
    where: ConversationRef


class World:
    """Fresh workspaces, a fresh server and fresh people in an Ellie that has others, too."""

    def __init__(self, app: App, clock: HastyClock) -> None:
        self.app = app
        self.clock = clock
        n = next(_numbers)
        self.tenants = (
            TenantRef(platform=Platform.SLACK, external_id=f"TA{n}"),
            TenantRef(platform=Platform.SLACK, external_id=f"TB{n}"),
            TenantRef(platform=Platform.DISCORD, external_id=f"{n}000000"),
        )
        # The same user ids in both workspaces: they are different people.
        self.people = tuple(
            account(f"{'U' if tenant.platform is Platform.SLACK else n * 100}{k}", tenant)
            for tenant in self.tenants
            for k in (1, 2)
        )
        self.said: list[Said] = []

    def places(self, who: IdentityRef) -> tuple[ConversationRef, ...]:
        """Where somebody can talk."""
        tenant = who.tenant or self.tenants[2]
        private = channel(tenant, "C2")
        return (
            channel(tenant),
            ConversationRef(
                platform=private.platform,
                channel_id="C2",
                visibility=Visibility.PRIVATE,
                tenant=tenant,
            ),
            direct(who),
        )

    async def talk(self) -> None:
        """Everybody says a word everywhere they can."""
        for who in self.people:
            for where in self.places(who):
                number = next(_numbers)
                self.said.append(Said(f"word{number}", who, where))
                reply = await self.app.engine.handle(
                    InboundMessage(
                        event_key=f"e{number}",
                        author=who,
                        conversation=where,
                        text=f"My locker code is word{number}.",
                        received_at=self.app.clock.now(),
                    )
                )
                await reply.outcome()

    async def link(self) -> None:
        """The first of each workspace turn out to be one person."""
        code = await self.app.control.linking.issue(self.people[0])
        assert hasattr(code, "code")
        await self.app.control.linking.redeem(self.people[2], code.code)

    async def decided(self, who: IdentityRef) -> tuple[PlacePolicy, ...]:
        """What holds where somebody can talk."""
        return tuple([await self.app.place_policies.of(where) for where in self.places(who)])

    async def stored_outside(
        self, tenant: TenantRef | None, *, place: TenantRef | None
    ) -> Mapping[str, Any]:
        """All that is stored of everybody but what was said in channels of ``tenant``.

        And what was decided and is on record in other tenants than that of the ``place``.
        """
        found: dict[str, Any] = {}
        for who in self.people:
            document = await self.app.control.export.of(who)
            found[repr(who)] = (
                None if document is None else _outside(json.loads(document.content), tenant)
            )
        for other in self.tenants:
            if other != place:
                policy = await self.app.place_policies.of(channel(other))
                found[other.id] = (policy, await self.app.audit.export(other.id))
        return found


def _outside(document: Mapping[str, Any], tenant: TenantRef | None) -> Any:
    def is_outside(item: Mapping[str, Any]) -> bool:
        audience = item["audience"]
        is_inside = tenant is not None and audience["tenant_id"] == tenant.id
        return not is_inside or audience["visibility"] == "direct"

    turns = [item for item in document["turns"] if is_outside(item)]
    return json.dumps(
        {
            "identities": document["identities"],
            "turns": turns,
            "facts": [item["text"] for item in document["facts"] if is_outside(item)],
        },
        sort_keys=True,
    )


def words_in(reply: CommandReply) -> set[str]:
    """The words that a reply shows, its files included."""
    shown = text_of(reply) + " ".join(f.content.decode() for f in reply.files)
    return set(_WORD.findall(shown))


@dataclass(frozen=True)
class Act:
    """Somebody gives a command somewhere, with their rights or without."""

    caller: int
    line: str
    about: int
    where: int
    is_admin: bool
    confirms: bool


ACTS = st.lists(
    st.builds(
        Act,
        caller=st.integers(0, 5),
        line=st.sampled_from(LINES),
        about=st.integers(0, 5),
        where=st.integers(0, 2),
        is_admin=st.sampled_from([True, True, False]),
        confirms=st.sampled_from([True, True, False]),
    ),
    min_size=1,
    max_size=5,
)


EVERY_LINE = [
    Act(caller=caller, line=line, about=0, where=where, is_admin=is_admin, confirms=True)
    for caller, where, is_admin in ((0, 0, False), (0, 1, True))
    for line in LINES
]
"""Of one person, linked with another one elsewhere: chance seldom asks for all of it."""


async def _carry_out(world: World, act: Act) -> None:
    world.clock.hurry()
    who = world.people[act.caller]
    where = world.places(who)[act.where]
    is_direct = where.visibility is Visibility.DIRECT
    tenant = None if is_direct else where.tenant
    is_admin = act.is_admin and not is_direct
    caller = Caller(identity=who, conversation=where, is_admin=is_admin)
    before = await world.stored_outside(tenant if is_admin else None, place=where.tenant)
    decided = await world.decided(who)
    line = act.line.format(user=world.people[act.about].external_id)
    replies = [await _ask(world, line, caller)]
    if replies[0].confirmation:
        replies.append(await replies[0].confirmation.answer(act.confirms))
    code = _CODE.search(text_of(replies[0]))
    if code and act.confirms:
        replies.append(await _ask(world, f"{line} {code[0]}", caller))
    may_see = {
        said.word
        for said in world.said
        if is_admin and said.where.tenant == tenant and said.where.visibility != "direct"
    }
    for reply in replies:
        assert words_in(reply) <= may_see, (act, text_of(reply))
        others = {t.external_id for t in world.tenants if t != where.tenant}
        assert not any(re.search(rf"\b{other}\b", text_of(reply)) for other in others), text_of(
            reply
        )
    if not is_admin:
        assert await world.decided(who) == decided
    assert await world.stored_outside(tenant if is_admin else None, place=where.tenant) == before, (
        act
    )


async def _ask(world: World, line: str, caller: Caller) -> CommandReply:
    understood = world.app.commands.understand(line)
    assert understood is not None, line
    return await world.app.commands.answer(understood, caller)


def test_no_action_passes_the_bounds_of_its_tenant_or_role(tmp_path: Path) -> None:
    generator, clock = Obliging(), HastyClock()

    async def example(app: App, acts: list[Act], linked: bool) -> None:
        world = World(app, clock)
        await world.talk()
        if linked:
            await world.link()
        for act in acts:
            await _carry_out(world, act)

    with asyncio.Runner() as runner:
        opened = assembled_app(
            Settings(
                data_dir=tmp_path,
                extraction=Extraction.RULES,
                compaction_schedule="off",
                retention_schedule="off",
            ),
            generator,
            clock,
        )
        app = runner.run(opened.__aenter__())

        @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
        @given(acts=ACTS, linked=st.booleans())
        def whatever_they_do(acts: list[Act], linked: bool) -> None:
            runner.run(example(app, acts, linked))

        try:
            runner.run(example(app, EVERY_LINE, linked=True))
            whatever_they_do()
        finally:
            runner.run(opened.__aexit__(None, None, None))
