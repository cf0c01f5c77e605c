"""Hostile input through every command and the turn: does anything break, leak, or take for ever?

    python bench/hostile.py [--count 10000] [--seed 1] [--database postgresql://...]

A whole Ellie runs over a database, with a model that answers "ok". Names, messages, arguments, and
options of every command are made at random from what has broken other programs. Exits with 1 when
something was raised, shown, logged, changed or slow that should not have been.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from bot.app import assembled_app
from bot.config import Settings
from bot.config_choices import Extraction, LogLevel
from bot.log import configure_logging

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.hostile_run import Findings, HastyClock, HostileRun, Obliging


async def run(settings: Settings, count: int, seed: int) -> Findings:
    """Put all of it in."""
    generator, clock = Obliging(), HastyClock()
    async with assembled_app(settings, generator, clock) as app:
        hostile = HostileRun(app, generator, clock, seed=seed)
        before = await hostile.settle_in()
        await hostile.go(count)
        await hostile.end(before)
    return hostile.found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", default="")
    arguments = parser.parse_args()
    configure_logging(LogLevel.INFO)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder),
            database_url=SecretStr(arguments.database),
            extraction=Extraction.RULES,
            compaction_schedule="off",  # what nobody put in changes nothing
            retention_schedule="off",
        )
        began = time.perf_counter()
        found = asyncio.run(run(settings, arguments.count, arguments.seed))
        seconds = time.perf_counter() - began
    console = Console()
    table = Table("What was put in", "how often")
    for kind, number in sorted(found.inputs.items()):
        table.add_row(kind, str(number))
    console.print(table)
    outcomes = ", ".join(f"{number} {name}" for name, number in found.outcomes.most_common())
    p50, p99 = np.percentile(found.seconds, (50, 99)) * 1000
    console.print(f"Answers: {outcomes}", highlight=False)
    console.print(
        f"{found.inputs.total()} inputs in {seconds:.0f} s; one takes p50 {p50:.1f} ms, "
        f"p99 {p99:.1f} ms, at most {found.slowest[0] * 1000:.0f} ms ({found.slowest[1]})",
        highlight=False,
    )
    for problem in found.problems[:50]:
        console.print(problem, style="red", markup=False, highlight=False)
    console.print(f"Problems: {len(found.problems)}", highlight=False)
    sys.exit(bool(found.problems))


if __name__ == "__main__":
    main()
