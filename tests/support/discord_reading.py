"""A bot that answers nothing and notes down what Discord's adapter reads of every message."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import discord
import simcord
from discord.ext import commands
from simcord.backend import serializers
from simcord.backend.models import AllowedMentions, Channel

from adapters.discord.addressing import Decision, decide
from adapters.discord.attachments import Seen, look_at
from adapters.discord.normalising import inbound
from adapters.discord.surroundings import around
from bot.domain.message import InboundMessage
from bot.domain.policy import AnswerPolicy
from bot.domain.surroundings import Utterance

NO_PING = AllowedMentions(replied_user=False)
PUBLIC_THREAD = 11
PRIVATE_THREAD = 12


@dataclass
class Reading:
    """One message and what was read of it."""

    message: discord.Message
    decision: Decision
    inbound: InboundMessage
    seen: Seen
    said: tuple[Utterance, ...]

    @property
    def text(self) -> str:
        return self.inbound.text

    @property
    def told(self) -> list[str]:
        return [f"{utterance.speaker}: {utterance.text}" for utterance in self.said]


class Reader(commands.AutoShardedBot):
    def __init__(self, *, message_content: bool = True) -> None:
        intents = discord.Intents.default()
        intents.message_content = message_content
        super().__init__(command_prefix="\0", intents=intents, help_command=None)
        self.policy = AnswerPolicy.USUAL
        self.limit = 10
        self.follow_chain = 8
        self.readings: list[Reading] = []

    async def on_message(self, message: discord.Message, /) -> None:
        me = self.user
        assert me is not None
        self.readings.append(
            Reading(
                message=message,
                decision=decide(message, me=me, policy=self.policy),
                inbound=inbound(message, me=me),
                seen=await look_at(message),
                said=await around(message, me=me, limit=self.limit, follow_chain=self.follow_chain),
            )
        )


@dataclass
class World:
    """A server with one open channel and two people; both may do what members usually may."""

    env: simcord.Env
    bot: Reader
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    ana: simcord.MemberActor
    ben: simcord.MemberActor

    @property
    def her(self) -> str:
        assert self.bot.user is not None
        return f"<@{self.bot.user.id}>"

    @property
    def last(self) -> Reading:
        return self.bot.readings[-1]

    def member(self, name: str, **options: Any) -> simcord.MemberActor:
        return self.guild.add_member(
            self.env.create_user(name.lower(), global_name=name, **options)
        )

    async def says(
        self,
        who: simcord.MemberActor,
        content: str = "",
        *,
        to: discord.Message | None = None,
        channel: simcord.ChannelHandle | None = None,
        **options: Any,
    ) -> Reading:
        """Have somebody say something, in ways that the actors have no word for too."""
        where = channel or self.channel
        reference = None if to is None else {"message_id": str(to.id)}
        self.env.backend.create_message(where.id, who.id, content, reference=reference, **options)
        await self.env.settle()
        return self.last

    async def ellie_says(
        self, content: str, *, to: discord.Message | None = None
    ) -> discord.Message:
        place = self.bot.get_partial_messageable(self.channel.id)
        message = await place.send(content, reference=to)  # type: ignore[arg-type]
        await self.env.settle()
        return message

    async def thread(
        self,
        owner: simcord.MemberActor | discord.ClientUser,
        *,
        kind: int = PUBLIC_THREAD,
        under: discord.Message | None = None,
        parent: simcord.ChannelHandle | None = None,
        joined: bool = False,
    ) -> simcord.ChannelHandle:
        backend = self.env.backend
        thread = backend.create_thread(
            (parent or self.channel).id,
            "aside",
            owner.id,
            type=kind,
            message_id=None if under is None else under.id,
            broadcast=False,
        )
        backend.announce_thread_create(thread)
        for member in (self.ana, self.ben):
            thread.thread_members[member.id] = backend.now_iso()
        if joined:
            await self.env.settle()
            assert self.bot.user is not None
            backend.add_thread_member(thread.id, self.bot.user.id)
        await self.env.settle()
        return self.handle(thread)

    def handle(self, channel: Channel) -> simcord.ChannelHandle:
        return simcord.ChannelHandle(self.env, self.guild, channel)


@asynccontextmanager
async def a_world(*, message_content: bool = True) -> AsyncIterator[World]:
    bot = Reader(message_content=message_content)
    approved = discord.Intents.default()
    approved.message_content = message_content
    # Not simcord.run(): a fixture ends in another context than it began in.
    env = simcord.Env(bot, approved_intents=approved, shard_count=1)
    await env.start()
    told_whole = serializers.message_payload
    serializers.message_payload = _without_replies_to_replies(told_whole)
    try:
        guild = env.create_guild()
        channel = guild.create_text_channel("general")
        people = [
            guild.add_member(env.create_user(name.lower(), global_name=name))
            for name in ("Ana", "Ben")
        ]
        await env.settle()
        yield World(env, bot, guild, channel, *people)
    finally:
        serializers.message_payload = told_whole
        await env.shutdown()
    env.raise_errors()


def _without_replies_to_replies(told_whole: Callable[..., Any]) -> Callable[..., Any]:
    """Discord sends the message that is replied to along, but not what that one replies to."""

    def told(*arguments: Any, **options: Any) -> Any:
        payload = told_whole(*arguments, **options)
        (payload.get("referenced_message") or {}).pop("referenced_message", None)
        return payload

    return told
