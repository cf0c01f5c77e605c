"""What a file is by its content, whatever it is called; nothing in it is unpacked or run."""

from __future__ import annotations

import mimetypes
import os
import struct
from typing import BinaryIO

import regex

from bot.domain.text import clean_text

UNKNOWN = "application/octet-stream"

_PDF = b"%PDF-"
"""Such a file may be nothing but ASCII, and is no text for all that."""

_BEGINNINGS = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, _PDF, "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"7z\xbc\xaf'\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
)
"""Offset, bytes and type, from the formats' own specifications; the longer before the shorter."""
_RIFF = b"RIFF"
_IN_RIFF = frozenset({"image/webp", "audio/wav"})

_WORDS = frozenset(
    {
        "application/javascript",
        "application/json",
        "application/sql",
        "application/toml",
        "application/x-sh",
        "application/xml",
        "application/yaml",
    }
)
"""Types of text that are not called text."""

_MARKS = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks of UTF-16."""
_MARKS_IN_A_ROW = regex.compile(r"(\p{M}{30})(?=\p{M})")
"""Accents upon one letter. Putting thousands of them in order would take minutes, so a joiner that
nobody sees goes between (Unicode's Stream-Safe Text Format, UAX 15, section 13)."""
_CHINESE = "gb2312"
"""What older Chinese programs write. Its characters are pairs of high bytes, which hardly any text
in a Western encoding consists of."""

_JPEG_SIZES = frozenset(
    {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
)
"""Markers of the frame header, which has the size (ITU T.81, table B.1)."""


def type_by_beginning(content: bytes) -> str | None:
    """The media type that the first bytes of something that is no text give away."""
    for offset, beginning, media_type in _BEGINNINGS:
        if content.startswith(beginning, offset) and (
            media_type not in _IN_RIFF or content.startswith(_RIFF)
        ):
            return media_type
    return None


def text_in(content: bytes) -> str | None:
    """The words of a text file, cleaned; None when it is no text or in an unknown encoding."""
    if content.startswith(_MARKS):
        return _decoded(content, "utf-16")
    if content.startswith(_PDF):
        return None
    text = _decoded(content, "utf-8-sig")
    if text is None and type_by_beginning(content) is None:
        text = _decoded(content, _CHINESE)
    return text


def text_type(name: str) -> str:
    """The media type of a file that is known to be text, by its name."""
    guessed = mimetypes.guess_type(name)[0] or ""
    return guessed if guessed.startswith("text/") or guessed in _WORDS else "text/plain"


def dimensions_of(image: BinaryIO) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF or JPEG, from its header; None for anything else."""
    try:
        head = image.read(24)
        if head.startswith(b"\x89PNG\r\n\x1a\n"):
            return struct.unpack(">II", head[16:24])
        if head.startswith((b"GIF87a", b"GIF89a")):
            return struct.unpack("<HH", head[6:10])
        if head.startswith(b"\xff\xd8"):
            return _jpeg_dimensions(image)
    except struct.error:  # it ends too early
        pass
    return None


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else clean_text(_MARKS_IN_A_ROW.sub("\\1\u034f", text))


def _jpeg_dimensions(image: BinaryIO) -> tuple[int, int] | None:
    image.seek(2)
    while True:
        mark, marker, length = struct.unpack(">BBH", image.read(4))
        if mark != 0xFF:  # noqa: PLR2004 - every marker begins with it
            return None
        if marker in _JPEG_SIZES:
            height, width = struct.unpack(">xHH", image.read(5))
            return width, height
        image.seek(length - 2, os.SEEK_CUR)
