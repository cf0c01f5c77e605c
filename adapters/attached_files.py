"""What came with a message: images and files for the sketchpad, words for the turn.

Nothing is stored on disk or unpacked; text files are the only ones whose content is looked into
here. Pictures are handed on with a way to fetch them, for whoever can look at them.
"""

from __future__ import annotations

import asyncio
import io
import re
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from adapters.file_types import UNKNOWN, dimensions_of, text_in, text_type, type_by_beginning
from bot.commands.language import Language, language_of
from bot.domain.shown import Picture, Shown
from bot.domain.surroundings import FileText
from bot.domain.text import clean_text, shorten
from bot.memory.quarantine import reads_like_injection

TEXT_FILE_BYTES = 200_000
"""Larger files are not read: a text of this size is far more than a turn can hold."""
FILE_CHARACTERS = 8_000
"""What enters the turn of one text file."""
MAX_FILES = 10
"""What the platforms' own clients let people attach to a message; further ones are not read."""
NAME_CHARACTERS = 100
PICTURES = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
"""Types of pictures that can be looked at."""

_DESCRIPTION_CHARACTERS = 200
_LOOKED_AT_CHARACTERS = 300
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came with a message.

    ``shown`` enters memory, ``files`` this turn alone, and ``remarks`` are for the person: in
    their language and in Markdown, about what could not be read. ``pictures`` are those of
    ``shown`` that can be looked at.
    """

    shown: tuple[Shown, ...] = ()
    pictures: tuple[Picture, ...] = ()
    files: tuple[FileText, ...] = ()
    remarks: tuple[str, ...] = ()


NOTHING_SEEN = Seen()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedFile:
    """A file as its platform tells of it.

    ``name`` is a clean one (see :func:`clean_name`). ``is_measured`` says that the platform itself
    has opened it, so that it is what it is said to be. ``read`` hands out at least the first bytes
    of it, one more than :data:`TEXT_FILE_BYTES` if there are, and None where it cannot; a file
    without it lies where Ellie does not go. ``fetch`` is as in :class:`bot.domain.shown.Picture`,
    and may be called any time later.
    """

    name: str
    media_type: str = ""
    size: int | None = None
    width: int | None = None
    height: int | None = None
    alt_text: str = ""
    is_measured: bool = False
    read: Callable[[], Awaitable[bytes | None]] | None = None
    fetch: Callable[[int], Awaitable[bytes | None]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remarks:
    too_large: str
    unreachable: str
    too_many: str


_ENGLISH = _Remarks(
    too_large="{name} is too large for me to read; I only know its name.",
    unreachable="I couldn't download {name}; I only know its name. Please send it again.",
    too_many="I looked into the first {count} files only.",
)
_CHINESE = _Remarks(
    too_large="{name} 太大，我读不了，只知道它的名字。",
    unreachable="我没能下载 {name}，只知道它的名字。请再发一次。",
    too_many="我只看了前 {count} 个文件。",
)


@dataclass(frozen=True, slots=True)
class _Look:
    shown: Shown
    file: FileText | None = None
    remark: str = ""


async def look_at_all(
    files: Sequence[AttachedFile], text: str, *, literal: Callable[[str], str]
) -> Seen:
    """Everything that came with ``text``. Never fails: at least names and sizes are known.

    ``literal`` makes of a name what the platform shows as exactly that: remarks are Markdown.
    """
    if not files:
        return Seen()
    remarks = _remarks_for(files, text)
    looks = await asyncio.gather(*(_look(file, remarks, literal) for file in files[:MAX_FILES]))
    rest = files[MAX_FILES:]
    return Seen(
        shown=(*(look.shown for look in looks), *(_as_told(file) for file in rest)),
        pictures=tuple(
            Picture(shown=look.shown, read=file.fetch)
            for file, look in zip(files, looks, strict=False)
            if file.fetch is not None and look.shown.media_type in PICTURES
        ),
        files=tuple(look.file for look in looks if look.file is not None),
        remarks=(
            *(look.remark for look in looks if look.remark),
            *([remarks.too_many.format(count=MAX_FILES)] if rest else []),
        ),
    )


def clean_name(name: str, title: str = "") -> str:
    """What a file is called, without folders or characters that nobody sees.

    ``title`` is what people call it, where that and the name of the file are not the same.
    """
    name = _visible(name)
    if title:
        name = _visible(title) + PurePosixPath(name).suffix
    if not name.strip("."):
        return "file"
    if len(name) <= NAME_CHARACTERS:
        return name
    ending = PurePosixPath(name).suffix[-NAME_CHARACTERS // 4 :]
    return name[: NAME_CHARACTERS - len(ending)] + ending


async def _look(file: AttachedFile, remarks: _Remarks, literal: Callable[[str], str]) -> _Look:
    told = _as_told(file)
    if file.is_measured or file.read is None:
        return _Look(told)
    name = literal(told.name)
    if file.size is not None and file.size > TEXT_FILE_BYTES:
        is_text = told.media_type == text_type(told.name)
        return _Look(told, remark=remarks.too_large.format(name=name) if is_text else "")
    content = await file.read()
    if content is None:
        return _Look(told, remark=remarks.unreachable.format(name=name))
    if len(content) > TEXT_FILE_BYTES:
        return _Look(told, remark=remarks.too_large.format(name=name))
    text = text_in(content)
    if text is None:
        return _Look(_as_found(told, content))
    whole = FileText(
        name=told.name, text=text[:FILE_CHARACTERS], is_whole=len(text) <= FILE_CHARACTERS
    )
    shown = _shown(file, media_type=text_type(told.name), description=_outline(text))
    return _Look(shown, whole)


def _as_told(file: AttachedFile) -> Shown:
    """By what the platform says of it, which goes by its name unless it has measured a picture."""
    declared = file.media_type.partition(";")[0].strip().lower()
    kind = declared.partition("/")[0]
    is_pretended = kind in {"image", "video"} and not file.is_measured
    is_fit = _MEDIA_TYPE.fullmatch(declared) and not is_pretended
    return _shown(
        file, media_type=declared if is_fit else UNKNOWN, width=file.width, height=file.height
    )


def _as_found(told: Shown, content: bytes) -> Shown:
    """By its first bytes."""
    width, height = dimensions_of(io.BytesIO(content)) or (told.width, told.height)
    return Shown(
        name=told.name,
        media_type=type_by_beginning(content) or UNKNOWN,
        size=told.size,
        width=width,
        height=height,
        alt_text=told.alt_text,
    )


def _shown(
    file: AttachedFile,
    *,
    media_type: str,
    width: int | None = None,
    height: int | None = None,
    description: str = "",
) -> Shown:
    return Shown(
        name=file.name,
        media_type=media_type,
        size=file.size,
        width=width,
        height=height,
        alt_text=clean_text(file.alt_text),
        description=description,
    )


def _visible(name: str) -> str:
    last = clean_text(name).replace("\\", "/").rsplit("/", 1)[-1]
    # Cc, Cf, Co, Cn: controls and marks, which turn text around among other things.
    seen = "".join(" " if unicodedata.category(letter)[0] == "C" else letter for letter in last)
    return " ".join(seen.split())


def _outline(text: str) -> str:
    """A text file in one line: all that memory keeps of it.

    A beginning that reads like an order to Ellie is not kept: it would stand in later prompts.
    """
    lines = text.count("\n") + 1
    counted = "empty" if not text else f"{lines} line{'' if lines == 1 else 's'}"
    outline = f"text file, {counted}"
    begins = text[:_LOOKED_AT_CHARACTERS]
    is_kept = begins and not reads_like_injection(" ".join(begins.split()))
    return shorten(f"{outline}, begins: {begins}" if is_kept else outline, _DESCRIPTION_CHARACTERS)


def _remarks_for(files: Sequence[AttachedFile], text: str) -> _Remarks:
    """In the language of the words, or of the files' names where there are none."""
    names = " ".join(file.name for file in files)
    is_chinese = language_of(text.strip() or names) is Language.CHINESE
    return _CHINESE if is_chinese else _ENGLISH
