"""Conversations of which nothing is stored: they live in this process's memory, and end with it."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime

from bot.domain.conversation import ConversationRef
from bot.domain.identity import IdentityRef, Person, PersonId
from bot.domain.turn import Turn, TurnId

MAX_TURNS = 20
"""More turns than this of one conversation are not kept."""

MAX_CONVERSATIONS = 1000
"""The one that was silent for longest ends first."""

_Key = tuple[PersonId, ConversationRef]


def passer_by_id(account: IdentityRef) -> PersonId:
    """What stands for the id of somebody of whom a place keeps nothing, not even that they exist.

    It is no id of anybody stored, so that nothing which is stored can be reached by it.
    """
    tenant = account.tenant.id if account.tenant else ""
    return PersonId(f"passer-by:{account.platform}:{tenant}:{account.external_id}")


def passer_by(account: IdentityRef, *, seen_at: datetime) -> Person:
    """Somebody where nothing is kept: a name and no memory, whatever is known elsewhere."""
    return Person(
        id=passer_by_id(account), display_name=account.display_name, first_seen_at=seen_at
    )


def _nothing_else(_: PersonId) -> None:
    pass


class IncognitoConversations:
    """The loops of people who went incognito, and the events that they sent.

    Also the loops where the place keeps nothing, under the ids of passers-by.
    """

    def __init__(self, dropped: Callable[[PersonId], None] = _nothing_else) -> None:
        """``dropped`` is told of whom something was dropped here, so that it goes elsewhere too."""
        self._dropped = dropped
        self._loops: OrderedDict[_Key, deque[Turn]] = OrderedDict()
        self._events: OrderedDict[str, None] = OrderedDict()
        self._open: dict[TurnId, PersonId] = {}

    def take(self, turn: Turn) -> bool:
        """Begin a turn; False when its event is not new. A platform may deliver it again."""
        if turn.event_key in self._events:
            return False
        self._events[turn.event_key] = None
        if len(self._events) > MAX_CONVERSATIONS:
            self._events.popitem(last=False)
        self._open[turn.id] = turn.person_id
        return True

    def knows(self, event_key: str) -> bool:
        """Whether an event was taken here before."""
        return event_key in self._events

    def loop(self, person_id: PersonId, conversation: ConversationRef) -> tuple[Turn, ...]:
        """The turns of this conversation since the person went incognito, oldest first."""
        return tuple(self._loops.get((person_id, conversation), ()))

    def add(self, conversation: ConversationRef, turn: Turn) -> None:
        """Keep a finished turn until the person is incognito no more, if they still are."""
        if turn.id not in self._open:
            self._dropped(turn.person_id)
            return
        key = (turn.person_id, conversation)
        self._loops.setdefault(key, deque(maxlen=MAX_TURNS)).append(turn)
        self._loops.move_to_end(key)
        if len(self._loops) > MAX_CONVERSATIONS:
            (silent, _), _ = self._loops.popitem(last=False)
            self._dropped(silent)

    def drop(self, event_key: str) -> bool:
        """Drop the turn that an event became: its message was deleted. False when none is here."""
        for loop in self._loops.values():
            for turn in loop:
                if turn.event_key == event_key:
                    loop.remove(turn)
                    self._dropped(turn.person_id)
                    return True
        return False

    def leave(self, turn_id: TurnId) -> None:
        """A turn is over, whether it was kept or failed."""
        self._open.pop(turn_id, None)

    def end(self, person_id: PersonId) -> None:
        """Drop everything that this person said incognito, also what is answered just now."""
        said = [key for key in self._loops if key[0] == person_id]
        is_open = person_id in self._open.values()
        self._open = {turn: owner for turn, owner in self._open.items() if owner != person_id}
        for key in said:
            del self._loops[key]
        if said or is_open:
            self._dropped(person_id)

    def end_account(self, account: IdentityRef) -> None:
        """Drop everything that was said with this account where places keep nothing."""
        self.end(passer_by_id(account))
        self._dropped(passer_by_id(account))  # also what is in no loop, such as a failed turn

    def end_in(self, account: IdentityRef, conversation: ConversationRef) -> None:
        """Drop what this account said in a place that kept nothing then, and does now."""
        if self._loops.pop((passer_by_id(account), conversation), None):
            self._dropped(passer_by_id(account))
