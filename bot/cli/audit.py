"""``ellie audit``: what was done in the name of administration, for the owner of the machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import IO

from rich.console import Console

from bot.background import compaction_app
from bot.cli.people import SHORT_ID, parse_tenant
from bot.config import Settings
from bot.domain.audit import AuditEntry
from bot.domain.identity import TenantId
from bot.engine.memory_export import plain
from bot.errors import UsageError
from bot.ports.storage import Storage, UnitOfWork

LATEST = 50
"""So many entries are printed."""
_AT_ONCE = 1000


def show_audit(settings: Settings, console: Console, tenant: str = "") -> None:
    """Print the latest entries of the whole instance, or of one server or workspace.

    Raises:
        UsageError: no server or workspace is written like that.
        StorageError: the database cannot be used.
    """
    tenant_id = _tenant_id(tenant)

    async def run() -> tuple[AuditEntry, ...]:
        async with compaction_app(settings) as app, app.storage.unit_of_work() as work:
            return await _entries(work, tenant_id, limit=LATEST)

    found = asyncio.run(run())
    for entry in found:
        _say(console, _line(entry))
    if not found:
        _say(console, "Nothing is on record.")
    kept = "day" if settings.audit_days == 1 else "days"
    _say(console, f"Entries are kept for {settings.audit_days} {kept} (ELLIE_AUDIT_DAYS).")


def export_audit(settings: Settings, console: Console, file: Path, tenant: str = "") -> None:
    """Write all entries to a new file, newest first, each as JSON on a line of its own.

    Raises:
        UsageError: the file cannot be written, or is there already; or no server or workspace is
            written like that.
        StorageError: the database cannot be used.
    """
    tenant_id = _tenant_id(tenant)

    async def run() -> int:
        async with AsyncExitStack() as stack:
            app = await stack.enter_async_context(compaction_app(settings))
            target = stack.enter_context(_created(file))
            count = 0
            async for entry in _all(app.storage, tenant_id):
                target.write(json.dumps(plain(entry), ensure_ascii=False) + "\n")
                count += 1
            return count

    count = asyncio.run(run())
    _say(console, f"Written to {file}: {count} {'entry' if count == 1 else 'entries'}.")


def _created(file: Path) -> IO[str]:
    try:
        return file.open("x", encoding="utf-8")
    except FileExistsError as error:
        raise UsageError(f"{file} is there already. Name a new file.") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be written: {error}.") from error


async def _all(storage: Storage, tenant_id: str) -> AsyncIterator[AuditEntry]:
    """Every entry. What is written meanwhile may move one from a page to the next: once is told."""
    told: set[str] = set()
    offset = 0
    while True:
        async with storage.unit_of_work() as work:
            entries = await _entries(work, tenant_id, limit=_AT_ONCE, offset=offset)
        for entry in entries:
            if entry.id not in told:
                told.add(entry.id)
                yield entry
        if len(entries) < _AT_ONCE:
            return
        offset += _AT_ONCE


async def _entries(
    work: UnitOfWork, tenant_id: str, *, limit: int, offset: int = 0
) -> tuple[AuditEntry, ...]:
    if tenant_id:
        return await work.audit.of_tenant(TenantId(tenant_id), limit=limit, offset=offset)
    return await work.audit.of_instance(limit=limit, offset=offset)


def _tenant_id(tenant: str) -> str:
    return parse_tenant(tenant).id if tenant else ""


def _line(entry: AuditEntry) -> str:
    where = " ".join(filter(None, (entry.tenant_id, entry.channel))) or "-"
    parts = [
        f"{entry.happened_at:%Y-%m-%d %H:%M} UTC",
        where,
        f"{entry.actor}: {entry.action}",
        entry.outcome.value,
    ]
    if entry.person_id is not None:
        parts.append(f"person {entry.person_id[:SHORT_ID]}")
    parts += [f"{name}={value}" for name, value in entry.detail.items()]
    return "  ".join(parts)


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
