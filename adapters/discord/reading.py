"""Everything that is read from Discord to answer one message: files, and what stands around it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import discord

from adapters.discord.addressing import replied_message
from adapters.discord.attachments import Seen, look_at, look_at_files
from adapters.discord.normalising import identity_of, quoted
from adapters.discord.surroundings import around
from adapters.discord.texts import texts_for
from bot.domain.surroundings import ALONE, Surroundings, Utterance


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was read. ``remarks`` are for the person: about files that could not be."""

    seen: Seen
    surroundings: Surroundings
    remarks: tuple[str, ...] = ()


async def read_for(
    message: discord.Message, *, me: discord.abc.User, limit: int, reads_context: bool = True
) -> Read:
    """For a message to Ellie: ``limit`` of the channel's latest messages, and the files.

    Files of the message that it replies to are read too: they are what the person means. Unless
    she ``reads_context``, nothing is read but the files that came with the message itself.
    """
    if not reads_context:
        own = await look_at(message)
        return Read(seen=own, surroundings=Surroundings(files=own.files), remarks=own.remarks)
    meant = replied_message(message)
    seen, theirs, said = await asyncio.gather(
        look_at(message),
        look_at_files(meant.attachments if meant else [], message.content),
        around(message, me=me, limit=limit),
    )
    return Read(
        seen=seen,
        surroundings=Surroundings(
            said=said, files=(*seen.files, *theirs.files), pictures=theirs.pictures
        ),
        remarks=(*seen.remarks, *theirs.remarks),
    )


async def read_about(
    message: discord.Message, question: str, *, me: discord.abc.User, reads_context: bool = True
) -> Read:
    """For a question about a message: its words and its files, which are somebody else's.

    Unless she ``reads_context``, none of it: that is remarked.
    """
    if not reads_context:
        told = texts_for(question).not_read
        return Read(seen=Seen(), surroundings=ALONE, remarks=(told,))
    theirs = await look_at_files(message.attachments, question)
    about = Utterance(
        speaker=identity_of(message.author).display_name,
        text=quoted(message, me),
        said_at=message.created_at,
        by_ellie=message.author.id == me.id,
        pointed_at=True,
    )
    return Read(
        seen=Seen(),
        surroundings=Surroundings(said=(about,), files=theirs.files, pictures=theirs.pictures),
        remarks=theirs.remarks,
    )


async def read_file(file: discord.Attachment | None, question: str) -> Read:
    """For a question that comes with a file, or with none."""
    seen = await look_at_files([] if file is None else [file], question)
    return Read(seen=seen, surroundings=Surroundings(files=seen.files), remarks=seen.remarks)
