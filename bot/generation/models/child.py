"""Work done in a child process: its memory is given back, and it can be stopped at any moment.

A child that is Ellie's own module writes one JSON object per line to standard output:
``{"stage": …}`` while it works, ``{"result": …}`` or ``{"error": class, "message": …}`` at the end.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

import psutil

from bot.errors import DiskFullError, ModelCorruptError, ModelError, ModelFetchError
from bot.errors import UnknownModelError as UnknownModel
from bot.generation.models.progress import Cancelled, Progress, stop_if

_POLL_SECONDS = 0.1
_GONE_SECONDS = 2.0  # for what the system takes to clear away a killed process
_KEPT_LINES = 200  # of standard error: enough for a traceback
_IMPORT_ROOT = Path(__file__).parents[3]
_ERRORS = {
    error.__name__: error
    for error in (ModelError, ModelFetchError, ModelCorruptError, DiskFullError, UnknownModel)
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child process ended. A negative exit code is the signal that killed it."""

    exit_code: int
    stderr: tuple[str, ...]

    @property
    def last_words(self) -> str:
        """The last line it wrote to standard error that says anything."""
        return next((line.strip() for line in reversed(self.stderr) if line.strip()), "no message")


def run(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cancelled: Cancelled,
    on_line: Callable[[str], None] = lambda _: None,
    on_tick: Callable[[], None] = lambda: None,
) -> Ended:
    """Run a command to its end; ``on_line`` gets its output, ``on_tick`` about ten calls a second.

    The child gets a session of its own, so that Ctrl-C in the terminal reaches only Ellie, who then
    stops it. It never outlives this call. Its standard input stays open while this process lives.

    Raises:
        ModelFetchError: ``cancelled`` was set.
    """
    stderr: deque[str] = deque(maxlen=_KEPT_LINES)
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    with subprocess.Popen(  # noqa: S603  # our own interpreter and arguments, no shell
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(env),
        start_new_session=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        readers = [_follow(process.stdout, lines.put), _follow(process.stderr, stderr.append)]
        try:
            while process.poll() is None:
                stop_if(cancelled)
                _drain(lines, on_line)
                on_tick()
                time.sleep(_POLL_SECONDS)
        finally:
            _kill(process)
            for reader in readers:
                reader.join()
    _drain(lines, on_line)
    return Ended(process.returncode, tuple(stderr))


def run_module(
    module: str,
    arguments: Sequence[str],
    progress: Progress,
    cancelled: Cancelled,
    *,
    env: Mapping[str, str] | None = None,
    on_message: Callable[[str, object], None] = lambda _key, _value: None,
    on_tick: Callable[[], None] = lambda: None,
    died: Callable[[Ended], ModelError],
) -> str:
    """Run one of Ellie's own modules and return its result.

    Messages other than stage, result and error go to ``on_message``.

    Raises:
        ModelError: the error that the module reported, or what ``died`` makes of a sudden end.
    """
    reported: dict[str, str] = {}

    def on_line(line: str) -> None:
        try:
            message = json.loads(line)
        except json.JSONDecodeError:
            return  # a library printed something
        for key, value in message.items() if isinstance(message, dict) else ():
            if key == "stage":
                progress.stage(str(value))
            elif key in {"result", "error", "message"}:
                reported[key] = str(value)
            else:
                on_message(key, value)

    python_path = os.pathsep.join(
        filter(None, [str(_IMPORT_ROOT), os.environ.get("PYTHONPATH", "")])
    )
    ended = run(
        [sys.executable, "-P", "-m", module, *arguments],
        env={**os.environ, "PYTHONPATH": python_path, "PYTHONUTF8": "1", **(env or {})},
        cancelled=cancelled,
        on_line=on_line,
        on_tick=on_tick,
    )
    if "error" in reported:
        raise _ERRORS.get(reported["error"], ModelError)(reported.get("message", ""))
    if ended.exit_code != 0 or "result" not in reported:
        raise died(ended)
    return reported["result"]


def tell(**message: object) -> None:
    """In the child: send a message to the parent."""
    print(json.dumps(message), file=sys.__stdout__, flush=True)


def serve(work: Callable[[Sequence[str]], str]) -> NoReturn:
    """In the child: do the work with the command line's arguments, report how it ended, and exit.

    Anything but a ModelError ends the process with a traceback, which the parent reads.
    """
    sys.stdout = sys.stderr  # what libraries print must not get into the messages
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    try:
        tell(result=work(sys.argv[1:]))
    except ModelError as error:
        tell(error=type(error).__name__, message=str(error))
        sys.exit(1)
    sys.exit(0)


def _exit_with_parent() -> None:
    """The parent never writes to our input, so its end means that the parent is gone."""
    os.read(0, 1)
    os._exit(1)


def _follow(stream: IO[str] | None, on_line: Callable[[str], None]) -> threading.Thread:
    def read() -> None:
        if stream is not None:
            for line in stream:
                on_line(line)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _drain(lines: queue.SimpleQueue[str], on_line: Callable[[str], None]) -> None:
    while not lines.empty():
        on_line(lines.get())


def _kill(process: subprocess.Popen[str]) -> None:
    """End the child and everything it started, so that nothing writes files any more.

    Does nothing when the child has ended: its number may already be another process's.
    """
    if process.poll() is not None:
        return
    members: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        members = psutil.Process(process.pid).children(recursive=True)
    for member in members:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    process.kill()
    process.wait()
    psutil.wait_procs(members, timeout=_GONE_SECONDS)
