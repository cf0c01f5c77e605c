"""Fixtures of the unit tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.command_line import Ellie, Ended
from support.console import Terminal

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def terminal() -> AsyncIterator[Terminal]:
    terminal = Terminal()
    yield terminal
    await terminal.engine.stop(0)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty folder to start Ellie in."""
    place = tmp_path / "place"
    place.mkdir()
    return place


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "ELLIE_DATA_DIR": str(tmp_path / "data"),
        "ELLIE_EXTRACTION": "rules",  # a probe would use up what the model is to say
        "ELLIE_MODELS_DIR": str(tmp_path / "models"),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "200",
    }


@pytest.fixture
def real_ellie(place: Path, environment: dict[str, str]) -> Ellie:
    """Runs ``python -m bot``, or a script in its place, to its end."""

    def run(*arguments: str, stdin: bytes = b"", script: str = "", **variables: str) -> Ended:
        program = ["-c", script] if script else ["-m", "bot"]
        done = subprocess.run(
            [sys.executable, *program, *arguments],
            cwd=place,
            env={**environment, **variables},
            input=stdin,
            capture_output=True,
            timeout=50,
            check=False,
        )
        ended = Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in ended.out + ended.err
        return ended

    return run
