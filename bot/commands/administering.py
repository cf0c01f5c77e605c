"""``admin policy`` and ``admin retention``: what those decide who may manage a place."""

from __future__ import annotations

from collections.abc import Mapping

from bot.commands.call import Call, Caller
from bot.commands.definitions import DEFAULT, EVERYWHERE, HERE, Command
from bot.commands.parsing import FOREVER, NO_DECISION
from bot.commands.reply import CommandReply, Confirmation, ReplyKind, Row, Section
from bot.commands.voice import Voice
from bot.domain.conversation import Visibility
from bot.domain.identity import TenantRef
from bot.domain.policy import AnswerPolicy
from bot.engine.policies import ChannelPolicies
from bot.engine.tenant_retention import KEEP_EVERYTHING, TenantRetention, TenantRule

Settings = Mapping[str | None, AnswerPolicy]
"""What was decided for channels by their ids, and for all others under None."""

_OVERHEARING = frozenset({AnswerPolicy.USUAL, AnswerPolicy.ALWAYS, AnswerPolicy.THREADS})
"""The policies by which she also answers what does not call her."""


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


class Administering:
    """Its handlers are for calls that :func:`barred` lets through, and say so of all others."""

    def __init__(self, policies: ChannelPolicies | None, retention: TenantRetention | None) -> None:
        self._policies = policies
        self._retention = retention

    async def policy(self, call: Call) -> CommandReply:
        """What she answers in this channel, or a decision about it."""
        tenant = tenant_of(call.caller)
        if self._policies is None or tenant is None:
            return call.refused("admin.unavailable")
        settings = await _settings(self._policies, tenant)
        wanted, here = call.text("policy"), call.caller.policy_place
        if not wanted:
            return await self._shown(call, self._policies, settings)
        policy = None if wanted == DEFAULT else AnswerPolicy(wanted)
        where = EVERYWHERE if call.text("where") == EVERYWHERE else HERE
        channel = None if where == EVERYWHERE else here.channel_id
        if settings.get(channel) is policy:
            now = await self._policies.of(here)
            return call.refused("policy.unchanged", *_unheard(call.caller, now, policy))
        await self._policies.set(tenant, channel, policy)
        now = await self._policies.of(here)
        voice = call.voice
        lines = [
            voice.say(f"policy.{'set' if policy else 'removed'}.{where}"),
            voice.say("policy.now", words=voice.say(f"policy.{now.value}")),
            *map(voice.say, _unheard(call.caller, now, policy)),
        ]
        apart = len(settings.keys() - {None})
        if where == EVERYWHERE and apart:
            lines.append(voice.say("policy.apart", channels=voice.count(apart, "channel")))
        return CommandReply(kind=ReplyKind.DONE, lines=tuple(lines))

    async def _shown(
        self, call: Call, policies: ChannelPolicies, settings: Settings
    ) -> CommandReply:
        voice, here = call.voice, call.caller.policy_place
        by = EVERYWHERE if None in settings else "nobody"
        if here.channel_id in settings:
            by = HERE
        sections = [
            Section(
                title=voice.say("policy.choices"),
                rows=tuple(_row(policy, policy.value, voice) for policy in AnswerPolicy),
            )
        ]
        if settings:
            rows = tuple(_decided(call, *setting) for setting in settings.items())
            sections.insert(0, Section(title=voice.say("policy.settings"), rows=rows))
        holds = await policies.of(here)
        words = voice.say(f"policy.{holds.value}")
        return CommandReply(
            title=voice.say("policy.title"),
            lines=(
                voice.say("policy.holds", policy=holds.value, words=words),
                voice.say(f"policy.by.{by}"),
                *map(voice.say, _unheard(call.caller, holds)),
            ),
            sections=tuple(sections),
            closing=(voice.say("policy.how"),),
        )

    async def retention(self, call: Call) -> CommandReply:
        """For how long words are kept here, or a decision; shorter only after a question."""
        tenant, retention = tenant_of(call.caller), self._retention
        if retention is None or tenant is None:
            return call.refused("admin.unavailable")
        rule = await retention.of(tenant)
        days = call.number("days")
        if days is None:
            people, how = call.voice.say("retention.people"), call.voice.say("retention.how")
            return CommandReply(lines=(*_kept(call, rule), people), closing=(how,))
        own = {FOREVER: KEEP_EVERYTHING, NO_DECISION: None}.get(days, days)
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


async def _settings(policies: ChannelPolicies, tenant: TenantRef) -> Settings:
    listing = await policies.listing(tenant)
    return {setting.channel_id: setting.policy for setting in listing}


def _decided(call: Call, channel: str | None, policy: AnswerPolicy) -> Row:
    voice, here = call.voice, call.caller.policy_place.channel_id
    marks = (voice.say("policy.mark"),) if channel == here else ()
    if channel is None:
        return Row(label=voice.say("policy.everywhere"), text=policy.value)
    return Row(label=channel, names_channel=True, text=policy.value, marks=marks)


def _unheard(caller: Caller, *policies: AnswerPolicy | None) -> tuple[str, ...]:
    """The name of what to add when one of them promises more than she is sent; else nothing."""
    return () if caller.hears_all or _OVERHEARING.isdisjoint(policies) else ("policy.unheard",)


def _row(policy: AnswerPolicy, label: str, voice: Voice) -> Row:
    return Row(label=label, text=voice.say(f"policy.{policy.value}"))


def _kept(call: Call, rule: TenantRule) -> tuple[str, str]:
    """For how long things are kept, and who decided it."""
    voice = call.voice
    if rule.days is None:
        kept = voice.say("retention.forever")
    else:
        kept = voice.say("retention.days", days=voice.count(rule.days, "day"))
    by = "owner" if rule.own is None else "tenant"
    return kept, voice.say(f"retention.by.{by}")
