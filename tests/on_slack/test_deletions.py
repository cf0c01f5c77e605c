"""Messages that vanish: memory and answers follow."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from slack_stand_in.payloads import message_payload
from support.office import office
from support.slack_interruptions import hold_after
from support.slack_looks import introductions, is_taken, quiet
from support.slack_said import first_lines, known

from adapters.slack.reply_blocks import AGAIN
from bot.domain.turn import TurnStatus


async def test_a_deleted_message_is_forgotten_with_its_answer() -> None:
    async with office("Noted, Biscuit!") as o:
        asked = await o.call(o.ana, "my dog is called Biscuit")
        await o.answered()
        assert o.ellie.facts()
        await o.team.delete(o.ana, asked)
        assert asked.is_tombstone  # for it had a reply
        await quiet(o)
        assert o.hers() == []
        assert o.ellie.facts() == []
        assert "Biscuit" not in known(o)


async def test_a_deleted_direct_message_is_forgotten_with_its_answer() -> None:
    async with office("Noted, Biscuit!") as o:
        dm = o.team.dm(o.ana)
        asked = await o.write(o.ana, "my dog is called Biscuit")
        await o.answered(1, dm)
        await o.team.delete(o.ana, asked)
        await quiet(o)
        assert o.hers(dm) == []
        assert "Biscuit" not in known(o)


async def test_a_deleted_reply_in_a_thread_takes_its_answer_alone_with_it() -> None:
    async with office("First.", "Second.") as o:
        asked = await o.call(o.ana, "I like plums")
        await o.answered()
        more = await o.team.say(o.ana, o.hall, "my dog is called Biscuit", thread_ts=asked.ts)
        await o.answered(2)
        await o.team.delete(o.ana, more)
        assert not more.is_tombstone
        await quiet(o)
        assert first_lines(o) == ["First."]
        assert "Biscuit" not in known(o)
        assert "plums" in known(o)


async def test_an_answer_of_several_messages_goes_as_a_whole() -> None:
    async with office(" ".join(f"word{number}" for number in range(2_500))) as o:
        asked = await o.call(o.ana, "go on")
        await o.slack.until(lambda: o.is_finished(2))
        await o.team.delete(o.ana, asked)
        await quiet(o)
        assert o.hers() == []


@pytest.mark.parametrize("words", [0, 2])
async def test_a_message_deleted_while_it_is_answered_stops_the_answer(words: int) -> None:
    async with office("one two three four") as o:
        asked = await hold_after(o, words, "my dog is called Biscuit")
        assert len(o.hers()) == bool(words)
        await o.team.delete(o.ana, asked)
        await quiet(o)
        assert o.hers() == []
        assert "Biscuit" not in known(o)
        assert not any(found.text for found in o.ellie.turns())
        assert o.team.status(o.hall, asked.ts) != "processing"


async def test_a_message_deleted_before_it_was_told_of_is_not_answered() -> None:
    async with office() as o:
        asked = await o.call(o.ana, "my dog is called Biscuit", deliver=False)
        late = dict(message_payload(o.team, asked))
        await o.team.delete(o.ana, asked)
        await quiet(o)
        await o.team.emit({**late, "channel": o.hall.id, "channel_type": "channel"})
        await quiet(o)
        assert not o.slack.calls_of("users.info")
        assert o.hers() == []
        assert o.ellie.turns() == []


@pytest.mark.parametrize("method", ["users.info", "conversations.info", "conversations.history"])
async def test_a_message_deleted_while_slack_is_asked_about_it_is_not_taken(method: str) -> None:
    async with office() as o:
        o.slack.hold(method)
        asked = await o.call(o.ana, "my dog is called Biscuit")
        await o.slack.until(lambda: o.slack.calls_of(method))
        await o.team.delete(o.ana, asked)
        o.slack.release(method)
        await quiet(o)
        assert o.hers() == []
        assert o.ellie.turns() == []
        assert is_taken(o, asked)
        assert o.team.status(o.hall, asked.ts) != "processing"


async def test_a_message_delivered_twice_can_still_be_taken_back() -> None:
    async with office("one two three") as o:
        asked = await hold_after(o, 1, "count")
        for delivery in [one for one in o.slack.deliveries if one.event_type == "app_mention"]:
            await o.slack.redeliver(delivery)
        await o.slack.settled()
        await o.team.delete(o.ana, asked)
        o.ellie.generator.release()
        await quiet(o)
        assert o.hers() == []


async def test_a_deletion_that_is_told_twice_is_one() -> None:
    async with office("Noted.") as o:
        asked = await o.call(o.ana, "my dog is called Biscuit")
        await o.answered()
        [deletion] = await o.team.delete(o.ana, asked)
        await quiet(o)
        await o.slack.redeliver(deletion)
        await quiet(o)
        assert o.hers() == []
        assert "Biscuit" not in known(o)


async def test_a_deletion_ends_the_tries_to_show_the_answer() -> None:
    async with office("Hello.") as o:
        ways = ("chat.startStream", "chat.postMessage")
        for method in ways:
            o.slack.status_code(method, 503, times=2)
        asked = await o.call(o.ana, "hello")
        await o.slack.until(lambda: any(map(o.slack.calls_of, ways)))
        await o.team.delete(o.ana, asked)
        await quiet(o)
        assert o.hers() == []


async def test_memory_follows_a_deletion_before_slack_does() -> None:
    async with office("Noted.") as o:
        asked = await o.call(o.ana, "my dog is called Biscuit")
        await o.answered()
        o.slack.hold("chat.delete")
        [deletion] = await o.team.delete(o.ana, asked)
        await o.slack.until(lambda: o.slack.calls_of("chat.delete"))
        assert "Biscuit" not in known(o)
        # Slack waits for nothing but memory.
        await o.slack.until(lambda: deletion.is_acked)
        assert len(o.hers()) == 1
        o.slack.release("chat.delete")
        await quiet(o)
        assert o.hers() == []


async def test_a_deletion_stops_the_model_before_memory_has_followed() -> None:
    async with office("one two three") as o:
        asked = await hold_after(o, 1, "my dog is called Biscuit")
        database: Any = o.ellie.storage.database
        async with database.writing:
            await o.team.delete(o.ana, asked)
            await o.slack.until(lambda: not o.ellie.generator._cancelled)
        await quiet(o)
        assert o.hers() == []


async def test_a_deletion_is_not_confirmed_before_memory_has_followed() -> None:
    async with office("Noted.") as o:
        asked = await o.call(o.ana, "my dog is called Biscuit")
        await o.answered()
        await quiet(o)
        database: Any = o.ellie.storage.database
        async with database.writing:
            [deletion] = await o.team.delete(o.ana, asked)
            for _ in range(50):
                await asyncio.sleep(0)
            assert not deletion.is_acked
        await o.slack.until(lambda: deletion.is_acked)
        assert "Biscuit" not in known(o)


async def test_a_deletion_without_a_database_takes_the_answer_away() -> None:
    async with office("one two three") as o:
        asked = await hold_after(o, 1, "count")
        o.ellie.storage.is_alive = False
        await o.team.delete(o.ana, asked)
        await o.slack.until(lambda: not o.hers())
        [told] = [one for one in o.slack.deliveries if one.subtype == "message_deleted"]
        assert not told.is_acked  # so Slack tells of it again, when there may be a database


async def test_an_answer_that_cannot_be_taken_away_is_no_trouble() -> None:
    async with office("Noted.", "Hello.") as o:
        asked = await o.call(o.ana, "my dog is called Biscuit")
        await o.answered()
        o.slack.fail("chat.delete", "cant_delete_message", times=9)
        await o.team.delete(o.ana, asked)
        await quiet(o)
        assert "Biscuit" not in known(o)
        await o.call(o.ana, "hello")
        await o.answered(2)


async def test_a_message_that_was_deleted_before_another_process_came_is_forgotten() -> None:
    async with office("Noted.") as o:
        asked = await o.call(o.ana, "my dog is called Biscuit")
        await o.answered()
        await quiet(o)
        await o.restart()
        await o.team.delete(o.ana, asked)
        await quiet(o)
        assert o.hers() == []
        assert "Biscuit" not in known(o)


async def test_of_what_was_said_incognito_the_answer_goes() -> None:
    async with office("Hello.", "one two three") as o:
        dm = o.team.dm(o.ana)
        await o.write(o.ana, "hello")
        await o.answered(1, dm)
        await o.team.slash(o.ana, dm, "incognito on")
        await quiet(o)
        o.ellie.generator.hold(after_words=1)
        asked = await o.write(o.ana, "my dog is called Biscuit")
        await o.slack.until(lambda: o.said(dm)[-1] == "one")
        await o.team.delete(o.ana, asked)
        await quiet(o)
        assert o.said(dm)[-1] != "one"
        assert not any(message.is_streaming for message in o.hers(dm))
        assert "Biscuit" not in known(o)


async def test_told_with_the_next_message_when_the_first_is_deleted() -> None:
    async with office("one two three", "Yes?", "Yes.") as o:
        asked = await hold_after(o, 1, "count")
        await o.team.delete(o.ana, asked)
        await quiet(o)
        assert o.hers() == []
        o.ellie.generator.release()
        for count in (1, 2):
            await o.call(o.ana, "and now?")
            await o.answered(count)
        assert introductions(o) == 1


async def test_a_message_deleted_while_it_is_answered_again_gets_no_answer() -> None:
    async with office("Hello Biscuit.", "one two three") as o:
        asked = await o.call(o.ana, "my dog is called Biscuit")
        await o.answered()
        o.ellie.generator.hold(after_words=1)
        await o.team.press(o.ana, o.hers()[0], action_id=AGAIN)
        await o.slack.until(lambda: "one" in o.said()[0].split())
        await o.team.delete(o.ana, asked)
        o.ellie.generator.release()
        await quiet(o)
        assert o.hers() == []
        assert "Biscuit" not in known(o)
        [delivery] = o.ellie.state.deliveries.values()
        assert delivery.is_complete  # nobody goes on with it


async def test_a_turn_of_a_deleted_message_stays_empty_when_it_is_delivered_late() -> None:
    async with office("Noted.") as o:
        asked = await o.call(o.ana, "my dog is called Biscuit")
        await o.answered()
        late = [one for one in o.slack.deliveries if one.event_type == "app_mention"]
        await o.team.delete(o.ana, asked)
        await quiet(o)
        await o.restart()
        for delivery in late:
            await o.slack.redeliver(delivery)
        await quiet(o)
        assert o.hers() == []
        assert "Biscuit" not in known(o)
        assert [turn.status for turn in o.ellie.turns()] == [TurnStatus.ANSWERED]
