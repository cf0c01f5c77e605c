"""Who and what gets in: the policy of the place is asked before anything is stored."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import IdentityRef
from bot.domain.message import AgainRequest, InboundMessage
from bot.domain.place_policy import MemoryMode
from bot.engine.accepted import Accepted
from bot.engine.declining import Declined, NotAgain
from bot.engine.house_rules import HouseRules, nobody
from bot.engine.incognito import IncognitoConversations, passer_by_id
from bot.engine.ledger import TurnLedger
from bot.engine.notices import notices_for
from bot.engine.outcomes import DUPLICATE, declined, refused
from bot.engine.quotas import Spent
from bot.engine.reply import Outcome
from bot.log import get_logger
from bot.ports.policy_source import FixedPolicy, PolicySource
from bot.ports.system import Clock

log = get_logger(__name__)

SILENCE = timedelta(hours=1)
"""Somebody who may not use Ellie in a channel is told so there once in this time."""

REMEMBERED = 10_000
"""People whom this process told something; the one who was told first may be told again."""


class Admission:
    """Admits messages as the policy of their place has it. May raise a StorageError."""

    def __init__(
        self,
        ledger: TurnLedger,
        *,
        clock: Clock,
        incognito: IncognitoConversations,
        policies: PolicySource | None = None,
        is_owner: Callable[[IdentityRef], bool] = nobody,
    ) -> None:
        """``is_owner``: whether somebody owns this Ellie, whom no list locks out."""
        self._ledger = ledger
        self._clock = clock
        self._incognito = incognito
        self._policies = policies or FixedPolicy()
        self._is_owner = is_owner
        self._turned_away: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        self._told: OrderedDict[tuple[str, MemoryMode], None] = OrderedDict()

    async def rules_in(self, place: ConversationRef) -> HouseRules:
        """What holds in a place."""
        policy = await self._policies.of(place)
        return HouseRules(policy=policy, place=place, is_owner=self._is_owner)

    async def admit(self, message: InboundMessage, text: str) -> Accepted | Spent | Outcome:
        """Take a message with what holds where it was written, or say why it is not taken."""
        rules = await self.rules_in(message.policy_place)
        if not rules.admits(message.author, message.author_roles):
            return self._turn_away(message, text)
        if not text and not message.shown:
            return refused(notices_for(text).empty)
        accepted = await self._ledger.admit(message, text, rules.policy)
        if accepted is None:
            return DUPLICATE
        if isinstance(accepted, Spent):
            return accepted
        if accepted.is_stored:
            self._incognito.end(accepted.person.id)
            self._incognito.end_in(message.author, message.conversation)
        elif not self._incognito.take(accepted.turn):
            return DUPLICATE
        return self._told_of(accepted)

    async def readmit(self, request: AgainRequest) -> Accepted | Spent | Outcome:
        """Open a turn once more, or say why it stays as it is."""
        rules = await self.rules_in(request.policy_place)
        is_admitted = rules.admits(request.author, request.author_roles)
        barred = None if is_admitted else NotAgain.DENIED
        answer = await self._ledger.readmit(request, rules.policy, barred=barred)
        return declined(answer) if isinstance(answer, Declined) else answer

    def _turn_away(self, message: InboundMessage, text: str) -> Outcome:
        """Say who may be asked, and in a channel not each time: others read along there."""
        place = message.policy_place
        log.info("turned_away", channel=place.channel_id)
        if place.visibility is not Visibility.DIRECT:
            key, now = (passer_by_id(message.author), place.audience.channel), self._clock.now()
            told_at = self._turned_away.get(key)
            if told_at is not None and now - told_at < SILENCE:
                return DUPLICATE
            self._turned_away[key] = now
            self._turned_away.move_to_end(key)
            if len(self._turned_away) > REMEMBERED:
                self._turned_away.popitem(last=False)
        return refused(notices_for(text).denied)

    def _told_of(self, accepted: Accepted) -> Accepted:
        """The turn with a remark that the place keeps nothing of it, the first time."""
        mode = accepted.unkept
        key = (passer_by_id(accepted.author), mode or MemoryMode.OPT_OUT)
        if mode is None or key in self._told:
            return accepted
        self._told[key] = None
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        remark = notices_for(accepted.turn.text).unkept[mode]
        learned = replace(accepted.learned, remarks=(*accepted.learned.remarks, remark))
        return replace(accepted, learned=learned)
