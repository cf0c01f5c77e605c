"""A chat whose input is no terminal is a script, with an exit code that tells of failures."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.command_line import Ellie
from support.databases import wait_for_turn
from support.scripted_chat import SCRIPTED_CHAT


def test_a_script_is_answered_and_its_failures_show_in_the_exit_code(real_ellie: Ellie) -> None:
    good = real_ellie("chat", script=SCRIPTED_CHAT, stdin=b"hi\n/memory show\n")
    assert good.code == 0
    assert good.out.splitlines()[:4] == [
        "ready",
        "One 🎉",
        "What I remember about you",
        "I keep 1 message of yours, with my replies.",
    ]
    assert "[warning" not in good.err

    bad = real_ellie("chat", script=SCRIPTED_CHAT, stdin=b"\xff\nagain\nthird\n")
    assert bad.code == 1
    assert bad.out == "ready\nOne 🎉\nthree\n"
    assert "My language model is not working right now." in bad.err


def test_an_empty_script_is_no_failure(real_ellie: Ellie) -> None:
    ended = real_ellie("run", script=SCRIPTED_CHAT)

    assert (ended.code, ended.out, ended.err) == (0, "ready\n", "")


def test_a_reply_in_an_output_that_knows_no_unicode_is_still_shown(real_ellie: Ellie) -> None:
    ended = real_ellie("chat", script=SCRIPTED_CHAT, stdin=b"hi\n", PYTHONIOENCODING="ascii")

    assert (ended.code, ended.out) == (0, "ready\nOne ?\n")


def test_a_closed_standard_input_is_an_empty_script(
    place: Path, environment: dict[str, str]
) -> None:
    command = 'exec "$0" -c "$1" chat <&-'
    done = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, SCRIPTED_CHAT],
        cwd=place,
        env=environment,
        capture_output=True,
        timeout=50,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"ready\n", b"")


@pytest.mark.parametrize(
    ("typed", "saved"), [(b"/help\n", []), (b"hi\nnever\n", [("hi", "cancelled", "One")])]
)
def test_ctrl_c_ends_a_script_at_once_with_the_shells_code(
    place: Path,
    tmp_path: Path,
    environment: dict[str, str],
    typed: bytes,
    saved: list[tuple[str, str, str]],
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPTED_CHAT, "chat"],
        cwd=place,
        env={**environment, "HOLD": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == b"ready\n"
        process.stdin.write(typed)
        process.stdin.flush()
        if saved:
            wait_for_turn(tmp_path / "data" / "ellie.db")
        else:
            assert process.stdout.readline() == b"What you can ask me\n"
        time.sleep(0.5)  # until it waits: for the next line, or for the rest of the reply
        process.send_signal(signal.SIGINT)
        # Its standard input stays open: nothing but the signal ends it.
        assert process.wait(15) == 130
        assert b"Traceback" not in process.stderr.read()

    with sqlite3.connect(tmp_path / "data" / "ellie.db") as database:
        assert database.execute("SELECT text, status, reply FROM turns").fetchall() == saved
    database.close()
