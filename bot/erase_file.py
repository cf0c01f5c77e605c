"""The copy of the erase list beside the database: a file of JSON, one object on each line.

    {"id": "…", "person": "…", "at": "2026-05-04T12:00:00+00:00", "what": {"everything": true}}
    {"scrubbed": ["…"]}

It only grows, and every line is written at once, so that a crash tears the last one at most.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

from bot.domain.erasure import (
    Erasure,
    ErasureId,
    moment_of,
    what_of_plain,
    what_to_plain,
)
from bot.domain.identity import PersonId
from bot.ports.erasure_storage import EraseFileContent

FILE_NAME = "erasures.jsonl"

_MODE = 0o600


class JsonLinesEraseFile:
    """:class:`~bot.ports.erasure_storage.EraseFile` at a path, for the owner's eyes alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> EraseFileContent:
        """Everything that can be read."""
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return EraseFileContent()
        entries: dict[ErasureId, Erasure] = {}
        unscrubbed: set[ErasureId] = set()
        unreadable = 0
        for line in filter(None, lines):
            try:
                plain = json.loads(line)
                if "scrubbed" in plain:
                    unscrubbed.difference_update(plain["scrubbed"])
                    continue
                entry = _entry(plain)
            except (KeyError, TypeError, ValueError):
                unreadable += 1
                continue
            entries.setdefault(entry.id, entry)
            unscrubbed.add(entry.id)
        return EraseFileContent(
            entries=tuple(entries.values()), unscrubbed=frozenset(unscrubbed), unreadable=unreadable
        )

    def append(self, entries: Sequence[Erasure]) -> None:
        """Write entries."""
        self._write(
            {
                "id": entry.id,
                "person": entry.person_id,
                "at": entry.happened_at.astimezone(UTC).isoformat(),
                "what": what_to_plain(entry.what),
            }
            for entry in entries
        )

    def note_scrubbed(self, ids: Collection[ErasureId]) -> None:
        """Note that what these entries erased is overwritten."""
        if ids:
            self._write([{"scrubbed": sorted(ids)}])

    def tidy(self) -> int:
        """Write the file anew without the lines that cannot be read; how many there were."""
        content = self.read()
        if content.unreadable:
            anew = JsonLinesEraseFile(self.path.with_name(f"{self.path.name}.new"))
            anew.path.unlink(missing_ok=True)
            anew.append(content.entries)
            anew.note_scrubbed({entry.id for entry in content.entries} - content.unscrubbed)
            anew.path.replace(self.path)
            sync_folder(self.path.parent)
        return content.unreadable

    def _write(self, values: Iterable[dict[str, Any]]) -> None:
        text = "".join(f"{json.dumps(value)}\n" for value in values)
        if not text:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists()
        handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, _MODE)
        with os.fdopen(handle, "r+b", buffering=0) as file:
            # A line that a crash tore off must not swallow the next one.
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                text = text if file.read(1) == b"\n" else f"\n{text}"
            left = text.encode()
            while left:
                left = left[file.write(left) or 0 :]
            os.fsync(file.fileno())
        if is_new:
            sync_folder(self.path.parent)


def sync_folder(folder: Path) -> None:
    """Make it durable which files a folder has. Not every system can, and those that cannot do."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _entry(plain: dict[str, Any]) -> Erasure:
    if not isinstance(plain["id"], str) or not isinstance(plain["person"], str):
        message = "an id is text"
        raise TypeError(message)
    return Erasure(
        id=ErasureId(plain["id"]),
        person_id=PersonId(plain["person"]),
        happened_at=moment_of(plain["at"]),
        what=what_of_plain(plain["what"]),
    )
