"""What is too old for the audit log is gone from the files of the database."""

from __future__ import annotations

from pathlib import Path

from support.commanding import Ids
from support.engine import FakeClock

from bot.engine.audit import AuditLog
from bot.engine.erasing import Erasing
from bot.engine.recall_cache import RecallCache
from bot.engine.retention import Retention
from bot.engine.schedules import erase_all_expired
from storage.database import open_storage


async def test_no_byte_of_an_old_entry_is_left(tmp_path: Path) -> None:
    clock, ids, recall = FakeClock(), Ids(), RecallCache()
    async with open_storage(f"sqlite:///{tmp_path}/ellie.db") as storage:
        erasing = Erasing(storage, recall, clock=clock, ids=ids)
        audit = AuditLog(storage, clock=clock, ids=ids, days=30, erasing=erasing)
        retention = Retention(
            storage, recall, clock=clock, ids=ids, default_days=None, erasing=erasing
        )
        for number in range(200):
            await audit.record("admin policy", actor=f"slack:T1/MARKER{number}")
        assert _bytes(tmp_path).count(b"MARKER") >= 200
        clock.moment = clock.moment.replace(year=clock.moment.year + 1)
        await audit.record("admin policy", actor="slack:T1/NEW")

        await erase_all_expired(retention, audit)

        assert b"MARKER" not in _bytes(tmp_path)
        assert b"slack:T1/NEW" in _bytes(tmp_path)


def _bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())
