"""What came with a message on Discord: images and files for the sketchpad, words for the turn."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import aiohttp
import discord

from adapters.attached_files import (
    FILE_CHARACTERS,
    MAX_FILES,
    TEXT_FILE_BYTES,
    AttachedFile,
    Seen,
    clean_name,
    look_at_all,
)
from adapters.discord.escaping import literal_line
from bot.log import get_logger

__all__ = [
    "FILE_CHARACTERS",
    "MAX_FILES",
    "TEXT_FILE_BYTES",
    "Seen",
    "look_at",
    "look_at_files",
]

log = get_logger(__name__)

PATIENCE_SECONDS = 15.0
"""For downloading one file."""


async def look_at(message: discord.Message) -> Seen:
    """Everything that is attached to a message. Never fails: at least names and sizes are known."""
    return await look_at_files(message.attachments, message.content)


async def look_at_files(attachments: Sequence[discord.Attachment], text: str) -> Seen:
    """The same for files that came with ``text`` in another way than as a message."""
    files = [_file(attachment) for attachment in attachments]
    return await look_at_all(files, text, literal=literal_line)


def names_of(attachments: Sequence[discord.Attachment]) -> frozenset[str]:
    """What files are called in memory."""
    return frozenset(_file(attachment).name for attachment in attachments)


def _file(attachment: discord.Attachment) -> AttachedFile:
    return AttachedFile(
        # Discord keeps a name outside ASCII as a title and makes up another one for the link.
        name=clean_name(attachment.filename, attachment.title or ""),
        media_type=attachment.content_type or "",
        size=attachment.size,
        width=attachment.width,
        height=attachment.height,
        alt_text=attachment.description or "",
        is_measured=bool(attachment.width and attachment.height) or attachment.is_voice_message(),
        read=partial(_content, attachment),
        fetch=partial(_fetched, attachment),
    )


async def _fetched(attachment: discord.Attachment, most_bytes: int) -> bytes | None:
    """All of it, unless that is too much."""
    if attachment.size > most_bytes:
        log.info("attachment_not_read", error="too_large")
        return None
    return await _content(attachment)


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
