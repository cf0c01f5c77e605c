"""Fixtures of the integration tests."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.generation.models.pull import pull
from bot.generation.models.sources import parse_source
from bot.generation.models.store import ModelStore
from storage.database import SqlStorage, open_storage


@pytest.fixture(scope="session")
def test_models_dir() -> Path:
    """Where models are kept that tests really pull."""
    default = Path.home() / ".cache" / "ellie-tests" / "models"
    return Path(os.environ.get("ELLIE_TEST_MODELS_DIR", default))


@pytest.fixture(scope="session")
def tiny_model_dir(test_models_dir: Path) -> Path:
    """The folder of ellie-tiny, really pulled: 98 MB and a minute the first time, then kept.

    Tests that ask for it carry ``@pytest.mark.model`` and ``@pytest.mark.timeout(600)``.
    """
    return pull(parse_source("ellie-tiny"), ModelStore(test_models_dir))


@pytest.fixture(scope="session")
def small_model_dir(test_models_dir: Path) -> Path:
    """The folder of ellie-small, really pulled: 491 MB and some minutes the first time, then kept.

    Tests that ask for it carry ``@pytest.mark.model`` and ``@pytest.mark.timeout(1800)``.
    """
    return pull(parse_source("ellie-small"), ModelStore(test_models_dir))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes up the address of another empty database at each call."""
    if request.param == "postgres":
        create: Callable[[], str] = request.getfixturevalue("new_postgres_database")
        return create
    names = iter("abcdef")
    return lambda: f"sqlite:///{tmp_path}/{next(names)}.db"


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    """The address of an empty database."""
    return new_url()


@pytest.fixture
async def storage(url: str) -> AsyncIterator[SqlStorage]:
    """That database, opened."""
    async with open_storage(url) as opened:
        yield opened
