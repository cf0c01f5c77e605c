"""The real program in a real terminal, with everything but the language model."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

ROOT = Path(__file__).parents[2]
UP = "\x1b[A"
CTRL_C = "\x03"
CTRL_D = "\x04"
# A prompt redraws what changed only, and jumps over spaces: one word is what can be waited for.
PROMPT = "you>"
INTERRUPTED = "I was interrupted before I could answer"

LAUNCHER = '''\
"""``ellie chat`` with a model that repeats what it is told, and hangs when told to hang."""

from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import bot.cli.chat as chat
from bot.app import assembled_app
from bot.cli.main import main
from bot.ports.scripted import ScriptedGenerator
from bot.system import SystemClock


class Parrot(ScriptedGenerator):
    async def stream(self, request):
        said = request.prompt.messages[-1].content.splitlines()[-1]
        self.enqueue(f"parrot heard {said} loud and clear")
        if "hang" in said:
            self.hold(after_words=2)
        else:
            self.release()
        async with aclosing(super().stream(request)) as events:
            async for event in events:
                yield event


@asynccontextmanager
async def parrot_app(settings, *, model, folder, **_):
    async with assembled_app(settings, Parrot(), SystemClock()) as app:
        yield app


chat.ensure_model = lambda settings, console: ("parrot", Path())
chat.running_app = parrot_app
main()
'''

Start = Callable[[], pexpect.spawn]

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the program in a terminal of its own, as often as a test likes."""
    launcher = tmp_path / "launcher.py"
    launcher.write_text(LAUNCHER, encoding="utf-8")
    environment = {
        **os.environ,
        "ELLIE_DATA_DIR": str(tmp_path / "data"),
        "ELLIE_EXTRACTION": "rules",
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "PROMPT_TOOLKIT_NO_CPR": "1",  # nobody here reports where the cursor is
    }
    started: list[pexpect.spawn] = []

    def start() -> pexpect.spawn:
        terminal = pexpect.spawn(
            sys.executable,
            [str(launcher), "chat"],
            cwd=str(tmp_path),
            env=environment,
            encoding="utf-8",
            dimensions=(24, 100),
            timeout=30,
        )
        started.append(terminal)
        return terminal

    yield start
    for terminal in started:
        terminal.close(force=True)


def enter(terminal: pexpect.spawn, line: str) -> None:
    terminal.send(f"{line}\r")


def leave(terminal: pexpect.spawn) -> None:
    terminal.send(CTRL_D)
    terminal.expect("Bye")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert (terminal.exitstatus, terminal.signalstatus) == (0, None)


def rows(folder: Path, columns: str = "text, status, failure, reply") -> list[tuple[object, ...]]:
    database = sqlite3.connect(folder / "data" / "ellie.db")
    try:
        return database.execute(f"SELECT {columns} FROM turns ORDER BY number").fetchall()
    finally:
        database.close()


def test_a_message_is_answered_and_ctrl_d_leaves(start: Start, tmp_path: Path) -> None:
    terminal = start()
    terminal.expect("This is Ellie")
    terminal.expect(PROMPT)
    enter(terminal, "hello 你好 there")
    terminal.expect("parrot heard hello 你好 there loud and clear")
    terminal.expect(PROMPT)
    leave(terminal)

    assert rows(tmp_path) == [
        ("hello 你好 there", "answered", None, "parrot heard hello 你好 there loud and clear")
    ]


def test_ctrl_c_stops_a_reply_and_the_prompt_comes_back(start: Start, tmp_path: Path) -> None:
    terminal = start()
    terminal.expect(PROMPT)
    enter(terminal, "please hang")
    terminal.expect("parrot heard")
    terminal.send(CTRL_C)
    terminal.expect(r"\(stopped\)")
    terminal.expect(PROMPT)
    enter(terminal, "go on")
    terminal.expect("go on loud and clear")
    terminal.expect(PROMPT)
    leave(terminal)

    assert rows(tmp_path) == [
        ("please hang", "cancelled", None, "parrot heard"),
        ("go on", "answered", None, "parrot heard go on loud and clear"),
    ]


