"""How a model setting is understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import UnknownModelError
from bot.generation.models.catalogue import CATALOGUE
from bot.generation.models.sources import (
    BuiltIn,
    GgufFile,
    HubModel,
    LocalFolder,
    parse_source,
)


@pytest.mark.parametrize("setting", ["ellie-small", "  Ellie-Small "])
def test_an_alias_names_a_built_in_model(setting: str) -> None:
    assert parse_source(setting) == BuiltIn(CATALOGUE["ellie-small"])


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("org/name", HubModel("org/name")),
        ("org/name@v1.0", HubModel("org/name", "v1.0")),
        (
            "Qwen/Qwen2.5-0.5B-Instruct@refs/pr/3",
            HubModel("Qwen/Qwen2.5-0.5B-Instruct", "refs/pr/3"),
        ),
    ],
)
def test_org_slash_name_is_a_hub_id(setting: str, expected: HubModel) -> None:
    assert parse_source(setting) == expected


def test_a_folder_that_exists_wins_over_a_hub_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models" / "mine").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    assert parse_source("models/mine") == LocalFolder(tmp_path / "models" / "mine")
    assert parse_source("models/other") == HubModel("models/other")


def test_an_alias_wins_over_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ellie-small").mkdir()
    monkeypatch.chdir(tmp_path)

    assert isinstance(parse_source("ellie-small"), BuiltIn)


def test_a_path_below_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "model").mkdir()

    assert parse_source("~/model") == LocalFolder(tmp_path / "model")


def test_a_file_is_a_gguf_file_by_its_contents(tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(b"GGUF\x03\x00\x00\x00")

    assert parse_source(str(file)) == GgufFile(file)


def test_a_file_that_is_not_gguf_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "page.gguf"
    file.write_bytes(b"<html>not found</html>")

    with pytest.raises(UnknownModelError, match=r"page\.gguf is not a GGUF file"):
        parse_source(str(file))


@pytest.mark.parametrize(
    "setting", ["/nowhere/model", "./nowhere", "../nowhere", "~/nowhere", "models/gone.gguf"]
)
def test_a_path_that_does_not_exist_is_said_to_be_missing(setting: str) -> None:
    with pytest.raises(UnknownModelError, match="There is no file or folder at /"):
        parse_source(setting)


@pytest.mark.parametrize("setting", ["", "gpt5", "what is this?", "org/name@", "a/b/c", "x\0y"])
def test_an_unknown_name_is_answered_with_all_that_would_work(setting: str) -> None:
    with pytest.raises(UnknownModelError) as caught:
        parse_source(setting)

    message = str(caught.value)
    if "\0" not in setting:
        for form in (*CATALOGUE, "org/name@revision", "/path/to/model", "/path/to/model.gguf"):
            assert form in message


def test_a_misspelt_alias_is_recognised() -> None:
    with pytest.raises(UnknownModelError, match="Did you mean 'ellie-medium'"):
        parse_source("elie-medum")


@pytest.mark.parametrize("setting", ["ellie-tiny", "org/name", "org/name@v1"])
def test_a_source_as_text_names_itself(setting: str) -> None:
    assert str(parse_source(setting)) == setting
