"""What many conversations in a local Slack have in common."""

from __future__ import annotations

from slack_stand_in import Message
from support.office import Ellie, Office


async def quiet(o: Office, *ellies: Ellie) -> None:
    """Wait until all that was sent to Ellie is dealt with, and what she does about it is shown."""
    for _ in range(2):  # what she writes is told to her too
        await o.slack.settled()
        await o.slack.until(lambda: all(one.adapter.is_idle for one in ellies or (o.ellie,)))


async def is_answered(o: Office, message: Message) -> bool:
    """Whether anything of hers stands in a message's thread after it, once all is quiet."""
    await quiet(o)
    place = message.channel
    return any(said.ts > message.ts for said in o.team.hers(place, message.root_ts))


def whispers(o: Office, who: str = "ana") -> list[str]:
    """What somebody alone was shown, oldest first."""
    return [told.shown_text for told in o.team.ephemerals(getattr(o, who))]
