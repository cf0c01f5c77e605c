"""A memory's life on Discord: told, reset by an admin, on record, gone, and not brought back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import discord
import simcord
from support.discord_commands import words_of
from support.lifecycle import ANAS, BOS, SECRET, Life, reset_and_look, restore_and_look

from bot.cli.run import discord_adapter
from bot.domain.identity import IdentityRef, Platform


class Server:
    """A server with a hall, two people and an admin, and Ellie in it."""

    def __init__(self, env: simcord.Env) -> None:
        self.env = env
        guild = env.create_guild("Town")
        self.hall = guild.create_text_channel("hall")
        self.ana = guild.add_member(env.create_user("ana"))
        self.bo = guild.add_member(env.create_user("bo"))
        role = guild.create_role("m", permissions=discord.Permissions(manage_guild=True))
        self.cem = guild.add_member(env.create_user("cem"), roles=[role])

    async def say(self, who: Any, words: str) -> None:
        """Say something to Ellie in the hall."""
        me = self.env.backend.bot_user.id
        await who.send(self.hall, f"<@{me}> {words}")
        await self.env.settle()

    async def admin(self, command: str, **given: Any) -> str:
        """What the admin is answered."""
        return words_of(await self.cem.slash(self.hall, f"admin {command}", **given))


@asynccontextmanager
async def server(life: Life) -> AsyncIterator[Server]:
    async with life.ellie() as app:
        adapter: Any = discord_adapter(app, life.settings)
        env = simcord.Env(adapter.client, shard_count=1)
        await env.start()
        yield Server(env)
        await env.settle()
        await env.shutdown()


def account(member: Any) -> IdentityRef:
    return IdentityRef(
        platform=Platform.DISCORD, external_id=str(member.id), display_name=member.name
    )


async def test_a_reset_person_is_gone_and_stays_gone(
    tmp_path: Path, new_url: Callable[[], str]
) -> None:
    life = Life(tmp_path, new_url())
    async with server(life) as town:
        await town.say(town.ana, f"My dog is called {ANAS}.")
        await town.say(town.bo, f"My cat is called {BOS}.")
        await town.ana.user.send_dm(f"My locker code is {SECRET}.")
        await town.env.settle()
        if life.is_file:
            await life.back_up()
        ana, bo = account(town.ana), account(town.bo)

        async def reset(code: str) -> str:
            confirmed = {"confirm": code} if code else {}
            return await town.admin("reset user", user=town.ana, when="now", **confirmed)

        await reset_and_look(life, ana, bo, reset=reset, ask=town.admin)
        await town.say(town.ana, "What is my dog called?")
        assert ANAS not in life.prompted()
        await town.say(town.bo, "What is my cat called?")
        assert BOS in life.prompted()
    if life.is_file:
        await restore_and_look(life, ana, bo)
