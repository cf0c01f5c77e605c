"""Fixtures of the integration tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.generation.models.pull import pull
from bot.generation.models.sources import parse_source
from bot.generation.models.store import ModelStore


@pytest.fixture(scope="session")
def tiny_model_dir() -> Path:
    """The folder of ellie-tiny, really pulled: 98 MB and a minute the first time, then kept.

    Tests that ask for it carry ``@pytest.mark.model`` and ``@pytest.mark.timeout(600)``.
    """
    default = Path.home() / ".cache" / "ellie-tests" / "models"
    root = Path(os.environ.get("ELLIE_TEST_MODELS_DIR", default))
    return pull(parse_source("ellie-tiny"), ModelStore(root))
