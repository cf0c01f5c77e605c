"""What happens in the middle of an answer: the network goes, somebody presses, edits or deletes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest
from structlog.testing import capture_logs
from support.town import Ellie, Town, town

from adapters.answers import Answers
from adapters.discord import recovering
from adapters.discord.recovering import ReplyFinisher
from adapters.discord.reply_screen import ReplyScreen
from adapters.recovering import DeliveryRecovery
from adapters.tasks import OwnedTasks


def cut_the_line(t: Town, method: str, *, times: int, error: Exception | None = None) -> None:
    """Have requests fail as they do when the network is gone: with no answer of Discord's."""
    http: Any = t.ellie.client.http
    there, left = http.request, [times]

    async def request(route: Any, **fields: Any) -> Any:
        if route.method == method and "/messages" in route.path and left[0]:
            left[0] -= 1
            raise error or aiohttp.ClientOSError(104, "Connection reset by peer")
        return await there(route, **fields)

    http.request = request


def recovery_of(ellie: Ellie, channels: Any) -> DeliveryRecovery:
    """Another one than Ellie's own."""
    answers = Answers[ReplyScreen](OwnedTasks())
    return DeliveryRecovery(ellie.deliveries, answers, ReplyFinisher(channels))


def errors(logs: list[Any]) -> list[str]:
    return [line["event"] for line in logs if line["log_level"] == "error"]


@pytest.mark.parametrize("error", [aiohttp.ServerDisconnectedError(), TimeoutError()])
async def test_a_network_that_fails_for_a_moment_costs_nobody_an_answer(
    tmp_path: Path, error: Exception
) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=1)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        assert t.said() == ["one"]
        cut_the_line(t, "PATCH", times=2, error=error)
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(60)
        await t.env.advance_time(120)
        assert t.said() == ["one two three four"]
        assert t.buttons(t.hers()[0])[0] == "Again"


async def test_what_could_not_be_sent_at_first_is_still_a_reply_and_comes_once(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, "Hello.") as t:
        t.env.inject_error("POST", "/channels/*/messages", status=503)
        asked = await t.say(t.ana, "hello")
        await t.env.advance_time(60)
        [message] = t.hers()
        assert message.reference is not None
        assert message.reference.message_id == asked.id
        tries = [r.json for r in t.requests("POST", f"/channels/{t.hall.id}/messages") if r.json]
        assert len({sent["nonce"] for sent in tries}) == 1
        assert all(sent["enforce_nonce"] for sent in tries)


async def test_two_messages_of_one_answer_are_not_taken_for_one(tmp_path: Path) -> None:
    async with town(tmp_path, " ".join(f"word{n}." for n in range(500))) as t:
        await t.say(t.ana, "go on")
        sent = [r.json for r in t.requests("POST", f"/channels/{t.hall.id}/messages") if r.json]
        assert len({one["nonce"] for one in sent}) == len(sent) > 1


async def test_what_no_try_could_show_is_shown_later_by_the_same_process(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=2)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        t.env.inject_error("PATCH", "/channels/*/messages/*", status=503, times=None)
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(600)
        assert t.said() == ["one two"]
        t.env.backend.faults.clear()
        await t.env.advance_time(61)
        assert t.said() == ["one two three four"]
        assert t.buttons(t.hers()[0])[0] == "Again"


async def test_an_answer_on_its_way_is_not_taken_for_one_that_was_given_up(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=2)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        t.env.inject_error("PATCH", "/channels/*/messages/*", status=503, times=1)
        t.ellie.generator.release()
        await t.env.settle()
        with capture_logs() as logs:
            await t.env.advance_time(600)
        assert "replies_recovered" not in [line["event"] for line in logs]
        assert t.said() == ["one two three four"]


async def test_what_discord_refuses_for_good_ends_in_an_apology(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=2)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        t.env.inject_error("PATCH", "/channels/*/messages/*", status=400, code=50035)
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(60)
        assert "Something went wrong on my side." in t.said()[0]
        assert t.buttons(t.hers()[0]) == ["Try again"]
        asked = len(t.env.http_requests)
        await t.env.advance_time(600)
        assert len(t.env.http_requests) == asked  # there is nothing left to try


