"""Servers of others in processes of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PATIENCE_SECONDS = 120.0


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(
    command: Sequence[str], port: int, *, ready: str, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server, offline, until ``ready`` answers; ended on leaving.

    Raises:
        AssertionError: it does not start; with what it said.
    """
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(log.parent / "hub")}
    with (
        log.open("wb") as file,
        subprocess.Popen(
            command, stdout=file, stderr=subprocess.STDOUT, env=environment
        ) as process,
    ):
        try:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not _answers(f"http://127.0.0.1:{port}{ready}"):
                said = log.read_text(errors="replace")
                assert process.poll() is None, f"the server ended: {said}"
                assert time.monotonic() < deadline, f"the server does not answer: {said}"
                time.sleep(0.2)
            yield process
        finally:
            process.kill()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
