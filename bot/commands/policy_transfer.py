"""``admin policy export`` and ``admin policy import``: all decisions at once, as a TOML file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.commands.administering import may_still, tenant_of
from bot.commands.call import Call
from bot.commands.definitions import POLICY_IMPORT
from bot.commands.policy_file import Problem, read_policy, written_policy
from bot.commands.policy_showing import shown_value
from bot.commands.reply import CommandReply, Confirmation, ReplyFile, ReplyKind, Row, Section
from bot.domain.identity import TenantRef
from bot.domain.place_settings import RETENTION, Decisions
from bot.engine.place_policies import Difference, PlacePolicies
from bot.engine.tenant_retention import TenantRule

MOST_BYTES = 64 * 1024
"""Of a text that is typed or pasted."""
ROWS = 25

_FENCED = re.compile(r"\s*```[a-z]*\n(.*?)\n?```\s*", re.DOTALL)


class PolicyTransfer:
    """Its handlers are for calls that :func:`~bot.commands.administering.barred` lets through."""

    def __init__(self, places: PlacePolicies | None) -> None:
        self._places = places

    async def export(self, call: Call) -> CommandReply:
        """All decisions as a file."""
        places, tenant = self._places, tenant_of(call.caller)
        if places is None or tenant is None:
            return call.refused("admin.unavailable")
        text = written_policy(tenant, await places.decisions(tenant), places.settings)
        file = ReplyFile(
            name=f"ellie-policy-{tenant.platform}-{tenant.external_id}.toml",
            media_type="application/toml",
            content=text.encode(),
        )
        return CommandReply(lines=(call.voice.say("policy.exported"),), files=(file,))

    async def replace(self, call: Call) -> CommandReply:
        """All decisions of a file in place of those there are, after a question."""
        places, tenant = self._places, tenant_of(call.caller)
        if places is None or tenant is None:
            return call.refused("admin.unavailable")
        typed = call.text("content")
        fenced = _FENCED.fullmatch(typed)
        read = read_policy(fenced[1] if fenced else typed, places.settings, most_bytes=MOST_BYTES)
        if read.problems:
            return _refused(call, read.problems)
        wanted = read.decisions
        changes = await places.replace(tenant, wanted, dry_run=True)
        if not changes:
            return call.refused("policy.unchanged")

        async def answer(agreed: bool) -> CommandReply:
            if not agreed:
                return call.done("policy.import.kept")
            # Minutes may have passed since the question.
            if not await may_still(call.caller):
                return call.refused("admin.right", name=POLICY_IMPORT.name)
            return await _replaced(call, places, tenant, wanted)

        return CommandReply(
            kind=ReplyKind.QUESTION,
            lines=_shorter(call, places, changes),
            sections=(
                Section(
                    title=call.voice.say("policy.import.changes"),
                    rows=_change_rows(call, places, changes),
                ),
            ),
            confirmation=Confirmation(question=call.voice.say("policy.import.ask"), answer=answer),
        )


async def _replaced(
    call: Call, places: PlacePolicies, tenant: TenantRef, wanted: Decisions
) -> CommandReply:
    await places.replace(tenant, wanted)
    return call.done("policy.import.done")


def _refused(call: Call, problems: Sequence[Problem]) -> CommandReply:
    voice = call.voice
    rows = [Row(label=problem.place, text=problem.told(voice)) for problem in problems[:ROWS]]
    return CommandReply(
        kind=ReplyKind.REFUSED,
        lines=(voice.say("policy.import.problems"),),
        sections=(Section(rows=(*rows, *_more(call, len(problems)))),),
    )


def _change_rows(
    call: Call, places: PlacePolicies, changes: Sequence[Difference]
) -> tuple[Row, ...]:
    voice, rows = call.voice, []
    for change in changes[:ROWS]:
        setting = places.settings[change.name]
        text = voice.say(
            "policy.import.change",
            setting=change.name,
            before=shown_value(setting, change.before, call),
            after=shown_value(setting, change.after, call),
        )
        named = change.channel_id is not None
        label = change.channel_id or voice.say("policy.everywhere")
        rows.append(Row(label=label, names_channel=named, text=text))
    return (*rows, *_more(call, len(changes)))


def _more(call: Call, count: int) -> tuple[Row, ...]:
    left = count - ROWS
    return (Row(text=call.voice.say("policy.import.more", count=left)),) if left > 0 else ()


def _shorter(call: Call, places: PlacePolicies, changes: Sequence[Difference]) -> tuple[str, ...]:
    """What to say where words would be kept for less long, because that erases."""
    for change in changes:
        if change.name == RETENTION:
            default = places.defaults.retention_days
            before, after = (
                TenantRule(own=None if days is None else int(days), default=default)
                for days in (change.before, change.after)
                if days is None or isinstance(days, int)
            )
            if after.days is not None and after.is_shorter(before):
                return (
                    call.voice.say(
                        "policy.import.shorter", days=call.voice.count(after.days, "day")
                    ),
                )
    return ()
