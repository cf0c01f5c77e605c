"""``memory why``: which memories led to a reply, and how much."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from bot.commands.call import Call
from bot.commands.consenting import Consenting
from bot.commands.reply import CommandReply, Row, Section
from bot.domain.conversation import ConversationRef
from bot.domain.identity import IdentityRef
from bot.domain.text import shorten
from bot.engine.explanation import ExplainedItem, Explanation
from bot.errors import GenerationError, ModelError
from bot.log import get_logger

log = get_logger(__name__)

_QUOTE_CHARACTERS = 200


class Explanations(Protocol):
    """Explains replies: :class:`bot.engine.explanation.Explanations`."""

    async def explain(
        self,
        identity: IdentityRef,
        conversation: ConversationRef | None,
        turn_number: int | None = None,
    ) -> Explanation | None:
        """The person's turn of that number, or the one answered last; None when there is none."""

    async def measure(self, identity: IdentityRef, explanation: Explanation) -> Explanation | None:
        """The same with influences, which takes the model a while; None when the turn is gone."""


class Explaining:
    """Answers at once with what is known, and in ``more`` with what has to be measured."""

    def __init__(self, explanations: Explanations | None, consenting: Consenting) -> None:
        self._explanations = explanations
        self._consenting = consenting

    async def why(self, call: Call) -> CommandReply:
        """The memories considered for a reply, with the parts of their scores."""
        if self._explanations is None:
            return call.refused("why.unavailable")
        explanations = self._explanations
        number = call.number("turn")
        if number is None and not await self._consenting.is_kept(call):
            # The latest that is stored is not the latest that was answered.
            return call.refused("why.unkept")
        found = await explanations.explain(call.identity, call.caller.conversation, number)
        if found is None and number is None:
            found = await explanations.explain(call.identity, None)
        if found is None:
            return call.refused("why.nothing" if number is None else "why.unknown", number=number)

        async def more() -> CommandReply:
            try:
                measured = await explanations.measure(call.identity, found)
            except (ModelError, GenerationError) as error:
                log.warning("influence_not_measured", error=str(error))
                return call.refused("why.unmeasured")
            if measured is None:
                return call.refused("why.nothing")
            return (
                _described(call, measured) if measured.measured else call.refused("why.unmeasured")
            )

        reply = _described(call, found)
        if not any(item.included for item in found.items):
            return reply
        return replace(reply, closing=(*reply.closing, call.voice.say("why.measuring")), more=more)


def _described(call: Call, found: Explanation) -> CommandReply:
    voice, turn = call.voice, found.turn
    lines = [
        voice.say(
            "why.asked",
            number=turn.number,
            date=voice.date(turn.received_at),
            quote=voice.quoted(shorten(turn.text, _QUOTE_CHARACTERS)),
        )
    ]
    if turn.reply:
        quote = voice.quoted(shorten(turn.reply, _QUOTE_CHARACTERS))
        lines.append(voice.say("why.replied", quote=quote))
    if not found.model:
        lines.append(voice.say("why.untraced"))
    elif not found.items:
        lines.append(voice.say("why.empty"))
    sections = []
    for key, included in (("why.included", True), ("why.left_out", False)):
        rows = tuple(_row(call, item) for item in found.items if item.included is included)
        if rows:
            sections.append(Section(title=voice.say(key), rows=rows))
    closing: tuple[str, ...] = ()
    if found.model:
        closing = (voice.say("why.prompt", tokens=found.prompt_tokens, model=found.model),)
    return CommandReply(
        title=voice.say("why.title"),
        lines=tuple(lines),
        sections=tuple(sections),
        closing=closing,
    )


def _row(call: Call, item: ExplainedItem) -> Row:
    voice = call.voice
    kind = f"trace.{item.kind}"
    sign = "#" if item.kind in ("fact", "fresh") else "m"
    notes = []
    if item.reason:
        notes.append(item.reason)
    if item.tokens:
        notes.append(voice.say("why.tokens", tokens=item.tokens))
    if item.scores:
        parts = ", ".join(f"{name} {score:.2f}" for name, score in item.scores.items())
        notes.append(voice.say("why.scores", parts=parts))
    if item.influence is not None:
        notes.append(voice.say("why.influence", share=f"{item.influence:+.2f}"))
    quote = shorten(item.words, _QUOTE_CHARACTERS)
    text = voice.quoted(quote)
    if not quote:
        text = voice.say("why.note" if item.kind == "note" else "why.forgotten")
    if item.said_at:
        text = f"{text}  {voice.date(item.said_at)}"
    return Row(
        label=f"{sign}{item.number}" if item.number else "",
        text=text,
        marks=(voice.say(kind) if voice.knows(kind) else item.kind,),
        notes=tuple(notes),
    )
