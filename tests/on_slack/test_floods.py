"""Somebody asks for too much: they are told once, and the others are answered."""

from __future__ import annotations

from support.office import office
from support.office_talk import is_answered, quiet

from bot.domain.place_policy import PlacePolicy
from bot.domain.quota import Quota, QuotaHolder, QuotaMeasure, Rate
from bot.engine.flooding import MOST_REPEATS

LATE = "That was a lot at once from this whole workspace. Try again in 30 min."


async def test_a_flood_is_refused_once_and_then_in_silence() -> None:
    async with office("Hello.", "Hello Bo.") as o:
        tenant = Quota(QuotaHolder.TENANT, QuotaMeasure.TURNS)
        o.ellie.rules.policy = PlacePolicy(quotas={tenant: Rate(amount=2, seconds=3600)})
        said = []
        for number, who in enumerate((o.ana, o.bo, *[o.ana] * 5, o.bo)):
            said.append(await o.call(who, f"hello {number}"))
            await quiet(o)
        answered = [await is_answered(o, message) for message in said]
        assert answered == [True, True, True, False, False, False, False, True]
        late = [o.said(thread_ts=said[number].ts)[-1] for number in (2, 7)]
        assert late == [LATE, LATE]
        assert len(o.ellie.turns()) == 2


async def test_a_program_with_a_persons_token_is_answered_some_times() -> None:
    async with office(*["Pong."] * MOST_REPEATS) as o:
        said = []
        for _ in range(MOST_REPEATS + 4):
            said.append(await o.write(o.ana, "ping"))
            await quiet(o)
        told = [await is_answered(o, message) for message in said]
        assert sum(told) >= MOST_REPEATS
        assert len(o.ellie.turns()) == MOST_REPEATS
        assert len(o.said(o.team.dm(o.ana))) == MOST_REPEATS + 1
        assert "I stop answering it" in o.said(o.team.dm(o.ana))[-1]
