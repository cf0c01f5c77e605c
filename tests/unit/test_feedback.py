"""Whose verdicts count, and how they are taken back."""

from __future__ import annotations

from support.engine import Ellie, started

from bot.domain.conversation import Scope
from bot.domain.feedback import Verdict
from bot.domain.turn import TurnId
from bot.engine.feedback import Feedback, FeedbackResult


class Voter:
    """Somebody who has got one reply."""

    def __init__(self, ellie: Ellie, turn_id: TurnId) -> None:
        self._ellie = ellie
        self._turn_id = turn_id
        self._feedback = Feedback(ellie.storage, clock=ellie.clock)

    async def give(self, verdict: Verdict, user: str = "ana") -> FeedbackResult:
        author = self._ellie.message("x", user=user).author
        return await self._feedback.give(author, self._turn_id, verdict)

    async def given(self) -> Verdict | None:
        async with self._ellie.storage.unit_of_work() as work:
            person = await work.persons.find(self._ellie.message("x").author)
            assert person
            return await work.feedback.get(Scope.in_private(person.id), self._turn_id)


async def voter(ellie: Ellie) -> Voter:
    await ellie.say("hello")
    (turn,) = await ellie.turns()
    return Voter(ellie, turn.id)


async def test_a_verdict_is_kept_with_its_time() -> None:
    async with started("hi") as ellie:
        ana = await voter(ellie)
        assert await ana.give(Verdict.GOOD) is FeedbackResult.TAKEN
        assert await ana.given() is Verdict.GOOD
        (turn,) = await ellie.turns()
        async with ellie.storage.unit_of_work() as work:
            (given,) = await work.feedback.of(Scope.in_private(turn.person_id))
        assert given.given_at == ellie.clock.now()


async def test_another_verdict_takes_its_place() -> None:
    async with started("hi") as ellie:
        ana = await voter(ellie)
        await ana.give(Verdict.GOOD)
        assert await ana.give(Verdict.BAD) is FeedbackResult.TAKEN
        assert await ana.given() is Verdict.BAD


async def test_the_same_verdict_again_takes_it_back() -> None:
    async with started("hi") as ellie:
        ana = await voter(ellie)
        await ana.give(Verdict.BAD)
        assert await ana.give(Verdict.BAD) is FeedbackResult.TAKEN_BACK
        assert await ana.given() is None
        assert await ana.give(Verdict.BAD) is FeedbackResult.TAKEN
        assert await ana.given() is Verdict.BAD


async def test_nobody_judges_a_reply_to_somebody_else() -> None:
    async with started("hi", "hi") as ellie:
        ana = await voter(ellie)
        await ellie.say("hello", user="bob")
        for user in ("bob", "stranger"):
            assert await ana.give(Verdict.BAD, user) is FeedbackResult.NOT_YOURS
        assert await ana.given() is None


async def test_a_stranger_stays_unknown() -> None:
    async with started("hi") as ellie:
        ana = await voter(ellie)
        await ana.give(Verdict.BAD, "stranger")
        async with ellie.storage.unit_of_work() as work:
            assert await work.persons.find(ellie.message("x", user="stranger").author) is None


async def test_a_reply_that_is_not_stored_is_judged_by_nobody() -> None:
    async with started("hi") as ellie:
        await voter(ellie)
        assert await Voter(ellie, TurnId("none")).give(Verdict.GOOD) is FeedbackResult.NOT_YOURS
