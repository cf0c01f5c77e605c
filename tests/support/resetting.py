"""Resets over the storage of a dialog."""

from __future__ import annotations

from datetime import timedelta

from support.dialog import WORK, Dialog, account

from bot.domain.conversation import ConversationRef
from bot.domain.identity import IdentityRef, TenantRef
from bot.domain.reset import Reset
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.reset_erasure import ResetErasure
from bot.engine.resets import Resets, ResetTarget

BOSS = account("boss")


class ResetDesk:
    """An admin who has things reset, and the process that sees to it."""

    def __init__(
        self,
        dialog: Dialog,
        *,
        grace: timedelta = timedelta(hours=72),
        worker: str = "here",
        traffic: ChatTraffic | None = None,
    ) -> None:
        self.erasure = ResetErasure(
            dialog.storage,
            dialog.recall,
            clock=dialog.clock,
            ids=dialog.ids,
            worker=worker,
            erasing=dialog.control.erasing,
            traffic=traffic,
        )
        self.resets = Resets(
            dialog.storage,
            dialog.recall,
            self.erasure,
            clock=dialog.clock,
            ids=dialog.ids,
            grace=grace,
        )

    async def reset(
        self,
        *,
        who: IdentityRef | None = None,
        where: ConversationRef | None = None,
        tenant: TenantRef = WORK,
        at_once: bool = False,
    ) -> Reset:
        """Something reset, and what follows from it in the background done."""
        channel = None if where is None else where.audience.channel
        target = ResetTarget(tenant=tenant, account=who, channel=channel)
        reset = await self.resets.request(target, by=BOSS, at_once=at_once)
        assert reset is not None
        await self.erasure.drain()
        return reset

    async def undo(self, reset: Reset, *, tenant: TenantRef = WORK) -> Reset | None:
        undone = await self.resets.undo(tenant, reset.id)
        await self.erasure.drain()
        return undone

    async def listed(self, tenant: TenantRef = WORK) -> list[Reset]:
        return [one.reset for one in await self.resets.listing(tenant)]
