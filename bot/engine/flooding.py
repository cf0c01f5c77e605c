"""What is not answered in a flood: refusals that were just given, and what is said in a loop."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable
from datetime import datetime, timedelta

from bot.domain.conversation import ConversationRef
from bot.domain.identity import IdentityRef, Platform
from bot.engine.lanes import account_of
from bot.ports.system import Clock

REFUSAL_SECONDS = 10.0
"""Somebody is told at most once in so long, in one place, that they are not answered."""

MOST_REPEATS = 6
"""The same words are answered so many times in :data:`REPEATS_WITHIN`."""

REPEATS_WITHIN = timedelta(minutes=1)

MAX_KNOWN = 2000
"""Accounts in places that are remembered; the one that was silent for longest goes first."""


class RefusalPacing:
    """Keeps refusals from being a flood themselves."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: OrderedDict[Hashable, float] = OrderedDict()

    def was_told(self, author: IdentityRef, conversation: ConversationRef) -> bool:
        """Whether somebody was refused there a moment ago. If not, they are told now."""
        key = (account_of(author), conversation.audience.channel)
        now, told = self._clock.elapsed(), self._told.get(key)
        if told is not None and now - told < REFUSAL_SECONDS:
            return True
        self._told[key] = now
        self._told.move_to_end(key)
        if len(self._told) > MAX_KNOWN:
            self._told.popitem(last=False)
        return False


class LoopBreaker:
    """Notices who says the same over and over: two programs that answer each other, for instance.

    Adapters let no program's message through that its platform knows as one. This is for what a
    bridge or a person's own token says. It keeps no words, only what tells them apart.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: OrderedDict[Hashable, deque[datetime]] = OrderedDict()

    def repeats(self, author: IdentityRef, conversation: ConversationRef, text: str) -> int:
        """How many times more than it is answered somebody said this there, this one counted.

        0 where it is to be answered. Nobody loops in the terminal, and what has no words is no
        repetition.
        """
        if author.platform is Platform.CONSOLE or not text:
            return 0
        key = (account_of(author), conversation.audience.channel, hash(text.casefold()))
        now = self._clock.now()
        said = self._said.setdefault(key, deque(maxlen=MOST_REPEATS + 2))
        self._said.move_to_end(key)
        if len(self._said) > MAX_KNOWN:
            self._said.popitem(last=False)
        said.append(now)
        within = sum(timedelta(0) <= now - moment < REPEATS_WITHIN for moment in said)
        return max(within - MOST_REPEATS, 0)
