"""What came with a message on Discord: images and files for the sketchpad, words for the turn.

Nothing is stored on disk or unpacked; text files are the only ones whose content is looked into.
"""

from __future__ import annotations

import asyncio
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import aiohttp
import discord

from adapters.discord.escaping import literal_line
from adapters.file_types import UNKNOWN, dimensions_of, text_in, text_type, type_by_beginning
from bot.commands.language import Language, language_of
from bot.domain.shown import Shown
from bot.domain.surroundings import FileText
from bot.domain.text import clean_text, shorten
from bot.log import get_logger
from bot.memory.quarantine import reads_like_injection

log = get_logger(__name__)

TEXT_FILE_BYTES = 200_000
"""Larger files are not read: a text of this size is far more than a turn can hold."""
FILE_CHARACTERS = 8_000
"""What enters the turn of one text file."""
MAX_FILES = 10
"""What Discord's own clients let people attach to a message; further ones are not read."""
NAME_CHARACTERS = 100
PATIENCE_SECONDS = 15.0
"""For downloading one file."""

_DESCRIPTION_CHARACTERS = 200
_LOOKED_AT_CHARACTERS = 300
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came with a message.

    ``shown`` enters memory, ``files`` this turn alone, and ``remarks`` are for the person: in
    their language and in Markdown, about what could not be read.
    """

    shown: tuple[Shown, ...] = ()
    files: tuple[FileText, ...] = ()
    remarks: tuple[str, ...] = ()


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


async def look_at(message: discord.Message) -> Seen:
    """Everything that is attached to a message. Never fails: at least names and sizes are known."""
    return await look_at_files(message.attachments, message.content)


async def look_at_files(attachments: Sequence[discord.Attachment], text: str) -> Seen:
    """The same for files that came with ``text`` in another way than as a message."""
    if not attachments:
        return Seen()
    remarks = _remarks_for(attachments, text)
    looks = await asyncio.gather(
        *(_look(attachment, remarks) for attachment in attachments[:MAX_FILES])
    )
    rest = attachments[MAX_FILES:]
    return Seen(
        shown=(*(look.shown for look in looks), *(_as_told(attachment) for attachment in rest)),
        files=tuple(look.file for look in looks if look.file is not None),
        remarks=(
            *(look.remark for look in looks if look.remark),
            *([remarks.too_many.format(count=MAX_FILES)] if rest else []),
        ),
    )


async def _look(attachment: discord.Attachment, remarks: _Remarks) -> _Look:
    told = _as_told(attachment)
    if _is_measured(attachment):
        return _Look(told)
    name = literal_line(told.name)  # remarks are shown as Markdown
    if attachment.size > TEXT_FILE_BYTES:
        is_text = told.media_type == text_type(told.name)
        return _Look(told, remark=remarks.too_large.format(name=name) if is_text else "")
    content = await _content(attachment)
    if content is None:
        return _Look(told, remark=remarks.unreachable.format(name=name))
    text = text_in(content)
    if text is None:
        return _Look(_as_found(told, content))
    file = FileText(
        name=told.name, text=text[:FILE_CHARACTERS], is_whole=len(text) <= FILE_CHARACTERS
    )
    shown = _shown(
        attachment, name=told.name, media_type=text_type(told.name), description=_outline(text)
    )
    return _Look(shown, file)


async def _content(attachment: discord.Attachment) -> bytes | None:
    """All of it; None when Discord does not hand it out: links to files expire."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            content = await attachment.read()
    except discord.HTTPException as error:
        log.info("attachment_not_read", status=error.status)
        return None
    except (aiohttp.ClientError, OSError) as error:
        log.info("attachment_not_read", error=type(error).__name__)
        return None
    return content


def _as_told(attachment: discord.Attachment) -> Shown:
    """By what Discord says of it, which goes by its name unless it has measured a picture."""
    declared = (attachment.content_type or "").partition(";")[0].strip().lower()
    kind = declared.partition("/")[0]
    is_pretended = kind in {"image", "video"} and not _is_measured(attachment)
    is_fit = _MEDIA_TYPE.fullmatch(declared) and not is_pretended
    return _shown(
        attachment,
        name=cleaned_name(attachment),
        media_type=declared if is_fit else UNKNOWN,
        width=attachment.width,
        height=attachment.height,
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
    attachment: discord.Attachment,
    *,
    name: str,
    media_type: str,
    width: int | None = None,
    height: int | None = None,
    description: str = "",
) -> Shown:
    return Shown(
        name=name,
        media_type=media_type,
        size=attachment.size,
        width=width,
        height=height,
        alt_text=clean_text(attachment.description or ""),
        description=description,
    )


def _is_measured(attachment: discord.Attachment) -> bool:
    """Whether Discord itself has opened it, so that it is what it is said to be."""
    return bool(attachment.width and attachment.height) or attachment.is_voice_message()


def cleaned_name(attachment: discord.Attachment) -> str:
    """What a file is called, without folders or characters that nobody sees.

    Discord keeps a name outside ASCII as a title and makes up another one for the link.
    """
    name = _visible(attachment.filename)
    if attachment.title:
        name = _visible(attachment.title) + PurePosixPath(name).suffix
    if not name.strip("."):
        return "file"
    if len(name) <= NAME_CHARACTERS:
        return name
    ending = PurePosixPath(name).suffix[-NAME_CHARACTERS // 4 :]
    return name[: NAME_CHARACTERS - len(ending)] + ending


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


def _remarks_for(attachments: Sequence[discord.Attachment], text: str) -> _Remarks:
    """In the language of the words, or of the files' names where there are none."""
    names = " ".join(cleaned_name(attachment) for attachment in attachments)
    is_chinese = language_of(text.strip() or names) is Language.CHINESE
    return _CHINESE if is_chinese else _ENGLISH
