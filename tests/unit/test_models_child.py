"""Child processes report, fail and stop in an orderly way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from bot.errors import DiskFullError, ModelError, ModelFetchError
from bot.generation.models import child
from bot.generation.models.progress import Never, NoProgress


class Stages:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def stage(self, text: str) -> None:
        self.texts.append(text)

    def advance(self, done_bytes: int, total_bytes: int) -> None:
        raise AssertionError("nothing to count here")


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module that does what the test writes into it."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "made_up_work"


def write(folder: Path, statements: str) -> None:
    (folder / "made_up_work.py").write_text(
        "import os, time\n"
        "from bot.errors import DiskFullError\n"
        "from bot.generation.models import child\n"
        f"def work(arguments):\n    {statements}\n"
        "child.serve(work)\n"
    )


def run(module: str, *arguments: str, progress: Stages | NoProgress | None = None) -> str:
    return child.run_module(
        module,
        arguments,
        progress or NoProgress(),
        Never(),
        died=lambda ended: ModelError(f"{ended.exit_code}: {ended.last_words}"),
    )


def test_a_module_reports_stages_and_its_result(module: str, tmp_path: Path) -> None:
    write(
        tmp_path,
        "child.tell(stage='half'); print('noise', end='', flush=True); return ' '.join(arguments)",
    )
    stages = Stages()

    assert run(module, "a", "b", progress=stages) == "a b"
    assert stages.texts == ["half"]


def test_an_error_arrives_with_its_class_and_message(module: str, tmp_path: Path) -> None:
    write(tmp_path, "raise DiskFullError('there is no room')")

    with pytest.raises(DiskFullError, match=r"^there is no room$"):
        run(module)


def test_a_crash_is_told_with_its_last_line(module: str, tmp_path: Path) -> None:
    write(tmp_path, "raise RuntimeError('a bug')")

    with pytest.raises(ModelError, match=r"^1: RuntimeError: a bug$"):
        run(module)


def test_a_kill_is_told_with_its_signal(module: str, tmp_path: Path) -> None:
    write(tmp_path, "os.kill(os.getpid(), 9)")

    with pytest.raises(ModelError, match=f"^-{signal.SIGKILL:d}: no message$"):
        run(module)


def test_an_early_exit_is_no_success(module: str, tmp_path: Path) -> None:
    write(tmp_path, "os._exit(0)")

    with pytest.raises(ModelError, match=r"^0: no message$"):
        run(module)


def test_stopping_kills_the_child_and_its_children() -> None:
    code = (
        "import subprocess, sys, time\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(inner.pid, flush=True); time.sleep(60)"
    )
    stop, pids = threading.Event(), []

    def on_line(line: str) -> None:
        pids.append(int(line))
        stop.set()

    started = time.monotonic()
    with pytest.raises(ModelFetchError, match="Stopped"):
        child.run([sys.executable, "-c", code], env=os.environ, cancelled=stop, on_line=on_line)

    assert time.monotonic() - started < 20
    assert not psutil.pid_exists(pids[0]) or is_zombie(pids[0])
    assert [p for p in psutil.Process().children() if p.status() != psutil.STATUS_ZOMBIE] == []


def is_zombie(pid: int) -> bool:
    """Nobody may have collected an orphan yet, but it runs no more."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_child_ends_when_its_parent_is_killed(module: str, tmp_path: Path) -> None:
    write(tmp_path, "child.tell(stage=str(os.getpid())); time.sleep(60); return ''")
    parent_code = textwrap.dedent("""
        from bot.errors import ModelError
        from bot.generation.models import child
        from bot.generation.models.progress import Never

        class Show:
            def stage(self, text): print(text, flush=True)

        child.run_module("made_up_work", [], Show(), Never(), died=lambda ended: ModelError())
    """)
    with subprocess.Popen(
        [sys.executable, "-c", parent_code], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()

    deadline = time.monotonic() + 20
    while not is_zombie(pid):
        assert time.monotonic() < deadline, "the child outlived its parent"
        time.sleep(0.05)
