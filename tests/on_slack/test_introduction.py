"""Everybody is told once what she keeps, whatever becomes of their first message and its answer."""

from __future__ import annotations

import pytest
from slack_stand_in import User
from support.office import Office, office
from support.office_talk import is_answered, quiet
from support.town import INTRODUCTION

from adapters.slack.reply_blocks import AGAIN
from bot.errors import GeneratorBusyError


def introductions(o: Office, *, directly: bool = False) -> list[bool]:
    """Which of her messages in the hall tell what she keeps, oldest first; or those to Ana."""
    place = o.team.dm(o.ana) if directly else o.hall
    return [INTRODUCTION in message.shown_text for message in o.hers(place)]


async def then(o: Office, count: int = 2, who: User | None = None) -> list[bool]:
    """Which answers to further messages tell it."""
    before = len(o.hers())
    o.ellie.generator.release()
    o.ellie.generator.enqueue(*["ok"] * count)
    for _ in range(count):
        await o.slack.advance(60)
        assert await is_answered(o, await o.call(who or o.ana, "and now?"))
    return introductions(o)[before:]


async def test_told_with_the_first_answer_and_never_again() -> None:
    async with office("Hello.") as o:
        assert await is_answered(o, await o.call(o.ana, "hello"))
        assert introductions(o) == [True]
        assert await then(o) == [False, False]
        await o.restart()
        assert await then(o) == [False, False]


async def test_told_to_each_person_and_in_whatever_place_they_speak_first() -> None:
    async with office("Hello.", "Hello.", "Hello.") as o:
        assert await is_answered(o, await o.write(o.ana, "hello"))
        assert INTRODUCTION in o.hers(o.team.dm(o.ana))[0].shown_text
        assert await is_answered(o, await o.call(o.ana, "hello"))
        assert await is_answered(o, await o.call(o.bo, "hello"))
        assert introductions(o) == [False, True]


async def test_a_command_before_the_first_message_takes_nothing_of_it_away() -> None:
    async with office("Hello.") as o:
        shown = await o.team.slash(o.ana, o.hall, "memory show")
        await o.slack.until(lambda: shown.texts)
        await o.call(o.ana, "help")
        await quiet(o)
        await o.team.open_home(o.ana)
        await o.slack.until(lambda: o.team.home(o.ana))
        assert await is_answered(o, await o.call(o.ana, "hello"))
        assert introductions(o) == [True]


async def test_told_under_a_question_that_was_asked_by_a_command() -> None:
    async with office("A long bay.") as o:
        await o.team.slash(o.ana, o.hall, "what is a fjord?")
        await quiet(o)
        assert introductions(o, directly=True) == [False, True]
        assert await then(o) == [False, False]


async def test_told_when_the_first_message_is_edited_while_she_answers() -> None:
    async with office("Four.", "Five.") as o:
        o.ellie.generator.hold()
        asked = await o.call(o.ana, "what is two plus two?")
        await o.slack.until(lambda: o.ellie.generator.requests)
        o.ellie.generator.go.set()
        await o.team.edit(o.ana, asked, f"{o.me} what is two plus three?")
        await o.slack.until(lambda: o.said() == ["Five."] and o.is_finished(1))
        assert introductions(o) == [True]
        assert await then(o) == [False, False]


async def test_told_with_the_answer_that_is_written_anew_after_a_kill() -> None:
    async with office("one two three four") as o:
        o.ellie.generator.hold(after_words=2)
        await o.call(o.ana, "count")
        await o.slack.until(lambda: o.said() == ["one two"])
        await o.restart("one two three four")
        await o.slack.until(lambda: o.said() == ["one two three four"] and o.is_finished(1))
        assert introductions(o) == [True]
        assert await then(o) == [False, False]


async def test_told_when_it_is_tried_again() -> None:
    async with office("one two three four") as o:
        direct = o.team.dm(o.ana)
        o.ellie.generator.hold(after_words=2)
        await o.team.slash(o.ana, o.hall, "count")
        await o.slack.until(lambda: o.said(direct)[1:] == ["one two"])
        await o.restart("one two three four")
        await o.slack.until(lambda: "interrupted" in o.said(direct)[-1])
        await quiet(o)
        assert introductions(o, directly=True) == [False, False]
        await o.team.press(o.ana, o.hers(direct)[-1], action_id=AGAIN)
        await o.slack.until(lambda: o.said(direct)[-1] == "one two three four")
        await quiet(o)
        assert introductions(o, directly=True) == [False, True]
        assert await then(o) == [False, False]


async def test_told_with_the_next_message_when_nobody_tries_again() -> None:
    async with office("one two") as o:
        direct = o.team.dm(o.ana)
        o.ellie.generator.hold()
        await o.team.slash(o.ana, o.hall, "count")
        await o.slack.until(lambda: o.ellie.generator.requests)
        await o.restart()
        await o.slack.until(lambda: "interrupted" in o.said(direct)[-1])
        await quiet(o)
        assert introductions(o, directly=True) == [False, False]
        assert await then(o) == [True, False]


async def test_told_with_the_next_message_when_the_first_is_stopped() -> None:
    async with office("one two three") as o:
        o.ellie.generator.hold(after_words=1)
        asked = await o.call(o.ana, "count")
        await o.slack.until(lambda: o.said() == ["one"])
        await o.team.stop(o.ana, o.hall, asked.ts)
        await quiet(o)
        told = introductions(o)
        assert [*told, *await then(o)].count(True) == 1


async def test_told_when_she_was_busy_at_first() -> None:
    async with office(GeneratorBusyError("busy")) as o:
        assert await is_answered(o, await o.call(o.ana, "hello"))
        told = introductions(o)
        assert [*told, *await then(o)].count(True) == 1


async def test_told_with_the_next_message_when_the_first_is_deleted() -> None:
    async with office("one two three") as o:
        o.ellie.generator.hold(after_words=1)
        asked = await o.call(o.ana, "count")
        await o.slack.until(lambda: o.said() == ["one"])
        await o.team.delete(o.ana, asked)
        await o.slack.until(lambda: o.hers() == [])
        await quiet(o)
        assert await then(o) == [True, False]


@pytest.mark.parametrize("error", ["restricted_action", "channel_not_found", "invalid_blocks"])
async def test_told_with_the_next_message_when_the_first_answer_cannot_be_shown(
    error: str,
) -> None:
    async with office("Hello.") as o:
        for method in ("chat.startStream", "chat.postMessage", "chat.update"):
            o.slack.fail(method, error, times=9, when=lambda call: call.get("channel") == "C1")
        await o.call(o.ana, "hello")
        await quiet(o)
        assert introductions(o) == []
        o.slack.troubles.clear()
        assert await then(o) == [True, False]


@pytest.mark.parametrize("is_restarted", [True, False])
async def test_told_with_an_answer_that_was_saved_and_is_shown_late(is_restarted: bool) -> None:
    async with office("Hello.") as o:
        for method in ("chat.startStream", "chat.postMessage"):
            o.slack.status_code(method, 503, times=999)
        await o.call(o.ana, "hello")
        await o.slack.until(lambda: o.ellie.turns() and o.ellie.turns()[0].reply)
        await quiet(o)
        assert o.hers() == []
        o.slack.troubles.clear()
        if is_restarted:
            await o.restart()
            await o.slack.until(lambda: o.said() == ["Hello."])
            assert introductions(o) == [True]
            assert await then(o) == [False, False]
        else:
            # It is shown within a minute; whoever writes before that hears it then.
            assert (await then(o)).count(True) <= 1
