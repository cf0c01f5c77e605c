"""How a reply reached its platform: which messages show it, and whether all of it is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.conversation import ConversationRef
from bot.domain.turn import Turn, TurnId


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The messages that show the reply to a turn, in order, as the platform names them.

    While a reply is streamed it is not complete. Holds no words.
    """

    turn_id: TurnId
    channel_id: str
    message_ids: tuple[str, ...] = ()
    is_complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """A turn that has ended, and of whose end the person may have seen a part or nothing.

    ``worker`` and ``lease_until`` are those of the turn: a living process may be showing it now.
    ``delivery`` is None when not even a first message was noted. ``introduces`` says that it is
    this turn's end which tells the person what is kept about them.
    """

    turn: Turn
    conversation: ConversationRef
    worker: str
    lease_until: datetime
    delivery: Delivery | None = None
    introduces: bool = False
