"""Free disk space: asked for before it is needed, and explained when it runs out."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.errors import DiskFullError, ModelFetchError

FreeBytes = Callable[[Path], int]
"""Free bytes on the disk that holds a path, which need not exist yet."""

_SMALLEST_IN_GB = 100_000_000
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FULL_TEXT = re.compile(
    "No space left on device|Disk quota exceeded|not enough space on the disk|Errno 28\\b"
)


def gigabytes(count: int) -> str:
    """A number of bytes for people, in decimal units as disks are sold."""
    return f"{count / 1e9:.1f} GB" if count >= _SMALLEST_IN_GB else f"{count / 1e6:.1f} MB"


def free_bytes(path: Path) -> int:
    """Free bytes for this user on the disk that holds ``path`` or its nearest existing parent."""
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    return shutil.disk_usage(existing).free


def require_free(folder: Path, needed: int, name: str, *, free: FreeBytes = free_bytes) -> None:
    """Make sure that ``needed`` bytes fit beside ``folder`` before work on model ``name`` starts.

    Raises:
        DiskFullError: they do not.
    """
    have = free(folder)
    if have < needed:
        raise DiskFullError(
            f"{name} needs {gigabytes(needed)} of disk space while it is fetched, and only "
            f"{gigabytes(have)} are free at {folder}. Free some space, or set ELLIE_MODELS_DIR to "
            "a folder on a larger disk."
        )


@contextmanager
def explained(name: str, folder: Path) -> Iterator[None]:
    """Translate the operating system's refusals to write model ``name`` into ``folder``.

    Raises:
        DiskFullError: the disk or the user's quota is full.
        ModelFetchError: the folder cannot be written for another reason.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise disk_full(name, folder) from error
        raise ModelFetchError(
            f"{name} cannot be stored in {folder}: {error.strerror or error}. Make the folder "
            "writable, or set ELLIE_MODELS_DIR to another one."
        ) from error


def disk_full(name: str, folder: Path) -> DiskFullError:
    """The error for a disk that filled up halfway."""
    return DiskFullError(
        f"The disk filled up while {name} was written to {folder}. Free some space and run "
        f"`ellie models pull {name}` again; it goes on where it stopped."
    )


def says_full(text: str) -> bool:
    """Whether another program's message says that the disk is full."""
    return _FULL_TEXT.search(text) is not None


def folder_bytes(folder: Path) -> int:
    """Bytes in all files below ``folder``, while other processes may be changing it."""
    total = 0
    for parent, _, names in os.walk(folder):  # which skips folders that vanish, unlike rglob
        for name in names:
            with suppress(FileNotFoundError):  # moved or removed since it was listed
                status = os.lstat(Path(parent, name))
                total += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return total
