"""Some hundred hostile inputs through a whole Ellie; ``bench/hostile.py`` puts in ten thousand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from support.hostile_run import VITO, HastyClock, HostileRun, Obliging, direct

from bot.app import assembled_app
from bot.commands.reply import CommandReply
from bot.config import Settings
from bot.config_choices import Extraction


@pytest.mark.parametrize("seed", [11, 12, 13])
async def test_nothing_breaks_leaks_or_takes_for_ever(
    tmp_path: Path, new_url: Callable[[], str], seed: int
) -> None:
    generator, clock = Obliging(), HastyClock()
    settings = Settings(
        data_dir=tmp_path,
        database_url=SecretStr(new_url()),
        extraction=Extraction.RULES,
        compaction_schedule="off",  # what nobody put in changes nothing
        retention_schedule="off",
    )
    async with assembled_app(settings, generator, clock) as app:
        run = HostileRun(app, generator, clock, seed=seed)
        before = await run.settle_in()
        await run.go(150)
        await run.end(before)
    assert run.found.problems == []
    assert run.found.inputs.total() == len(run.found.seconds) == 150


async def test_what_is_wrong_is_found(tmp_path: Path) -> None:
    """The run itself can fail: a leak, an insides-out answer, and something of Vito's changed."""
    generator, clock = Obliging(), HastyClock()
    settings = Settings(data_dir=tmp_path, extraction=Extraction.RULES)
    async with assembled_app(settings, generator, clock) as app:
        run = HostileRun(app, generator, clock, seed=1)
        before = await run.settle_in()
        stranger = run.caller()
        run.look_at(CommandReply(lines=("It is KOMODO-DIRECT.",)), stranger)
        run.look_at(CommandReply(lines=("Traceback (most recent call last)",)), stranger)
        run.look_at(CommandReply(), stranger)
        await run.talk(VITO, direct(VITO), "I moved to Reykjavik.")
        await run.end(before)
    found = "\n".join(run.found.problems)
    assert "KOMODO-DIRECT is shown" in found
    assert "shows the insides" in found
    assert "nothing is said" in found
    assert "what is stored about Vito changed" in found
