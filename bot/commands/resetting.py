"""``admin reset``: shows what would go, wants a code typed, sets it aside, erases it later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from bot.commands.administering import tenant_of
from bot.commands.call import Call
from bot.commands.definitions import NOW, RESET_CHANNEL, RESET_SERVER, RESET_USER, Command
from bot.commands.reply import CommandReply, ReplyKind, Row, Section
from bot.domain.identity import PersonId, TenantRef
from bot.domain.reset import Reset, ResetCounts, ResetStatus
from bot.engine.reset_codes import LIFETIME, Purpose, ResetCodes
from bot.engine.resets import ListedReset, Resets, ResetTarget

SHORT_ID = 8
"""So many characters of an id tell one reset from the others that are listed."""

_HOUR = timedelta(hours=1)


class Resetting:
    """Without ``resets``, there are none where commands are given."""

    def __init__(self, resets: Resets | None = None, codes: ResetCodes | None = None) -> None:
        self._resets = resets
        self._codes = codes

    async def user(self, call: Call) -> CommandReply:
        """What one person said in the channels of the server or workspace."""
        named = call.text("user")
        tenant = tenant_of(call.caller)
        if tenant is None:
            return call.refused("admin.unavailable")
        account = await call.caller.account_named(named)
        target = ResetTarget(tenant=tenant, account=account)
        what = call.voice.say("reset.what.user", user=named)
        return await self._reset(call, target, RESET_USER, what, named)

    async def channel(self, call: Call) -> CommandReply:
        """What was said in the channel where the command is given."""
        tenant = tenant_of(call.caller)
        if tenant is None:
            return call.refused("admin.unavailable")
        target = ResetTarget(tenant=tenant, channel=call.caller.conversation.audience.channel)
        what = call.voice.say("reset.what.channel")
        return await self._reset(call, target, RESET_CHANNEL, what)

    async def server(self, call: Call) -> CommandReply:
        """What was said in all channels of the server or workspace."""
        tenant = tenant_of(call.caller)
        if tenant is None:
            return call.refused("admin.unavailable")
        what = call.voice.say("reset.what.server")
        return await self._reset(call, ResetTarget(tenant=tenant), RESET_SERVER, what)

    async def _reset(
        self, call: Call, target: ResetTarget, command: Command, what: str, named: str = ""
    ) -> CommandReply:
        if self._resets is None or self._codes is None:
            return call.refused("admin.unavailable")
        at_once = call.text("when") == NOW
        purpose = _purpose(call, target, at_once=at_once)
        if code := call.text("confirm"):
            if not self._codes.redeem(purpose, code):
                return call.refused("reset.code.wrong")
            still_admin = call.caller.still_admin
            if still_admin is not None and not await still_admin():
                return call.refused("admin.right", name=command.name)
            reset = await self._resets.request(target, by=call.identity, at_once=at_once)
            if reset is not None:
                _note(call, reset.person_id, reset.planned, reset=reset.id)
            return _requested(call, reset) if reset else call.refused("reset.nothing", what=what)
        plan = await self._resets.preview(target, by=call.identity)
        if plan is None:
            return call.refused("reset.nothing", what=what)
        _note(call, plan.person_id, plan.planned)
        voice, grace = call.voice, self._resets.grace
        code = self._codes.issue(purpose)
        typed = " ".join(filter(None, (command.name, named, NOW if at_once else "", code)))
        then = "reset.plan.now"
        if not at_once and grace:
            then = "reset.plan.later"
        return CommandReply(
            kind=ReplyKind.QUESTION,
            lines=(
                voice.say("reset.plan", what=what, **_amounts(call, plan.planned)),
                voice.say("reset.apart"),
                voice.say(then, hours=voice.count(round(grace / _HOUR), "hour")),
            ),
            closing=(
                voice.say(
                    "reset.confirm",
                    minutes=LIFETIME // timedelta(minutes=1),
                    line=f"{voice.prefix}{typed}",
                ),
            ),
        )

    async def undo(self, call: Call) -> CommandReply:
        """Bring back what the one pending reset, or the one that is named, has set aside."""
        tenant = tenant_of(call.caller)
        if self._resets is None or tenant is None:
            return call.refused("admin.unavailable")
        named = call.text("reset").lstrip("#").lower()
        listed = await self._resets.listing(tenant)
        pending = [one for one in listed if one.reset.status is ResetStatus.PENDING]
        chosen = [one for one in pending if one.reset.id.lower().startswith(named)]
        if not pending:
            return call.refused("reset.undo.none")
        if not chosen:
            return call.refused("reset.undo.unknown", reset=named)
        if len(chosen) > 1:
            rows = tuple(_row(call, tenant, one) for one in chosen)
            return CommandReply(
                kind=ReplyKind.REFUSED,
                lines=(call.voice.say("reset.undo.which"),),
                sections=(Section(rows=rows),),
            )
        undone = await self._resets.undo(tenant, chosen[0].reset.id)
        if undone is None:  # it is being erased by now
            return call.refused("reset.undo.none")
        _note(call, undone.person_id, undone.planned, reset=undone.id)
        return call.done("reset.undo.done", **_amounts(call, undone.planned))

    async def listing(self, call: Call) -> CommandReply:
        """What is set aside, what is being erased, and what is over."""
        tenant = tenant_of(call.caller)
        if self._resets is None or tenant is None:
            return call.refused("admin.unavailable")
        listed = await self._resets.listing(tenant)
        sections = tuple(_sections(call, tenant, listed))
        return CommandReply(
            title=call.voice.say("reset.list.title"),
            lines=() if sections else (call.voice.say("reset.list.none"),),
            sections=sections,
        )


def _note(call: Call, person_id: PersonId | None, counts: ResetCounts, **detail: int | str) -> None:
    """Have the audit log say whom and how much a reset concerns."""
    call.note(
        person_id=person_id,
        messages=counts.turns,
        facts=counts.facts,
        summaries=counts.episodes,
        **detail,
    )


def _purpose(call: Call, target: ResetTarget, *, at_once: bool) -> Purpose:
    account = target.account
    return (
        target.tenant.id,
        call.identity.platform,
        call.identity.external_id,
        "" if account is None else account.external_id,
        target.channel or "",
        str(at_once),
    )


def _requested(call: Call, reset: Reset) -> CommandReply:
    amounts = _amounts(call, reset.planned)
    if reset.status is ResetStatus.ERASING:
        return call.done("reset.done.now", **amounts)
    return call.done("reset.done.later", **amounts, **_end(call, reset))


def _amounts(call: Call, counts: ResetCounts) -> dict[str, str]:
    count = call.voice.count
    return {
        "people": count(counts.people, "person"),
        "turns": count(counts.turns, "message"),
        "facts": count(counts.facts, "fact"),
        "summaries": count(counts.episodes, "summary"),
    }


def _end(call: Call, reset: Reset) -> dict[str, str]:
    """When a reset can be undone no more, and what it is called until then."""
    return {
        "date": call.voice.date(reset.erase_at),
        "time": f"{reset.erase_at:%H:%M}",
        "reset": reset.id[:SHORT_ID],
    }


def _sections(call: Call, tenant: TenantRef, listed: Sequence[ListedReset]) -> Iterator[Section]:
    kinds = {
        "reset.list.pending": {ResetStatus.PENDING},
        "reset.list.erasing": {ResetStatus.ERASING},
        "reset.list.over": {ResetStatus.DONE, ResetStatus.UNDONE},
    }
    for title, statuses in kinds.items():
        rows = tuple(_row(call, tenant, one) for one in listed if one.reset.status in statuses)
        if rows:
            yield Section(title=call.voice.say(title), rows=rows)


def _row(call: Call, tenant: TenantRef, listed: ListedReset) -> Row:
    voice, reset = call.voice, listed.reset
    label, key, user = "", "reset.row.server", ""
    if reset.channel is not None:
        key = "reset.row.channel"
        # As audiences name channels; a platform knows the last part.
        label = reset.channel.removeprefix(f"{tenant.platform}:{tenant.id}:")
    elif reset.person_id is not None:
        user = listed.account.external_id if listed.account else ""
        key = "reset.row.user" if user else "reset.row.gone"
    return Row(
        label=label,
        names_channel=reset.channel is not None,
        text=voice.say(key, user=user),
        notes=(voice.say("reset.row.size", **_amounts(call, reset.planned)), _state(call, reset)),
    )


def _state(call: Call, reset: Reset) -> str:
    voice = call.voice
    match reset.status:
        case ResetStatus.PENDING:
            return voice.say("reset.row.until", **_end(call, reset))
        case ResetStatus.ERASING:
            done, turns = reset.erased.turns, voice.count(reset.planned.turns, "message")
            return voice.say("reset.row.progress", done=done, turns=turns)
        case ResetStatus.DONE:
            day = voice.date(reset.finished_at or reset.erase_at)
            return voice.say("reset.row.done", date=day, **_amounts(call, reset.erased))
        case ResetStatus.UNDONE:
            return voice.say("reset.row.undone")
