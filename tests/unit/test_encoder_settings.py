"""What the encoder's setting leads to, and what the commands say about it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from support.random_encoder import DIMENSIONS, save_random_encoder

from bot.cli.check import check
from bot.cli.models import ensure_encoder, list_models
from bot.config import Settings
from bot.errors import UnknownModelError
from bot.local_models import choose_encoder, choose_model, local_encoder


def settings_for(tmp_path: Path, **values: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", models_dir=tmp_path / "models", **values)  # type: ignore[arg-type]


def said(command: object, settings: Settings) -> tuple[str, object]:
    out = io.StringIO()
    result = command(settings, Console(file=out, width=200))  # type: ignore[operator]
    return out.getvalue(), result


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("none", None),
        ("None", None),
        ("auto", "ellie-encoder"),
        ("ellie-encoder", "ellie-encoder"),
        ("org/name@v1", "org/name@v1"),
    ],
)
def test_the_setting_names_an_encoder(tmp_path: Path, setting: str, name: str | None) -> None:
    chosen = choose_encoder(settings_for(tmp_path, encoder=setting))

    assert (chosen.name if chosen else None) == name


def test_there_is_none_unless_it_is_asked_for(tmp_path: Path) -> None:
    assert choose_encoder(settings_for(tmp_path)) is None
    assert ensure_encoder(settings_for(tmp_path), Console(file=io.StringIO())) is None


def test_an_encoder_is_no_chat_model(tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError, match="cannot chat"):
        choose_model(settings_for(tmp_path, model="ellie-encoder"))


def test_check_says_which_encoder_there_will_be(tmp_path: Path) -> None:
    assert "✓ encoder: none; recall goes by words" in said(check, settings_for(tmp_path))[0]

    text, error = said(check, settings_for(tmp_path, encoder="auto"))
    assert "✓ encoder: ellie-encoder, will be pulled at first start (91.3 MB to fetch)" in text
    assert error is None

    text, error = said(check, settings_for(tmp_path, encoder="ellie-small"))
    assert "✗ encoder: ellie-small is no sentence encoder." in text
    assert isinstance(error, UnknownModelError)


def test_models_lists_it_and_marks_it_when_it_would_run(tmp_path: Path) -> None:
    def lines(**values: str) -> list[str]:
        text, _ = said(list_models, settings_for(tmp_path, model="ellie-small", **values))
        return [line.split()[1] for line in text.splitlines() if "→" in line]

    assert "ellie-encoder" in said(list_models, settings_for(tmp_path, model="ellie-small"))[0]
    assert lines() == ["ellie-small"]
    assert lines(encoder="auto") == ["ellie-small", "ellie-encoder"]


def test_a_folder_is_used_where_it_is(tmp_path: Path) -> None:
    own = tmp_path / "own"
    save_random_encoder(own)
    settings = settings_for(tmp_path, encoder=str(own))

    assert ensure_encoder(settings, Console(file=io.StringIO())) == (str(own), own)
    assert f"✓ encoder: {own} in {own}" in said(check, settings)[0]
    assert local_encoder("own", own).dimensions == DIMENSIONS


def test_a_folder_with_another_kind_of_model_fails_the_check(tmp_path: Path) -> None:
    own = tmp_path / "own"
    save_random_encoder(own)
    (own / "1_Pooling" / "config.json").write_text('{"pooling_mode_max_tokens": true}')

    text, error = said(check, settings_for(tmp_path, encoder=str(own)))

    assert "✗ encoder: The encoder in" in text
    assert error is not None
