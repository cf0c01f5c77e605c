"""What the setting of the model that looks at pictures leads to, and what the commands say."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from support.random_vision import save_random_blip

from bot.cli.check import check
from bot.cli.models import choose_sight, ensure_sight, list_models
from bot.config import Settings
from bot.errors import UnknownModelError


def settings_for(tmp_path: Path, see_model: str) -> Settings:
    folders: dict[str, Any] = {"data_dir": tmp_path / "data", "models_dir": tmp_path / "models"}
    return Settings(**folders, model="ellie-small", see_model=see_model)


def said(command: Callable[[Settings, Console], Any], settings: Settings) -> tuple[str, Any]:
    out = io.StringIO()
    result = command(settings, Console(file=out, width=200))
    return out.getvalue(), result


@pytest.mark.parametrize(
    ("setting", "name"),
    [("none", None), (" None ", None), ("org/eyes@v1", "org/eyes@v1")],
)
def test_the_setting_names_a_model_or_none(tmp_path: Path, setting: str, name: str | None) -> None:
    chosen = choose_sight(settings_for(tmp_path, setting))
    assert (chosen.name if chosen else None) == name


@pytest.mark.parametrize("setting", ["ellie-small", "ellie-encoder", "eyes", "/no/such/folder"])
def test_what_cannot_see_is_refused(tmp_path: Path, setting: str) -> None:
    settings = settings_for(tmp_path, setting)
    with pytest.raises(UnknownModelError, match=r"ELLIE_SEE_MODEL|hub id"):
        choose_sight(settings)
    text, error = said(check, settings)
    assert "✗ sight: " in text
    assert isinstance(error, UnknownModelError)


def test_nothing_is_said_or_fetched_without_one(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "none")
    assert "sight" not in said(check, settings)[0]
    assert said(ensure_sight, settings) == ("", None)


def test_a_folder_is_used_where_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "eyes"
    folder.mkdir()
    save_random_blip(folder)
    settings = settings_for(tmp_path, str(folder))
    assert said(ensure_sight, settings) == ("", (str(folder), folder))
    assert f"sight: {folder} in {folder}" in said(check, settings)[0]
    assert said(list_models, settings)[0]


def test_one_that_is_not_here_yet_is_pulled_at_the_first_start(tmp_path: Path) -> None:
    assert "org/eyes, will be pulled" in said(check, settings_for(tmp_path, "org/eyes"))[0]
