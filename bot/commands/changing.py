"""``memory edit``, ``pin``, ``unpin`` and ``undo``: people's own changes of facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.commands.call import Call
from bot.commands.describing import FactRows
from bot.commands.reply import CommandReply, Confirmation, ReplyKind, Section
from bot.domain.fact import Fact, FactStatus
from bot.domain.operation import MemoryOperation, OperationId
from bot.engine.memory_changes import Changed, MemoryChanges, Refusal, UndoBlocked

MAX_CHARACTERS = 500
"""Of a fact's new words. Facts stand in prompts, which are short of room."""


class Changing:
    """Every change is confirmed with the row as it is now."""

    def __init__(self, changes: MemoryChanges) -> None:
        self._changes = changes

    async def edit(self, call: Call) -> CommandReply:
        """The person's own words in place of a fact's."""
        number, text = call.number("fact") or 0, call.text("text")
        if len(text) > MAX_CHARACTERS:
            return call.refused("edit.too_long", limit=MAX_CHARACTERS)
        result = await self._changes.edit(call.identity, number, text)
        return _answer(call, result, "edit", number)

    async def pin(self, call: Call) -> CommandReply:
        """A fact in every prompt that has room."""
        number = call.number("fact") or 0
        result = await self._changes.pin(call.identity, number, pin=True)
        return _answer(call, result, "pin", number)

    async def unpin(self, call: Call) -> CommandReply:
        """A pinned fact like the others again."""
        number = call.number("fact") or 0
        result = await self._changes.pin(call.identity, number, pin=False)
        return _answer(call, result, "unpin", number)

    async def undo(self, call: Call) -> CommandReply:
        """The newest change taken back; after forgetting, the one before it if they want that."""
        return await self._undo(call, None)

    async def _undo(self, call: Call, operation_id: OperationId | None) -> CommandReply:
        result = await self._changes.undo(call.identity, operation_id)
        if isinstance(result, Refusal):
            return call.refused("undo.nothing")
        if isinstance(result, UndoBlocked):
            return self._blocked(call, result)
        reply = call.done("undo.done", operation=_named(call, result.operation))
        return replace(reply, sections=_now(call, result.facts))

    def _blocked(self, call: Call, blocked: UndoBlocked) -> CommandReply:
        date = call.voice.date(blocked.forgotten.happened_at)
        final = call.voice.say("undo.final", date=date)
        earlier = blocked.earlier
        if earlier is None:
            nothing = call.voice.say("undo.nothing")
            return CommandReply(kind=ReplyKind.REFUSED, lines=(final, nothing))

        async def answer(agreed: bool) -> CommandReply:
            return await self._undo(call, earlier.id) if agreed else call.done("undo.kept")

        return CommandReply(
            kind=ReplyKind.QUESTION,
            lines=(final, call.voice.say("undo.earlier", operation=_named(call, earlier))),
            sections=_now(call, blocked.facts),
            confirmation=Confirmation(question=call.voice.say("undo.ask"), answer=answer),
        )


def _answer(call: Call, result: Changed | Refusal, verb: str, number: int) -> CommandReply:
    if isinstance(result, Refusal):
        key = f"{verb}.unchanged" if result is Refusal.UNCHANGED else f"fact.{result.value}"
        return call.refused(key, number=number)
    rows = FactRows((result.before, result.after), call.voice)
    set_aside = result.after.status is FactStatus.QUARANTINED
    key = "edit.set_aside" if set_aside else f"{verb}.done"
    reply = call.done(key, number=result.after.number)
    return replace(reply, sections=(Section(rows=(rows.row(result.after),)),))


def _named(call: Call, operation: MemoryOperation) -> str:
    date = call.voice.date(operation.happened_at)
    return call.voice.say(f"operation.{operation.kind.value}", date=date)


def _now(call: Call, facts: Sequence[Fact]) -> tuple[Section, ...]:
    if not facts:
        return ()
    return (
        Section(title=call.voice.say("undo.now"), rows=FactRows(facts, call.voice).rows(facts)),
    )
