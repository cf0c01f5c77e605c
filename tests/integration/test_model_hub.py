"""Models of a hub: the real library and child process against a stand-in server."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psutil
import pytest

from bot.errors import ModelCorruptError, ModelError, ModelFetchError, UnknownModelError
from bot.generation.models.pull import pull
from bot.generation.models.sources import HubModel
from bot.generation.models.store import ModelStore

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOY = HubModel("org/toy")


class Hub(ThreadingHTTPServer):
    """Answers the few requests a download makes; ``refuse`` maps a path's beginning to an error."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.files: dict[str, bytes] = {}
        self.refuse: dict[str, tuple[int, str]] = {}
        self.requests: list[str] = []
        self.hang_at = ""

    def served(self) -> list[str]:
        """The files whose contents were asked for."""
        return sorted(line.rpartition("/")[2] for line in self.requests if "GET /org/toy/" in line)


class Answer(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.requests.append(f"{self.command} {path}")
        if self.server.hang_at and self.server.hang_at in path:
            time.sleep(20)
            return
        for start, (status, code) in self.server.refuse.items():
            if path.startswith(start):
                self.send(b"{}", status, {"X-Error-Code": code})
                return
        if path.startswith("/api/models/org/toy/tree/"):
            self.send_json([self.entry("path", name) for name in self.server.files])
        elif path.startswith("/api/models/org/toy"):
            siblings = [self.entry("rfilename", name) for name in self.server.files]
            self.send_json({"id": "org/toy", "sha": COMMIT, "siblings": siblings})
        elif (name := path.removeprefix(f"/org/toy/resolve/{COMMIT}/")) in self.server.files:
            data = self.server.files[name]
            etag = hashlib.sha1(data).hexdigest()
            self.send(data, 200, {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT})
        else:
            self.send(b"{}", 404, {"X-Error-Code": "RepoNotFound"})

    def entry(self, key: str, name: str) -> dict[str, Any]:
        data = self.server.files[name]
        oid = hashlib.sha1(data).hexdigest()
        return {"type": "file", key: name, "size": len(data), "oid": oid, "blobId": oid}

    def send_json(self, content: object) -> None:
        self.send(json.dumps(content).encode(), 200, {"Content-Type": "application/json"})

    def send(self, data: bytes, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    with Hub() as server:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def toy_files() -> dict[str, bytes]:
    header = json.dumps({"w": {"dtype": "U8", "shape": [5000], "data_offsets": [0, 5000]}}).encode()
    return {
        "config.json": b"{}",
        "tokenizer.json": b"{}",
        "chat_template.jinja": b"{{ x }}",
        "model.safetensors": len(header).to_bytes(8, "little") + header + bytes(5000),
    }


class Steps:
    def __init__(self) -> None:
        self.stages: list[tuple[str, list[tuple[int, int]]]] = []

    def stage(self, text: str) -> None:
        self.stages.append((text, []))

    def advance(self, done_bytes: int, total_bytes: int) -> None:
        self.stages[-1][1].append((done_bytes, total_bytes))


def test_only_what_transformers_needs_is_fetched(hub: Hub, store: ModelStore) -> None:
    hub.files = {
        **toy_files(),
        "README.md": b"#",
        "pytorch_model.bin": b"0",
        "onnx/model.json": b"{}",
    }
    steps = Steps()

    folder = pull(TOY, store, steps)

    assert hub.served() == sorted(toy_files())
    assert not any("main" in request for request in hub.requests)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*toy_files(), "ellie-model.json"]
    )
    manifest = json.loads((folder / "ellie-model.json").read_text())
    assert manifest["source"] == f"the hub, org/toy at commit {COMMIT}"
    assert manifest["source_sha256"] is None
    total = sum(map(len, toy_files().values()))
    text, numbers = steps.stages[0]
    assert text == "Fetching org/toy"
    assert numbers == sorted(numbers)
    assert numbers[-1] == (total, total)


def test_a_model_that_is_here_needs_no_hub(hub: Hub, store: ModelStore) -> None:
    hub.files = toy_files()
    folder = pull(TOY, store)
    hub.requests.clear()

    assert pull(TOY, store) == folder
    assert hub.requests == []


def test_an_interrupted_download_goes_on(hub: Hub, store: ModelStore) -> None:
    hub.files = toy_files()
    hub.refuse = {f"/org/toy/resolve/{COMMIT}/model.safetensors": (403, "")}
    with pytest.raises(ModelFetchError, match=r"did not arrive whole: .*403.*pull it again"):
        pull(TOY, store)
    assert store.find(TOY) is None
    here = {path.name for path in (store.partial(TOY) / "model").iterdir() if path.is_file()}
    hub.refuse.clear()
    hub.requests.clear()

    store.verify(pull(TOY, store))

    assert here
    assert hub.served() == sorted(set(toy_files()) - here)


def test_a_hub_that_fails_halfway_never_leaves_a_half_model(hub: Hub, store: ModelStore) -> None:
    """The library returns whatever is in the folder when it cannot list the files."""
    hub.files = toy_files()
    hub.refuse = {"/api/models/org/toy/tree": (403, "")}
    half = store.partial(TOY) / "model"
    half.mkdir(parents=True)
    for name, data in toy_files().items():
        (half / name).write_bytes(data[:100])

    with pytest.raises(ModelFetchError, match="did not arrive whole"):
        pull(TOY, store)
    assert store.find(TOY) is None


def test_files_of_an_older_attempt_do_not_stay(hub: Hub, store: ModelStore) -> None:
    hub.files = toy_files()
    old = store.partial(TOY) / "model"
    old.mkdir(parents=True)
    (old / "added_tokens.json").write_text("{}")

    assert not (pull(TOY, store) / "added_tokens.json").exists()


