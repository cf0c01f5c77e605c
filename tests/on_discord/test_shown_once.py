"""What is sent again, or shown by another process, is there once, whole, and with its buttons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest
from support.town import Town, town

from adapters.discord.outlets import NONCE_CHARACTERS
from bot.domain.delivery import Delivery
from bot.domain.policy import AnswerPolicy
from bot.errors import StorageUnavailableError

PROGRAM = "\n".join(f"print({n})  # a line of a program" for n in range(400))
LONG_CODE = f"Here:\n```python\n{PROGRAM}\n```\nDone."


def nonces(t: Town) -> list[str]:
    made = t.requests("POST", f"/channels/{t.hall.id}/messages")
    return [request.json["nonce"] for request in made if request.json]


async def test_who_recovers_an_answer_names_it_like_who_sent_it_first(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello.") as t:
        t.env.inject_error("POST", "/channels/*/messages", status=503)
        await t.say(t.ana, "hello")  # which may have arrived, for all she knows
        t.kill()
        await t.restart()
        first, second = nonces(t)
        assert first == second
        assert len(first) == NONCE_CHARACTERS


async def test_messages_of_two_answers_have_different_names(tmp_path: Path) -> None:
    async with town(tmp_path, "Hello.", "Hello.") as t:
        await t.say(t.ana, "hello")
        await t.say(t.ana, "hello")
        first, second = nonces(t)
        assert first != second


async def test_what_is_sent_again_is_made_to_say_the_latest(tmp_path: Path) -> None:
    async with town(tmp_path, "one two three") as t:
        t.ellie.generator.hold(after_words=1)
        t.env.inject_error("POST", "/channels/*/messages", status=503)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(240)
        # Discord may have had the first one, with its Stop button.
        assert "ellie:again:" in repr(t.edits()[-1].json)
        assert t.said() == ["one two three"]


async def test_a_whole_answer_is_not_shown_again_without_its_remarks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path, "one two three") as t:
        shown = t.ellie.deliveries.shown

        async def busy(delivery: Delivery) -> bool:
            if delivery.is_complete:
                raise StorageUnavailableError("busy")
            return await shown(delivery)

        monkeypatch.setattr(t.ellie.deliveries, "shown", busy)
        t.ellie.generator.hold(after_words=1)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)
        await t.press(t.ana, t.hers()[0], "stop")
        before = t.hers()[0].content
        await t.env.advance_time(300)
        assert t.hers()[0].content == before
        assert "(stopped)" in before


@pytest.mark.parametrize("status", [401, 408])
async def test_what_may_be_put_right_is_not_given_up(tmp_path: Path, status: int) -> None:
    async with town(tmp_path, "Hello.") as t:
        t.env.inject_error("POST", "/channels/*/messages", status=status, times=None)
        await t.say(t.ana, "hello")
        await t.env.advance_time(600)
        t.env.backend.faults.clear()
        await t.restart()
        [message] = t.hers()
        assert message.content.startswith("Hello.")


async def test_where_no_files_may_be_sent_a_recovered_answer_has_none(tmp_path: Path) -> None:
    async with town(tmp_path, LONG_CODE) as t:
        no_files = discord.PermissionOverwrite(attach_files=False)
        plain = t.guild.create_text_channel("plain", overwrites={t.guild.me: no_files})
        t.env.inject_error("POST", "/channels/*/messages", status=503)
        await t.say(t.ana, "write a program", plain)
        t.kill()
        await t.restart()
        assert "print(399)" in t.said(plain)[-1]
        assert not any(message.attachments for message in t.hers(plain))


async def test_the_question_of_chat_stays_above_what_is_tried_again(tmp_path: Path) -> None:
    async with town(tmp_path, "never") as t:
        t.ellie.generator.hold()
        await t.ana.slash(t.hall, "chat", text="count")
        t.kill()
        await t.restart("one two")
        apology = t.hers()[-1]
        assert apology.content.startswith("> count\n")
        assert "I was interrupted" in apology.content
        assert apology.interaction_metadata is None
        await t.press(t.ana, apology, "again")
        await t.env.advance_time(60)
        assert t.said()[-1] == "> count\none two"


async def test_an_answer_in_a_thread_knows_its_files_when_it_is_given_again(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, "It says so.", "Swordfish.") as t:
        await t.decide(AnswerPolicy.THREADS)
        notes: Any = ("notes.txt", b"Rooms.\n" * 90 + b"The password is swordfish.")
        await t.ana.send(t.hall, f"{t.me} what does it say?", attachments=[notes])
        [thread] = t.hall.threads
        await t.press(t.ana, t.hers(thread)[0], "again")
        assert "password is swordfish" in t.ellie.prompts()[1]


async def test_chat_in_a_thread_has_nothing_to_do_with_how_the_thread_began(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, "It says so.", "Apples.", "Pears.") as t:
        await t.decide(AnswerPolicy.THREADS)
        notes: Any = ("notes.txt", b"Rooms.\n" * 90 + b"The password is swordfish.")
        await t.ana.send(t.hall, f"{t.me} what does it say?", attachments=[notes])
        [thread] = t.hall.threads
        await t.ana.slash(thread, "chat", text="name a fruit")
        await t.press(t.ana, t.hers(thread)[-1], "again")
        assert "password is swordfish" not in t.ellie.prompts()[2]


class Nonces:
    """Discord gives back the message that has a nonce; of some sendings the answer gets lost."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lose = 0
        known: dict[Any, Any] = {}
        send = discord.http.HTTPClient.send_message

        async def send_message(http: Any, channel_id: Any, *, params: Any) -> Any:
            key = (int(channel_id), params.payload["nonce"])
            if key not in known:
                known[key] = await send(http, channel_id, params=params)
            if self.lose:
                self.lose -= 1
                raise aiohttp.ClientOSError(104, "Connection reset by peer")
            return known[key]

        monkeypatch.setattr(discord.http.HTTPClient, "send_message", send_message)

    async def begin_unnoticed(self, t: Town) -> None:
        """Have an answer begin on Discord, of which Ellie does not hear."""
        self.lose = 1
        t.ellie.generator.hold(after_words=1)
        await t.say(t.ana, "count")
        await t.env.advance_time(60)


