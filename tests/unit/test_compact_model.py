"""What the setting of the model that writes summaries leads to, and what the commands say."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from support.random_model import save_random_model
from support.random_seq2seq import save_random_bart

from bot.cli.check import check
from bot.cli.models import choose_compact, ensure_compact, list_models
from bot.config import Settings
from bot.errors import ModelCorruptError, UnknownModelError
from bot.generation.models.sources import HubModel, parse_compact_source


def settings_for(tmp_path: Path, **values: str) -> Settings:
    folders: dict[str, Any] = {"data_dir": tmp_path / "data", "models_dir": tmp_path / "models"}
    return Settings(**folders, **{"model": "ellie-small", **values})


def said(command: Callable[[Settings, Console], Any], settings: Settings) -> tuple[str, Any]:
    out = io.StringIO()
    result = command(settings, Console(file=out, width=200))
    return out.getvalue(), result


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("none", None),
        ("Chat", None),
        (" auto ", None),
        ("ellie-small", None),  # chats already
        ("ellie-medium", "ellie-medium"),
        ("facebook/bart-large-cnn", "facebook/bart-large-cnn"),
    ],
)
def test_the_setting_may_name_a_model_of_its_own(
    tmp_path: Path, setting: str, name: str | None
) -> None:
    chosen = choose_compact(settings_for(tmp_path, compact_model=setting))

    assert (chosen.name if chosen else None) == name


def test_a_hub_id_and_a_revision_are_understood() -> None:
    assert parse_compact_source("google/pegasus-xsum@v1") == HubModel("google/pegasus-xsum", "v1")


@pytest.mark.parametrize("setting", ["ellie-encoder", "ellie-smal", "/no/such/folder"])
def test_what_cannot_write_is_refused(tmp_path: Path, setting: str) -> None:
    settings = settings_for(tmp_path, compact_model=setting)

    with pytest.raises(UnknownModelError, match=r"ellie-small|ELLIE_COMPACT_MODEL"):
        choose_compact(settings)
    text, error = said(check, settings)
    assert "✗ summaries: " in text
    assert isinstance(error, UnknownModelError)


@pytest.mark.parametrize("setting", ["none", "chat", "auto", "ellie-small"])
def test_nothing_is_said_or_fetched_without_one(tmp_path: Path, setting: str) -> None:
    settings = settings_for(tmp_path, compact_model=setting)

    assert "summaries" not in said(check, settings)[0]
    assert said(ensure_compact, settings) == ("", None)


def test_check_says_that_it_will_be_pulled(tmp_path: Path) -> None:
    def line(setting: str) -> str:
        text, error = said(check, settings_for(tmp_path, compact_model=setting))
        assert error is None
        (found,) = (line for line in text.splitlines() if "summaries" in line)
        return found

    assert line("org/name") == "✓ summaries: org/name, will be pulled at first start"
    assert line("ellie-medium") == (
        "✓ summaries: ellie-medium, will be pulled at first start (1.1 GB to fetch)"
    )


@pytest.mark.parametrize(
    ("save", "kind"),
    [(save_random_bart, "an encoder-decoder"), (save_random_model, "a model that chats")],
)
def test_a_folder_is_used_where_it_is_and_check_says_of_what_kind(
    tmp_path: Path, save: Callable[[Path], None], kind: str
) -> None:
    own = tmp_path / "own"
    save(own)
    settings = settings_for(tmp_path, compact_model=str(own))

    text, error = said(check, settings)

    assert f"✓ summaries: {own}, {kind}, in {own}\n" in text
    assert error is None
    assert said(ensure_compact, settings) == ("", (str(own), own))


def test_a_damaged_folder_fails_the_check(tmp_path: Path) -> None:
    own = tmp_path / "own"
    save_random_bart(own)
    (own / "model.safetensors").unlink()

    text, error = said(check, settings_for(tmp_path, compact_model=str(own)))

    assert "✗ summaries: The model in" in text
    assert isinstance(error, ModelCorruptError)


def test_models_marks_it_when_it_would_run(tmp_path: Path) -> None:
    def marked(**values: str) -> list[str]:
        text, _ = said(list_models, settings_for(tmp_path, **values))
        return [line.split()[1] for line in text.splitlines() if "→" in line]

    assert marked() == ["ellie-small"]
    assert marked(compact_model="ellie-tiny") == ["ellie-small", "ellie-tiny"]
