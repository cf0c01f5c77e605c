"""Everything that is read from Slack to answer one message: files, and what stands around it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from adapters.attached_files import Seen
from adapters.reply_texts import reply_texts_for
from adapters.slack.events import SlackMessage
from adapters.slack.files import Files
from adapters.slack.naming import Naming
from adapters.slack.normalising import spoken
from adapters.slack.people import People
from adapters.slack.places import Place, Places
from adapters.slack.surroundings import Around
from adapters.slack.workspace import Workspace
from bot.domain.identity import IdentityRef
from bot.domain.message import InboundMessage
from bot.domain.surroundings import ALONE, Surroundings

READING_SECONDS = 1.5
"""Slack takes a message for lost after three, and it is acknowledged when it is stored."""
NAMING_SECONDS = 0.5
"""Of them for the names of people and channels that a message mentions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was read. ``remarks`` are for the person: about files that could not be."""

    seen: Seen
    surroundings: Surroundings
    remarks: tuple[str, ...] = ()


class Reader:
    """Reads for one workspace. Never fails: what Slack does not tell in time is left out."""

    def __init__(
        self, client: AsyncWebClient, workspace: Workspace, *, people: People, places: Places
    ) -> None:
        self._workspace = workspace
        self._naming = Naming(workspace, people=people, places=places)
        self._around = Around(client, workspace, self._naming)
        self._files = Files(client)

    async def words_of(self, message: SlackMessage, *, seconds: float = NAMING_SECONDS) -> str:
        """What somebody said, with the names of those whom they mention."""
        known = await self._naming.of([message], seconds=seconds)
        return spoken(message, self._workspace, known.named)

    async def read_for(
        self,
        message: SlackMessage,
        *,
        place: Place,
        limit: int,
        seconds: float = READING_SECONDS,
        reads_context: bool = True,
    ) -> Read:
        """For a message to Ellie: ``limit`` of the latest messages before it, and the files.

        Files of a message that is forwarded with it are read too: they are what the person means.
        Unless she ``reads_context``, nothing is read but the files that came with the message
        itself.
        """
        if not reads_context:
            own = await self._files.look_at(message.files, message.text, seconds=seconds)
            return Read(seen=own, surroundings=Surroundings(files=own.files), remarks=own.remarks)
        theirs = [file for shared in message.forwarded for file in shared.files]
        seen, meant, said = await asyncio.gather(
            self._files.look_at(message.files, message.text, seconds=seconds),
            self._files.look_at(theirs, message.text, seconds=seconds),
            self._around.of(message, place=place, limit=limit, seconds=seconds),
        )
        return Read(
            seen=seen,
            surroundings=Surroundings(
                said=said, files=(*seen.files, *meant.files), pictures=meant.pictures
            ),
            remarks=(*seen.remarks, *meant.remarks),
        )

    async def read_about(
        self,
        message: SlackMessage,
        question: str,
        *,
        asker_id: str,
        seconds: float = READING_SECONDS,
        reads_context: bool = True,
    ) -> Read:
        """For a question about a message: its words and its files, which are somebody else's.

        Unless she ``reads_context``, none of it: that is remarked.
        """
        if not reads_context:
            told = reply_texts_for(question).not_read
            return Read(seen=Seen(), surroundings=ALONE, remarks=(told,))
        theirs = [*message.files, *(file for shared in message.forwarded for file in shared.files)]
        seen, said = await asyncio.gather(
            self._files.look_at(theirs, question, seconds=seconds),
            self._around.about(message, asker_id, seconds=seconds),
        )
        return Read(
            seen=Seen(),
            surroundings=Surroundings(said=said, files=seen.files, pictures=seen.pictures),
            remarks=seen.remarks,
        )


def inbound(
    message: SlackMessage,
    text: str,
    read: Read,
    *,
    author: IdentityRef,
    place: Place,
    workspace: Workspace,
    roles: frozenset[str] = frozenset(),
) -> InboundMessage:
    """A message to Ellie, for the engine; ``text`` is what :meth:`Reader.words_of` made of it."""
    return InboundMessage(
        event_key=message.event_key,
        author=author,
        conversation=place.conversation(workspace, message.root_ts),
        text=text,
        received_at=message.sent_at,
        shown=read.seen.shown,
        pictures=read.seen.pictures,
        surroundings=read.surroundings,
        author_roles=roles,
    )
