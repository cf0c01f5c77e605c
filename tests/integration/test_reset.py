"""What an admin had reset is in no row and no file any more; what is another's is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from support.databases import content, run
from support.dialog import ANA, HALL, Dialog, account, direct
from support.episodes import add_summary, summary_of
from support.resetting import ResetDesk

from bot.domain.conversation import ConversationRef
from bot.domain.identity import IdentityRef
from storage.database import SqlStorage

BOB = account("bob")
ANAS, BOBS, DIRECT = "zqreseta", "zqresetb", "zqresetd"


@pytest.fixture
async def dialog(storage: SqlStorage) -> Dialog:
    """Ana and Bob in a channel, Ana also to Ellie alone; each with a word of their own."""
    dialog = Dialog(storage, encoding=True)
    for word, who, where in (
        (ANAS, ANA, HALL),
        (BOBS, BOB, HALL),
        (DIRECT, ANA, direct(ANA)),
    ):
        await remember(dialog, word, who, where)
    return dialog


async def remember(dialog: Dialog, word: str, who: IdentityRef, where: ConversationRef) -> None:
    """The word as message, reply, fact, quote and summary."""
    dialog.generator.answer = lambda _: f"So it is {word}."
    await dialog.say(f"My locker code is {word}.", who, where)
    await dialog.say("Hello there, this is something else.", who, where)
    turn = next(turn for turn in await dialog.turns(who) if word in turn.text)
    await add_summary(dialog.storage, summary_of([turn], (turn.text, [turn]), name=turn.id))


def in_files(folder: Path, word: str) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and word.encode() in path.read_bytes().lower():
            yield path.name


async def in_tables(url: str, word: str) -> list[str]:
    tables = await run(url, content)
    return sorted(name for name, rows in tables.items() if word in repr(rows).lower())


EVERYWHERE = ["episodes", "fact_evidence", "facts", "turns"]


async def test_of_a_person_nothing_said_in_channels_is_left(
    dialog: Dialog, url: str, tmp_path: Path
) -> None:
    desk = ResetDesk(dialog)
    reset = await desk.reset(who=ANA)
    assert (reset.planned.turns, reset.planned.facts, reset.planned.episodes) == (2, 1, 1)
    assert await in_tables(url, ANAS) == EVERYWHERE
    assert await dialog.known() == [f"My locker code is {DIRECT}."]

    dialog.clock.moment = reset.erase_at
    erased = await desk.erasure.run_due()

    assert erased == reset.planned
    assert await in_tables(url, ANAS) == []
    assert list(in_files(tmp_path, ANAS)) == []
    for word in (BOBS, DIRECT):
        assert await in_tables(url, word) == EVERYWHERE
        if url.startswith("sqlite"):
            assert list(in_files(tmp_path, word))


async def test_at_once_nothing_of_a_channel_is_left_and_nobody_who_was_only_there(
    dialog: Dialog, url: str, tmp_path: Path
) -> None:
    desk = ResetDesk(dialog)
    await desk.reset(where=HALL, at_once=True)

    for word in (ANAS, BOBS):
        assert await in_tables(url, word) == []
        assert list(in_files(tmp_path, word)) == []
    assert await in_tables(url, DIRECT) == EVERYWHERE
    assert await dialog.person(BOB) is None
    assert "bob" not in repr(await run(url, content)).lower()
    (done,) = await desk.listed()
    assert done.erased == done.planned
    assert done.erased.people == 2


async def test_undone_it_is_all_there_again(dialog: Dialog, url: str) -> None:
    desk = ResetDesk(dialog)
    before = {who.external_id: await dialog.known(who) for who in (ANA, BOB)}
    reset = await desk.reset()
    assert await dialog.known(BOB) == []

    await desk.undo(reset)

    # Two codes for one locker: the newer one stands, as when both had been said in one place.
    assert {who.external_id: await dialog.known(who) for who in (ANA, BOB)} == before
    dialog.later(hours=100)
    assert not await desk.erasure.run_due()
    for word in (ANAS, BOBS, DIRECT):
        assert await in_tables(url, word) == EVERYWHERE


async def test_a_forgotten_word_is_gone_from_what_is_set_aside(
    dialog: Dialog, url: str, tmp_path: Path
) -> None:
    desk = ResetDesk(dialog)
    reset = await desk.reset()

    await dialog.agree(f"/memory forget {ANAS}")
    await desk.undo(reset)

    assert await in_tables(url, ANAS) == []
    assert list(in_files(tmp_path, ANAS)) == []
    assert await in_tables(url, BOBS) == EVERYWHERE


async def test_two_processes_on_one_database_erase_it_once(
    dialog: Dialog, storage: SqlStorage, url: str
) -> None:
    desk, other = ResetDesk(dialog), ResetDesk(dialog, worker="other")
    reset = await desk.reset()
    dialog.clock.moment = reset.erase_at + timedelta(seconds=1)

    totals = [await worker.erasure.run_due() for worker in (desk, other)]

    assert totals[0] + totals[1] == reset.planned
    assert await in_tables(url, ANAS) == []
