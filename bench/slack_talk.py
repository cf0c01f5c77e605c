"""The real default model in a local Slack: told, started again, asked; and the same from Discord.

    python bench/slack_talk.py [--model ellie-medium]

No account and no network are needed. Ana tells in Slack, Ellie is started again, Ana asks. Then Rui
tells on a Discord in memory, links his account, and asks in Slack; what he told directly must not
be told in a channel. Exits with 1 when something was not as it should be.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import simcord
from discord_talk import SETTLE_SECONDS, rest
from discord_talk import say as say_on_discord
from pydantic import SecretStr

from adapters.discord.adapter import DiscordAdapter
from adapters.slack.adapter import SlackAdapter
from bot.app import App, running_app
from bot.cli.run import discord_adapter, slack_adapter
from bot.config import Settings
from bot.config_loading import load_settings
from bot.local_models import choose_model, model_store

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from slack_stand_in import Channel, SlackStandIn, Team, User
from support.discord_commands import words_of

PATIENCE_SECONDS = 300.0
TOLD = "Hi, I'm Ana. I'm a nurse in Porto and my dog is called Biscuit."
QUESTIONS = {"What is my dog called?": "Biscuit", "Where do I work, and as what?": "nurse"}
CHINESE = ("我的猫叫年糕。请记住。", "我的猫叫什么名字？", "年糕")
ON_DISCORD = "My sister's name is Teresa."
PLANS = "Between us: I am planning to move to Reykjavik next spring."
PLANS_ASKED = "Where am I planning to move next spring?"


@asynccontextmanager
async def connected(
    settings: Settings, slack: SlackStandIn, team: Team
) -> AsyncIterator[tuple[App, SlackAdapter]]:
    """Ellie with her model and her database, connected to the local Slack."""
    chosen = choose_model(settings)
    folder = model_store(settings).find(chosen.source)
    if folder is None:
        sys.exit(f"Fetch the model first: ellie models pull {chosen.name}")
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(
            running_app(settings, model=chosen.name, folder=folder)
        )
        await app.generator.tokenizer()
        adapter = slack_adapter(app, settings, base_url=slack.api_url)
        assert isinstance(adapter, SlackAdapter)
        running = asyncio.create_task(adapter.run())
        await slack.until(lambda: running.done() or slack.connections(team))
        yield app, adapter
        await adapter.stop()
        await app.engine.stop(20)
        await running


class Talk:
    """What is said in a local Slack, printed as it is said."""

    def __init__(self, slack: SlackStandIn, team: Team) -> None:
        self.slack, self.team = slack, team
        self.wrong = 0

    async def say(self, who: User, words: str, channel: Channel | None = None) -> str:
        """Say something to Ellie, directly or in a channel; returns what she answers."""
        place = channel or self.team.dm(who)
        text = f"{self.team.mention} {words}" if channel else words
        began = time.perf_counter()
        asked = await self.team.say(who, place, text)
        await self.slack.until(lambda: self._is_answered(place, asked.ts), seconds=PATIENCE_SECONDS)
        said = "\n".join(message.shown_text for message in self.team.hers(place, asked.ts))
        where = f"#{channel.name}" if channel else "directly"
        seconds = time.perf_counter() - began
        print(f"{who.name} ({where})> {words}\nellie> {said}\n({seconds:.1f} s)\n")
        return said

    def _is_answered(self, place: Channel, ts: str) -> bool:
        """Whether a finished reply stands there: it has thumbs."""
        hers = self.team.hers(place, ts)
        return bool(hers) and any(b["type"] == "context_actions" for b in hers[-1].blocks)

    def expect(self, said: str, word: str, *, is_known: bool = True) -> None:
        """Count an answer that has not the word in it, or has it and must not."""
        if (word.lower() in said.lower()) is not is_known:
            print(f"!!! expected {'' if is_known else 'no '}{word!r}\n")
            self.wrong += 1


async def on_discord(app: App, settings: Settings) -> str:
    """Rui tells something on Discord and asks for a code to link his account; returns it."""
    adapter = discord_adapter(app, settings)
    assert isinstance(adapter, DiscordAdapter)
    env = simcord.Env(adapter.client, shard_count=1, settle_timeout=SETTLE_SECONDS)
    env.backend.bot_user.name = env.backend.bot_user.global_name = "Ellie"
    await env.start()
    town = env.create_guild("Porto")
    square = town.create_text_channel("square")
    rui = town.add_member(env.create_user("rui", global_name="Rui"))
    await say_on_discord(rui, square, adapter, ON_DISCORD)
    with suppress(TimeoutError):
        await rui.user.send_dm(PLANS)
    await rest(env)
    shown = words_of(await rui.slash(square, "link"))
    await env.shutdown()
    code = re.search(r"\b[A-Z0-9]{4}\\?-?[A-Z0-9]{4}\b", shown)
    assert code is not None, f"no code was given: {shown}"
    return code[0]


async def main(arguments: argparse.Namespace) -> int:
    """Everything, in order; returns how many answers were not right."""
    with tempfile.TemporaryDirectory() as folder:
        async with SlackStandIn() as slack:
            team = slack.add_team("T1", name="Porto")
            ana = team.add_user("U1", name="ana", display_name="Ana")
            rui = team.add_user("U2", name="rui", display_name="Rui")
            square = team.add_channel("C1", name="square", members=[ana, rui])
            settings = load_settings().model_copy(
                update={
                    "data_dir": Path(folder),
                    "model": arguments.model,
                    "compaction_schedule": "off",
                    "slack_bot_token": SecretStr(team.bot_token),
                    "slack_app_token": SecretStr(team.app_token),
                }
            )
            talk = Talk(slack, team)
            async with connected(settings, slack, team):
                await talk.say(ana, TOLD, square)
                await talk.say(ana, CHINESE[0])
            async with connected(settings, slack, team) as (app, _):
                for question, expected in QUESTIONS.items():
                    talk.expect(await talk.say(ana, question, square), expected)
                talk.expect(await talk.say(ana, CHINESE[1]), CHINESE[2])
                others = await talk.say(rui, "What is the name of Ana's cat?", square)
                talk.expect(others, CHINESE[2], is_known=False)
                code = await on_discord(app, settings)
                linked = await team.slash(rui, team.dm(rui), f"link {code}")
                await slack.until(lambda: linked.posts)
                await confirm(slack, team, rui)
                talk.expect(await talk.say(rui, "What is my sister's name?"), "Teresa")
                talk.expect(await talk.say(rui, PLANS_ASKED), "Reykjav")
                told = await talk.say(rui, PLANS_ASKED, square)
                talk.expect(told, "Reykjav", is_known=False)
            return talk.wrong


async def confirm(slack: SlackStandIn, team: Team, who: User) -> None:
    """Agree to what Ellie asks before she links accounts."""
    asked = team.ephemerals(who)[-1].shown_text
    await team.press(who, team.ephemerals(who)[-1], text="Yes")
    await slack.until(lambda: team.ephemerals(who)[-1].shown_text != asked)
    print(f"ellie (for {who.name} alone)> {team.ephemerals(who)[-1].shown_text}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="ellie-medium")
    sys.exit(1 if asyncio.run(main(parser.parse_args())) else 0)