async def test_an_answer_that_breaks_in_the_adapter_ends_in_an_apology(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("secret detail")

    async with town(tmp_path, "one two") as t:
        monkeypatch.setattr("adapters.discord.reply_screen.compose", broken)
        await t.say(t.ana, "count")
        assert "Something went wrong on my side." in t.said()[0]
        assert t.buttons(t.hers()[0]) == ["Try again"]


async def test_a_failing_typing_sign_is_no_error(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello.") as t:
        http: Any = t.ellie.client.http

        async def gone(*_: object, **__: object) -> None:
            raise aiohttp.ClientOSError(104, "Connection reset by peer")

        http.send_typing = gone
        with capture_logs() as logs:
            await t.say(t.ana, "hello")
        assert t.said() == ["Hello."]
        assert errors(logs) == []


async def test_one_reply_that_cannot_be_recovered_keeps_no_other_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path, "one two", "one two") as t:
        t.ellie.generator.hold()
        await t.say(t.ana, "count")
        await t.say(t.bo, "count too")
        t.kill()
        first = [True]

        def broken_at_first(said: str, locale: str = "") -> Any:
            if first:
                first.clear()
                raise ValueError("secret detail")
            return there(said, locale)

        there: Callable[..., Any] = recovering.texts_for
        monkeypatch.setattr(recovering, "texts_for", broken_at_first)
        await t.restart()
        assert len(t.hers()) == 1


async def test_recovery_outlives_a_network_that_is_gone(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=2)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        t.kill()
        before = discord.http.HTTPClient.edit_message
        gone = [True]

        def edit_message(*args: Any, **fields: Any) -> Any:
            if gone:
                gone.clear()
                raise aiohttp.ClientOSError(104, "Connection reset by peer")
            return before(*args, **fields)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(discord.http.HTTPClient, "edit_message", edit_message)
            await t.restart()
            assert t.said() == ["one two"]
            await t.env.advance_time(61)
        assert "I was interrupted" in t.said()[0]


@pytest.mark.parametrize("where", ["hall", "direct"])
async def test_an_answer_that_was_saved_before_anything_was_sent_is_not_lost(
    tmp_path: Path, where: str
) -> None:
    async with town(tmp_path, "Hello.") as t:
        t.env.inject_error("POST", "/channels/*/messages", status=503)
        asked = await (t.ana.send_dm("hello") if where == "direct" else t.say(t.ana, "hello"))
        t.kill()
        await t.restart()
        [message] = t.hers(t.ana.user.dm_channel if where == "direct" else None)
        assert message.content.startswith("Hello.")
        assert message.reference is not None
        assert message.reference.message_id == asked.id
        await t.restart()
        assert len(t.hers()) == (where == "hall")


async def test_half_an_answer_that_is_gone_by_then_is_made_up_for(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=2)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        t.kill()
        await (await t.channel().fetch_message(t.hers()[0].id)).delete()
        await t.restart()
        assert "I was interrupted" in t.said()[0]


async def test_of_two_processes_one_apologises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def idle(_: object) -> None:
        """Leave it to the test."""

    monkeypatch.setattr(DeliveryRecovery, "watch", idle)
    async with town(tmp_path, "one two") as t:
        t.ellie.generator.hold()
        await t.ana.send_dm("count")
        t.kill()
        ellie = await t.restart()
        both = [recovery_of(ellie, ellie.client) for _ in range(2)]
        assert sum(await asyncio.gather(*(one.recover() for one in both))) == 1
        assert len(t.hers(t.ana.user.dm_channel)) == 1


async def test_a_process_leaves_the_servers_of_another_alone(tmp_path: Path) -> None:
    class Elsewhere:
        """A process that hears of no server."""

        def get_guild(self, _: int, /) -> None:
            return None

        def __getattr__(self, name: str) -> Any:
            return getattr(ellie.client, name)

    async with town(tmp_path, "one two") as t:
        t.ellie.generator.hold()
        await t.say(t.ana, "count")
        t.kill()
        t.env.inject_error("POST", "/channels/*/messages", status=503)
        ellie = await t.restart()
        other: Any = Elsewhere()
        recovery = recovery_of(ellie, other)
        assert [await recovery.recover() for _ in range(2)] == [0, 0]
        assert t.hers() == []


async def test_an_apology_of_which_nobody_knows_whether_it_came_is_made_up_for(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, "one two") as t:
        t.ellie.generator.hold()
        await t.say(t.ana, "count")
        t.kill()
        t.env.inject_error("POST", "/channels/*/messages", status=503)
        await t.restart()
        t.kill()
        await t.restart()
        assert t.hers() == []
        await t.env.advance_time(61)
        assert "I was interrupted" in t.said()[0]
