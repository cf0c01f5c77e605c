"""Many people at once, and one for very long."""

from __future__ import annotations

import asyncio
from collections import Counter

from support.office import Office, office
from support.office_talk import is_answered, quiet

from adapters.slack.pacing import PER_MINUTE, Pacing
from bot.domain.turn import TurnStatus


async def test_two_people_in_one_thread_at_once_both_get_theirs() -> None:
    async with office("Hello.", "a b c", "u v w x y z") as o:
        root = await o.call(o.chief, "let's talk")
        assert await is_answered(o, root)
        session = o.team.session(o.hall, root.ts)
        assert session is not None
        o.ellie.generator.hold(after_words=1)
        await o.team.say(o.ana, o.hall, "letters", thread_ts=root.ts)
        await o.slack.until(lambda: o.said()[1:] == ["a"])
        await o.team.say(o.bo, o.hall, "other letters", thread_ts=root.ts)
        await o.slack.settled()
        o.ellie.generator.go_on(after_words=5)
        await o.slack.until(lambda: o.said()[1:] == ["a b c", "u v w x y"])
        assert session.status == "processing"  # for Bo she still writes
        o.ellie.generator.release()
        await o.slack.until(lambda: o.said()[1:] == ["a b c", "u v w x y z"] and o.is_finished(3))
        assert {turn.text: turn.reply for turn in o.ellie.turns()} == {
            "let's talk": "Hello.",
            "letters": "a b c",
            "other letters": "u v w x y z",
        }
        assert session.status == "active"


async def test_nobody_stops_what_she_writes_to_somebody_else() -> None:
    async with office("one two three four") as o:
        o.ellie.generator.hold(after_words=2)
        asked = await o.call(o.ana, "count")
        await o.slack.until(lambda: o.said() == ["one two"])
        await o.team.stop(o.bo, o.hall, asked.ts)
        await o.slack.settled()
        o.ellie.generator.release()
        await quiet(o)
        assert " ".join(" ".join(o.said()).split()) == "one two three four"
        assert [turn.status for turn in o.ellie.turns()] == [TurnStatus.ANSWERED]


async def test_two_people_in_two_threads_do_not_wait_for_each_other() -> None:
    async with office("a b c", "x y z") as o:
        o.ellie.generator.hold(after_words=1)
        first = await o.call(o.ana, "letters")
        await o.slack.until(lambda: o.said() == ["a"])
        second = await o.call(o.bo, "other letters")
        await o.slack.until(lambda: o.said() == ["a", "x"])
        assert [reply.thread_ts for reply in o.hers()] == [first.ts, second.ts]
        await o.team.stop(o.ana, o.hall, first.ts)
        await o.slack.settled()
        o.ellie.generator.release()
        await quiet(o)
        assert o.said() == ["a\n(stopped)", "x y z"]


async def test_ten_people_at_once_all_get_an_answer_of_their_own() -> None:
    names = [f"word{number}" for number in range(10)]
    async with office(*["Noted."] * 10, *["Hm."] * 10) as o:
        people = [o.team.add_user(f"U1{n}", name=name) for n, name in enumerate(names)]
        said = await asyncio.gather(
            *(
                o.call(who, f"my secret is the word {name}")
                for who, name in zip(people, names, strict=True)
            )
        )
        await quiet(o)
        assert Counter(reply.thread_ts for reply in o.hers()) == Counter(m.ts for m in said)
        assert {turn.status for turn in o.ellie.turns()} == {TurnStatus.ANSWERED}
        await asyncio.gather(*(o.write(who, "what is my secret?") for who in people))
        await quiet(o)
        for prompt in o.ellie.prompts()[10:]:
            assert sum(name in prompt for name in names) == 1
        for who in people:
            assert len(o.hers(o.team.dm(who))) == 1


async def test_one_person_who_writes_faster_than_she_answers_gets_every_answer() -> None:
    async with office(*[f"Answer {n}." for n in range(5)]) as o:
        o.ellie.generator.hold()
        direct = o.team.dm(o.ana)
        said = [await o.write(o.ana, f"question {n}") for n in range(5)]
        await o.slack.settled()
        o.ellie.generator.release()
        await quiet(o)
        assert Counter(reply.thread_ts for reply in o.hers(direct)) == Counter(m.ts for m in said)


STARTED = "chat.startStream"


async def calls_for_one_message(o: Office, root_ts: str) -> Counter[str]:
    """What is asked of Slack for one more streamed message in a thread of direct messages."""
    before = len(o.slack.calls)
    o.ellie.generator.enqueue("Go on.")
    o.ellie.generator.hold(after_words=1)
    words = f"and then {before}?"  # the same over and over would not be answered
    more = await o.team.say(o.ana, o.team.dm(o.ana), words, thread_ts=root_ts)
    await o.slack.until(lambda: any(c.method == STARTED and c.ok for c in o.slack.calls[before:]))
    o.ellie.generator.release()
    assert await is_answered(o, more)
    return Counter(call.method for call in o.slack.calls[before:])


async def test_the_thousandth_message_costs_no_more_calls_than_the_third() -> None:
    freely = Pacing(dict.fromkeys(PER_MINUTE, 60_000))
    async with office("Once upon a time.", pacing=freely) as o:
        direct = o.team.dm(o.ana)
        root = await o.write(o.ana, "tell me a story")
        assert await is_answered(o, root)
        await calls_for_one_message(o, root.ts)
        third = await calls_for_one_message(o, root.ts)
        for _ in range(50):
            await calls_for_one_message(o, root.ts)
        for _ in range(947):
            await o.team.say(o.ana, direct, "go on", thread_ts=root.ts, deliver=False)
        assert await calls_for_one_message(o, root.ts) == third
        assert third.total() <= 8


async def test_of_a_thread_of_a_thousand_messages_the_latest_are_read() -> None:
    async with office("Hello.", "I see.") as o:
        root = await o.call(o.ana, "a topic")
        assert await is_answered(o, root)
        for number in range(1_000):
            o.slack.clock.move(36)  # ten hours in all
            await o.team.say(o.bo, o.hall, f"remark-{number}", thread_ts=root.ts, deliver=False)
        before = len(o.slack.calls)
        asked = await o.call(o.ana, "what was the last remark?", thread_ts=root.ts)
        assert await is_answered(o, asked)
        assert len(o.slack.calls) - before < 15
        assert "remark-999" in o.ellie.prompts()[1]
        assert "remark-1" not in o.ellie.prompts()[1]
