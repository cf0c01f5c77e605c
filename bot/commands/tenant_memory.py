"""``admin export user`` and ``admin compact``: memory as far as it is of a tenant's channels."""

from __future__ import annotations

import asyncio
import json

from bot.commands.administering import tenant_of
from bot.commands.call import Call
from bot.commands.reply import CommandReply, ReplyFile, ReplyKind
from bot.domain.account import account_name
from bot.engine.tenant_compaction import TenantCompacted, TenantCompaction
from bot.engine.tenant_export import SCHEMA, TenantExport

WAIT_SECONDS = 600.0
"""So long the end of a compaction is waited for: platforms show an answer that is added later for
no longer than fifteen minutes."""


class TenantMemory:
    """Its handlers are for calls that :func:`~bot.commands.administering.barred` lets through."""

    def __init__(
        self,
        export: TenantExport | None,
        compaction: TenantCompaction | None,
        *,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._export = export
        self._compaction = compaction
        self._wait_seconds = wait_seconds

    async def export_user(self, call: Call) -> CommandReply:
        """What somebody said in the channels here, as a file."""
        tenant = tenant_of(call.caller)
        if self._export is None or tenant is None:
            return call.refused("admin.unavailable")
        account = await call.caller.account_named(call.text("user"))
        document = await self._export.of(account, tenant, by=call.identity)
        if document is None:
            return call.refused("admin.export.nothing", account=account_name(account))
        turns, facts = len(document["turns"]), len(document["facts"])
        call.note(turns=turns, facts=facts)
        voice = call.voice
        line = voice.say(
            "admin.export.done",
            account=account_name(account),
            turns=voice.count(turns, "message"),
            facts=voice.count(facts, "fact"),
        )
        content = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        file = ReplyFile(
            name=f"ellie-user-export-{document['exported_at'][:10]}.json",
            media_type="application/json",
            content=content.encode(),
        )
        return CommandReply(
            kind=ReplyKind.DONE,
            lines=(line, voice.say("admin.export.format", schema=SCHEMA)),
            closing=(voice.say("admin.export.left_out"),),
            files=(file,),
        )

    async def compact(self, call: Call) -> CommandReply:
        """Begin to make memory compact; how it ended is added when it has."""
        tenant = tenant_of(call.caller)
        if self._compaction is None or tenant is None:
            return call.refused("admin.unavailable")
        channel = call.caller.policy_place.channel_id or None
        task = self._compaction.start(tenant, actor=account_name(call.identity), channel=channel)
        if task is None:
            return call.refused("admin.compact.running")
        call.note(step="begun")

        async def more() -> CommandReply:
            await asyncio.wait({task}, timeout=self._wait_seconds)
            if not task.done():
                return call.done("admin.compact.waiting")
            if task.cancelled() or task.exception() is not None:
                return call.refused("admin.compact.failed")
            return _compacted(call, task.result())

        return CommandReply(
            kind=ReplyKind.DONE, lines=(call.voice.say("admin.compact.begun"),), more=more
        )


def _compacted(call: Call, counts: TenantCompacted) -> CommandReply:
    voice = call.voice
    if not counts.people:
        return call.done("admin.compact.nobody")
    lines = [voice.say("admin.compact.done", people=voice.count(counts.people, "person"))]
    if counts.left:
        lines.append(voice.say("admin.compact.left", people=voice.count(counts.left, "person")))
    if not counts.is_complete:
        lines.append(voice.say("admin.compact.more"))
    return CommandReply(kind=ReplyKind.DONE, lines=tuple(lines))
