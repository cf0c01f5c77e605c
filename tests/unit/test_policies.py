"""Which policy holds in a channel, and how soon a change is noticed."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

import pytest
from support.engine import FakeClock

from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import Platform, TenantRef
from bot.domain.policy import AnswerPolicy, PolicySetting
from bot.engine.policies import CACHE_SECONDS, ChannelPolicies
from storage.inmemory import InMemoryStorage, InMemoryUnitOfWork

GUILD = TenantRef(platform=Platform.DISCORD, external_id="g1")
OTHER = TenantRef(platform=Platform.DISCORD, external_id="g2")
CHANNEL = ConversationRef(
    platform=Platform.DISCORD, channel_id="c1", visibility=Visibility.PUBLIC, tenant=GUILD
)
ELSEWHERE = replace(CHANNEL, channel_id="c2")


class CountingStorage(InMemoryStorage):
    """Knows how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def unit_of_work(self) -> InMemoryUnitOfWork:
        self.asked += 1
        return super().unit_of_work()


@pytest.fixture
def storage() -> CountingStorage:
    return CountingStorage()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def policies(storage: CountingStorage, clock: FakeClock) -> ChannelPolicies:
    return ChannelPolicies(storage, clock=clock)


def later(clock: FakeClock, seconds: float) -> None:
    milliseconds = next(clock.ticks) + int(seconds * 1000)
    clock.ticks = itertools.count(milliseconds)


async def test_the_channel_decides_then_the_tenant_then_nobody(policies: ChannelPolicies) -> None:
    assert await policies.of(CHANNEL) is AnswerPolicy.USUAL
    await policies.set(GUILD, None, AnswerPolicy.MENTIONS)
    assert await policies.of(CHANNEL) is AnswerPolicy.MENTIONS
    await policies.set(GUILD, "c1", AnswerPolicy.ALWAYS)
    assert await policies.of(CHANNEL) is AnswerPolicy.ALWAYS
    assert await policies.of(ELSEWHERE) is AnswerPolicy.MENTIONS
    assert await policies.of(replace(CHANNEL, tenant=OTHER)) is AnswerPolicy.USUAL
    await policies.set(GUILD, "c1", None)
    assert await policies.of(CHANNEL) is AnswerPolicy.MENTIONS


async def test_a_channel_can_have_the_usual_policy_where_the_tenant_has_not(
    policies: ChannelPolicies,
) -> None:
    await policies.set(GUILD, None, AnswerPolicy.OFF)
    await policies.set(GUILD, "c1", AnswerPolicy.USUAL)
    assert await policies.of(CHANNEL) is AnswerPolicy.USUAL


async def test_a_thread_has_the_policy_of_its_channel(policies: ChannelPolicies) -> None:
    await policies.set(GUILD, "c1", AnswerPolicy.OFF)
    assert await policies.of(replace(CHANNEL, thread_id="t1")) is AnswerPolicy.OFF


@pytest.mark.parametrize("tenant", [None, GUILD])
async def test_direct_messages_are_always_answered(
    policies: ChannelPolicies, storage: CountingStorage, tenant: TenantRef | None
) -> None:
    await policies.set(GUILD, None, AnswerPolicy.OFF)
    await policies.set(GUILD, "c1", AnswerPolicy.OFF)
    asked = storage.asked
    direct = replace(CHANNEL, visibility=Visibility.DIRECT, tenant=tenant)
    assert await policies.of(direct) is AnswerPolicy.USUAL
    assert storage.asked == asked


async def test_the_database_is_asked_once_in_a_while(
    policies: ChannelPolicies, storage: CountingStorage, clock: FakeClock
) -> None:
    for _ in range(5):
        await policies.of(CHANNEL)
        await policies.of(ELSEWHERE)
    assert storage.asked == 1
    await policies.of(replace(CHANNEL, tenant=OTHER))
    assert storage.asked == 2

    await ChannelPolicies(storage, clock=clock).set(GUILD, "c1", AnswerPolicy.OFF)
    later(clock, CACHE_SECONDS - 1)
    assert await policies.of(CHANNEL) is AnswerPolicy.USUAL
    later(clock, 1)
    assert await policies.of(CHANNEL) is AnswerPolicy.OFF


async def test_a_decision_that_is_made_during_a_look_up_is_seen_at_once(
    policies: ChannelPolicies, storage: CountingStorage
) -> None:
    """The look-up has read what was true before, and ends after the decision."""
    held = asyncio.Event()

    class Held(ChannelPolicies):
        async def listing(self, tenant: TenantRef) -> tuple[PolicySetting, ...]:
            settings = await super().listing(tenant)
            await held.wait()
            return settings

    slow = Held(storage, clock=FakeClock())
    looking = asyncio.create_task(slow.of(CHANNEL))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await slow.set(GUILD, "c1", AnswerPolicy.OFF)
    held.set()
    assert await looking is AnswerPolicy.USUAL
    assert await slow.of(CHANNEL) is AnswerPolicy.OFF


async def test_decisions_are_listed(policies: ChannelPolicies) -> None:
    assert await policies.listing(GUILD) == ()
    await policies.set(GUILD, "c1", AnswerPolicy.OFF)
    await policies.set(GUILD, None, AnswerPolicy.THREADS)
    await policies.set(OTHER, "c1", AnswerPolicy.ALWAYS)
    assert await policies.listing(GUILD) == (
        PolicySetting(tenant=GUILD, channel_id=None, policy=AnswerPolicy.THREADS),
        PolicySetting(tenant=GUILD, channel_id="c1", policy=AnswerPolicy.OFF),
    )
