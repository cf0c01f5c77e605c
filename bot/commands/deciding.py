"""``admin policy set`` and ``admin policy default``: one decision about a place."""

from __future__ import annotations

from bot.commands.administering import Administering, tenant_of
from bot.commands.call import Call
from bot.commands.definitions import EVERYWHERE, HERE
from bot.commands.policy_lines import takes_back
from bot.commands.policy_showing import shown_value, unheard
from bot.commands.reply import CommandReply, ReplyKind
from bot.domain.identity import TenantRef
from bot.domain.place_settings import ANSWERS, RETENTION, PlaceSetting, value_in
from bot.domain.policy import AnswerPolicy
from bot.domain.setting_lists import ListChange, Several
from bot.domain.setting_values import (
    Choice,
    Days,
    ModelName,
    Quotas,
    Switch,
    UnfitValueError,
    Value,
)
from bot.engine.place_policies import Difference, PlacePolicies

Wanted = Value | ListChange | None


_ON_RECORD = (Choice, Switch, Days, Quotas, ModelName)
"""What is decided of these is nobody's words, so that the audit log may have it."""


class Deciding:
    """Its handlers are for calls that :func:`~bot.commands.administering.barred` lets through."""

    def __init__(self, places: PlacePolicies | None, administering: Administering) -> None:
        self._places = places
        self._administering = administering

    async def set(self, call: Call) -> CommandReply:
        """Decide on a setting; without a value, say what may be decided."""
        places, tenant = self._places, tenant_of(call.caller)
        if places is None or tenant is None:
            return call.refused("admin.unavailable")
        setting, written = places.settings[call.text("setting")], call.text("value")
        if not written:
            return call.refused(
                f"setting.{setting.name}",
                "policy.example",
                setting=setting.name,
                example=setting.example,
            )
        try:
            wanted = None if takes_back(written) else _parsed(setting, written)
            return await self._decided(call, places, tenant, setting, wanted)
        except UnfitValueError as unfit:
            values = {**unfit.values, "setting": setting.name}
            return call.refused(f"setting.unfit.{unfit.reason}", **values)

    async def default(self, call: Call) -> CommandReply:
        """Take a decision back."""
        places, tenant = self._places, tenant_of(call.caller)
        if places is None or tenant is None:
            return call.refused("admin.unavailable")
        setting = places.settings[call.text("setting")]
        return await self._decided(call, places, tenant, setting, None)

    async def _decided(
        self,
        call: Call,
        places: PlacePolicies,
        tenant: TenantRef,
        setting: PlaceSetting,
        wanted: Wanted,
    ) -> CommandReply:
        if isinstance(setting.kind, _ON_RECORD):
            call.note(value="default" if wanted is None else str(wanted))
        where = call.text("where") or (HERE if setting.in_channels else EVERYWHERE)
        if where == HERE and not setting.in_channels:
            return call.refused("policy.tenant_only", setting=setting.name)
        if setting.name == RETENTION:
            days = wanted if isinstance(wanted, int) else None
            return await self._administering.decide_retention(call, days)
        here = call.caller.policy_place
        channel_id = None if where == EVERYWHERE else here.channel_id
        changed = await places.decide(tenant, channel_id, setting.name, wanted)
        holds = value_in(await places.of(here), setting)
        told = _heard(call, setting, changed, holds)
        if changed.before == changed.after:
            return call.refused("policy.unchanged", *told)
        voice = call.voice
        lines = [
            voice.say(f"policy.{'removed' if changed.after is None else 'set'}.{where}"),
            _now(call, setting, holds),
            *map(voice.say, told),
        ]
        decisions = await places.decisions(tenant)
        apart = sum(
            setting.name in decided for channel, decided in decisions.items() if channel is not None
        )
        if where == EVERYWHERE and apart:
            lines.append(voice.say("policy.apart", channels=voice.count(apart, "channel")))
        return CommandReply(kind=ReplyKind.DONE, lines=tuple(lines))


def _parsed(setting: PlaceSetting, written: str) -> Wanted:
    if isinstance(setting.kind, Several):
        change = setting.kind.parse_change(written)
        if change is not None:
            return change
    return setting.kind.parse(written)


def _now(call: Call, setting: PlaceSetting, holds: Value) -> str:
    voice = call.voice
    if setting.name == ANSWERS:
        return voice.say("policy.now", words=voice.say(f"policy.{holds}"))
    key = "policy.value.here" if setting.in_channels else "policy.value.everywhere"
    return voice.say(key, setting=setting.name, value=shown_value(setting, holds, call))


def _heard(call: Call, setting: PlaceSetting, changed: Difference, holds: Value) -> tuple[str, ...]:
    """What to add where she is not sent all that is decided or holds now."""
    if setting.name != ANSWERS:
        return ()
    policies = (AnswerPolicy(str(value)) for value in (holds, changed.after) if value is not None)
    return unheard(call.caller, *policies)
