"""Having a message answered once more."""

from __future__ import annotations

from support.dialog import ANA, Dialog, direct

from bot.domain.conversation import ConversationRef
from bot.domain.identity import IdentityRef
from bot.domain.message import AgainRequest
from bot.domain.turn import Turn
from bot.engine.reply import Outcome


def wish(
    turn: Turn | None = None,
    who: IdentityRef = ANA,
    where: ConversationRef | None = None,
    **rest: object,
) -> AgainRequest:
    return AgainRequest(
        author=who,
        conversation=where or direct(who),
        turn_id=None if turn is None else turn.id,
        **rest,  # type: ignore[arg-type]
    )


async def again(dialog: Dialog, request: AgainRequest) -> Outcome:
    dialog.later(minutes=1)
    return await (await dialog.engine.again(request)).outcome()


async def answered(text: str = "Tell me a joke.", **rest: object) -> tuple[Dialog, Turn]:
    """A dialog, and its first turn."""
    dialog = Dialog()
    await dialog.say(text, **rest)  # type: ignore[arg-type]
    (turn,) = await dialog.turns()
    return dialog, turn
