"""Discord's part in the health check: every shard has to be connected."""

from __future__ import annotations

from pathlib import Path

from support.town import town


async def test_ellie_is_well_while_all_shards_are_connected(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        health, client = t.ellie.health, t.ellie.client
        assert health.parts == {"discord": None}

        for shard in (0, 1):
            client.dispatch("shard_disconnect", shard)
        await t.env.settle()
        assert health.ills == {"discord": "shards not connected: 2"}

        client.dispatch("shard_resumed", 0)
        await t.env.settle()
        assert health.ills
        client.dispatch("shard_ready", 1)
        await t.env.settle()
        assert health.is_well


async def test_before_discord_is_ready_she_is_starting(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        health, client = t.ellie.health, t.ellie.client
        health.part("discord")

        client.dispatch("shard_ready", 0)
        await t.env.settle()

        assert health.ills == {"discord": "starting"}
