"""Opening pictures that strangers sent.

A small file can unpack to gigabytes, keep a decoder busy for minutes, or break off anywhere. So the
formats are few, sizes are read from headers before anything is unpacked, and whatever a decoder
raises means that the picture cannot be opened.
"""

from __future__ import annotations

import io
import warnings

from PIL import ExifTags, Image

SIDE = 768
"""Pixels: larger pictures are made smaller. Models look at less, or at several parts of a large
picture, each of which takes as long as a whole small one."""

MOST_PIXELS = 50_000_000
"""What the cameras of telephones make. Takes 200 MB while it is opened."""

LEAST_SIDE = 8
"""Pixels: on less there is nothing to be seen, and models trip over it."""

LONGEST_RATIO = 50
"""Of the sides."""

MOST_SCANS = 100
"""A photograph is stored in about ten. Each costs as much as the whole of a simple one."""

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_SCAN = b"\xff\xda"
_WEBP = (b"RIFF", b"WEBP")
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By the orientation in the notes of the camera (Exif 2.3, tag 0x0112)."""

# Pillow only warns of a picture that is up to twice as large as it thinks wise.
warnings.simplefilter("error", Image.DecompressionBombWarning)


class UnreadablePictureError(Exception):
    """It is no picture that Ellie opens. The message says why, and nothing of its content."""


def opened(content: bytes) -> Image.Image:
    """A picture as people see it: turned upright, on white, in RGB, at most :data:`SIDE` large.

    Of one that moves, the first picture.

    Raises:
        UnreadablePictureError: it is none, is broken, or has unreasonable measures.
    """
    try:
        # Pillow makes room for a whole WebP when it looks at the header.
        if (measures := _webp_measures(content)) is not None:
            _require_reasonable(*measures)
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            _require_reasonable(*picture.size)
            if picture.format == "JPEG":
                if content.count(_SCAN) > MOST_SCANS:
                    raise UnreadablePictureError("it is stored in too many scans")
                picture.draft("RGB", (SIDE, SIDE))
            return _upright(picture)
    except UnreadablePictureError:
        raise
    except Exception as error:
        # Decoders let through whatever their parts raise, from SyntaxError to struct.error.
        raise UnreadablePictureError(type(error).__name__) from error


def _upright(picture: Image.Image) -> Image.Image:
    picture.load()
    plain = _on_white(picture)
    plain.thumbnail((SIDE, SIDE))
    turn = _TURNS.get(_orientation(picture))
    return plain if turn is None else plain.transpose(turn)


def _orientation(picture: Image.Image) -> int:
    """How the camera was held, as it noted that; 0 where it did not."""
    try:
        return int(picture.getexif().get(ExifTags.Base.Orientation, 0))
    except Exception:  # noqa: BLE001 - as above, and the picture itself is well
        return 0


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    ground = Image.new("RGB", layer.size, "white")
    ground.paste(layer, mask=layer)
    return ground


def _require_reasonable(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise UnreadablePictureError("it has too many pixels")
    least, most = sorted((width, height))
    if least < LEAST_SIDE or most > least * LONGEST_RATIO:
        raise UnreadablePictureError("there is nothing to be seen on it")


def _webp_measures(content: bytes) -> tuple[int, int] | None:
    """Width and height in the header of a WebP; None for anything else.

    See the WebP container specification; each kind of picture has its own way to write them.
    """
    if (content[:4], content[8:12]) != _WEBP:
        return None
    kind, data = content[12:16], content[20:30]
    if len(data) < 10:  # noqa: PLR2004 - all three kinds need that
        raise UnreadablePictureError("it ends too early")
    if kind == b"VP8X":
        return _little(data[4:7]) + 1, _little(data[7:10]) + 1
    if kind == b"VP8L":
        bits = _little(data[1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return _little(data[6:8]) & 0x3FFF, _little(data[8:10]) & 0x3FFF


def _little(numbers: bytes) -> int:
    return int.from_bytes(numbers, "little")
