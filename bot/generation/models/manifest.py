"""The list of a stored model's files: written last, so a folder that has one is complete."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.errors import ModelCorruptError
from bot.generation.models.hashing import sha256_of
from bot.generation.models.progress import Cancelled, Never, NoProgress, Progress

MANIFEST = "ellie-model.json"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file: its path below the model's folder with forward slashes, size and SHA-256."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a stored model is. ``name`` is the setting that names it."""

    name: str
    source: str
    """For people: where it came from, for a hub model with the exact commit."""
    source_sha256: str | None
    """Of the GGUF file it was converted from; ``None`` when there was none."""
    files: tuple[FileEntry, ...]

    @property
    def total_bytes(self) -> int:
        """Size of all files."""
        return sum(file.bytes for file in self.files)


def write_manifest(
    folder: Path,
    *,
    name: str,
    source: str,
    source_sha256: str | None,
    progress: Progress,
    cancelled: Cancelled,
) -> Manifest:
    """List and hash all files, force them to disk, and write the manifest atomically."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    for path in paths:
        _force_to_disk(path)
    hashes = _hashes(paths, progress, cancelled)
    manifest = Manifest(
        name=name,
        source=source,
        source_sha256=source_sha256,
        files=tuple(
            FileEntry(path.relative_to(folder).as_posix(), path.stat().st_size, digest)
            for path, digest in zip(paths, hashes, strict=True)
        ),
    )
    temporary = folder / f".{MANIFEST}.new"
    content = {"format_version": FORMAT_VERSION, **asdict(manifest)}
    temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    _force_to_disk(temporary)
    temporary.replace(folder / MANIFEST)
    return manifest


def read_manifest(folder: Path) -> Manifest | None:
    """The folder's manifest; ``None`` when there is none.

    Raises:
        ModelCorruptError: it is not one that this version of Ellie wrote.
    """
    file = folder / MANIFEST
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8"))
        version = content["format_version"]
        if version != FORMAT_VERSION:
            raise ModelCorruptError(
                f"{file} has format version {version}, and this Ellie reads {FORMAT_VERSION}. "
                "Remove the folder and pull the model again."
            )
        return Manifest(
            name=str(content["name"]),
            source=str(content["source"]),
            source_sha256=content["source_sha256"],
            files=tuple(FileEntry(**entry) for entry in content["files"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelCorruptError(
            f"{file} cannot be read ({error}). Remove the folder and pull the model again."
        ) from error


def check_sizes(folder: Path, manifest: Manifest) -> None:
    """Compare every file's size with the manifest; takes no time.

    Raises:
        ModelCorruptError: a file is missing or has another size.
    """
    for entry in manifest.files:
        path = folder / entry.path
        if not path.is_file():
            raise _damaged(manifest, f"{path} is missing")
        if (size := path.stat().st_size) != entry.bytes:
            raise _damaged(manifest, f"{path} has {size} bytes instead of {entry.bytes}")


def check_hashes(
    folder: Path,
    manifest: Manifest,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> None:
    """Compare every byte with the manifest; reads the whole model.

    Raises:
        ModelCorruptError: a file is missing or differs.
    """
    check_sizes(folder, manifest)
    paths = [folder / entry.path for entry in manifest.files]
    hashes = _hashes(paths, progress or NoProgress(), cancelled or Never())
    for path, entry, digest in zip(paths, manifest.files, hashes, strict=True):
        if digest != entry.sha256:
            raise _damaged(manifest, f"{path} has changed since it was written")


def _hashes(paths: list[Path], progress: Progress, cancelled: Cancelled) -> list[str]:
    total, before, hashes = sum(path.stat().st_size for path in paths), 0, []
    for path in paths:
        hashes.append(sha256_of(path, progress, cancelled, before=before, total=total))
        before += path.stat().st_size
    return hashes


def _damaged(manifest: Manifest, what: str) -> ModelCorruptError:
    return ModelCorruptError(
        f"The model {manifest.name} is damaged: {what}. "
        f"Run `ellie models pull {manifest.name}` to repair it."
    )


def _force_to_disk(path: Path) -> None:
    """A rename must not reach the disk before the bytes it names."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
