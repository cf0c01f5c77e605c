"""A process killed right after it committed an erasure: the erase list loses nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.databases import content, run
from support.restoring import Instance

from bot.erase_file import JsonLinesEraseFile

SECRET = "zqkilled"
ROOT = Path(__file__).parents[2]

VICTIM = f'''\
"""Forgets somebody, and is killed before the erase list is copied out or anything is scrubbed."""

import asyncio, os, shutil, signal, sys
from pathlib import Path

from support.dialog import Dialog
from bot.config import Settings
from bot.database import open_database
from bot.engine.erase_list import EraseList

folder = Path(sys.argv[1])


async def live():
    settings = Settings(_env_file=None, data_dir=folder)
    dialog = Dialog()
    async with open_database(settings, clock=dialog.clock, ids=dialog.ids) as database:
        dialog.storage, dialog.erase_list = database.storage, database.erase_list
        dialog.restart()
        await dialog.say("My locker code is {SECRET}.")
    shutil.copy(folder / "ellie.db", folder.parent / "copy.db")
    async with open_database(settings, clock=dialog.clock, ids=dialog.ids) as database:
        dialog.storage, dialog.erase_list = database.storage, database.erase_list
        dialog.restart()
        EraseList.copy_out = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
        await dialog.agree("/memory forget everything")


asyncio.run(live())
'''


@pytest.fixture
def killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    script = tmp_path / "victim.py"
    script.write_text(VICTIM, encoding="utf-8")
    data = tmp_path / "data"
    ended = subprocess.run(
        [sys.executable, str(script), str(data)],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    return Instance(data, f"sqlite:///{data}/ellie.db", monkeypatch)


def holding(folder: Path) -> list[str]:
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]


async def test_the_next_start_copies_the_list_and_overwrites_the_files(killed: Instance) -> None:
    list_file = JsonLinesEraseFile(killed.folder / "erasures.jsonl")
    assert list_file.read().entries == ()
    assert holding(killed.folder)  # committed, and nowhere overwritten

    async with killed.opened():
        pass

    assert len(list_file.read().entries) == 1
    assert list_file.read().unscrubbed == frozenset()
    assert holding(killed.folder) == []


async def test_restoring_at_once_takes_along_what_only_the_dead_database_knew(
    killed: Instance, tmp_path: Path
) -> None:
    backup = tmp_path / "copy.db"
    assert SECRET in repr(await run(f"sqlite:///{backup}", content))

    result = await killed.ellie("restore", str(backup), "--yes")

    assert (result.exit_code, result.exception) == (0, None), result.output
    assert "1 entry of the erase list" in result.stdout
    assert "Erased again of 1 person: 1 turn, 1 fact." in result.stdout
    assert SECRET not in repr(await killed.rows())
    assert holding(killed.folder) == []


async def test_a_restored_database_that_is_killed_while_it_catches_up_goes_on(
    killed: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with killed.opened():
        pass
    shutil.copy(tmp_path / "copy.db", killed.file)

    class Killed(BaseException):
        pass

    async def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("storage.erasures.SqlErasureRepository.append", die)
        with pytest.raises(Killed):
            async with killed.opened():
                pass
    assert JsonLinesEraseFile(killed.folder / "erasures.jsonl").read().unscrubbed

    async with killed.opened() as (_, database):
        assert database.again.entries == 1

    assert holding(killed.folder) == []
