"""The clock is aware, ids are unique, and only a process that is certainly gone is dead."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from bot.system import ProcessRegistry, RandomIds, SystemClock

NAMED = (
    "import time; from bot.system import ProcessRegistry; print(ProcessRegistry().name, flush=1)"
)


@pytest.fixture
def registry() -> ProcessRegistry:
    return ProcessRegistry()


def test_the_clock_tells_the_present_in_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()

    assert now.tzinfo is UTC
    assert before <= now <= before + timedelta(minutes=1)


def test_elapsed_time_never_goes_back() -> None:
    clock = SystemClock()
    readings = [clock.elapsed() for _ in range(1000)]
    assert readings == sorted(readings)

    began = clock.elapsed()
    time.sleep(0.01)
    assert 0.01 <= clock.elapsed() - began < 10


def test_ids_are_unique_and_of_one_shape() -> None:
    ids = [RandomIds().new_id() for _ in range(10_000)]

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[0-9a-f]{32}", new) for new in ids)


def test_the_own_name_is_stable_unique_and_alive(registry: ProcessRegistry) -> None:
    other = ProcessRegistry()

    assert registry.name == registry.name
    assert registry.name != other.name
    assert not registry.is_dead(registry.name)
    assert not registry.is_dead(other.name)


def test_a_process_is_alive_until_it_exits_and_dead_after(registry: ProcessRegistry) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", f"{NAMED}; input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout
        name = child.stdout.readline().strip()
        assert name.split("/")[1] == str(child.pid)
        assert not registry.is_dead(name)

        child.kill()
        # Nobody has waited for it yet, so its entry in the process table is still there.
        deadline = time.monotonic() + 20
        while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert registry.is_dead(name)

        child.wait()
        assert registry.is_dead(name)


def test_a_process_of_another_machine_is_never_dead(registry: ProcessRegistry) -> None:
    host, *rest = registry.name.split("/")

    assert not registry.is_dead("/".join([f"not-{host}", *rest]))
    assert not registry.is_dead(f"not-{host}/1/1/0")


def test_a_reused_process_id_with_another_start_is_dead(registry: ProcessRegistry) -> None:
    host, pid, started, nonce = registry.name.split("/")

    assert pid == str(os.getpid())
    assert registry.is_dead(f"{host}/{pid}/{int(started) - 5000}/{nonce}")
    assert not registry.is_dead(f"{host}/{pid}/{started}/another")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "///",
        "garbage",
        "{host}",
        "{host}/{pid}/{started}",
        "{host}/1/2/3/4",
        "{host}/x/1/2",
        "{host}//1/2",
        "{host}/-1/1/2",
        "{host}/\ud800/1/2",
        "{host}/{pid}/x/2",
        "{host}/{pid}//2",
    ],
)
def test_a_name_that_nobody_can_read_is_not_dead(registry: ProcessRegistry, name: str) -> None:
    host, pid, started, _ = registry.name.split("/")

    assert not registry.is_dead(name.format(host=host, pid=pid, started=started))


def test_a_process_that_may_not_be_looked_at_is_not_dead(
    registry: ProcessRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> psutil.Process:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "Process", refuse)

    assert not registry.is_dead(registry.name)
