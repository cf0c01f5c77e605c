"""The store never takes an unfinished folder for a model, and says what is damaged."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from bot.errors import ModelCorruptError, ModelError, ModelFetchError, UnknownModelError
from bot.generation.models import manifest
from bot.generation.models.catalogue import CATALOGUE
from bot.generation.models.progress import Never, NoProgress
from bot.generation.models.sources import BuiltIn, GgufFile, HubModel, LocalFolder
from bot.generation.models.store import PACKED, ModelStore

SMALL = BuiltIn(CATALOGUE["ellie-small"])


class Steps:
    """Remembers the progress of the last stage."""

    def __init__(self) -> None:
        self.numbers: list[tuple[int, int]] = []

    def stage(self, text: str) -> None:
        self.numbers.clear()

    def advance(self, done_bytes: int, total_bytes: int) -> None:
        self.numbers.append((done_bytes, total_bytes))


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def install(store: ModelStore, source: BuiltIn | HubModel = SMALL) -> Path:
    folder = store.folder(source)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"w" * 1000)
    manifest.write_manifest(
        folder,
        name=str(source),
        source="a test",
        source_sha256=None,
        progress=NoProgress(),
        cancelled=Never(),
    )
    return folder


def test_every_kind_of_model_has_a_place_of_its_own(store: ModelStore, tmp_path: Path) -> None:
    gguf = tmp_path / "my model.gguf"
    gguf.write_bytes(b"GGUF")
    hub, pinned = HubModel("org/name"), HubModel("org/name", "v1")

    folders = [store.folder(s) for s in (SMALL, hub, pinned, GgufFile(gguf))]

    assert folders[0] == store.root / "ellie-small-1d961463"
    assert [folder.parent for folder in folders] == [store.root] * 4
    assert len(set(folders)) == 4
    assert store.folder(LocalFolder(tmp_path)) == tmp_path


def test_a_gguf_file_that_changed_is_another_model(store: ModelStore, tmp_path: Path) -> None:
    gguf = tmp_path / "m.gguf"
    gguf.write_bytes(b"GGUF one")
    before = store.folder(GgufFile(gguf))
    os.utime(gguf, (1, 1))

    assert store.folder(GgufFile(gguf)) != before


def test_a_gguf_file_that_is_gone_is_said_to_be(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError, match="cannot be read: No such file"):
        store.folder(GgufFile(tmp_path / "gone.gguf"))


def test_a_complete_model_is_found_and_listed(store: ModelStore) -> None:
    folder = install(store)

    assert store.find(SMALL) == folder
    assert [(m.name, m.folder, m.bytes) for m in store.installed()] == [
        ("ellie-small", folder, 1002)
    ]


def test_a_folder_without_manifest_is_not_a_model(store: ModelStore) -> None:
    (install(store) / manifest.MANIFEST).unlink()

    assert store.find(SMALL) is None
    assert store.installed() == []


def test_an_empty_or_missing_store_has_no_models(store: ModelStore) -> None:
    assert store.installed() == []
    assert store.find(SMALL) is None
    assert not store.root.exists()


def test_a_half_written_manifest_never_carries_its_name(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("power cut")

    monkeypatch.setattr(Path, "replace", fail)

    with pytest.raises(OSError, match="power cut"):
        install(store)
    assert store.find(SMALL) is None


def test_the_manifest_lists_sizes_and_hashes(store: ModelStore) -> None:
    content = json.loads((install(store) / manifest.MANIFEST).read_text())

    assert content["format_version"] == 1
    assert content["name"] == "ellie-small"
    assert [(f["path"], f["bytes"]) for f in content["files"]] == [
        ("config.json", 2),
        ("model.safetensors", 1000),
    ]
    assert content["files"][0]["sha256"] == (
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )


def test_an_intact_model_passes_both_checks(store: ModelStore) -> None:
    steps = Steps()

    store.check(install(store))
    store.verify(store.folder(SMALL), steps)

    assert steps.numbers == sorted(steps.numbers)
    assert steps.numbers[-1] == (1002, 1002)


def test_a_missing_file_is_named_with_the_command_that_repairs(store: ModelStore) -> None:
    folder = install(store)
    (folder / "model.safetensors").unlink()

    with pytest.raises(ModelCorruptError) as caught:
        store.check(folder)

    assert "model.safetensors is missing" in str(caught.value)
    assert "`ellie models pull ellie-small`" in str(caught.value)


def test_a_file_cut_short_is_noticed_quickly(store: ModelStore) -> None:
    folder = install(store)
    os.truncate(folder / "model.safetensors", 10)

    with pytest.raises(ModelCorruptError, match="has 10 bytes instead of 1000"):
        store.check(folder)


def test_a_flipped_byte_is_noticed_by_verify_only(store: ModelStore) -> None:
    folder = install(store)
    (folder / "model.safetensors").write_bytes(b"w" * 999 + b"x")

    store.check(folder)
    with pytest.raises(ModelCorruptError, match=r"model\.safetensors has changed"):
        store.verify(folder)


def test_verifying_can_be_stopped(store: ModelStore) -> None:
    folder, stop = install(store), threading.Event()
    stop.set()

    with pytest.raises(ModelFetchError, match="Stopped"):
        store.verify(folder, cancelled=stop)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"format_version": 1}', '{"format_version": 2}', "\xff"]
)
def test_an_unreadable_manifest_is_damage(store: ModelStore, content: str) -> None:
    folder = install(store)
    (folder / manifest.MANIFEST).write_text(content, encoding="latin-1")

    with pytest.raises(ModelCorruptError, match="pull the model again"):
        store.check(folder)
    assert [(m.name, m.source) for m in store.installed()] == [(folder.name, "damaged")]


def test_a_model_is_removed_with_what_was_left_of_its_pull(store: ModelStore) -> None:
    folder = install(store)
    store.partial(SMALL).mkdir(parents=True)
    packed, other = (
        store.root / PACKED / f"{name}-1a2b-int4.safetensors" for name in (folder.name, "other")
    )
    packed.parent.mkdir()
    packed.touch()
    other.touch()

    assert store.remove("ellie-small") == 1002

    assert not folder.exists()
    assert not packed.exists()
    assert other.exists()
    assert not store.partial(SMALL).exists()
    assert store.installed() == []


def test_a_damaged_model_is_removed_by_its_folder_name(store: ModelStore) -> None:
    folder = install(store)
    (folder / manifest.MANIFEST).write_text("")

    store.remove(folder.name)

    assert not folder.exists()


def test_removing_an_unknown_model_lists_those_installed(store: ModelStore) -> None:
    install(store)

    with pytest.raises(UnknownModelError, match=r"'nope' is installed. Installed: ellie-small\."):
        store.remove("nope")


def test_a_model_being_fetched_is_not_removed(store: ModelStore) -> None:
    folder = install(store)

    with (
        store.locked(SMALL, waiting=lambda: None),
        pytest.raises(ModelError, match="is being fetched by another process"),
    ):
        store.remove("ellie-small")

    assert folder.exists()


def test_waiting_for_a_lock_can_be_stopped(store: ModelStore) -> None:
    stop, waited = threading.Event(), []

    def wait() -> None:
        waited.append(True)
        stop.set()

    with (
        store.locked(SMALL, waiting=lambda: None),
        pytest.raises(ModelFetchError, match="Stopped"),
        store.locked(SMALL, waiting=wait, cancelled=stop),
    ):
        pass

    assert waited == [True]
