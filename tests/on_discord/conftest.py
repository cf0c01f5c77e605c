"""Ellie on Discord, with the scripted model or with the remote engine in its place."""

from __future__ import annotations

import pytest
from support.engine_fixture import choose, engine

__all__ = ["engine"]

ALWAYS_REMOTE = frozenset({"test_replies", "test_trouble", "test_stopping"})
"""A part of what ``--engine remote`` runs: replies in pieces, failures, stopped replies."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    choose(metafunc, ALWAYS_REMOTE)
