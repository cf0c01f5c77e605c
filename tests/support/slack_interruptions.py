"""Being killed in the middle of an answer, in a local Slack."""

from __future__ import annotations

from typing import Any

from slack_stand_in import Message
from support.office import HeldGenerator, Office


def is_whole(o: Office, text: str, channel: Any = None) -> bool:
    """Whether she said this and nothing else, and nothing more will come."""
    return o.is_finished(1, channel) and o.said(channel) == [text]


async def hold_after(o: Office, words: int, question: str = "count") -> Message:
    """Have her be in the middle of an answer."""
    o.ellie.generator.hold(after_words=words)
    asked: Message = await o.call(o.ana, question)
    if words:
        await o.slack.until(lambda: o.said() and o.ellie.state.deliveries)
    else:
        await o.slack.until(lambda: o.ellie.generator.requests)
    await o.slack.settled()
    return asked


def held(*replies: str, after_words: int = 0) -> HeldGenerator:
    """A model that is slow from the beginning."""
    generator = HeldGenerator(*replies)
    generator.hold(after_words=after_words)
    return generator


async def recovered(o: Office) -> None:
    """Wait until she has looked through what was cut off, and all of it is dealt with."""
    await o.slack.until(lambda: o.ellie.adapter.is_idle and not unfinished(o))


def unfinished(o: Office) -> list[str]:
    """Turns that nobody has finished showing."""
    state = o.ellie.state
    shown = {found.turn_id for found in state.deliveries.values() if found.is_complete}
    return [stored.turn.id for stored in state.turns.values() if stored.turn.id not in shown]
