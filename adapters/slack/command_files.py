"""Files of an answer go into the direct messages with the person: nobody else may see them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.command_texts import SlackCommandTexts
from adapters.slack.web import TROUBLE, error_code
from adapters.slack.workspace import Workspace
from bot.commands.reply import ReplyFile
from bot.log import get_logger

log = get_logger(__name__)

MAX_BYTES = 1_000_000_000
"""What Slack takes for one file (https://docs.slack.dev/messaging/working-with-files)."""
SCOPE = "files:write"
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWay:
    """How files get to a person.

    ``is_here``: the answer itself stands in those direct messages, in the thread ``thread_ts``.
    """

    client: AsyncWebClient
    workspace: Workspace
    find_channel: Callable[[], Awaitable[str]]
    is_here: bool = False
    thread_ts: str | None = None
    limit: int = MAX_BYTES

    async def send(self, files: Sequence[ReplyFile], texts: SlackCommandTexts) -> list[str]:
        """Send them; what there is to say about it is returned. Never raises."""
        if self.workspace.scopes and SCOPE not in self.workspace.scopes:
            return [texts.files_unscoped]
        remarks = [
            texts.file_too_big.format(
                name=file.name,
                size=len(file.content) // _MEGABYTE,
                limit=self.limit // _MEGABYTE,
            )
            for file in files
            if len(file.content) > self.limit
        ]
        fitting = [file for file in files if len(file.content) <= self.limit]
        if not fitting:
            return remarks
        try:
            await self.client.files_upload_v2(
                file_uploads=[
                    {"file": file.content, "filename": file.name, "title": file.name}
                    for file in fitting
                ],
                channel=await self.find_channel(),
                thread_ts=self.thread_ts,
            )
        except TROUBLE as error:
            code = error_code(error)
            log.warning("command_files_not_sent", code=code)
            refused = texts.files_unscoped if code == "missing_scope" else texts.files_refused
            return [*remarks, refused]
        return remarks if self.is_here else [texts.files_sent, *remarks]
