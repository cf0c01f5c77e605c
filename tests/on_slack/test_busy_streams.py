"""More streams than Slack lets begin in a minute: replies do not wait for that."""

from __future__ import annotations

import asyncio

from support.office import PER_MINUTE, UNHURRIED, office
from support.office_talk import quiet

from adapters.slack.pacing import NotNowError, Pacing

START, APPEND = "chat.startStream", "chat.appendStream"
LONG = " ".join(f"The number {n} comes after {n - 1}." for n in range(1, 900))
LIMIT = 12_000


async def for_ever(_seconds: float) -> None:
    await asyncio.Event().wait()


class OnlyOnce(Pacing):
    """One call of a method may be made; time for another one never comes."""

    def __init__(self, method: str) -> None:
        super().__init__({**PER_MINUTE, **UNHURRIED, method: 1}, sleep=for_ever)
        self.refused = 0

    async def turn(self, method: str, *, may_wait: bool = True) -> None:
        try:
            await super().turn(method, may_wait=may_wait)
        except NotNowError:
            self.refused += 1
            raise


async def test_a_reply_that_cannot_be_streamed_now_is_posted_when_it_is_whole() -> None:
    pacing = OnlyOnce(START)
    async with office("one two three", "one two three", pacing=pacing) as o:
        o.ellie.generator.hold(after_words=2)
        await o.write(o.ana, "count")
        await o.slack.until(lambda: o.said(o.team.dm(o.ana)))
        await o.write(o.bo, "count")
        await o.slack.until(lambda: pacing.refused > 1)
        assert not o.said(o.team.dm(o.bo))
        o.ellie.generator.release()
        await quiet(o)
        assert o.said(o.team.dm(o.ana)) == ["one two three"]
        assert o.said(o.team.dm(o.bo)) == ["one two three"]
        assert len(o.slack.calls_of(START)) == 1
        assert not o.slack.calls_of("conversations.replies")  # nothing of it can be there yet


async def test_a_long_reply_that_cannot_be_streamed_on_is_posted_in_messages_that_fit() -> None:
    async with office(LONG, pacing=OnlyOnce(START)) as o:
        o.ellie.generator.hold(after_words=2)
        await o.call(o.ana, "count")
        await o.slack.until(o.said)
        o.ellie.generator.release()
        await quiet(o)
        said = [message.shown_text for message in o.hers()]
        assert " ".join(" ".join(o.said()).split()) == LONG
        assert len(said) >= len(LONG) // LIMIT
        assert not any(message.is_streaming for message in o.hers())
        assert len(o.slack.calls_of(START)) == 1


async def test_the_end_of_a_reply_does_not_wait_for_what_is_added_to_it() -> None:
    pacing = OnlyOnce(APPEND)
    async with office("one two three four five", pacing=pacing) as o:
        o.ellie.generator.hold(after_words=2)
        await o.call(o.ana, "count")
        await o.slack.until(o.said)
        o.ellie.generator.go_on(after_words=3)
        await o.slack.until(lambda: o.slack.calls_of(APPEND, ok=True))
        o.ellie.generator.go_on(after_words=4)
        await o.slack.until(lambda: pacing.refused)
        o.ellie.generator.release()
        assert await o.answered() == ["one two three four five"]
