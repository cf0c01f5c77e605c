"""SHA-256 of files too large to read at once."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bot.generation.models.progress import Cancelled, Progress, stop_if

_CHUNK_BYTES = 1 << 22


def sha256_of(
    file: Path, progress: Progress, cancelled: Cancelled, *, before: int = 0, total: int = 0
) -> str:
    """The file's SHA-256 in hexadecimal.

    Progress is reported as bytes of ``total``, of which ``before`` were done by the caller; a total
    of 0 stands for this file alone.
    """
    digest, done = hashlib.sha256(), before
    total = total or file.stat().st_size
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            stop_if(cancelled)
            digest.update(chunk)
            done += len(chunk)
            progress.advance(done, total)
    return digest.hexdigest()
