"""The whole schema: every table, whichever file describes it."""

from __future__ import annotations

from storage import administration_tables
from storage.tables import metadata

__all__ = ["ADMINISTRATION", "metadata"]

ADMINISTRATION = administration_tables
"""Named, so that importing the schema is seen to bring its tables along."""
