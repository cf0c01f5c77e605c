"""What is decided about places, under names and with values that storage knows nothing of."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.domain.identity import Platform, TenantRef
from bot.domain.place_settings import StoredSetting

HERE = TenantRef(platform=Platform.DISCORD, external_id="g1")
THERE = TenantRef(platform=Platform.DISCORD, external_id="g2")
NAMESAKE = TenantRef(platform=Platform.SLACK, external_id="g1")


def setting(name: str, value: object, channel_id: str | None = None) -> StoredSetting:
    return StoredSetting(channel_id=channel_id, name=name, value=value)


async def decide(world: Any, tenant: TenantRef, *settings: StoredSetting) -> None:
    async with world.storage.unit_of_work() as work:
        await work.place_settings.set(tenant, settings)
        await work.commit()


async def undecide(world: Any, tenant: TenantRef, *keys: tuple[str | None, str]) -> None:
    async with world.storage.unit_of_work() as work:
        await work.place_settings.unset(tenant, keys)
        await work.commit()


async def decided(world: Any, tenant: TenantRef) -> tuple[StoredSetting, ...]:
    async with world.storage.unit_of_work() as work:
        settings: tuple[StoredSetting, ...] = await work.place_settings.of_tenant(tenant)
    return settings


async def test_values_come_back_as_they_were_in_order(world: Any) -> None:
    values: list[object] = ["off", "", 30, True, ["b", "a"], {"newer": [1, None]}, None, "好 🦉"]
    ours = [setting(f"s{number}", value) for number, value in enumerate(values)]
    channels = [setting("s0", "x", "c10"), setting("s1", "y", "c10"), setting("s0", "z", "c2")]

    await decide(world, HERE, *reversed([*ours, *channels]))

    assert await decided(world, HERE) == (*ours, *channels)


async def test_a_decision_is_for_one_channel_or_one_tenant(world: Any) -> None:
    for tenant, value in ((HERE, "here"), (THERE, "there"), (NAMESAKE, "namesake")):
        await decide(world, tenant, setting("memory", value), setting("memory", value, "c1"))

    await undecide(world, HERE, ("c1", "memory"), (None, "persona"), ("c9", "memory"))
    await undecide(world, THERE, (None, "memory"))

    assert await decided(world, HERE) == (setting("memory", "here"),)
    assert await decided(world, THERE) == (setting("memory", "there", "c1"),)
    assert len(await decided(world, NAMESAKE)) == 2


async def test_a_later_decision_stands_and_touches_no_other(world: Any) -> None:
    await decide(world, HERE, setting("memory", "off"), setting("persona", "Ada"))
    await decide(world, HERE, setting("memory", "opt-in"))
    await decide(world, HERE)

    assert await decided(world, HERE) == (setting("memory", "opt-in"), setting("persona", "Ada"))


async def test_very_many_are_decided_at_once(world: Any) -> None:
    many = [setting("persona", f"number {n}", f"c{n:04}") for n in range(1203)]

    await decide(world, HERE, *many)

    assert await decided(world, HERE) == tuple(many)


async def test_a_decision_that_is_not_committed_is_none(world: Any) -> None:
    async with world.storage.unit_of_work() as work:
        await work.place_settings.set(HERE, [setting("memory", "off")])
    assert await decided(world, HERE) == ()


async def test_changes_of_one_tenant_wait_for_each_other(world: Any) -> None:
    """Both add to a list that they read before; neither loses the other's entry."""

    async def add(entry: str) -> None:
        async with world.storage.unit_of_work() as work:
            await work.place_settings.begin_change(HERE)
            known = await work.place_settings.of_tenant(HERE)
            entries = known[0].value if known else []
            await asyncio.sleep(0)
            await work.place_settings.set(HERE, [setting("deny-users", [*entries, entry])])
            await work.commit()

    await asyncio.gather(*(add(f"u{n}") for n in range(8)))

    (stored,) = await decided(world, HERE)
    assert sorted(stored.value) == [f"u{n}" for n in range(8)]
