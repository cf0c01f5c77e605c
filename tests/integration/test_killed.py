"""A process killed in the middle of a reply: nothing is lost, nothing is doubled."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.model, pytest.mark.timeout(600)]


def environment(data: Path, model: Path) -> dict[str, str]:
    return os.environ | {
        "ELLIE_DATA_DIR": str(data),
        "ELLIE_EXTRACTION": "rules",
        "ELLIE_MODEL": str(model),
        "ELLIE_REPLY_TOKENS": "120",
        "ELLIE_CONTEXT_TOKENS": "1024",
    }


def start(data: Path, model: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bot", "chat", "--user", "Ana"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(data, model),
    )


def rows(data: Path) -> list[tuple[str, str, str, str | None]]:
    database = data / "ellie.db"
    if not database.exists():
        return []
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)
    try:
        return connection.execute(
            "SELECT text, status, reply, failure FROM turns ORDER BY number"
        ).fetchall()
    except sqlite3.OperationalError:  # not migrated yet
        return []
    finally:
        connection.close()


def wait_for_accepted(data: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if any(status == "accepted" for _, status, _, _ in rows(data)):
            return
        time.sleep(0.05)
    pytest.fail("the message was not stored within two minutes")


@pytest.mark.parametrize("delay", [0.0, 8.0], ids=["while loading", "while writing"])
def test_after_a_kill_the_message_is_there_and_the_turn_is_marked_failed(
    tmp_path: Path, tiny_model_dir: Path, delay: float
) -> None:
    first = start(tmp_path, tiny_model_dir)
    assert first.stdin
    first.stdin.write("Tell me a very long story about rain.\n")
    first.stdin.flush()
    wait_for_accepted(tmp_path)
    time.sleep(delay)
    finished_before = rows(tmp_path)[0][1] == "answered"
    first.send_signal(signal.SIGKILL)
    first.communicate()

    again = start(tmp_path, tiny_model_dir)
    output, remarks = again.communicate("Hello again.\n", timeout=300)

    (text, status, _, failure), (_, second_status, second_reply, _) = rows(tmp_path)
    assert text == "Tell me a very long story about rain."
    assert second_status == "answered"
    assert second_reply
    assert second_reply in output
    if not finished_before:
        assert (status, failure) == ("failed", "interrupted")
        assert remarks.count("I was interrupted before I could answer") == 1
    assert again.returncode == 0


def test_a_terminated_process_stops_in_order(tmp_path: Path, tiny_model_dir: Path) -> None:
    process = start(tmp_path, tiny_model_dir)
    assert process.stdin
    process.stdin.write("Tell me a very long story about rain.\n")
    process.stdin.flush()
    wait_for_accepted(tmp_path)
    process.send_signal(signal.SIGTERM)
    process.stdin.close()
    process.stdin = None
    process.communicate(timeout=300)

    ((_, status, _, _),) = rows(tmp_path)
    assert status in ("answered", "cancelled")
