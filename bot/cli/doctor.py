"""``ellie doctor``: what is wrong with what is stored, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from bot.app import database_state
from bot.cli.asking import number_of, say, size_of
from bot.cli.findings import Finding, of_models, of_permissions
from bot.config import Settings
from bot.database import open_database
from bot.domain.erasure import MergedInto
from bot.engine.audit import AuditLog
from bot.engine.recovery import TurnRecovery
from bot.erase_file import FILE_NAME, JsonLinesEraseFile
from bot.errors import StorageBusyError, StorageError, StorageUnavailableError
from bot.ports.storage import Storage
from bot.system import ProcessRegistry, RandomIds, SystemClock
from storage.diagnosis import Diagnosis, diagnose, storage_as_it_is
from storage.repair import drop_orphans

_FIX = "ellie doctor --fix"
_SHORT_ID = 8


def doctor(settings: Settings, console: Console, *, fix: bool, models: bool) -> bool:
    """Print what was found, after repairs if ``fix`` is set; whether all is well.

    Raises:
        StorageError: what was to be repaired cannot be.
    """
    if fix:
        say(console, asyncio.run(_repair(settings)))
    findings = [
        *asyncio.run(_of_database(settings)),
        *_of_erase_list_file(settings),
        *of_permissions(settings),
        *of_models(settings, thoroughly=models),
    ]
    for finding in findings:
        mark = Text("✓ ", style="green") if finding.is_well else Text("✗ ", style="red")
        console.print(mark + Text(f"{finding.subject}: {finding.text}"), soft_wrap=True)
    return all(finding.is_well for finding in findings)


async def _repair(settings: Settings) -> str:
    """Do what loses nothing that anybody could ask for, and say what was done."""
    clock = SystemClock()
    # Opening migrates, erases again what a backup brought back, and copies the erase list out.
    async with open_database(settings, clock=clock, ids=RandomIds()) as database:
        closed = await TurnRecovery(
            database.storage, clock=clock, workers=ProcessRegistry()
        ).close_orphans()
        audit = AuditLog(database.storage, clock=clock, ids=RandomIds())
        async with audit.recorded("ellie doctor --fix") as noted:
            dropped = await drop_orphans(database.storage)
            noted.detail.update(turns=closed, rows=dropped)
        scrubbed = await _scrubbed(database.storage)
    try:
        torn = JsonLinesEraseFile(settings.data_dir / FILE_NAME).tidy()
    except OSError as error:
        raise StorageUnavailableError(
            f"{FILE_NAME} in the data folder cannot be written ({error.strerror})."
        ) from error
    again = database.again.entries
    done = [
        *([f"closed {number_of(closed, 'turn')}"] if closed else []),
        *([f"dropped {number_of(dropped, 'row')} of nobody"] if dropped else []),
        *([] if scrubbed else ["another program keeps the files from being overwritten"]),
        *([f"removed {number_of(torn, 'line')} of {FILE_NAME}"] if torn else []),
        *([f"applied {number_of(again, 'entry')} of the erase list"] if again else []),
    ]
    return f"Repaired: {', '.join(done) or 'nothing needed it'}."


async def _scrubbed(storage: Storage) -> bool:
    """Overwrite what dropped rows left, now or before; False when another program prevents it."""
    try:
        await storage.scrub()
    except StorageBusyError:
        return False
    return True


async def _of_database(settings: Settings) -> list[Finding]:
    url = settings.resolved_database_url
    try:
        state = await database_state(settings)
        if state.revision is None:
            return [Finding("database", f"{state.place} (there is none yet)")]
        if not state.is_current:
            why = f"has schema {state.revision}; a start of Ellie upgrades it, or {_FIX}"
            return [Finding("database", f"{state.place} {why}", is_well=False)]
        async with storage_as_it_is(url) as storage:
            found = await diagnose(storage, now=SystemClock().now())
    except StorageError as error:
        return [Finding("database", str(error), is_well=False)]
    heading = Finding("database", f"{state.place} (schema {state.revision})")
    if found.damage:
        what = f"{found.damage[0]}. Stop Ellie, and restore a backup (ellie restore)"
        return [heading, Finding("integrity", what, is_well=False)]
    return [heading, Finding("integrity", "nothing is damaged"), *_of_rows(found, settings)]


def _of_rows(found: Diagnosis, settings: Settings) -> Iterator[Finding]:
    yield _rows_of_nobody(found)
    yield _unreachable(found)
    yield _leases(found)
    late = found.overdue_resets
    yield _judged(
        "resets",
        late,
        f"{number_of(late, 'reset')} should have been carried out by now. Start Ellie: she does it",
        "none is overdue",
    )
    yield from _oversized(found)
    yield _erase_list(found, settings)


def _rows_of_nobody(found: Diagnosis) -> Finding:
    counts = {
        **found.orphans,
        "facts without evidence": found.unsupported_facts,
        "direct conversations without turns": found.deserted_conversations,
        "people without accounts and memory": found.empty_people,
    }
    told = ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)
    return _judged(
        "rows of nobody", sum(counts.values()), f"{told}. {_FIX} drops them", "there are none"
    )


def _unreachable(found: Diagnosis) -> Finding:
    ids = ", ".join(found.unreachable[:_SHORT_ID])
    return _judged(
        "people",
        len(found.unreachable),
        f"no account leads to {ids}, of whom something is stored. ellie erase --person ID "
        "erases it",
        "everybody of whom something is stored has an account",
    )


def _leases(found: Diagnosis) -> Finding:
    counts = {
        "turn": found.stale_turns,
        "compaction": found.stale_jobs,
        "reset": found.stale_resets,
    }
    told = ", ".join(number_of(count, what) for what, count in counts.items() if count)
    return _judged(
        "leases",
        sum(counts.values()),
        f"{told} of a process that is gone. A running Ellie goes on with them; {_FIX} closes turns",
        "nothing was left behind",
    )


def _oversized(found: Diagnosis) -> Iterator[Finding]:
    if not found.oversized:
        yield Finding("size", "nobody has unusually much")
    for person in found.oversized:
        yield Finding(
            "size",
            f"person {person.person_id[:_SHORT_ID]} has {number_of(person.turns, 'turn')}, "
            f"{number_of(person.facts, 'fact')} and {size_of(person.characters)} of text. Keep "
            "things for a number of days (ELLIE_RETENTION_DAYS), or limit how much they may say",
            is_well=False,
        )


def _erase_list(found: Diagnosis, settings: Settings) -> Finding:
    subject = "erase list"
    try:
        content = JsonLinesEraseFile(settings.data_dir / FILE_NAME).read()
    except OSError as error:
        text = f"{FILE_NAME} cannot be read ({error.strerror}). Make it readable for Ellie"
        return Finding(subject, text, is_well=False)
    copied = {entry.id for entry in content.entries}
    lacking, behind = len(copied - found.erasures), len(found.erasures - copied)
    left = {e.id for e in content.entries if not isinstance(e.what, MergedInto)}
    unscrubbed = len(content.unscrubbed & left)
    if lacking:
        text = (
            f"the database lacks {number_of(lacking, 'entry')}: it is older. What they tell of is "
            f"erased again at the next start, or by {_FIX}"
        )
    elif behind:
        text = f"{FILE_NAME} lacks {number_of(behind, 'entry')}. {_FIX} adds them"
    elif unscrubbed:
        text = (
            f"{number_of(unscrubbed, 'erasure')} may have left text in the database's files. "
            f"{_FIX} overwrites it"
        )
    else:
        text = f"{number_of(len(copied), 'entry')}, in the database and in {FILE_NAME}"
    return Finding(subject, text, is_well=not (lacking or behind or unscrubbed))


def _of_erase_list_file(settings: Settings) -> Iterator[Finding]:
    try:
        lines = JsonLinesEraseFile(settings.data_dir / FILE_NAME).read().unreadable
    except OSError:
        return  # told with the list itself
    if lines:
        yield Finding(
            FILE_NAME,
            f"{number_of(lines, 'line')} cannot be read. {_FIX} writes it anew, with all that the "
            "database knows",
            is_well=False,
        )


def _judged(subject: str, problems: int, wrong: str, well: str) -> Finding:
    return Finding(subject, wrong if problems else well, is_well=not problems)
