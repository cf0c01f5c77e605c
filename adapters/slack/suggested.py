"""What people may begin with, in their messages with Ellie."""

from __future__ import annotations

from slack_sdk.web.async_client import AsyncWebClient

from adapters.recent import Recent
from adapters.slack.home_texts import home_texts
from adapters.slack.people import People
from adapters.slack.web import TROUBLE, error_code
from bot.commands.language import language_of
from bot.log import get_logger

log = get_logger(__name__)

REMEMBERED_CHANNELS = 10_000


class SuggestedPrompts:
    """Offers them once in each direct message and process."""

    def __init__(self, client: AsyncWebClient, people: People) -> None:
        self._client = client
        self._people = people
        self._offered = Recent(REMEMBERED_CHANNELS)

    async def offer(self, user_id: str, channel_id: str) -> None:
        """Show what somebody could say, in their language. What Slack refuses is logged.

        No thread is named: Slack says that it ignores the call of an agent that names one
        (https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts).
        """
        if not channel_id or not self._offered.add(channel_id):
            return
        user = await self._people.get(user_id)
        texts = home_texts(language_of("", user.locale))
        try:
            await self._client.assistant_threads_setSuggestedPrompts(
                channel_id=channel_id,
                title=texts.prompts_title,
                prompts=[
                    {"title": label, "message": message} for label, message in texts.prompts.items()
                ],
            )
        except TROUBLE as error:
            log.info("prompts_not_suggested", code=error_code(error))
