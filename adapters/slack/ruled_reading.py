"""Reading for a message as far as the rules of its place have it."""

from __future__ import annotations

from adapters.slack.events import SlackMessage
from adapters.slack.people import People, SlackUser
from adapters.slack.places import Place, PlaceKind
from adapters.slack.reading import READING_SECONDS, Read, Reader
from adapters.slack.web import in_a_hurry
from adapters.slack.workspace import Workspace
from bot.engine.turn import TurnEngine


class RuledReading:
    """Asks what holds in a place before anything is read there."""

    def __init__(
        self,
        reader: Reader,
        *,
        engine: TurnEngine,
        people: People,
        workspace: Workspace,
        context_messages: int,
    ) -> None:
        """``context_messages``: how many messages before one are read."""
        self._reader = reader
        self._engine = engine
        self._people = people
        self._workspace = workspace
        self._context_messages = context_messages

    async def read_for(
        self,
        message: SlackMessage,
        user: SlackUser,
        place: Place,
        *,
        seconds: float = READING_SECONDS,
    ) -> Read:
        """What is read besides the message, as far as Slack tells it at once.

        What was said in direct messages before is in memory. For whoever may not use Ellie there,
        nothing is read of others.
        """
        rules = await self._engine.rules_in(place.conversation(self._workspace))
        is_heard = rules.admits(self._people.identity_of(user), user.roles)
        limit = 0 if place.kind is PlaceKind.DIRECT else self._context_messages
        with in_a_hurry():
            return await self._reader.read_for(
                message,
                place=place,
                limit=limit,
                seconds=seconds,
                reads_context=is_heard and rules.reads_context,
            )

    async def is_heard(self, message: SlackMessage, place: Place) -> bool:
        """Whether its author may talk with Ellie there now. Slack is asked only if it matters."""
        rules = await self._engine.rules_in(place.conversation(self._workspace))
        if rules.is_open:
            return True
        user = await self._people.get(message.user_id, team_id=message.user_team_id)
        return rules.admits(self._people.identity_of(user), user.roles)
