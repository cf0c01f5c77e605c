"""Models that look at pictures, from the bytes of a picture to the words."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from support.random_model import save_random_model
from support.random_vision import (
    save_random_blip,
    save_random_git,
    save_random_idefics3,
    save_random_llava,
)
from support.sight import picture, png, shown

from bot.config import Settings
from bot.config_choices import Precision
from bot.errors import ModelError
from bot.generation import vision
from bot.generation.brake import StoppedError
from bot.generation.vision import QUESTION, VisionModel, load_vision_model
from bot.local_models import local_sight

KINDS: dict[str, Callable[[Path], None]] = {
    "blip": save_random_blip,
    "git": save_random_git,
    "llava": save_random_llava,
    "idefics3": save_random_idefics3,
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {kind: tmp_path_factory.mktemp(kind) for kind in KINDS}
    for kind, folder in made.items():
        KINDS[kind](folder)
    return made


@pytest.fixture(autouse=True)
def few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vision, "MOST_TOKENS", 16)


def loaded(folder: Path, precision: Precision = Precision.FP32) -> VisionModel:
    """In a thread of its own, which then computes in one thread alone."""
    made: list[VisionModel | ModelError] = []

    def load() -> None:
        try:
            made.append(load_vision_model(folder, precision=precision, device="cpu"))
        except ModelError as error:
            made.append(error)

    thread = threading.Thread(target=load)
    thread.start()
    thread.join()
    if isinstance(made[0], ModelError):
        raise made[0]
    return made[0]


def seen(model: VisionModel, content: bytes) -> str:
    return model.describe(content, stop=threading.Event())


@pytest.mark.parametrize("kind", KINDS)
def test_different_pictures_get_different_words(folders: dict[str, Path], kind: str) -> None:
    model = loaded(folders[kind])
    red, white = seen(model, png(color="red")), seen(model, png(color="white"))

    assert red
    assert red != white
    assert seen(model, png(color="red")) == red
    assert "assistant" not in red  # nor anything else of what it was asked
    assert "Describe" not in red


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("precision", [Precision.BF16, Precision.MIXED, Precision.AUTO])
def test_every_precision_works(folders: dict[str, Path], kind: str, precision: Precision) -> None:
    assert seen(loaded(folders[kind], precision), png())


def test_a_model_that_chats_is_asked(folders: dict[str, Path]) -> None:
    model = loaded(folders["llava"])
    asked: list[str] = []
    processor: Any = model._processor

    class Noted:
        def __call__(self, **given: Any) -> Any:
            asked.append(given["text"])
            return processor(**given)

        def __getattr__(self, name: str) -> Any:
            return getattr(processor, name)

    model._processor = Noted()
    seen(model, png())
    assert asked == [f"<|im_start|>user\n<image>{QUESTION}<|im_end|>\n<|im_start|>assistant\n"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("<think>A dog? Yes.</think>\n\nA dog.", "A dog."),
        ("A dog asleep. It is bro", "A dog asleep."),
        ("a dog on a so", "a dog on a so"),
    ],
)
def test_thoughts_and_half_sentences_are_left_out(
    folders: dict[str, Path], written: str, said: str
) -> None:
    model = loaded(folders["llava"])
    processor: Any = model._processor
    processor.decode = lambda tokens, **_: written

    assert seen(model, png()) == said


@pytest.mark.parametrize("content", [b"", b"no picture", png()[:60], png(3, 3)])
def test_what_cannot_be_opened_has_no_words(folders: dict[str, Path], content: bytes) -> None:
    assert seen(loaded(folders["blip"]), content) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_it_stops_when_told_to(folders: dict[str, Path], kind: str) -> None:
    model = loaded(folders[kind])
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        model.describe(png(), stop=stop)
    assert seen(model, png())


def test_a_large_picture_is_not_taken_to_parts(folders: dict[str, Path]) -> None:
    model = loaded(folders["idefics3"])
    asked: list[Any] = []
    brain: Any = model._model
    generate = brain.generate

    def noted(**given: Any) -> Any:
        asked.append(given["pixel_values"].shape)
        return generate(**given)

    brain.generate = noted
    seen(model, png(700, 500))
    assert [tuple(shape[:2]) for shape in asked] == [(1, 1)]


def test_the_thread_leaves_the_processor_to_others(folders: dict[str, Path]) -> None:
    threads: list[int] = []

    def load() -> None:
        load_vision_model(folders["blip"], precision=Precision.FP32, device="cpu")
        threads.append(torch.get_num_threads())

    thread = threading.Thread(target=load)
    thread.start()
    thread.join()
    assert threads == [1]


def test_a_model_that_cannot_see_is_refused(tmp_path: Path) -> None:
    save_random_model(tmp_path)
    with pytest.raises(ModelError, match="cannot be loaded to look at pictures"):
        loaded(tmp_path)


def test_what_a_model_needs_besides_is_said(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Processors:
        @staticmethod
        def from_pretrained(*_: object, **__: object) -> None:
            raise ImportError("\nA video processor requires the Torchvision library.\nSee there.")

    monkeypatch.setattr(vision, "AutoProcessor", Processors)
    with pytest.raises(ModelError, match=r"requires the Torchvision library\. See docs/seeing\.md"):
        loaded(folders["blip"])


def test_nothing_that_comes_with_a_model_is_run(folders: dict[str, Path], tmp_path: Path) -> None:
    """A configuration may name code in its folder; it stays unused."""
    for file in folders["blip"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    config["model_type"] = "evil"
    config["auto_map"] = {"AutoConfig": "evil.Evil", "AutoModelForImageTextToText": "evil.Evil"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(ModelError):
        loaded(tmp_path)
    assert not (tmp_path / "ran").exists()


async def test_from_the_settings_to_the_words(folders: dict[str, Path], tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, precision=Precision.FP32)
    sight = local_sight(settings, "tiny", folders["blip"])
    said = await sight.look(picture(shown(), png()))
    assert said == seen(loaded(folders["blip"]), png())
    await sight.close()
    assert not sight.loaded