async def test_half_an_answer_that_arrived_unnoticed_is_apologised_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = Nonces(monkeypatch)
    async with town(tmp_path, "one two three") as t:
        await sent.begin_unnoticed(t)
        assert t.buttons(t.hers()[0]) == ["Stop"]
        t.kill()
        await t.restart()
        [message] = t.hers()
        assert "I was interrupted" in message.content
        assert t.buttons(message) == ["Try again"]


async def test_half_an_answer_that_arrived_unnoticed_becomes_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = Nonces(monkeypatch)
    async with town(tmp_path, "one two three") as t:
        await sent.begin_unnoticed(t)
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(240)
        [message] = t.hers()
        assert t.said() == ["one two three"]
        assert t.buttons(message)[0] == "Again"


async def test_what_somebody_deleted_meanwhile_is_sent_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = Nonces(monkeypatch)
    async with town(tmp_path, "one two three") as t:
        await sent.begin_unnoticed(t)
        t.kill()
        await (await t.channel().fetch_message(t.hers()[0].id)).delete()
        await t.restart()
        [message] = t.hers()
        assert "I was interrupted" in message.content


async def test_a_refusal_is_not_taken_for_the_answer_to_the_new_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Nonces(monkeypatch)
    async with town(tmp_path, "Four.") as t:
        t.ellie.storage.is_alive = False
        asked = await t.say(t.ana, "what is two plus two")
        t.ellie.storage.is_alive = True
        await t.ana.edit(asked, f"{t.me} what is two plus two?")
        assert t.said()[-1] == "Four."
        assert t.buttons(t.hers()[-1])[0] == "Again"
