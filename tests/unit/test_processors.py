"""How many threads a model computes with."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from bot.generation.processors import usable_cores


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(16)), raising=False)
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: 16 if logical else 8)


@pytest.mark.parametrize(
    ("limits", "cores"),
    [
        ("max 100000\n", 8),
        ("200000 100000\n", 2),
        ("350000 100000\n", 3),
        ("50000 100000\n", 1),  # half a processor
        ("9900000 100000\n", 8),
        ("nonsense\n", 8),
    ],
)
def test_a_container_uses_what_it_is_given(tmp_path: Path, limits: str, cores: int) -> None:
    (tmp_path / "cpu.max").write_text(limits, encoding="ascii")

    assert usable_cores(tmp_path / "cpu.max") == cores


def test_without_a_container_every_core_is_used_once(tmp_path: Path) -> None:
    assert usable_cores(tmp_path / "none") == 8


def test_no_more_than_the_process_may_run_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3}, raising=False)

    assert usable_cores(tmp_path / "none") == 1
