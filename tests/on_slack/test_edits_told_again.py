"""Edits and deletions while Slack, the database or the process comes and goes."""

from __future__ import annotations

from typing import Any

import pytest
from slack_stand_in import Message
from support.office import Office, office
from support.office_talk import quiet
from support.slack_interruptions import hold_after

from bot.domain.turn import TurnStatus
from bot.errors import StorageError

OLD, NEW = "what is two plus two?", "what is two plus three?"


async def half_answered(o: Office) -> Message:
    """Have her be in the middle of an answer."""
    return await hold_after(o, 2, OLD)


def knows(o: Office, words: str) -> bool:
    """Whether a turn says so."""
    return words in repr(o.ellie.turns())


def has_ended(o: Office) -> bool:
    """Whether nothing is written any more."""
    return all(turn.status is not TurnStatus.ACCEPTED for turn in o.ellie.turns())


async def told_once_more(o: Office) -> None:
    """Have Slack tell again whatever it believes is not known."""
    for seconds in (1, 61, 301):
        await o.slack.advance(seconds)


async def test_killed_between_an_edit_and_its_answer() -> None:
    async with office("one two three four") as o:
        asked = await half_answered(o)
        o.slack.hold("conversations.history")  # what is read before it is answered anew
        await o.team.edit(o.ana, asked, f"{o.me} {NEW}")
        await o.slack.until(lambda: knows(o, NEW) and has_ended(o))
        for told in o.slack.deliveries:
            if told.subtype == "message_changed":
                told.acked_after = None
        await o.ellie.kill()
        o.slack.release("conversations.history")
        await o.restart("Five.")
        await o.slack.retry_unacked()
        await o.slack.until(lambda: o.said() == ["Five."] and o.is_finished(1))


async def test_an_edit_told_again_while_its_answer_is_written_is_answered_once() -> None:
    async with office("one two three four", "Five it is.") as o:
        asked = await half_answered(o)
        await o.team.edit(o.ana, asked, f"{o.me} {NEW}")
        await o.slack.until(lambda: len(o.ellie.generator.requests) == 2)
        for told in o.slack.deliveries:
            if told.subtype == "message_changed":
                told.acked_after = None
        await o.slack.retry_unacked()
        o.ellie.generator.release()
        await quiet(o)
        assert o.said() == ["Five it is."]
        assert len(o.ellie.generator.requests) == 2


async def test_of_a_slow_slack_an_edit_is_not_kept_waiting_for_nor_a_deletion() -> None:
    async with office("one two three four", "Five.") as o:
        asked = await half_answered(o)
        o.slack.hold("chat.appendStream")
        o.ellie.generator.go_on(after_words=3)
        await o.slack.until(lambda: o.slack.calls_of("chat.appendStream"))
        edited = await o.team.edit(o.ana, asked, f"{o.me} {NEW}")
        assert edited is not None
        await o.slack.until(lambda: knows(o, NEW))
        await o.team.delete(o.ana, asked)
        await o.slack.until(lambda: not knows(o, NEW))
        await o.slack.until(lambda: all(one.is_acked for one in o.slack.deliveries))
        o.slack.release("chat.appendStream")
        o.ellie.generator.release()
        await quiet(o)
        assert o.hers() == []
        assert len(o.ellie.generator.requests) == 1


async def test_deleted_while_the_new_answer_is_prepared() -> None:
    async with office("one two three four", "Five.") as o:
        asked = await half_answered(o)
        o.slack.hold("conversations.history")
        await o.team.edit(o.ana, asked, f"{o.me} {NEW}")
        await o.slack.until(lambda: knows(o, NEW))
        await o.team.delete(o.ana, asked)
        await o.slack.until(lambda: not knows(o, NEW))
        o.slack.release("conversations.history")
        o.ellie.generator.release()
        await quiet(o)
        assert o.hers() == []


async def test_what_cannot_be_read_before_an_edit_is_told_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with office("one two three four", "Five.") as o:
        asked = await half_answered(o)

        tried: list[object] = []

        async def broken(*what: Any) -> None:
            tried.append(what)
            raise StorageError("down")

        with monkeypatch.context() as while_down:
            while_down.setattr(o.ellie.deliveries, "of_event", broken)
            await o.team.edit(o.ana, asked, f"{o.me} {NEW}")
            await o.slack.until(lambda: tried)
            assert knows(o, OLD)
            assert not knows(o, NEW)
        await told_once_more(o)
        o.ellie.generator.release()
        await o.slack.until(lambda: o.said() == ["Five."] and o.is_finished(1))


@pytest.mark.parametrize("trouble", ["503", "drop", "limit"])
async def test_an_answer_that_slack_does_not_take_away_at_once_is_taken_away(trouble: str) -> None:
    async with office("Hello Biscuit.") as o:
        asked = await o.call(o.ana, "my dog is called Biscuit")
        await o.answered()
        if trouble == "503":
            o.slack.status_code("chat.delete", 503)
        elif trouble == "drop":
            o.slack.drop("chat.delete", after_effect=False)
        else:
            o.slack.limit("chat.delete", 0.1)
        await o.team.delete(o.ana, asked)
        await o.slack.until(lambda: o.hers() == [])


async def test_killed_before_slack_took_an_answer_away_a_later_process_does() -> None:
    async with office("Hello Biscuit.") as o:
        asked = await o.call(o.ana, "my dog is called Biscuit")
        await o.answered()
        o.slack.status_code("chat.delete", 503, times=99)
        await o.team.delete(o.ana, asked)
        await o.slack.until(lambda: o.slack.calls_of("chat.delete"))
        await o.ellie.kill()
        o.slack.troubles.clear()
        o.slack.status_code("conversations.replies", 503, times=99)  # and tells of no message
        assert o.hers() != []
        await o.restart()
        await o.slack.until(lambda: o.hers() == [] and o.ellie.adapter.is_idle)
