"""Two workspaces of one Slack, each with an Ellie of its own, on one database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from slack_stand_in import Channel, Message, SlackStandIn, User
from support.office import Ellie, Office
from support.office_talk import quiet


class Pair:
    """In both of them people and channels have the same ids."""

    def __init__(self, here: Office, there: Office) -> None:
        self.here, self.there = here, there

    async def quiet(self) -> None:
        await quiet(self.here, self.here.ellie, self.there.ellie)

    async def say_at_once(self, text: str, *, direct: bool = False) -> tuple[Message, Message]:
        """Ana says the same in both, and Slack gives both messages the same name."""
        said = [await self._written(o, o.ana, text, direct=direct) for o in (self.here, self.there)]
        said[1].ts = said[0].ts
        for o, message in zip((self.here, self.there), said, strict=True):
            await o.team.tell_of(message)
        await self.quiet()
        return said[0], said[1]

    async def _written(self, o: Office, who: User, text: str, *, direct: bool) -> Message:
        channel: Channel = o.team.dm(who) if direct else o.hall
        words = text if direct else f"{o.me} {text}"
        return await o.team.say(who, channel, words, deliver=False)


@asynccontextmanager
async def two_workspaces(*replies: str, enterprise_id: str = "") -> AsyncIterator[Pair]:
    """Acme and Apex; each Ellie says ``replies``."""
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1", name="Acme", enterprise_id=enterprise_id)
        apex = slack.add_team("T2", name="Apex", enterprise_id=enterprise_id)
        first = Ellie(slack, acme, *replies)
        second = Ellie(slack, apex, *replies, before=first, worker="other")
        pair = Pair(Office(slack, acme, first), Office(slack, apex, second))
        await first.start()
        await second.start()
        try:
            yield pair
        finally:
            await pair.there.ellie.stop()
            await pair.here.ellie.stop()
