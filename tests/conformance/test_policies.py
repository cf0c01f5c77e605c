"""What is decided about answering in channels."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from bot.domain.identity import Platform, TenantRef
from bot.domain.policy import AnswerPolicy, PolicySetting
from storage.database import SqlStorage
from storage.tables import channel_policies

HERE = TenantRef(platform=Platform.DISCORD, external_id="g1")
THERE = TenantRef(platform=Platform.DISCORD, external_id="g2")
NAMESAKE = TenantRef(platform=Platform.SLACK, external_id="g1")


async def _decide(
    world: Any, tenant: TenantRef, channel_id: str | None, policy: AnswerPolicy | None
) -> None:
    async with world.storage.unit_of_work() as work:
        await work.policies.set(tenant, channel_id, policy)
        await work.commit()


async def _decided(world: Any, tenant: TenantRef, channel_id: str | None) -> AnswerPolicy | None:
    async with world.storage.unit_of_work() as work:
        policy: AnswerPolicy | None = await work.policies.get(tenant, channel_id)
    return policy


def _setting(channel_id: str | None, policy: AnswerPolicy) -> PolicySetting:
    return PolicySetting(tenant=HERE, channel_id=channel_id, policy=policy)


async def test_a_decision_is_for_one_channel_or_one_tenant(world: Any) -> None:
    await _decide(world, HERE, None, AnswerPolicy.OFF)
    await _decide(world, HERE, "c1", AnswerPolicy.ALWAYS)
    await _decide(world, THERE, "c1", AnswerPolicy.MENTIONS)
    await _decide(world, NAMESAKE, None, AnswerPolicy.THREADS)

    assert await _decided(world, HERE, None) is AnswerPolicy.OFF
    assert await _decided(world, HERE, "c1") is AnswerPolicy.ALWAYS
    assert await _decided(world, HERE, "c2") is None
    assert await _decided(world, THERE, None) is None
    assert await _decided(world, THERE, "c1") is AnswerPolicy.MENTIONS
    assert await _decided(world, NAMESAKE, None) is AnswerPolicy.THREADS


async def test_a_later_decision_stands_and_none_takes_it_back(world: Any) -> None:
    for channel_id in (None, "c1"):
        await _decide(world, HERE, channel_id, AnswerPolicy.OFF)
        await _decide(world, HERE, channel_id, AnswerPolicy.USUAL)
        assert await _decided(world, HERE, channel_id) is AnswerPolicy.USUAL
    await _decide(world, HERE, "c1", None)
    assert await _decided(world, HERE, "c1") is None
    assert await _decided(world, HERE, None) is AnswerPolicy.USUAL
    await _decide(world, HERE, None, None)
    await _decide(world, THERE, None, None)
    assert await _decided(world, HERE, None) is None


async def test_all_of_a_tenant_are_listed_its_own_first(world: Any) -> None:
    await _decide(world, HERE, "c2", AnswerPolicy.OFF)
    await _decide(world, HERE, "c10", AnswerPolicy.ALWAYS)
    await _decide(world, HERE, None, AnswerPolicy.MENTIONS)
    await _decide(world, THERE, "c3", AnswerPolicy.OFF)

    async with world.storage.unit_of_work() as work:
        assert await work.policies.of_tenant(HERE) == (
            _setting(None, AnswerPolicy.MENTIONS),
            _setting("c10", AnswerPolicy.ALWAYS),
            _setting("c2", AnswerPolicy.OFF),
        )
        assert await work.policies.of_tenant(NAMESAKE) == ()


async def test_a_decision_that_is_not_committed_is_none(world: Any) -> None:
    async with world.storage.unit_of_work() as work:
        await work.policies.set(HERE, None, AnswerPolicy.OFF)
    assert await _decided(world, HERE, None) is None


async def test_a_policy_of_a_newer_version_is_the_usual_one(
    sql_world: Any, sql_storage: SqlStorage
) -> None:
    await _decide(sql_world, HERE, "c1", AnswerPolicy.OFF)
    async with sql_storage.engine.begin() as connection:
        await connection.execute(update(channel_policies).values(policy="on full moons"))

    assert await _decided(sql_world, HERE, "c1") is AnswerPolicy.USUAL
    async with sql_storage.unit_of_work() as work:
        assert await work.policies.of_tenant(HERE) == (_setting("c1", AnswerPolicy.USUAL),)
