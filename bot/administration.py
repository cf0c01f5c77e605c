"""What those who manage a place work with: policies, quotas, resets, the audit log, put together.

Policies come first, because the turn and people's own control over their memory ask them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from bot.commands.dispatch import Commands
from bot.commands.explaining import Explanations
from bot.commands.pacing import CommandPacing
from bot.commands.resetting import Resetting
from bot.config import Settings
from bot.default_policy import default_policy
from bot.domain.account import account_name
from bot.domain.identity import IdentityRef
from bot.domain.recipient import Recipient
from bot.engine.audit import AuditLog
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.compaction.compactor import Compactor
from bot.engine.memory_control import MemoryControl
from bot.engine.place_policies import PlacePolicies
from bot.engine.policies import ChannelPolicies
from bot.engine.quotas import Quotas
from bot.engine.recall_cache import RecallCache
from bot.engine.reset_codes import ResetCodes
from bot.engine.reset_erasure import ResetErasure
from bot.engine.resets import Resets
from bot.engine.rewording import Rewording
from bot.engine.tenant_compaction import TenantCompaction
from bot.engine.tenant_export import TenantExport
from bot.engine.tenant_retention import TenantRetention
from bot.ports.storage import Storage
from bot.ports.system import Clock, IdSource, WorkerRegistry


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What holds in places, and the parts that it is kept in."""

    channels: ChannelPolicies
    retention: TenantRetention
    policies: PlacePolicies
    quotas: Quotas

    @classmethod
    def over(cls, settings: Settings, storage: Storage, *, clock: Clock) -> Self:
        """All of it over one database, with the owner's settings as the defaults."""
        channels = ChannelPolicies(storage, clock=clock)
        retention = TenantRetention(storage, default_days=settings.retention_days or None)
        policies = PlacePolicies(
            storage,
            clock=clock,
            channels=channels,
            retention=retention,
            defaults=default_policy(settings),
            allowed_models=settings.allowed_model_names,
        )
        return cls(
            channels=channels,
            retention=retention,
            policies=policies,
            quotas=Quotas(storage, clock=clock, policies=policies),
        )


class Administration:
    """The means of admins over one database. What it begins ends with the stack."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        recall: RecallCache,
        control: MemoryControl,
        *,
        compactor: Compactor,
        places: Places,
        traffic: ChatTraffic,
        clock: Clock,
        ids: IdSource,
        workers: WorkerRegistry,
        stack: AsyncExitStack,
    ) -> None:
        self._storage = storage
        self._control = control
        self._places = places
        self._clock = clock
        self._owners = settings.owner_accounts
        self.audit = AuditLog(
            storage, clock=clock, ids=ids, days=settings.audit_days, erasing=control.erasing
        )
        self.reset_erasure = ResetErasure(
            storage,
            recall,
            clock=clock,
            ids=ids,
            worker=workers.name,
            erasing=control.erasing,
            traffic=traffic,
        )
        stack.push_async_callback(self.reset_erasure.stop)
        resets = Resets(
            storage,
            recall,
            self.reset_erasure,
            clock=clock,
            ids=ids,
            grace=timedelta(hours=settings.reset_grace_hours),
        )
        self._resetting = Resetting(resets, ResetCodes(clock=clock, ids=ids))
        self._compaction = TenantCompaction(storage, compactor, traffic=traffic, audit=self.audit)
        stack.push_async_callback(self._compaction.stop)

    def is_owner(self, identity: IdentityRef) -> bool:
        """Whether an account is one of those that own this instance."""
        return account_name(identity) in self._owners

    def commands(
        self,
        explanations: Explanations,
        rewording: Rewording | None = None,
        sent_to: Sequence[Recipient] = (),
    ) -> Commands:
        """Every command, those of admins included."""
        return Commands(
            self._control,
            clock=self._clock,
            explanations=explanations,
            quotas=self._places.quotas,
            pacing=CommandPacing(self._clock),
            retention=self._places.retention,
            places=self._places.policies,
            rules=self._places.policies,
            resetting=self._resetting,
            audit=self.audit,
            owners=self._owners,
            tenant_export=TenantExport(self._storage, clock=self._clock),
            tenant_compaction=self._compaction,
            rewording=rewording,
            sent_to=sent_to,
        )
