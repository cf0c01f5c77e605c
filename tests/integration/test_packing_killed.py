"""Packing that is cut short, or done twice at once: everybody is answered, and one file is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.packable import needs_vnni
from support.packing_process import Moment
from support.random_model import save_random_model

from bot.generation.models.store import PACKED

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.model, needs_vnni, pytest.mark.timeout(300)]


class Talker:
    """A process that has a model talk."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdin
        assert process.stdout
        self._asked, self._heard = process.stdin, process.stdout

    def reaches(self, moment: Moment) -> None:
        """Wait until the process has stopped there."""
        assert self._heard.readline() == f"{moment}\n"

    def go_on(self) -> None:
        """Let it go on, or answer again."""
        self._asked.write("\n")
        self._asked.flush()

    def answers(self) -> list[str]:
        """What the model says next."""
        said: list[str] = json.loads(self._heard.readline())
        return said


class Machine:
    """A model, and a folder where packed ones are kept."""

    def __init__(self, folder: Path, model: Path) -> None:
        self._folder, self._model = folder, model

    @property
    def kept(self) -> dict[str, bytes]:
        """What is there of packed models."""
        where = self._folder / PACKED
        return {file.name: file.read_bytes() for file in where.iterdir()} if where.exists() else {}

    @contextmanager
    def talking(self, *stop: str, ends: int = 0) -> Iterator[Talker]:
        """A process that loads the model; it has to end by itself in that way."""
        with subprocess.Popen(
            [sys.executable, "-m", "support.packing_process", self._folder, self._model, *stop],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield Talker(process)
                process.communicate(timeout=120)
            finally:
                process.kill()
        assert process.returncode == ends

    def answers(self) -> list[str]:
        """What the model says in a process of its own that nothing disturbs."""
        with self.talking() as talker:
            return talker.answers()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("random")
    save_random_model(folder, packable=True)
    return folder


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, model: Path
) -> tuple[list[str], dict[str, bytes]]:
    """What the model says when nothing happens, and what is kept then."""
    machine = Machine(tmp_path_factory.mktemp("undisturbed"), model)
    said = machine.answers()
    assert len(set(said)) == 2
    (name,) = machine.kept
    assert name.endswith("-auto.safetensors")
    return said, machine.kept


@pytest.fixture
def machine(tmp_path: Path, model: Path) -> Machine:
    return Machine(tmp_path, model)


@pytest.mark.parametrize("moment", list(Moment))
def test_after_a_kill_the_next_start_is_as_if_nothing_had_happened(
    machine: Machine, undisturbed: tuple[list[str], dict[str, bytes]], moment: Moment
) -> None:
    with machine.talking(moment, "kill", ends=-signal.SIGKILL):
        pass
    left = list(machine.kept)
    assert len(left) == (moment is Moment.WRITING)
    assert all(name.endswith(".part") for name in left)

    assert (machine.answers(), machine.kept) == undisturbed


def test_who_writes_while_another_packs_answers_and_leaves_the_file_to_it(
    machine: Machine, undisturbed: tuple[list[str], dict[str, bytes]]
) -> None:
    with machine.talking(Moment.WRITING, "hold") as slow:
        slow.reaches(Moment.WRITING)
        (growing,) = machine.kept
        with machine.talking() as quick:
            said = quick.answers()
            assert (said, machine.kept) == undisturbed
            assert growing not in machine.kept  # it was taken for one of a process that is gone
        slow.go_on()
        assert slow.answers() == said

    assert (machine.answers(), machine.kept) == undisturbed


def test_who_has_read_its_file_answers_on_when_another_puts_its_own_there(
    machine: Machine, undisturbed: tuple[list[str], dict[str, bytes]]
) -> None:
    with machine.talking(Moment.PACKED, "hold") as slow:
        slow.reaches(Moment.PACKED)
        with machine.talking() as quick:
            said = quick.answers()
            slow.go_on()
            assert slow.answers() == said
            quick.go_on()
            assert quick.answers() == said

    assert (said, machine.kept) == undisturbed
