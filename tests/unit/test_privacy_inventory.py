"""The data inventory in ``docs/privacy.md`` names every table and column, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import regex
from sqlalchemy import Table

from storage.schema import metadata

PAGE = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text("utf-8")
_HEADING = regex.compile(r"^### (.+)$", regex.MULTILINE)
_NAME = regex.compile(r"`([a-z_]+)`")


def inventory(page: str) -> Mapping[str, str]:
    """What stands under the heading of each table."""
    _, every = page.split("\n## Every table\n", 1)
    every = every.split("\n## ", 1)[0]
    parts = _HEADING.split(every)[1:]
    return {
        name.strip(): body
        for heading, body in zip(parts[::2], parts[1::2], strict=True)
        for name in heading.partition(":")[0].split(",")
    }


TABLES = inventory(PAGE)


def test_every_table_is_in_the_inventory_and_no_other() -> None:
    assert set(TABLES) == {*metadata.tables, "alembic_version"}


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_every_column_is_in_the_inventory(table: Table) -> None:
    named = set(_NAME.findall(TABLES[table.name]))
    assert {column.name for column in table.columns} - named == set()


def test_the_inventory_is_read_as_it_is_written() -> None:
    page = "\n## Every table\n\n### a, b: two\n`x`\n### c\n`y`\n## Outside\n\n### d\n"
    assert inventory(page) == {"a": "\n`x`\n", "b": "\n`x`\n", "c": "\n`y`"}
