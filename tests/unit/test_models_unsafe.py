"""Weights that are programs: they are refused, and never opened."""

from __future__ import annotations

import ast
import os
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from support.random_encoder import save_random_encoder
from support.random_model import OPTIONS, save_random_model
from support.random_seq2seq import save_random_bart

import bot
from bot.config import Settings
from bot.config_choices import Precision
from bot.errors import ModelCorruptError, ModelError
from bot.generation.loading import load_model
from bot.generation.models.encoders import describe_encoder
from bot.generation.models.folders import check_folder
from bot.generation.models.hub import _instead
from bot.generation.models.pull import pull
from bot.generation.models.sources import LocalFolder
from bot.generation.models.store import ModelStore
from bot.generation.sentence_model import load_sentence_model
from bot.generation.seq2seq import load_seq2seq
from bot.local_models import model_store

SOURCES = [
    path
    for folder in ("bot", "adapters", "storage", "migrations")
    for path in (Path(bot.__file__).parents[1] / folder).rglob("*.py")
]
OPENS_PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


class Trap:
    """Opened as a pickle, it makes a file."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.sprung),)


@pytest.fixture
def sprung(tmp_path: Path) -> Path:
    return tmp_path / "sprung"


def set_trap(folder: Path, sprung: Path, name: str = "pytorch_model.bin") -> None:
    """Weights like those of older models, with a program in them."""
    (folder / name).write_bytes(pickle.dumps({"model.weight": Trap(sprung)}))


def only_trap(folder: Path, sprung: Path, name: str = "pytorch_model.bin") -> None:
    save_random_model(folder)
    (folder / "model.safetensors").unlink()
    set_trap(folder, sprung, name)


def test_the_trap_works(tmp_path: Path, sprung: Path) -> None:
    set_trap(tmp_path, sprung)

    pickle.loads((tmp_path / "pytorch_model.bin").read_bytes())

    assert sprung.exists()


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "model.pt", "weights.ckpt", "model.PTH", "x.pkl", "y.pickle"]
)
def test_a_folder_with_pickled_weights_is_refused(tmp_path: Path, sprung: Path, name: str) -> None:
    folder = tmp_path / "model"
    only_trap(folder, sprung, name)

    with pytest.raises(ModelCorruptError) as refused:
        pull(LocalFolder(folder), ModelStore(tmp_path / "store"))

    assert name in str(refused.value)
    assert "safetensors" in str(refused.value)
    assert "ELLIE_UNSAFE_MODELS=true" in str(refused.value)
    assert not sprung.exists()


def test_nothing_pickled_is_opened_even_past_the_check(tmp_path: Path, sprung: Path) -> None:
    only_trap(tmp_path / "model", sprung)

    with pytest.raises(ModelError):
        load_model(tmp_path / "model", OPTIONS)

    assert not sprung.exists()


def test_beside_safetensors_it_is_never_opened(tmp_path: Path, sprung: Path) -> None:
    folder = tmp_path / "model"
    save_random_model(folder)
    set_trap(folder, sprung)

    check_folder(folder)
    load_model(folder, OPTIONS)

    assert not sprung.exists()


def test_weights_under_another_name_do_not_hide_a_trap(tmp_path: Path, sprung: Path) -> None:
    """The check finds safetensors; what would be loaded by its name is the trap."""
    folder = tmp_path / "model"
    save_random_model(folder)
    (folder / "model.safetensors").rename(folder / "other.safetensors")
    set_trap(folder, sprung)
    check_folder(folder)

    with pytest.raises(ModelError):
        load_model(folder, OPTIONS)

    assert not sprung.exists()


def test_encoders_and_summarisers_open_none_either(tmp_path: Path, sprung: Path) -> None:
    encoder, summariser = tmp_path / "encoder", tmp_path / "summariser"
    save_random_encoder(encoder)
    save_random_bart(summariser)
    for folder in (encoder, summariser):
        (folder / "model.safetensors").unlink()
        set_trap(folder, sprung)

    with pytest.raises(ModelError):
        load_sentence_model(encoder, describe_encoder(encoder))
    with pytest.raises(ModelError):
        load_seq2seq(summariser, precision=Precision.FP32, device="cpu")

    assert not sprung.exists()


def test_the_owner_may_say_otherwise(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    save_random_model(folder)
    from safetensors.torch import load_file

    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    settings = Settings(models_dir=tmp_path / "store", unsafe_models=True)

    with pytest.raises(ModelError):
        load_model(folder, OPTIONS)
    assert pull(LocalFolder(folder), model_store(settings)) == folder
    assert load_model(folder, replace(OPTIONS, allow_pickled=True)).tokenizer.context_tokens
    with pytest.raises(ModelCorruptError):
        pull(LocalFolder(folder), model_store(Settings(models_dir=tmp_path / "store")))


def test_a_hub_with_pickled_weights_alone_is_refused() -> None:
    sentence = _instead(["config.json", "pytorch_model.bin"])

    assert "can run any program" in sentence
    assert "Choose another model" in sentence
    assert "GGUF" in _instead(["model.gguf", "pytorch_model.bin"])


def test_a_models_own_program_is_not_run(tmp_path: Path, sprung: Path) -> None:
    folder = tmp_path / "model"
    save_random_model(folder)
    (folder / "modeling_trap.py").write_text(f"import os\nos.mkdir({str(sprung)!r})\n")
    config = (folder / "config.json").read_text()
    parts = '"AutoModelForCausalLM": "modeling_trap.Trap", "AutoConfig": "modeling_trap.C"'
    auto = f'"auto_map": {{{parts}}},'
    (folder / "config.json").write_text(config.replace("{", "{" + auto, 1))

    load_model(folder, OPTIONS)

    assert not sprung.exists()


def calls(source: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield ast.unparse(node.func), node


def test_no_source_opens_pickles() -> None:
    assert len(SOURCES) > 300
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert OPENS_PICKLES.isdisjoint(name.partition(".")[0] for name in names), source
        for name, call in calls(source):
            assert name not in {"torch.load", "torch.hub.load"}, source
            assert "allow_pickle" not in {keyword.arg for keyword in call.keywords}, source


def test_every_model_is_loaded_without_programs() -> None:
    loaders = 0
    for source in SOURCES:
        for name, call in calls(source):
            if not name.endswith(".from_pretrained"):
                continue
            loaders += 1
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            assert given.get("trust_remote_code") == "False", f"{source}: {name}"
            assert given.get("local_files_only") == "True", f"{source}: {name}"
            if "Model" in name or name == "factory.from_pretrained":
                assert "use_safetensors" in given, f"{source}: {name}"
    assert loaders == 13
