"""What comes in, normalised: one value for every platform."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.conversation import ConversationRef
from bot.domain.identity import IdentityRef
from bot.domain.shown import Picture, Shown
from bot.domain.surroundings import ALONE, Surroundings
from bot.domain.turn import TurnId


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """One message to Ellie.

    ``event_key`` is unique on its platform and the same when the platform delivers the event
    again: it is what makes a second delivery harmless. ``text`` is as the person wrote it; the
    engine cleans it (see :mod:`bot.domain.text`). ``shown`` are the images and files that came
    with it; a message may consist of them alone. ``pictures`` are those of them that can be looked
    at. ``surroundings`` help to understand it, and are stored nowhere. ``author_roles`` are the
    roles of the author there, by the ids of the platform or its words for them, and ``admin`` of
    whoever may manage the server or workspace. ``ruled`` is the place whose policy holds, where
    that is not the conversation: a private thread is a circle of its own, and ruled like its
    channel.
    """

    event_key: str
    author: IdentityRef
    conversation: ConversationRef
    text: str
    received_at: datetime
    shown: tuple[Shown, ...] = ()
    pictures: tuple[Picture, ...] = ()
    surroundings: Surroundings = ALONE
    author_roles: frozenset[str] = frozenset()
    ruled: ConversationRef | None = None

    def __post_init__(self) -> None:
        if self.received_at.tzinfo is None:
            msg = "received_at needs a time zone"
            raise ValueError(msg)
        if not self.event_key:
            msg = "a message needs the platform's event key"
            raise ValueError(msg)
        if self.author.platform is not self.conversation.platform:
            msg = "author and conversation come from different platforms"
            raise ValueError(msg)

    @property
    def policy_place(self) -> ConversationRef:
        """The place whose policy holds for this message."""
        return self.ruled or self.conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainRequest:
    """A wish to have a message answered once more, by the one who wrote it.

    The turn is named by its id, or by the event that it came from. With ``only_unanswered`` a turn
    that has a reply stays as it is. With ``after_interruption`` nobody asked: the turn was cut off,
    and is answered once more in place of telling so; see :meth:`Deliveries.reported`. Where it is
    not cut off any more, it stays as it is. ``author_roles`` and ``ruled`` are as in
    :class:`InboundMessage`.
    """

    author: IdentityRef
    conversation: ConversationRef
    turn_id: TurnId | None = None
    event_key: str = ""
    only_unanswered: bool = False
    after_interruption: bool = False
    surroundings: Surroundings = ALONE
    author_roles: frozenset[str] = frozenset()
    ruled: ConversationRef | None = None

    def __post_init__(self) -> None:
        if (self.turn_id is None) is not bool(self.event_key):
            msg = "a turn is named by its id or by its event"
            raise ValueError(msg)

    @property
    def policy_place(self) -> ConversationRef:
        """The place whose policy holds for this wish."""
        return self.ruled or self.conversation