def test_ctrl_c_at_the_prompt_clears_the_line_and_does_not_leave(
    start: Start, tmp_path: Path
) -> None:
    terminal = start()
    terminal.expect(PROMPT)
    for _ in range(3):
        terminal.send("half a line")
        terminal.expect("half")
        terminal.send(CTRL_C)
        terminal.expect(PROMPT)
    # An interrupt that another program sends is no reason to leave either.
    os.kill(terminal.pid, signal.SIGINT)
    enter(terminal, "whole line")
    terminal.expect("whole line loud and clear")
    terminal.expect(PROMPT)
    leave(terminal)

    assert [row[0] for row in rows(tmp_path)] == ["whole line"]


def test_up_brings_back_a_line_from_before_the_restart(start: Start, tmp_path: Path) -> None:
    first = start()
    first.expect(PROMPT)
    enter(first, "remember the milk")
    first.expect("loud and clear")
    first.expect(PROMPT)
    leave(first)

    second = start()
    second.expect(PROMPT)
    press_until(second, UP, "milk")
    second.send("\r")
    second.expect("parrot heard remember the milk")
    second.expect(PROMPT)
    leave(second)

    assert [row[0] for row in rows(tmp_path)] == ["remember the milk"] * 2
    history = [path.name for path in tmp_path.rglob("*") if "hist" in path.name]
    assert history == []


def test_after_forgetting_up_brings_back_nothing(start: Start, tmp_path: Path) -> None:
    terminal = start()
    terminal.expect(PROMPT)
    enter(terminal, "remember the milk")
    terminal.expect("loud and clear")
    terminal.expect(PROMPT)
    enter(terminal, "/memory forget everything")
    terminal.expect("yes/no>")
    enter(terminal, "yes")
    terminal.expect("I don't know you any more")
    terminal.expect(PROMPT)
    terminal.send(UP * 3)
    enter(terminal, "anything")
    terminal.expect("parrot heard anything")
    assert "milk" not in terminal.before
    terminal.expect(PROMPT)
    leave(terminal)

    assert [row[0] for row in rows(tmp_path)] == ["anything"]
    for file in (tmp_path / "data").iterdir():
        assert b"milk" not in file.read_bytes()


def test_a_message_that_a_kill_interrupted_is_told_once(start: Start, tmp_path: Path) -> None:
    killed = start()
    killed.expect(PROMPT)
    enter(killed, "please hang")
    killed.expect("parrot heard")
    killed.kill(signal.SIGKILL)
    killed.expect(pexpect.EOF)
    killed.wait()
    assert killed.signalstatus == signal.SIGKILL
    assert rows(tmp_path) == [("please hang", "accepted", None, "")]

    restarted = start()
    restarted.expect(INTERRUPTED)
    restarted.expect("“please hang”")
    restarted.expect(PROMPT)
    leave(restarted)
    assert rows(tmp_path) == [("please hang", "failed", "interrupted", "")]
    assert rows(tmp_path, "failure_reported_at IS NOT NULL") == [(1,)]

    again = start()
    again.expect(PROMPT)
    assert INTERRUPTED not in again.before
    enter(again, "here again")
    again.expect("here again loud and clear")
    again.expect(PROMPT)
    leave(again)
    assert [row[:2] for row in rows(tmp_path)] == [
        ("please hang", "failed"),
        ("here again", "answered"),
    ]


def press_until(terminal: pexpect.spawn, key: str, text: str) -> None:
    """The history is read while the prompt is shown already, so one press may come too early."""
    for _ in range(30):
        terminal.send(key)
        if terminal.expect([text, pexpect.TIMEOUT], timeout=2) == 0:
            return
    pytest.fail(f"{text} never came back")
