"""The page about security names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)


def names_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, functions)}


def test_every_test_that_is_named_exists() -> None:
    assert len(NAMED) > 80
    missing = [f"{file}::{name}" for file, name in NAMED if name and name not in names_in(file)]
    assert not missing
    assert len(set(NAMED)) == len(NAMED), "a test is named twice"


def test_every_threat_has_what_stops_it_and_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| **")]
    assert len(rows) > 20
    for row in rows:
        threat, measure, tests = row.strip("| ").split(" | ")
        assert threat.startswith("**")
        assert len(measure) > 20
        assert tests.startswith("`tests/"), threat
