"""What a file is by its content."""

from __future__ import annotations

import pytest

from adapters.file_types import text_in, text_type, type_by_beginning


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav"),
        (b"JUNK\x10\0\0\0WEBPVP8 ", None),
        (b"\0\0\0\x18ftypmp42", "video/mp4"),
        (b"\0\0\0\x18ftypqt  ", "video/quicktime"),
        (b"OggS\0\x02", "audio/ogg"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"", None),
        (b"\x07\x01", None),
    ],
)
def test_a_format_is_known_by_its_first_bytes(content: bytes, media_type: str | None) -> None:
    assert type_by_beginning(content) == media_type


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        (b"MZ are my initials", "MZ are my initials"),
        (b"BZh and ID3 are words here", "BZh and ID3 are words here"),
        (b"one\r\ntwo\x07", "one\ntwo"),
        ("茶".encode("utf-16-le"), None),  # without its mark it could be anything
        ("\ufeff茶".encode("utf-16-be"), "茶"),
        (b"\xff\xfe\x00", None),
        ("\ufeffa\0b".encode("utf-16-le"), None),
        ("喝茶吧，朋友。".encode("gb2312"), "喝茶吧，朋友。"),
        ("café, naïve".encode("latin-1"), None),
        (b"%PDF-1.4 plain", None),
        (b"a\0b", None),
        (b"\xff\xd8\xff\xe0", None),
    ],
)
def test_text_is_what_can_be_read_as_such(content: bytes, text: str | None) -> None:
    assert text_in(content) == text


def test_a_text_is_never_taken_for_a_picture_or_an_archive() -> None:
    assert text_type("data.json") == "application/json"
    assert text_type("page.html") == "text/html"
    assert text_type("drawing.svg") == "text/plain"
    assert text_type("a.zip") == "text/plain"
    assert text_type("none") == "text/plain"
