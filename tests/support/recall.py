"""Turns to recall, and an index of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.conversation import Audience, ConversationId, Scope, Visibility
from bot.domain.identity import PersonId, TenantId
from bot.domain.shown import Shown
from bot.domain.turn import Turn, TurnId, TurnStatus
from bot.memory.recall import Ranked, RecallIndex

ANA = PersonId("ana")
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)  # a Monday
LATER = NOON + timedelta(days=30)
DM = Audience(visibility=Visibility.DIRECT, channel="dm")
LOBBY = Audience(visibility=Visibility.PUBLIC, channel="lobby", tenant_id=TenantId("t"))


def said(
    number: int,
    text: str,
    *,
    at: datetime = NOON,
    conversation: str = "c",
    audience: Audience = DM,
    shown: tuple[Shown, ...] = (),
) -> Turn:
    return Turn(
        id=TurnId(f"t{number}"),
        person_id=ANA,
        conversation_id=ConversationId(conversation),
        audience=audience,
        event_key=f"e{number}",
        number=number,
        text=text,
        received_at=at,
        status=TurnStatus.ANSWERED,
        reply="ok",
        shown=shown,
    )


def index_of(*turns: Turn) -> RecallIndex:
    index = RecallIndex()
    for turn in turns:
        index.add(turn)
    return index


def ranked(
    index: RecallIndex,
    query: str,
    scope: Scope | None = None,
    limit: int = 3,
    now: datetime = LATER,
    **given: Any,
) -> list[Ranked]:
    return index.rank(query, scope or Scope.in_private(ANA), now=now, limit=limit, **given)


def found(index: RecallIndex, query: str, *args: Any, **given: Any) -> list[str]:
    return [hit.turn_id for hit in ranked(index, query, *args, **given)]


DIARY = (
    said(1, "My dog is called Biscuit and loves the beach."),
    said(2, "I work nights as a nurse.", at=NOON + timedelta(days=1)),
    said(3, "The train to Porto was late again.", at=NOON + timedelta(days=2)),
    said(4, "我的猫叫豆豆，它很胖。", at=NOON + timedelta(days=3)),
    said(5, "I bought a new bicycle on Saturday.", at=NOON + timedelta(days=4)),
)

FILLER = tuple(
    said(100 + n, text, at=NOON + timedelta(days=40, hours=5 * n))
    for n, text in enumerate(
        (
            "The bus was late and it rained all morning.",
            "I watched a documentary about volcanoes.",
            "The elevator in our building is broken again.",
            "今天的会议开了三个小时。",
            "I cleaned the windows and the balcony.",
        )
    )
)
