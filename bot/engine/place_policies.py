"""What holds in a place, as those decided who run the server or workspace, and their decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import TenantRef
from bot.domain.place_policy import USUAL_POLICY, PlacePolicy
from bot.domain.place_settings import (
    ANSWERS,
    NAMES,
    RETENTION,
    Decided,
    Decisions,
    PlaceSetting,
    StoredSetting,
    layered,
    settings_for,
    value_in,
)
from bot.domain.policy import AnswerPolicy
from bot.domain.setting_lists import ListChange, Several
from bot.domain.setting_values import UnfitValueError, Value
from bot.engine.policies import CACHE_SECONDS, ChannelPolicies
from bot.engine.tenant_retention import TenantRetention
from bot.log import get_logger
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock

log = get_logger(__name__)

_NOTHING: Decided = {}
_ELSEWHERE = (ANSWERS, RETENTION)
"""The settings that are stored in places of their own, where older versions find them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One decision before and after a change; None where there is none."""

    channel_id: str | None
    name: str
    before: Value | None
    after: Value | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    decisions: Decisions
    until: float
    policies: dict[str | None, PlacePolicy] = field(default_factory=dict)
    """Those that were asked for, by channels; of direct messages under None."""


class PlacePolicies:
    """Looks policies up, of which there is one for every message, and changes them.

    A :class:`~bot.ports.policy_source.PolicySource`. A channel's own decision counts before its
    tenant's, and that before the ``defaults``; whoever either of them denies is denied. What
    nobody of this version can read, a newer one decided: it is ignored here and stays stored.

    What ``channels`` and ``retention`` change is noticed at once, and so is there what is changed
    here. Every method that waits may raise a StorageError.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        clock: Clock,
        channels: ChannelPolicies,
        retention: TenantRetention,
        defaults: PlacePolicy = USUAL_POLICY,
        allowed_models: Sequence[str] = (),
    ) -> None:
        self.settings: Mapping[str, PlaceSetting] = settings_for(allowed_models)
        self.defaults = defaults
        self._storage = storage
        self._clock = clock
        self._channels = channels
        self._known: dict[TenantRef, _Known] = {}
        self._changes = 0
        self._ignored: set[tuple[TenantRef, str]] = set()
        channels.listen(self._forget)
        retention.listen(self._forget)

    async def of(self, conversation: ConversationRef) -> PlacePolicy:
        """What holds in a conversation: a thread has the policy of the channel that it is in.

        Direct messages are always answered. Where they have a tenant, what was decided for all of
        it holds, but for what is about channels.
        """
        tenant = conversation.tenant
        if tenant is None:
            return replace(self.defaults, answers=AnswerPolicy.USUAL)
        known = await self._of_tenant(tenant)
        is_direct = conversation.visibility is Visibility.DIRECT
        channel_id = None if is_direct else conversation.channel_id
        if channel_id not in known.policies:
            known.policies[channel_id] = self._holding(known.decisions, channel_id)
        return known.policies[channel_id]

    def inherited(self, decisions: Decisions, channel_id: str | None, name: str) -> Value:
        """What holds for a setting in a channel, or all of them, without a decision of its own."""
        layers = [] if channel_id is None else [decisions.get(None, _NOTHING)]
        return value_in(layered(self.defaults, *layers), self.settings[name])

    async def decisions(self, tenant: TenantRef) -> Decisions:
        """All decisions of a tenant as they are now: its own first, then by the ids of channels."""
        async with self._storage.unit_of_work() as work:
            return await self._read(work, tenant)

    async def decide(
        self,
        tenant: TenantRef,
        channel_id: str | None,
        name: str,
        wanted: Value | ListChange | None,
    ) -> Difference:
        """Decide for a channel, or with None for the whole tenant; None takes a decision back.

        A change of a list is one of what holds until now.

        Raises:
            UnfitValueError: a list would have too many entries.
            ValueError: the setting is for whole tenants alone.
        """
        if channel_id is not None and not self.settings[name].in_channels:
            raise ValueError(f"{name} is no setting of channels")
        async with self._storage.unit_of_work() as work:
            await work.place_settings.begin_change(tenant)
            decisions = await self._read(work, tenant)
            before = decisions.get(channel_id, _NOTHING).get(name)
            after = (
                self._listed(decisions, channel_id, name, wanted)
                if isinstance(wanted, ListChange)
                else wanted
            )
            changed = Difference(channel_id=channel_id, name=name, before=before, after=after)
            # Even when nothing changes: a value that cannot be read counts as none, and goes.
            await self._write(work, tenant, [changed])
            await work.commit()
        self._changed(tenant)
        log.info("place_setting_decided", tenant=tenant.id, channel=channel_id, setting=name)
        return changed

    async def replace(
        self, tenant: TenantRef, wanted: Decisions, *, dry_run: bool = False
    ) -> tuple[Difference, ...]:
        """Have these decisions and no others; returns what that changes, or would change."""
        async with self._storage.unit_of_work() as work:
            await work.place_settings.begin_change(tenant)
            changes = differences(await self._read(work, tenant), wanted)
            if dry_run or not changes:
                return changes
            await self._write(work, tenant, changes)
            await work.commit()
        self._changed(tenant)
        log.info("place_settings_replaced", tenant=tenant.id, changes=len(changes))
        return changes

    def _listed(
        self, decisions: Decisions, channel_id: str | None, name: str, change: ListChange
    ) -> Value:
        kind = self.settings[name].kind
        own = decisions.get(channel_id, _NOTHING).get(name)
        if own is None:
            adds_up = self.settings[name].adds_up
            own = () if adds_up else self.inherited(decisions, channel_id, name)
        if not isinstance(kind, Several) or not isinstance(own, tuple):
            raise TypeError(f"{name} is no list")
        return kind.changed(own, change)

    async def _of_tenant(self, tenant: TenantRef) -> _Known:
        now = self._clock.elapsed()
        known = self._known.get(tenant)
        if known is not None and now < known.until:
            return known
        changes = self._changes
        decisions = await self.decisions(tenant)
        found = _Known(decisions=decisions, until=now + CACHE_SECONDS)
        # What was read while somebody decided otherwise may be what was true before.
        if changes == self._changes:
            self._known[tenant] = found
        return found

    def _holding(self, decisions: Decisions, channel_id: str | None) -> PlacePolicy:
        """What holds in a channel, or with None in direct messages."""
        whole_tenant = decisions.get(None, _NOTHING)
        if channel_id is not None:
            return layered(self.defaults, whole_tenant, decisions.get(channel_id, _NOTHING))
        return replace(
            layered(self.defaults, whole_tenant),
            answers=AnswerPolicy.USUAL,
            allow_channels=frozenset(),
            deny_channels=frozenset(),
        )

    async def _read(self, work: UnitOfWork, tenant: TenantRef) -> Decisions:
        found: dict[str | None, dict[str, Value]] = {}
        for policy in await work.policies.of_tenant(tenant):
            found.setdefault(policy.channel_id, {})[ANSWERS] = policy.policy.value
        for stored in await work.place_settings.of_tenant(tenant):
            value = self._readable(tenant, stored)
            if value is not None:
                found.setdefault(stored.channel_id, {})[stored.name] = value
        days = (await work.retention.of_tenants()).get(tenant.id)
        if days is not None:
            found.setdefault(None, {})[RETENTION] = days
        return {
            channel_id: {name: decided[name] for name in NAMES if name in decided}
            for channel_id, decided in sorted(found.items(), key=lambda one: one[0] or "")
        }

    def _readable(self, tenant: TenantRef, stored: StoredSetting) -> Value | None:
        """The value of a stored decision; None when this version cannot make sense of it."""
        setting = self.settings.get(stored.name)
        if (
            setting is not None
            and stored.name not in _ELSEWHERE
            and (stored.channel_id is None or setting.in_channels)
        ):
            try:
                return setting.kind.read(stored.value)
            except UnfitValueError:
                pass
        if (tenant, stored.name) not in self._ignored:
            self._ignored.add((tenant, stored.name))
            log.warning("place_setting_ignored", tenant=tenant.id, setting=stored.name)
        return None

    @staticmethod
    async def _write(work: UnitOfWork, tenant: TenantRef, changes: Sequence[Difference]) -> None:
        for change in changes:
            if change.name == ANSWERS:
                policy = None if change.after is None else AnswerPolicy(str(change.after))
                await work.policies.set(tenant, change.channel_id, policy)
            elif change.name == RETENTION:
                days = None if change.after is None else int(str(change.after))
                await work.retention.set_tenant(tenant, days)
        rest = [change for change in changes if change.name not in _ELSEWHERE]
        gone = [(change.channel_id, change.name) for change in rest if change.after is None]
        await work.place_settings.unset(tenant, gone)
        await work.place_settings.set(
            tenant,
            [
                StoredSetting(
                    channel_id=change.channel_id, name=change.name, value=_plain(change.after)
                )
                for change in rest
                if change.after is not None
            ],
        )

    def _changed(self, tenant: TenantRef) -> None:
        self._forget(tenant)
        self._channels.forget(tenant)

    def _forget(self, tenant: TenantRef) -> None:
        self._changes += 1
        self._known.pop(tenant, None)


def differences(before: Decisions, after: Decisions) -> tuple[Difference, ...]:
    """What changes from some decisions to others: first for the tenant, then by channels."""
    places = sorted({*before, *after}, key=lambda channel_id: channel_id or "")
    return tuple(
        Difference(channel_id=channel_id, name=name, before=old, after=new)
        for channel_id in places
        for name in NAMES
        if (old := before.get(channel_id, _NOTHING).get(name))
        != (new := after.get(channel_id, _NOTHING).get(name))
    )


def _plain(value: Value) -> object:
    return list(value) if isinstance(value, tuple) else value
