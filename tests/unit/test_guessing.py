"""Guessing at codes that link accounts: slow for one account, for many, and for many at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from support.commanding import Desk, text_of
from support.engine import FakeClock

from bot.commands.reply import ReplyKind
from bot.engine import linking
from bot.engine.guesses import Guesses
from bot.engine.linking import MAX_WRONG_BY_ALL, digest_of
from bot.system import CODE_ALPHABET, CODE_LENGTH

TOO_MANY = "Too many wrong codes. Please try again in an hour."


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """So many wrong codes of all together that a test need not try hundreds."""
    monkeypatch.setattr(linking, "MAX_WRONG_BY_ALL", 12)
    return 12


async def code_of(desk: Desk, user: str = "ana") -> str:
    await desk.ask("/link", user)
    return desk.ids.codes[-1]


async def test_many_accounts_have_no_more_tries_than_all_may(few: int) -> None:
    desk = Desk()
    right = await code_of(desk)
    asked = [await desk.ask(f"/link WRONG{n:03}", f"eve{n}") for n in range(few + 3)]

    assert [TOO_MANY in text_of(reply) for reply in asked] == [False] * few + [True] * 3
    # Somebody may be about to hit one, so even a right code has to wait.
    assert TOO_MANY in text_of(await desk.ask(f"/link {right}", "ben"))
    desk.later(days=1 / 24, seconds=1)
    later = await code_of(desk)
    assert (await desk.ask(f"/link {later}", "ben")).kind is ReplyKind.QUESTION


async def test_it_is_logged_without_codes_or_names(few: int) -> None:
    desk = Desk()
    with capture_logs() as logs:
        for n in range(few):
            await desk.ask(f"/link WRONG{n:03}", f"eve{n}")

    warnings = [entry for entry in logs if entry["log_level"] == "warning"]
    assert [(entry["event"], entry["count"]) for entry in warnings] == [
        ("too_many_wrong_codes", few)
    ]
    assert "WRONG" not in repr(logs)


async def test_one_account_tries_one_code_after_the_other() -> None:
    guesses = Guesses(FakeClock(), most=9, period=timedelta(hours=1))
    trying: dict[str, int] = {"eve": 0, "ana": 0}
    most = dict(trying)

    async def attempt(account: str) -> None:
        async with guesses.one_by_one(account):
            trying[account] += 1
            most[account] = max(most[account], trying[account])
            most["all"] = max(most.get("all", 0), sum(trying.values()))
            await asyncio.sleep(0)
            trying[account] -= 1

    await asyncio.gather(*(attempt(account) for account in ("eve", "ana") for _ in range(5)))

    assert most == {"eve": 1, "ana": 1, "all": 2}
    assert not guesses._locks


def test_old_guesses_do_not_count() -> None:
    clock = FakeClock()
    guesses = Guesses(clock, most=2, period=timedelta(hours=1))
    for _ in range(3):
        assert not guesses.are_too_many()
        guesses.note_wrong()
        clock.moment += timedelta(minutes=40)
    assert not guesses.are_too_many()
    guesses.note_wrong()
    clock.moment += timedelta(minutes=10)
    assert guesses.are_too_many()


def test_to_hit_a_code_takes_longer_than_anybody_lives() -> None:
    """A thousand codes wait all the time, and everything that is let through is tried."""
    hits_an_hour = MAX_WRONG_BY_ALL * 1000 / len(CODE_ALPHABET) ** CODE_LENGTH
    assert 1 / hits_an_hour > 100 * 365 * 24


def test_what_is_compared_cannot_be_chosen_by_who_guesses() -> None:
    """Codes that share all but one character have digests that share what chance has them share."""
    digests = [digest_of(f"ABCDEFG{letter}") for letter in CODE_ALPHABET]
    shared = [
        sum(one == other for one, other in zip(digests[0], digest, strict=True))
        for digest in digests[1:]
    ]
    assert len(set(digests)) == len(digests)
    assert max(shared) < 20


async def test_a_code_is_stored_as_its_digest_alone() -> None:
    desk = Desk()
    code = await code_of(desk)
    assert code not in repr(desk.storage.state)
    assert digest_of(code) in repr(desk.storage.state)


async def test_wrong_codes_are_told_alike_whatever_is_wrong() -> None:
    desk = Desk()
    used = await code_of(desk)
    asked = await desk.ask(f"/link {used}", "ben")
    assert asked.confirmation is not None
    await asked.confirmation.answer(True)
    told = {
        text_of(await desk.ask(f"/link {code}", "eve")) for code in (used, "NEVERGIV", "Ω" * 3000)
    }
    assert len(told) == 1
