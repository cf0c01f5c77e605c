"""What Discord refuses, and what breaks on our side: a clear word, never silence."""

from __future__ import annotations

from pathlib import Path

import discord
import pytest
from structlog.testing import capture_logs
from support.town import town

from bot.domain.policy import AnswerPolicy
from bot.errors import EngineFailedError


@pytest.mark.parametrize("status", [500, 502, 429])
async def test_a_reply_that_cannot_be_sent_at_first_is_sent_later(
    tmp_path: Path, status: int
) -> None:
    async with town(tmp_path, "Here it is.") as t:
        t.env.inject_error("POST", "/channels/*/messages", status=status, times=2)
        await t.say(t.ana, "hello")
        assert t.hers() == []
        await t.env.advance_time(60)
        await t.env.advance_time(120)
        assert t.said() == ["Here it is."]


async def test_a_failing_edit_slows_down_and_the_end_is_whole(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three four") as t:
        t.ellie.generator.hold(after_words=1)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        assert t.said() == ["one"]
        t.env.inject_error("PATCH", "/channels/*/messages/*", status=500, times=1)
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(60)
        await t.env.advance_time(60)
        assert t.said() == ["one two three four"]


async def test_where_she_may_not_write_she_says_so_directly(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        no_words = discord.PermissionOverwrite(send_messages=False)
        quiet = t.guild.create_text_channel("quiet", overwrites={t.guild.me: no_words})
        await t.say(t.ana, "hello", quiet)
        [message] = t.hers(t.ana.user.dm_channel)
        assert "Send Messages" in message.content
        assert t.ellie.turns() == []


async def test_a_permission_lost_meanwhile_is_told_directly(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello.") as t:
        t.env.inject_error("POST", f"/channels/{t.hall.id}/messages", status=403, code=50013)
        await t.say(t.ana, "hello")
        assert t.hers() == []
        [message] = t.hers(t.ana.user.dm_channel)
        assert "Send Messages" in message.content


async def test_where_she_may_not_read_back_she_answers_without_a_reply(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello.") as t:
        t.env.inject_error("POST", "/channels/*/messages", status=400, code=160002)
        await t.say(t.ana, "hello")
        [message] = t.hers()
        assert message.reference is None


async def test_closed_direct_messages_are_no_error(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello.") as t:
        t.env.inject_error("POST", "/channels/*/messages", status=403, code=50007, times=None)
        await t.say(t.ana, "hello")
        t.env.backend.faults.clear()
        assert t.hers() == []


async def test_without_the_right_to_open_threads_she_answers_in_the_channel(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, "Hello.") as t:
        await t.decide(AnswerPolicy.THREADS)
        t.env.inject_error("POST", "/channels/*/messages/*/threads", status=403, code=50013)
        await t.say(t.ana, "hello")
        assert t.said() == ["Hello."]


async def test_a_broken_model_ends_in_an_apology_and_a_button(tmp_path: Path) -> None:
    async with town(tmp_path, EngineFailedError("boom"), "Back again.") as t:
        await t.say(t.ana, "hello")
        assert "My language model is not working right now." in t.said()[0]
        assert "boom" not in t.said()[0]
        assert t.buttons(t.hers()[0]) == ["Try again"]
        await t.press(t.ana, t.hers()[0], "again")
        assert t.said() == ["Back again."]


async def test_an_unforeseen_error_is_no_traceback(tmp_path: Path) -> None:
    async with town(tmp_path, RuntimeError("secret detail")) as t:
        await t.say(t.ana, "hello")
        assert "Something went wrong on my side." in t.said()[0]
        assert "secret detail" not in t.said()[0]


async def test_without_a_database_she_says_that_she_took_nothing(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        t.ellie.storage.is_alive = False
        await t.say(t.ana, "hello")
        assert "I can't reach my memory right now" in t.said()[0]
        assert t.buttons(t.hers()[0]) == []


async def test_a_press_that_comes_too_late_is_only_logged(tmp_path: Path) -> None:
    async with town(tmp_path, "Apples.") as t:
        await t.say(t.ana, "name a fruit")
        t.env.inject_error("POST", "/interactions/*/callback", status=404, code=10062)
        with capture_logs() as logs:
            await t.press(t.ana, t.hers()[0], "good")
        assert [line["event"] for line in logs if line["event"] == "press_too_late"]


async def test_a_button_that_breaks_tells_whoever_pressed_it(tmp_path: Path) -> None:
    async with town(tmp_path, "Apples.") as t:
        await t.say(t.ana, "name a fruit")

        async def broken(*_: object) -> None:
            raise RuntimeError("secret detail")

        t.ellie.engine.again = broken  # type: ignore[method-assign, assignment]
        result = await t.press(t.ana, t.hers()[0], "again")
        assert result.followups[0].ephemeral
        assert "secret detail" not in result.followups[0].content


async def test_no_text_of_anybody_is_logged(tmp_path: Path) -> None:
    async with town(tmp_path, "I whisper plugh.") as t:
        with capture_logs() as logs:
            asked = await t.say(t.ana, "I whisper xyzzy")
            await t.ana.edit(asked, f"{t.me} I whisper xyzzy twice")
            await t.ana.delete(asked)
        assert logs
        assert "xyzzy" not in repr(logs)
        assert "plugh" not in repr(logs)


async def test_the_server_she_left_is_not_written_to(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello.") as t:
        await t.say(t.ana, "hello")
        guild = t.ellie.client.get_guild(t.guild.id)
        assert guild is not None
        await guild.leave()
        await t.env.settle()
        assert [turn.text for turn in t.ellie.turns()] == ["hello"]  # retention decides


async def test_a_refusal_of_another_kind_is_not_taken_for_a_missing_permission(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, "Hello.") as t:
        t.env.inject_error("POST", "/channels/*/messages", status=400, code=50035, times=2)
        await t.say(t.ana, "hello")
        await t.env.advance_time(600)
        assert not [r for r in t.env.http_requests if r.path.endswith("/users/@me/channels")]
