"""Files between the terminal and Ellie: exports that are written, things that are shown."""

from __future__ import annotations

import asyncio
import mimetypes
import os
from collections.abc import Iterable
from pathlib import Path

from adapters.attached_files import PICTURES
from adapters.file_types import dimensions_of
from bot.commands.reply import ReplyFile
from bot.domain.shown import Picture, Shown
from bot.domain.text import clean_text
from bot.errors import UsageError

_PRIVATE = 0o600
_MAX_COPIES = 1000


def write_files(files: Iterable[ReplyFile], folder: Path) -> list[Path]:
    """Write files that only this account may read; returns where. Never overwrites one.

    Raises:
        UsageError: the folder is none, or nothing can be written there.
    """
    try:
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder.")
        return [_write(file, folder) for file in files]
    except OSError as error:
        raise UsageError(f"I can't write to {folder}: {error.strerror or error}.") from error


def _write(file: ReplyFile, folder: Path) -> Path:
    stem, suffix = Path(file.name).stem, Path(file.name).suffix
    names = [file.name, *(f"{stem}-{number}{suffix}" for number in range(2, _MAX_COPIES))]
    for name in names:
        path = folder / name
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        except FileExistsError:
            continue
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(file.content)
        return path
    raise UsageError(f"{folder} has too many exports of this day already.")


def look_at(path: Path, caption: str) -> Shown:
    """What can be known of a file without opening it as a whole.

    Raises:
        UsageError: there is no such file, or it cannot be read.
    """
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    try:
        if not path.is_file():
            raise UsageError(f"There is no file {path}.")
        size = path.stat().st_size
        with path.open("rb") as opened:
            dimensions = dimensions_of(opened) if media_type.startswith("image/") else None
    except OSError as error:
        raise UsageError(f"I can't read {path}: {error.strerror or error}.") from error
    width, height = dimensions or (None, None)
    return Shown(
        name=clean_text(path.name),
        media_type=media_type,
        size=size,
        width=width,
        height=height,
        caption=caption,
    )


def picture_of(path: Path, shown: Shown) -> tuple[Picture, ...]:
    """The file that ``shown`` tells of, if it is a picture that can be looked at."""

    async def read(most_bytes: int) -> bytes | None:
        return await asyncio.to_thread(_content, path, most_bytes)

    return (Picture(shown=shown, read=read),) if shown.media_type in PICTURES else ()


def _content(path: Path, most_bytes: int) -> bytes | None:
    try:
        with path.open("rb") as opened:
            content = opened.read(most_bytes + 1)
    except OSError:
        return None
    return content if len(content) <= most_bytes else None
