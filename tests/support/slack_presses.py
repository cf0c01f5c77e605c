"""Pressing what stands under a reply, in a local Slack."""

from __future__ import annotations

from typing import Any

from slack_stand_in import Message
from support.office import Office

from adapters.slack.reply_blocks import AGAIN


async def told(o: Office, who: Any, count: int = 1) -> str:
    """What somebody alone was told last, once it was so many things."""
    await o.slack.until(lambda: len(o.team.ephemerals(who)) >= count)
    return str(o.team.ephemerals(who)[-1].shown_text)


async def press_again(o: Office, message: Message | None = None, who: Any = None) -> None:
    """Somebody wants another answer: Ana, if nobody is named, under the last message."""
    result = await o.team.press(who or o.ana, message or o.hers()[-1], action_id=AGAIN)
    assert result.acked


async def becomes(o: Office, *said: str) -> None:
    """Wait until this is all that she said, and finished."""
    await o.slack.until(lambda: o.is_finished(len(said)) and o.said() == list(said))
