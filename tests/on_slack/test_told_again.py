"""What Slack tells of a second time, since it heard nothing; and what it is not asked at all."""

from __future__ import annotations

import pytest
from slack_stand_in import Delivery, Message
from support.office import Office, office
from support.office_talk import quiet, whispers
from support.slack_interruptions import hold_after

from adapters.recovering import DeliveryRecovery
from bot.domain.identity import Platform, TenantRef

QUESTION = "count to four"


async def killed_unheard(o: Office, words: int) -> Message:
    """Have a message stored and some words of its answer shown, and Slack not know of it."""
    asked = await hold_after(o, words, QUESTION)
    for told in told_of(o, asked):
        told.acked_after = None
    return asked


def told_of(o: Office, message: Message) -> list[Delivery]:
    """What Slack sent because of a message."""
    return [
        told for told in o.slack.deliveries if told.payload.get("event", {}).get("ts") == message.ts
    ]


def never_recover(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nobody look for what was cut off."""

    async def watch(_: DeliveryRecovery) -> None:
        return

    monkeypatch.setattr(DeliveryRecovery, "watch", watch)


@pytest.mark.parametrize("is_quick", [True, False])
@pytest.mark.parametrize("words", [0, 2])
async def test_while_the_message_is_looked_up_for_recovery(words: int, *, is_quick: bool) -> None:
    async with office("one two three four") as o:
        await killed_unheard(o, words)
        o.slack.hold("conversations.replies")
        await o.restart("Hello.", "Hello a second time.")
        if not is_quick:
            o.ellie.generator.hold()
        await o.slack.until(lambda: o.slack.calls_of("conversations.replies"))
        await o.slack.retry_unacked()
        await o.slack.until(lambda: o.ellie.generator.requests)
        if is_quick:
            await o.slack.until(lambda: [turn.reply for turn in o.ellie.turns()] == ["Hello."])
        o.slack.release("conversations.replies")
        o.ellie.generator.release()
        await quiet(o)
        await o.slack.until(lambda: o.said() == ["Hello."] and o.is_finished(1))
        assert len(o.ellie.generator.requests) == 1


async def test_while_the_message_cannot_be_looked_up() -> None:
    """No apology stands beside the answer."""
    async with office("one two three four") as o:
        await killed_unheard(o, 0)
        o.slack.hold("conversations.replies")
        o.slack.status_code("conversations.replies", 503)
        await o.restart("Hello.")
        o.ellie.generator.hold(after_words=0)
        await o.slack.until(lambda: o.slack.calls_of("conversations.replies"))
        await o.slack.retry_unacked()
        await o.slack.until(lambda: o.ellie.generator.requests)
        o.slack.release("conversations.replies")
        o.ellie.generator.release()
        await quiet(o)
        assert o.said() == ["Hello."]


async def test_before_recovery_what_was_half_shown_is_completed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    never_recover(monkeypatch)
    async with office("one two three four") as o:
        await killed_unheard(o, 2)
        await o.restart("Hello.")
        await o.slack.retry_unacked()
        await o.slack.until(lambda: o.said() == ["Hello."] and o.is_finished(1))
        assert len(o.hers()) == 1


async def test_what_was_half_shown_and_not_noted_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    never_recover(monkeypatch)
    async with office("one two three four") as o:
        await killed_unheard(o, 2)
        await o.slack.advance(2)
        await o.ellie.kill()
        o.ellie.state.deliveries.clear()
        await o.restart("Hello.")
        await o.slack.retry_unacked()
        await o.slack.until(lambda: o.said() == ["Hello."] and o.is_finished(1))
        assert len(o.hers()) == 1


async def test_a_typed_command_that_was_not_carried_out_is_carried_out_later() -> None:
    async with office("Hello.") as o:
        await o.call(o.ana, "my dog is called Biscuit")
        await o.answered()
        async with o.ellie.storage.database.writing:
            asked = await o.call(o.ana, "forget my dog")
            after = await o.team.say(o.bo, o.hall, "nothing for her")
            await o.slack.until(lambda: all(told.is_acked for told in told_of(o, after)))
            assert not any(told.is_acked for told in told_of(o, asked))
            await o.ellie.kill()
        await o.restart()
        await o.slack.retry_unacked()
        await quiet(o)
        assert "This erases 1 fact" in whispers(o)[-1]


async def test_nothing_is_asked_of_slack_about_what_is_not_for_her() -> None:
    async with office("Hello.") as o:
        channels = [o.team.add_channel(f"CX{n}", name=f"c{n}", members=[o.ana]) for n in range(5)]
        before = len(o.slack.calls)
        for channel in channels:
            await o.team.say(o.ana, channel, "nothing for her")
        await quiet(o)
        assert o.slack.calls[before:] == []


@pytest.mark.parametrize("error", ["user_not_found", "user_not_visible"])
async def test_a_stranger_of_whom_slack_will_never_tell_is_answered(error: str) -> None:
    async with office("Hello.", "Hello again.") as o:
        zoe = o.team.add_user("U9", name="zoe", team_id="T9")
        shared = o.team.add_channel("C9", name="shared", members=[o.ana, zoe], is_ext_shared=True)
        o.slack.fail("users.info", error, times=99)
        await o.call(zoe, "hello", shared)
        assert await o.answered(1, shared) == ["Hello."]
        [(_, home, user_id)] = o.ellie.state.identities
        assert (home, user_id) == (TenantRef(platform=Platform.SLACK, external_id="T9"), "U9")


async def test_the_sign_that_another_process_put_up_goes_with_its_apology() -> None:
    async with office("never") as o:
        asked = await hold_after(o, 0, QUESTION)
        session = o.team.session(o.hall, asked.ts)
        assert session is not None
        assert session.status == "processing"
        await o.slack.advance(3601)
        await o.restart()
        await o.slack.until(lambda: o.hers() and o.ellie.adapter.is_idle)
        await o.slack.until(lambda: session.status == "active")
