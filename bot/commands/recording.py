"""The one place where commands of admins get on record: given, confirmed, denied, failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from bot.commands.administering import tenant_of
from bot.commands.call import Call, Caller
from bot.commands.definitions import AUDIT, Command, ParameterKind
from bot.commands.parsing import FOREVER, NO_DECISION, Argument
from bot.commands.reply import CommandReply, ReplyKind
from bot.domain.account import account_name
from bot.domain.audit import AuditOutcome
from bot.engine.audit import AuditLog
from bot.errors import StorageError
from bot.log import get_logger

log = get_logger(__name__)

Step = Callable[[], Awaitable[CommandReply]]

_OUTCOMES = {
    ReplyKind.ANSWER: AuditOutcome.DONE,
    ReplyKind.DONE: AuditOutcome.DONE,
    ReplyKind.QUESTION: AuditOutcome.ASKED,
    ReplyKind.REFUSED: AuditOutcome.REFUSED,
}
_CHOSEN = frozenset(
    {
        ParameterKind.SETTING,
        ParameterKind.WHEN,
        ParameterKind.PLACE,
        ParameterKind.DAYS,
        ParameterKind.SWITCH,
        ParameterKind.FORMAT,
        ParameterKind.FILE,
    }
)
"""What is told of these was chosen from a list, or is a number, and is nobody's words."""
_DAYS: Mapping[Argument, str] = {FOREVER: "forever", NO_DECISION: "default"}


class Recording:
    """Carries commands of admins out with an entry before, which is completed afterwards."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    async def denied(self, command: Command, caller: Caller) -> None:
        """Put an attempt on record that was refused for want of the right, or of a place.

        It is refused whether that can be written or not.
        """
        try:
            await self._audit.record_once(
                command.name,
                AuditOutcome.DENIED,
                actor=account_name(caller.identity),
                tenant_id=None if (tenant := tenant_of(caller)) is None else tenant.id,
                channel=_channel_of(caller),
            )
        except StorageError as error:
            log.error("denied_attempt_not_recorded", command=command.name, error=str(error))

    async def carry_out(self, command: Command, call: Call, step: Step) -> CommandReply:
        """Do ``step``, which carries out ``command``. Not when it cannot be put on record.

        Raises:
            StorageError: nothing was done because the log cannot be written, or the step raised it.
        """
        tenant = tenant_of(call.caller)
        if command is AUDIT and not call.text("file"):
            # Whoever turns the pages of the log should not find it longer on each.
            await self._audit.record_once(
                command.name,
                AuditOutcome.DONE,
                actor=account_name(call.identity),
                tenant_id=None if tenant is None else tenant.id,
                channel=_channel_of(call.caller),
            )
            return await step()
        for parameter in command.parameters:
            value = call.arguments.get(parameter.name)
            if value is None:
                continue
            if parameter.kind in _CHOSEN:
                is_days = parameter.kind is ParameterKind.DAYS
                call.noted.detail[parameter.name] = _DAYS.get(value, value) if is_days else value
            elif parameter.kind is ParameterKind.USER and tenant is not None:
                account = await call.caller.account_named(str(value))
                call.note(person_id=await self._audit.concerned(account, tenant.id))
        return await self._done(command, call, step)

    async def _done(
        self, command: Command, call: Call, step: Step, *, agreed: bool = True
    ) -> CommandReply:
        tenant = tenant_of(call.caller)
        call.noted.outcome = AuditOutcome.DONE
        async with self._audit.recorded(
            command.name,
            actor=account_name(call.identity),
            tenant_id=None if tenant is None else tenant.id,
            channel=_channel_of(call.caller),
            noted=call.noted,
        ):
            reply = await step()
            call.noted.outcome = _OUTCOMES[reply.kind] if agreed else AuditOutcome.WITHDRAWN
        return self._with_question(command, call, reply)

    def _with_question(self, command: Command, call: Call, reply: CommandReply) -> CommandReply:
        """The reply with a question whose answer gets on record too."""
        if (confirmation := reply.confirmation) is None:
            return reply

        async def answer(agreed: bool) -> CommandReply:
            # Minutes may have passed since the question.
            still_admin = call.caller.still_admin
            if agreed and still_admin is not None and not await still_admin():
                await self.denied(command, call.caller)
                return call.refused("admin.right", name=command.name)
            return await self._done(
                command, call, lambda: confirmation.answer(agreed), agreed=agreed
            )

        return replace(reply, confirmation=replace(confirmation, answer=answer))


def _channel_of(caller: Caller) -> str | None:
    """The channel that a command is given in, by its platform's id; None where there is none."""
    return None if tenant_of(caller) is None else caller.policy_place.channel_id or None
