"""``ellie retention``: how long things are kept, for one server or workspace, and erasing now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from rich.console import Console

from bot.background import compaction_app
from bot.cli.people import parse_tenant
from bot.config import Settings
from bot.domain.identity import TenantId
from bot.engine.audit import Noted
from bot.engine.schedules import RETENTION, RecordedRuns, erase_all_expired, expired_counts
from bot.engine.tenant_retention import TenantRetention
from bot.ports.compaction_storage import Expired
from bot.ports.metrics import NoMetrics

RECORDED = "ellie retention"
"""What its decisions and erasures are called in the audit log."""


def show_retention(settings: Settings, console: Console) -> None:
    """Print how long things are kept.

    Raises:
        StorageError: the database cannot be used.
    """

    async def run() -> Mapping[TenantId, int]:
        async with compaction_app(settings) as app, app.storage.unit_of_work() as work:
            return await work.retention.of_tenants()

    tenants = asyncio.run(run())
    default = _kept(settings.retention_days or None)
    _say(console, f"By default (ELLIE_RETENTION_DAYS): {default}.")
    for tenant, days in sorted(tenants.items()):
        _say(console, f"What is said in {tenant}: {_kept(days)}.")
    _say(console, "People may choose less for themselves, with /memory keep.")


def set_retention(settings: Settings, console: Console, tenant: str, days: int | None) -> None:
    """Decide for how many days what is said in a server or workspace is kept.

    None takes the decision back, so that the default holds;
    :data:`~bot.engine.tenant_retention.KEEP_EVERYTHING` keeps everything.

    Raises:
        UsageError: no server or workspace is written like that.
        StorageError: the database cannot be used.
    """
    ref = parse_tenant(tenant)
    default = settings.retention_days or None

    async def run() -> None:
        noted = Noted(detail={"days": _decided(days)})
        async with (
            compaction_app(settings) as app,
            app.audit.recorded(RECORDED, tenant_id=ref.id, noted=noted),
        ):
            await TenantRetention(app.storage, default_days=default).decide(ref, days)

    asyncio.run(run())
    kept = _kept(default if days is None else days)
    as_default = ", as by default" if days is None else ""
    _say(console, f"What is said in {ref.id}: {kept}{as_default}.")
    if days:
        _say(
            console,
            f"What is older is erased for good by the schedule ({settings.retention_schedule}), "
            "or now by `ellie retention --run`.",
        )


def erase_now(settings: Settings, console: Console) -> None:
    """Erase what is older than may be kept, whatever the schedule says.

    Raises:
        StorageError: the database cannot be used.
    """

    async def run() -> Expired:
        async with compaction_app(settings) as app:
            runs = RecordedRuns(app.storage, clock=app.clock, metrics=NoMetrics())
            everything = partial(erase_all_expired, app.retention, app.audit)
            async with app.audit.recorded(f"{RECORDED} --run") as noted:
                expired = await runs.run(RETENTION, everything, expired_counts)
                noted.detail.update(expired_counts(expired))
            return expired

    expired = asyncio.run(run())
    erased = _counted(expired)
    _say(console, f"Erased for good: {erased}." if erased else "Nothing is older than may be kept.")


def erase_tenant(settings: Settings, console: Console, tenant: str) -> None:
    """Erase everything that was said in a server or workspace, whatever its age.

    Raises:
        UsageError: no server or workspace is written like that.
        StorageError: the database cannot be used.
    """
    ref = parse_tenant(tenant)

    async def run() -> Expired:
        async with (
            compaction_app(settings) as app,
            app.audit.recorded(f"{RECORDED} --erase", tenant_id=ref.id) as noted,
        ):
            expired = await app.erasure.erase(ref)
            noted.detail.update(expired_counts(expired))
            return expired

    erased = _counted(asyncio.run(run()))
    _say(
        console,
        f"Erased for good of what was said in {ref.id}: {erased}."
        if erased
        else f"Nothing is stored that was said in {ref.id}.",
    )


def _decided(days: int | None) -> int | str:
    """A decision as the audit log writes it."""
    return "default" if days is None else days or "forever"


def _counted(expired: Expired) -> str:
    counts = expired_counts(expired).items()
    return ", ".join(f"{n} {what if n != 1 else what[:-1]}" for what, n in counts if n)


def _kept(days: int | None) -> str:
    if not days:
        return "kept until somebody erases it"
    return f"kept for {days} {'day' if days == 1 else 'days'}"


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
