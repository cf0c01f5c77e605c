"""Files of an answer as Discord takes them: whole, packed, or not at all with a word about it."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import discord

from adapters.discord.command_texts import CommandTexts
from bot.commands.reply import ReplyFile

MAX_BYTES = 10 * 1024 * 1024
"""What Discord takes for one file without a boost (docs.discord.com, uploading files)."""

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Files in as many messages as they need, and what there is to say about them."""

    messages: tuple[tuple[discord.File, ...], ...]
    remarks: tuple[str, ...]


async def parcel(files: Sequence[ReplyFile], texts: CommandTexts, limit: int = MAX_BYTES) -> Parcel:
    """Files as discord.py sends them, each of which can be sent once."""
    messages: list[tuple[discord.File, ...]] = []
    remarks: list[str] = []
    together: list[ReplyFile] = []
    for file in files:
        fitting = file
        if len(file.content) > limit:
            fitting = await asyncio.to_thread(_packed, file)
            if len(fitting.content) > limit:
                size = len(file.content) // _MEGABYTE
                remarks.append(
                    texts.too_big.format(name=file.name, size=size, limit=limit // _MEGABYTE)
                )
                continue
            remarks.append(texts.zipped.format(name=file.name))
        if together and sum(len(one.content) for one in (*together, fitting)) > limit:
            messages.append(_files(together))
            together = []
        together.append(fitting)
    if together:
        messages.append(_files(together))
    return Parcel(messages=tuple(messages), remarks=tuple(remarks))


def _files(files: Sequence[ReplyFile]) -> tuple[discord.File, ...]:
    return tuple(discord.File(io.BytesIO(file.content), filename=file.name) for file in files)


def _packed(file: ReplyFile) -> ReplyFile:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(file.name, file.content)
    return ReplyFile(
        name=f"{file.name}.zip", media_type="application/zip", content=buffer.getvalue()
    )
