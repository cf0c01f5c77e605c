"""A workspace with somebody who may manage it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import timedelta

from support.commanding import WORKSPACE, Desk
from support.compacting import compactor_over
from support.engine import Workers
from support.places import places_over

from bot.commands.call import Caller
from bot.commands.dispatch import Commands
from bot.commands.reply import CommandReply
from bot.commands.resetting import Resetting
from bot.domain.audit import AuditEntry
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import Platform, TenantRef
from bot.domain.place_policy import PlacePolicy
from bot.domain.turn import NewTurn, Turn, TurnId, TurnOutcome, TurnStatus
from bot.engine.audit import AuditLog
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.policies import ChannelPolicies
from bot.engine.reset_codes import ResetCodes
from bot.engine.reset_erasure import ResetErasure
from bot.engine.resets import Resets
from bot.engine.tenant_compaction import TenantCompaction
from bot.engine.tenant_export import TenantExport
from bot.engine.tenant_retention import TenantRetention

OTHER_WORKSPACE = TenantRef(platform=Platform.SLACK, external_id="T2")


def channel(channel_id: str, *, tenant: TenantRef = WORKSPACE) -> ConversationRef:
    """An open channel."""
    return ConversationRef(
        platform=tenant.platform,
        channel_id=channel_id,
        visibility=Visibility.PUBLIC,
        tenant=tenant,
    )


CHANNEL = channel("C1")
THREAD = replace(CHANNEL, thread_id="1.5")


class Office:
    """Where commands are given in channels, over the storage of a desk."""

    def __init__(
        self,
        *,
        default_days: int | None = None,
        grace_hours: float = 72,
        owners: Collection[str] = (),
    ) -> None:
        self.desk = Desk(retention_days=default_days)
        self.policies = ChannelPolicies(self.desk.storage, clock=self.desk.clock)
        self.retention = TenantRetention(self.desk.storage, default_days=default_days)
        self.places = places_over(
            self.desk.storage,
            self.desk.clock,
            self.policies,
            self.retention,
            defaults=PlacePolicy(retention_days=default_days),
            allowed_models=("ellie-small", "ellie-medium"),
        )
        self.erasure = ResetErasure(
            self.desk.storage,
            self.desk.recall,
            clock=self.desk.clock,
            ids=self.desk.ids,
            worker="office",
            erasing=self.desk.control.erasing,
        )
        self.resets = Resets(
            self.desk.storage,
            self.desk.recall,
            self.erasure,
            clock=self.desk.clock,
            ids=self.desk.ids,
            grace=timedelta(hours=grace_hours),
        )
        codes = ResetCodes(clock=self.desk.clock, ids=self.desk.ids)
        self.audit = AuditLog(
            self.desk.storage,
            clock=self.desk.clock,
            ids=self.desk.ids,
            erasing=self.desk.control.erasing,
        )
        self.compaction = TenantCompaction(
            self.desk.storage,
            compactor_over(self.desk.storage, clock=self.desk.clock, ids=self.desk.ids),
            traffic=ChatTraffic(),
            audit=self.audit,
        )
        self.commands = Commands(
            self.desk.control,
            clock=self.desk.clock,
            places=self.places,
            retention=self.retention,
            resetting=Resetting(self.resets, codes),
            audit=self.audit,
            owners=owners,
            tenant_export=TenantExport(self.desk.storage, clock=self.desk.clock),
            tenant_compaction=self.compaction,
            rewording=self.desk.rewording,
        )

    async def ask(
        self,
        line: str,
        *,
        user: str = "ana",
        where: ConversationRef = CHANNEL,
        is_admin: bool = True,
        still_admin: Callable[[], Awaitable[bool]] | None = None,
        hears_all: bool = True,
        locale: str = "",
    ) -> CommandReply:
        """What a line is answered that must be a command."""
        understood = self.commands.understand(line, locale)
        assert understood is not None, f"{line!r} is a message"
        caller = Caller(
            identity=self.desk.identity(user, where.platform),
            conversation=where,
            locale=locale,
            is_admin=is_admin,
            still_admin=still_admin,
            hears_all=hears_all,
        )
        return await self.commands.answer(understood, caller)

    async def recorded(self, tenant: TenantRef = WORKSPACE) -> list[AuditEntry]:
        """What is on record of a tenant, oldest first."""
        return list(reversed(await self.audit.export(tenant.id)))

    async def say(self, text: str, where: ConversationRef = CHANNEL, user: str = "ana") -> Turn:
        """A turn of somebody in a channel, as the engine leaves it."""
        desk = self.desk
        async with desk.storage.unit_of_work() as work:
            person = await work.persons.resolve(
                desk.identity(user, where.platform),
                new_id=desk.ids.new_id(),
                seen_at=desk.clock.now(),
            )
            conversation = await work.conversations.resolve(where, new_id=desk.ids.new_id())
            turn_id = TurnId(desk.ids.new_id())
            turn, _ = await work.turns.accept(
                NewTurn(
                    id=turn_id,
                    person_id=person.id,
                    conversation_id=conversation.id,
                    audience=conversation.audience,
                    event_key=f"said-{turn_id}",
                    text=text,
                    received_at=desk.clock.now(),
                    worker=Workers.name,
                    lease_until=desk.clock.now(),
                )
            )
            outcome = TurnOutcome(
                status=TurnStatus.ANSWERED, finished_at=desk.clock.now(), reply="ok"
            )
            await work.turns.finish(turn.id, outcome, worker=Workers.name)
            await work.commit()
        return turn
