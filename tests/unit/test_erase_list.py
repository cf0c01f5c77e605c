"""The erase list's copy follows the table, whatever is killed or cannot be written when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from support.dialog import ANA, HALL, WORK, Dialog, account

from bot.domain.erasure import Erasure, ErasureId, Everything, MergedInto, SaidIn, These
from bot.domain.identity import PersonId, Platform
from bot.engine.erase_list import EraseList
from bot.engine.erasing_again import ErasedAgain, ErasingAgain
from bot.engine.retention import Retention
from bot.engine.tenant_erasure import TenantErasure
from bot.erase_file import JsonLinesEraseFile
from bot.errors import StorageBusyError, StorageUnavailableError
from bot.ports.erasure_storage import EraseFileContent
from storage.inmemory import InMemoryStorage

OTHER = account("ana-d", Platform.DISCORD)


class CountingStorage(InMemoryStorage):
    scrubs = 0
    busy = False

    async def scrub(self) -> None:
        if self.busy:
            raise StorageBusyError("Another program reads.")
        self.scrubs += 1


class Broken(JsonLinesEraseFile):
    """A file on a disk that is full."""

    def append(self, entries: Sequence[Erasure]) -> None:
        raise OSError(28, "No space left on device")

    def note_scrubbed(self, ids: Collection[ErasureId]) -> None:
        raise OSError(28, "No space left on device")


@pytest.fixture
def file(tmp_path: Path) -> JsonLinesEraseFile:
    return JsonLinesEraseFile(tmp_path / "erasures.jsonl")


@pytest.fixture
def storage() -> CountingStorage:
    return CountingStorage()


@pytest.fixture
def dialog(storage: CountingStorage, file: JsonLinesEraseFile) -> Dialog:
    return Dialog(storage, erase_list=EraseList(storage, file))


async def start(dialog: Dialog, file: JsonLinesEraseFile) -> ErasedAgain:
    """Another process on what is stored."""
    dialog.erase_list = EraseList(dialog.storage, file)
    dialog.restart()
    again = ErasingAgain(dialog.storage, dialog.control.erasing, dialog.erase_list)
    return await again.catch_up()


async def listed(dialog: Dialog) -> tuple[Erasure, ...]:
    async with dialog.storage.unit_of_work() as work:
        return await work.erasures.latest(limit=1000)


async def test_each_way_to_erase_has_its_entry(dialog: Dialog, file: JsonLinesEraseFile) -> None:
    await dialog.say("My locker code is zq.", event="one", where=HALL)
    await dialog.say("I like rye bread.", where=HALL, event="two")
    await dialog.say("I live in Porto.")
    ana = await dialog.person()
    assert ana
    turn, bread, _ = await dialog.turns()
    (code, *_) = await dialog.facts()

    await dialog.agree("/memory forget zq")
    await dialog.control.revisions.edited(Platform.SLACK, "two", "I like cake.")
    await TenantErasure(dialog.storage, dialog.control.erasing).erase(WORK)
    erased_at = dialog.clock.now()
    await dialog.agree("/memory forget everything")

    words, edit, place, everything = await listed(dialog)
    assert isinstance(words.what, These)
    assert (words.what.turn_ids, words.what.fact_ids) == ((turn.id,), (code.id,))
    assert isinstance(edit.what, These)
    assert edit.what.turn_ids[0] == bread.id
    assert place.what == SaidIn(tenant_id=WORK.id, until=erased_at)
    assert everything.what == Everything()
    assert {each.person_id for each in await listed(dialog)} == {ana.id}
    assert file.read() == EraseFileContent(entries=await listed(dialog))


async def test_what_is_too_old_has_no_entry(dialog: Dialog) -> None:
    await dialog.say("I live in Porto.")
    dialog.later(days=40)

    retention = Retention(
        dialog.storage,
        dialog.recall,
        clock=dialog.clock,
        ids=dialog.ids,
        default_days=30,
        erasing=dialog.control.erasing,
    )
    assert await retention.erase_expired()

    assert await listed(dialog) == ()


async def test_a_merge_is_copied_with_the_next_erasure(
    dialog: Dialog, file: JsonLinesEraseFile
) -> None:
    await dialog.say("I live in Porto.")
    await dialog.say("I live in Lagos.", OTHER)
    gone, into = await dialog.person(OTHER), await dialog.person()
    assert gone
    assert into

    await dialog.link(ANA, OTHER)
    assert file.read().entries == ()
    await dialog.agree("/memory forget everything")

    merge, everything = file.read().entries
    assert (merge.person_id, merge.what) == (gone.id, MergedInto(into.id))
    assert everything.person_id == into.id


async def test_what_a_crash_kept_from_being_copied_is_copied_and_scrubbed_at_the_next_start(
    dialog: Dialog, storage: CountingStorage, file: JsonLinesEraseFile
) -> None:
    await dialog.say("I live in Porto.")
    dialog.erase_list = None  # as if the process had died before
    dialog.restart()
    await dialog.agree("/memory forget everything")
    storage.scrubs = 0

    again = await start(dialog, file)

    assert again == ErasedAgain()
    assert file.read() == EraseFileContent(entries=await listed(dialog))
    assert storage.scrubs == 1
    await start(dialog, file)
    assert storage.scrubs == 1


async def test_a_scrub_that_had_to_wait_is_made_up_for_at_the_next_start(
    dialog: Dialog, storage: CountingStorage, file: JsonLinesEraseFile
) -> None:
    await dialog.say("I live in Porto.")
    storage.busy = True
    await dialog.agree("/memory forget everything")
    assert len(file.read().unscrubbed) == 1

    await start(dialog, file)
    assert storage.scrubs == 0
    storage.busy = False
    await dialog.control.forgetting.finish_scrubbing()

    assert storage.scrubs == 1
    assert file.read().unscrubbed == frozenset()


async def test_a_merge_alone_leaves_nothing_to_scrub(
    dialog: Dialog, storage: CountingStorage, file: JsonLinesEraseFile
) -> None:
    await dialog.say("I live in Porto.")
    await dialog.say("I live in Lagos.", OTHER)
    await dialog.link(ANA, OTHER)

    await start(dialog, file)

    assert len(file.read().entries) == 1
    assert storage.scrubs == 0


async def test_what_is_forgotten_is_gone_although_the_copy_cannot_be_written(
    dialog: Dialog, storage: CountingStorage, file: JsonLinesEraseFile
) -> None:
    dialog.erase_list = EraseList(storage, Broken(file.path))
    dialog.restart()
    await dialog.say("I live in Porto.")

    with capture_logs() as logs:
        answer = await dialog.agree("/memory forget everything")

    assert "are erased" in answer
    assert "erase_list_not_copied" in {line["event"] for line in logs}
    await start(dialog, file)
    assert file.read() == EraseFileContent(entries=await listed(dialog))


async def test_nobody_starts_without_knowing_what_must_not_be_there(
    dialog: Dialog, file: JsonLinesEraseFile
) -> None:
    file.path.mkdir()

    with pytest.raises(StorageUnavailableError, match=r"erasures\.jsonl"):
        await start(dialog, file)


async def test_damaged_lines_are_written_again_from_the_table(
    dialog: Dialog, file: JsonLinesEraseFile
) -> None:
    await dialog.say("I live in Porto.")
    await dialog.agree("/memory forget everything")
    file.path.write_text('{"id": "torn')

    with capture_logs() as logs:
        await start(dialog, file)

    assert {"event": "erase_list_damaged", "lines": 1, "log_level": "warning"} in logs
    assert file.read().entries == await listed(dialog)


def entries(dialog: Dialog, count: int) -> list[Erasure]:
    return [
        Erasure(
            id=ErasureId(f"e{number:03}"),
            person_id=PersonId("somebody"),
            happened_at=dialog.clock.now(),
            what=Everything(),
        )
        for number in range(count)
    ]


async def append(dialog: Dialog, new: list[Erasure]) -> None:
    async with dialog.storage.unit_of_work() as work:
        await work.erasures.append(*new)
        await work.commit()


async def test_more_than_the_end_of_the_table_is_copied_when_much_is_new(
    dialog: Dialog, file: JsonLinesEraseFile
) -> None:
    await append(dialog, entries(dialog, 1))
    await start(dialog, file)
    await append(dialog, entries(dialog, 250))
    await dialog.say("I live in Porto.")

    await dialog.agree("/memory forget everything")

    assert len(file.read().entries) == 251


async def test_a_start_copies_what_is_missing_anywhere_in_the_copy(
    dialog: Dialog, file: JsonLinesEraseFile
) -> None:
    await append(dialog, entries(dialog, 250))
    file.append(entries(dialog, 250)[100:])

    await start(dialog, file)

    assert {each.id for each in file.read().entries} == {e.id for e in entries(dialog, 250)}


async def test_an_older_database_catches_up_before_anything_is_read(
    dialog: Dialog, storage: CountingStorage, file: JsonLinesEraseFile
) -> None:
    await dialog.say("My locker code is zq. I like rye bread.")
    backup = storage.state.copy()
    await dialog.agree("/memory forget zq")
    storage.state = backup
    storage.scrubs = 0

    with capture_logs() as logs:
        again = await start(dialog, file)

    assert (again.entries, again.people, again.turns, again.facts) == (1, 1, 1, 2)
    told = [line for line in logs if line["event"] == "erased_again"]
    assert [(line["entries"], line["turns"]) for line in told] == [(1, 1)]
    assert storage.scrubs == 1
    assert [(turn.text, turn.reply) for turn in await dialog.turns()] == [("", "")]
    person = await dialog.person()
    assert person
    assert person.memory_epoch == 1
    async with storage.unit_of_work() as work:
        *_, entry = await work.operations.of_person(person.id)
    assert entry.detail == {"turns": 1, "facts": 2, "episodes": 0}
    assert (await start(dialog, file)).entries == 0


async def test_a_start_that_dies_between_erasing_and_scrubbing_leaves_the_scrub_to_the_next(
    dialog: Dialog, storage: CountingStorage, file: JsonLinesEraseFile
) -> None:
    await dialog.say("My locker code is zq.")
    backup = storage.state.copy()
    await dialog.agree("/memory forget zq")
    storage.state = backup
    storage.busy = True
    assert not (await start(dialog, file)).scrubbed
    storage.busy, storage.scrubs = False, 0

    await start(dialog, file)

    assert storage.scrubs == 1
