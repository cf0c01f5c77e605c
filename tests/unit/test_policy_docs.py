"""The guide lists every setting, as it is."""

from __future__ import annotations

import re
from pathlib import Path

from bot.commands.policy_file import read_policy
from bot.commands.texts_policy_en import TEXTS
from bot.domain.place_settings import NAMES, SETTINGS, settings_for

GUIDE = Path(__file__).parents[2] / "docs" / "administration.md"


def test_the_guide_has_every_setting_as_it_is() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    table = text.partition("### Settings")[2].partition("\n### ")[0]
    rows = [row for row in table.splitlines() if row.startswith("| `")]

    assert [row.split("`")[1] for row in rows] == list(NAMES)
    for row, setting in zip(rows, SETTINGS, strict=True):
        where = "channel or everywhere" if setting.in_channels else "everywhere"
        told = TEXTS[f"setting.{setting.name}"]
        assert row == f"| `{setting.name}` | {where} | {told} | `{setting.example}` |"


def test_the_file_in_the_guide_can_be_read() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)

    read = read_policy(example, settings_for(), most_bytes=10_000)

    assert read.problems == ()
    assert read.decisions