@pytest.mark.parametrize(
    ("refusal", "error", "message"),
    [
        ((404, "RepoNotFound"), UnknownModelError, "has no model 'org/toy', or it is private"),
        ((401, "RepoNotFound"), UnknownModelError, "has no model 'org/toy', or it is private"),
        ((403, "GatedRepo"), ModelFetchError, "accepted its terms.*HF_TOKEN"),
        ((404, "RevisionNotFound"), UnknownModelError, "no branch, tag or commit 'v9'"),
        ((403, ""), ModelFetchError, "The hub answered 403 for org/toy@v9"),
    ],
)
def test_a_refusal_says_what_to_do(
    hub: Hub, store: ModelStore, refusal: tuple[int, str], error: type[ModelError], message: str
) -> None:
    hub.refuse = {"/api/models/org/toy": refusal}

    with pytest.raises(error, match=message):
        pull(HubModel("org/toy", "v9"), store)


def test_an_unreachable_hub_is_explained(
    hub: Hub, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    with pytest.raises(ModelFetchError, match="Check the network connection and HF_ENDPOINT"):
        pull(TOY, store)


def test_offline_mode_is_explained(
    hub: Hub, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    with pytest.raises(ModelFetchError, match="HF_HUB_OFFLINE forbids"):
        pull(TOY, store)
    assert hub.requests == []


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("pytorch_model.bin", "can run any program"),
        ("weights.onnx", "the only format Ellie loads"),
        ("toy.gguf", "it holds GGUF files"),
    ],
)
def test_a_model_without_safetensors_is_refused_before_it_is_fetched(
    hub: Hub, store: ModelStore, weights: str, message: str
) -> None:
    hub.files = {"config.json": b"{}", weights: b"0"}

    with pytest.raises(ModelCorruptError, match=message):
        pull(TOY, store)
    assert hub.served() == []


def test_weights_that_are_damaged_on_the_hub_are_not_installed(hub: Hub, store: ModelStore) -> None:
    hub.files = toy_files()
    hub.files["model.safetensors"] = hub.files["model.safetensors"][:-1]

    with pytest.raises(ModelCorruptError, match=r"model\.safetensors is damaged"):
        pull(TOY, store)
    hub.files = toy_files()
    store.verify(pull(TOY, store))


def test_a_hanging_hub_does_not_keep_anybody(hub: Hub, store: ModelStore) -> None:
    hub.files = toy_files()
    hub.hang_at = "/api/models/"
    stop = threading.Event()
    timer = threading.Timer(3, stop.set)
    timer.start()
    started = time.monotonic()

    with pytest.raises(ModelFetchError, match="Stopped"):
        pull(TOY, store, cancelled=stop)

    timer.join()
    assert time.monotonic() - started < 15
    assert psutil.Process().children() == []


def test_a_random_model_comes_through_the_hub_and_loads(
    hub: Hub, store: ModelStore, tmp_path: Path
) -> None:
    import torch
    from tokenizers import Tokenizer, models
    from transformers import (
        AutoModelForCausalLM,
        AutoTokenizer,
        LlamaConfig,
        LlamaForCausalLM,
        PreTrainedTokenizerFast,
    )

    original, written = original_model(LlamaConfig, LlamaForCausalLM), tmp_path / "written"
    original.save_pretrained(written)
    words = Tokenizer(models.WordLevel({"<unk>": 0, "hi": 1}, unk_token="<unk>"))
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unk>").save_pretrained(written)
    hub.files = {path.name: path.read_bytes() for path in written.iterdir()}

    folder = pull(TOY, store)

    loaded: Any = AutoModelForCausalLM.from_pretrained(folder)
    ids = torch.tensor([[1, 0, 1]])
    assert torch.equal(loaded(ids).logits, original(ids).logits)
    assert AutoTokenizer.from_pretrained(folder)("hi")["input_ids"] == [1]


@pytest.mark.parametrize("own_format", [False, True])
def test_an_encoder_decoder_comes_through_the_hub_and_writes(
    hub: Hub, store: ModelStore, tmp_path: Path, own_format: bool
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from support.random_seq2seq import save_random_bart

    from bot.config_choices import Precision
    from bot.generation.seq2seq import load_seq2seq

    written = tmp_path / "written"
    save_random_bart(written)
    if own_format:  # as BART was published
        vocabulary = json.loads((written / "tokenizer.json").read_text())["model"]["vocab"]
        (written / "vocab.json").write_text(json.dumps(vocabulary))
        (written / "merges.txt").write_text("#version: 0.2\n")
        (written / "tokenizer.json").unlink()
        (written / "tokenizer_config.json").write_text('{"model_max_length": 64}')
    hub.files = {path.name: path.read_bytes() for path in written.iterdir()}
    hub.files["pytorch_model.bin"] = b"0"

    def summary(folder: Path) -> str:
        model = load_seq2seq(folder, precision=Precision.FP32, device="cpu")
        return model.summarise(["I live in Porto."], max_tokens=20, stop=threading.Event())

    folder = pull(TOY, store)

    assert {path.name for path in written.iterdir()} < {path.name for path in folder.iterdir()}
    assert not (folder / "pytorch_model.bin").exists()
    with ThreadPoolExecutor(max_workers=1) as thread:  # loading makes it a quiet one
        assert thread.submit(summary, folder).result()


def original_model(config_class: Any, model_class: Any) -> Any:
    return model_class(
        config_class(
            vocab_size=8,
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
        )
    ).eval()
