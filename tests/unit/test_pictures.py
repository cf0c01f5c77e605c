"""Pictures are opened as people see them, and nothing that strangers send does harm."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image, ImageDraw
from support.sight import png

from bot.generation.pictures import MOST_PIXELS, SIDE, UnreadablePictureError, opened

BLUE, RED = (0, 0, 255), (255, 0, 0)


def saved(picture: Image.Image, kind: str = "PNG", **more: Any) -> bytes:
    content = io.BytesIO()
    picture.save(content, kind, **more)
    return content.getvalue()


def half_blue(width: int = 1600, height: int = 800) -> Image.Image:
    """Blue on its left quarter, and red."""
    picture = Image.new("RGB", (width, height), RED)
    ImageDraw.Draw(picture).rectangle((0, 0, width // 4, height), fill=BLUE)
    return picture


def near(color: Any, other: tuple[int, int, int]) -> bool:
    return all(abs(one - two) < 8 for one, two in zip(color, other, strict=True))


def header_of_png(width: int, height: int) -> bytes:
    """A picture of that size by its header, with next to nothing in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_turned_upright_and_made_smaller(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned to the left: the picture's left is its top
    picture = opened(saved(half_blue(), kind, exif=exif))

    assert (picture.size, picture.mode) == ((SIDE // 2, SIDE), "RGB")
    assert near(picture.getpixel((100, 10)), BLUE)
    assert near(picture.getpixel((100, SIDE - 10)), RED)


@pytest.mark.parametrize("noted", [0, 9, 255])
def test_an_orientation_that_there_is_not_means_upright(noted: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = noted
    assert opened(saved(half_blue(), "JPEG", exif=exif)).size == (SIDE, SIDE // 2)


def test_broken_notes_of_the_camera_leave_the_picture() -> None:
    assert opened(saved(half_blue(), "JPEG", exif=b"Exif\x00\x00no notes")).size[0] == SIDE


def test_a_small_picture_stays_as_it_is() -> None:
    assert opened(png(64, 48)).size == (64, 48)


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_of_one_that_moves_the_first_picture_is_seen(kind: str) -> None:
    frames = [Image.new("RGB", (40, 30), color) for color in (BLUE, RED, RED)]
    content = saved(frames[0], kind, save_all=True, append_images=frames[1:])
    assert near(opened(content).getpixel((20, 15)), BLUE)


def test_what_is_transparent_is_white() -> None:
    picture = opened(saved(Image.new("RGBA", (40, 30), (255, 0, 0, 0))))
    assert picture.getpixel((3, 3)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
def test_every_kind_of_colours_becomes_rgb(mode: str) -> None:
    content = saved(Image.new(mode, (40, 30)), "JPEG" if mode == "CMYK" else "PNG")
    assert opened(content).mode == "RGB"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture at all",
        b"<html><title>Sign in</title></html>",
        b"%PDF-1.7 nothing",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"RIFF\x00\x00\x00\x00WEBP",
        b"RIFF\x00\x00\x00\x00WEBPVP8X" + bytes(30),
        b"\xff\xd8\xff\xe0" + bytes(100),
        saved(half_blue())[:2000],
        saved(half_blue(), "JPEG")[:3000],
        saved(half_blue(), "WEBP")[:1000],
        saved(half_blue(), "BMP"),
        saved(half_blue(), "TIFF"),
        saved(half_blue(), "ICO"),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    ],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_broken_or_of_another_kind_is_not_opened(content: bytes) -> None:
    with pytest.raises(UnreadablePictureError):
        opened(content)


@pytest.mark.parametrize(
    "content",
    [
        header_of_png(60_000, 60_000),
        header_of_png(MOST_PIXELS // 1000 + 1, 1000),
        b"GIF89a" + struct.pack("<HH", 60_000, 60_000) + saved(half_blue(), "GIF")[10:],
        b"RIFF\x64\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00" + bytes(4) + b"\xfe\x3f\x00\xfe\x3f\x00",
        b"RIFF\x64\x00\x00\x00WEBPVP8L\x0a\x00\x00\x00\x2f\xff\xff\xff\x0f" + bytes(9),
    ],
    ids=["vast", "a bit too large", "gif", "webp", "webp without loss"],
)
def test_one_that_would_unpack_to_gigabytes_is_left_packed(content: bytes) -> None:
    with pytest.raises(UnreadablePictureError, match=r"many pixels|Decompression"):
        opened(content)


def test_a_photograph_in_thousands_of_scans_is_not_unpacked() -> None:
    content = saved(half_blue(), "JPEG", progressive=True)
    scan = content[content.index(b"\xff\xda") : -2]
    with pytest.raises(UnreadablePictureError, match="scans"):
        opened(content[:-2] + scan * 100 + content[-2:])
    assert opened(content)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 400), (3000, 20), (20, 3000)])
def test_where_there_is_nothing_to_be_seen_nobody_looks(width: int, height: int) -> None:
    with pytest.raises(UnreadablePictureError, match="nothing to be seen"):
        opened(png(width, height))
