"""What is to be seen in a local Slack, and waiting for it."""

from __future__ import annotations

from slack_stand_in import Channel, Message
from slack_stand_in.delivering import Delivery
from support.office import Office
from support.town import INTRODUCTION


def labels(message: Message) -> list[str]:
    """What is written on the buttons under a message."""
    elements = [e for block in message.blocks for e in block.get("elements", ())]
    return [e["text"]["text"] for e in elements if e.get("type") == "button"]


def introductions(o: Office, channel: Channel | None = None) -> int:
    """How many of her messages tell what she keeps."""
    return sum(INTRODUCTION in message.shown_text for message in o.hers(channel))


def told_of(o: Office, message: Message) -> list[Delivery]:
    """Every delivery of the events that told of a message when it was new."""
    ts = message.ts
    return [one for one in o.slack.deliveries if one.payload.get("event", {}).get("ts") == ts]


def is_taken(o: Office, message: Message) -> bool:
    """Whether every event that told of a message was confirmed."""
    return all(one.is_acked for one in told_of(o, message))


async def quiet(o: Office) -> None:
    """Wait until nothing is on its way any more, in either direction."""
    await o.slack.settled()
    await o.slack.until(lambda: o.ellie.adapter.is_idle)
    await o.slack.settled()
