"""Who may manage a place, and ``admin retention``: for how long words are kept in it."""

from __future__ import annotations

from bot.commands.call import Call, Caller
from bot.commands.definitions import Command
from bot.commands.parsing import FOREVER, NO_DECISION
from bot.commands.reply import CommandReply, Confirmation, ReplyKind
from bot.commands.voice import Voice
from bot.domain.conversation import Visibility
from bot.domain.identity import TenantRef
from bot.engine.tenant_retention import KEEP_EVERYTHING, TenantRetention, TenantRule


def barred(command: Command, caller: Caller, voice: Voice) -> CommandReply | None:
    """Why somebody may not give a command where they are; None when they may."""
    if not command.admin:
        return None
    if tenant_of(caller) is None:
        key = "admin.place"
    elif not caller.is_admin:
        key = "admin.right"
    else:
        return None
    return CommandReply(kind=ReplyKind.REFUSED, lines=(voice.say(key, name=command.name),))


def tenant_of(caller: Caller) -> TenantRef | None:
    """The server or workspace that a command is given in; None in direct messages."""
    here = caller.conversation
    return None if here.visibility is Visibility.DIRECT else here.tenant


async def may_still(caller: Caller) -> bool:
    """Whether somebody may still manage the place, minutes after they were asked something."""
    return caller.still_admin is None or await caller.still_admin()


class Administering:
    """Its handlers are for calls that :func:`barred` lets through, and say so of all others."""

    def __init__(self, retention: TenantRetention | None) -> None:
        self._retention = retention

    async def retention(self, call: Call) -> CommandReply:
        """For how long words are kept here, or a decision; shorter only after a question."""
        days = call.number("days")
        if days is not None:
            own = {FOREVER: KEEP_EVERYTHING, NO_DECISION: None}.get(days, days)
            return await self.decide_retention(call, own)
        tenant, retention = tenant_of(call.caller), self._retention
        if retention is None or tenant is None:
            return call.refused("admin.unavailable")
        rule = await retention.of(tenant)
        people, how = call.voice.say("retention.people"), call.voice.say("retention.how")
        return CommandReply(lines=(*_kept(call, rule), people), closing=(how,))

    async def decide_retention(self, call: Call, own: int | None) -> CommandReply:
        """Give this tenant its own number of days, or with None take them back."""
        tenant, retention = tenant_of(call.caller), self._retention
        if retention is None or tenant is None:
            return call.refused("admin.unavailable")
        rule = await retention.of(tenant)
        if own == rule.own:
            return call.refused("retention.unchanged")
        wanted = TenantRule(own=own, default=rule.default)

        async def decide() -> CommandReply:
            now = await retention.decide(tenant, own)
            return CommandReply(kind=ReplyKind.DONE, lines=_kept(call, now))

        if wanted.days is None or not wanted.is_shorter(rule):
            return await decide()

        async def answer(agreed: bool) -> CommandReply:
            if not agreed:
                return call.done("retention.kept")
            return await decide()

        kept = call.voice.count(wanted.days, "day")
        question = call.voice.say("retention.ask", days=kept)
        return CommandReply(
            kind=ReplyKind.QUESTION, confirmation=Confirmation(question=question, answer=answer)
        )


def _kept(call: Call, rule: TenantRule) -> tuple[str, str]:
    """For how long things are kept, and who decided it."""
    voice = call.voice
    if rule.days is None:
        kept = voice.say("retention.forever")
    else:
        kept = voice.say("retention.days", days=voice.count(rule.days, "day"))
    by = "owner" if rule.own is None else "tenant"
    return kept, voice.say(f"retention.by.{by}")
