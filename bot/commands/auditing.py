"""``admin audit``: what was done in a tenant in the name of administration, and who tried to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bot.commands.administering import tenant_of
from bot.commands.call import Call
from bot.commands.reply import CommandReply, ReplyFile, ReplyKind, Row, Section
from bot.domain.account import account_name
from bot.domain.audit import AuditEntry
from bot.domain.identity import IdentityRef, PersonId, TenantId
from bot.engine.audit import MOST_EXPORTED, AuditLog

People = Mapping[PersonId, str]
"""What people are called whom entries concern."""


class Auditing:
    """Its handler is for calls that :func:`~bot.commands.administering.barred` lets through."""

    def __init__(self, audit: AuditLog | None) -> None:
        self._audit = audit

    async def audit(self, call: Call) -> CommandReply:
        """A page of the log of this tenant, or all of it as a file."""
        tenant = tenant_of(call.caller)
        if self._audit is None or tenant is None:
            return call.refused("admin.unavailable")
        if call.text("file"):
            return await self._exported(call, self._audit, tenant.id)
        found = await self._audit.page(tenant.id, call.number("page") or 1)
        people = await self._people(call, self._audit, found.entries)
        voice = call.voice
        return CommandReply(
            title=voice.say("audit.title"),
            sections=(Section(rows=tuple(_row(call, one, people) for one in found.entries)),),
            closing=(voice.say("audit.kept", days=voice.count(self._audit.days, "day")),),
            page=found.page,
            pages=found.pages,
        )

    async def _exported(self, call: Call, audit: AuditLog, tenant_id: TenantId) -> CommandReply:
        entries = await audit.export(tenant_id)
        people = await self._people(call, audit, entries)
        call.note(entries=len(entries))
        lines = (json.dumps(_written(one, people), ensure_ascii=False) for one in entries)
        day = entries[0].happened_at if entries else None
        file = ReplyFile(
            name=f"ellie-audit-{day:%Y-%m-%d}.jsonl" if day else "ellie-audit.jsonl",
            media_type="application/x-ndjson",
            content="".join(f"{line}\n" for line in lines).encode(),
        )
        said = [call.voice.say("audit.exported", entries=call.voice.count(len(entries), "entry"))]
        if len(entries) == MOST_EXPORTED:
            said.append(call.voice.say("audit.not_all"))
        return CommandReply(kind=ReplyKind.DONE, lines=tuple(said), files=(file,))

    async def _people(self, call: Call, audit: AuditLog, entries: tuple[AuditEntry, ...]) -> People:
        accounts = await audit.accounts_of(entries)
        return {person: await _called(call, whose) for person, whose in accounts.items()}


async def _called(call: Call, accounts: Iterable[IdentityRef]) -> str:
    """Somebody's account in the place of a call; nothing that tells of their other accounts."""
    here = [one for one in accounts if await _is_here(call, one)]
    if not here:
        return call.voice.say("audit.gone")
    return account_name(here[0]) if len(here) == 1 else call.voice.say("audit.somebody")


async def _is_here(call: Call, account: IdentityRef) -> bool:
    if account.platform is not call.caller.conversation.platform:
        return False
    named = await call.caller.account_named(account.external_id)
    return account_name(named) == account_name(account)


def _row(call: Call, entry: AuditEntry, people: People) -> Row:
    voice = call.voice
    notes = []
    if entry.person_id is not None:
        notes.append(voice.say("audit.about", person=people[entry.person_id]))
    notes += [f"{name}: {value}" for name, value in entry.detail.items()]
    return Row(
        label=entry.channel or "",
        names_channel=entry.channel is not None,
        text=f"{entry.happened_at:%Y-%m-%d %H:%M} UTC, {entry.actor}: {entry.action}",
        marks=(voice.say(f"audit.outcome.{entry.outcome.value}"),),
        notes=tuple(notes),
    )


def _written(entry: AuditEntry, people: People) -> Mapping[str, Any]:
    """An entry as it stands in a file for the admins of its tenant."""
    return {
        "id": entry.id,
        "happened_at": entry.happened_at.isoformat(),
        "tenant": entry.tenant_id,
        "channel": entry.channel,
        "actor": entry.actor,
        "action": entry.action,
        "outcome": entry.outcome.value,
        # Not the person's id, by which admins of two tenants could tell that it is one person.
        "person": None if entry.person_id is None else people[entry.person_id],
        "detail": dict(entry.detail),
    }
