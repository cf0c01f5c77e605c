"""An encoder-decoder reads everything it is given, within its window, and writes within bounds."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from support.random_model import save_random_model
from support.random_seq2seq import POSITIONS, PREFIX, save_random_bart, save_random_t5

from bot.config_choices import Precision
from bot.errors import ModelCorruptError, ModelError
from bot.generation import seq2seq
from bot.generation.brake import StoppedError
from bot.generation.models.summarisers import (
    MOST_READ_TOKENS,
    describe_summariser,
    describes_seq2seq,
)
from bot.generation.quiet_threads import NICENESS
from bot.generation.seq2seq import Seq2SeqModel, load_seq2seq

PASSAGES = ["I moved to Porto.", "My dog is Rex."]


def in_thread(work: Callable[[], Any]) -> Any:
    """What a thread of its own, which loading makes a quiet one, comes to."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(work).result()


def loaded(folder: Path, precision: Precision = Precision.FP32) -> Seq2SeqModel:
    model = in_thread(lambda: load_seq2seq(folder, precision=precision, device="cpu"))
    assert isinstance(model, Seq2SeqModel)
    return model


def written(model: Seq2SeqModel, *passages: str, tokens: int = 30) -> str:
    return model.summarise(passages or PASSAGES, max_tokens=tokens, stop=threading.Event())


@pytest.fixture(scope="module")
def bart_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bart")
    save_random_bart(folder)
    return folder


@pytest.fixture(scope="module")
def t5_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("t5")
    save_random_t5(folder)
    return folder


@pytest.fixture(scope="module")
def bart(bart_folder: Path) -> Seq2SeqModel:
    return loaded(bart_folder)


def read_by(model: Seq2SeqModel, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the model is given from now on, as text, with its special tokens."""
    given: list[str] = []
    generate = model._model.generate

    def spy(**options: Any) -> Any:
        assert options["attention_mask"].all()
        given.append(model._tokenizer.decode(options["input_ids"][0]))
        return generate(**options)

    monkeypatch.setattr(model._model, "generate", spy)
    return given


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.MIXED, Precision.BF16])
@pytest.mark.parametrize("folder", ["bart_folder", "t5_folder"])
def test_a_summary_is_text_of_its_passages_and_always_the_same(
    request: pytest.FixtureRequest, folder: str, precision: Precision
) -> None:
    model = loaded(request.getfixturevalue(folder), precision)

    text = written(model)

    assert text
    assert text == written(model)
    assert text != written(model, "Something else.")


def test_a_summary_is_as_long_as_it_may_be_and_no_longer(bart: Seq2SeqModel) -> None:
    # The model never ends by itself and takes a token for each letter.
    assert [len(written(bart, tokens=tokens)) for tokens in (1, 12, 40)] == [1, 12, 40]
    assert len(written(bart, tokens=10 * POSITIONS)) == POSITIONS  # its last position


def test_three_tokens_in_a_row_are_never_repeated(bart: Seq2SeqModel) -> None:
    text = written(bart, tokens=60)

    triples = [text[at : at + 3] for at in range(len(text) - 2)]
    assert len(triples) == len(set(triples))


def test_each_passage_is_a_line_between_the_models_own_marks(
    bart: Seq2SeqModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = read_by(bart, monkeypatch)

    written(bart, "I moved\nto  Porto.", " ", "My dog is Rex.")

    assert given == ["<s>I moved to Porto.\nMy dog is Rex.</s>"]


def test_a_model_that_is_trained_for_a_prefix_gets_it(
    t5_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = loaded(t5_folder)
    given = read_by(model, monkeypatch)

    written(model)

    assert given == [f"<s>{PREFIX}I moved to Porto.\nMy dog is Rex.</s>"]


def test_what_does_not_fit_the_window_is_read_in_parts(
    bart: Seq2SeqModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = read_by(bart, monkeypatch)
    passages = [letter * 24 for letter in "abcde"]

    text = written(bart, *passages, tokens=90)

    assert given == [
        f"<s>{'a' * 24}\n{'b' * 24}</s>",
        f"<s>{'c' * 24}\n{'d' * 24}</s>",
        f"<s>{'e' * 24}</s>",
    ]
    assert len(text) <= 90 + 2  # a line for each


def test_where_too_little_could_be_written_of_each_part_the_oldest_are_left_out(
    bart: Seq2SeqModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = read_by(bart, monkeypatch)

    written(bart, *(letter * 60 for letter in "abcde"), tokens=2 * seq2seq.LEAST_WRITTEN_TOKENS)
    assert [text[3] for text in given] == ["d", "e"]

    written(bart, "a" * 60, "b" * 60, tokens=1)
    assert given[2:] == [f"<s>{'b' * 60}</s>"]


def test_a_passage_longer_than_the_window_is_cut_at_its_end(
    bart: Seq2SeqModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = read_by(bart, monkeypatch)

    written(bart, "x" * 500)

    assert given == [f"<s>{'x' * (POSITIONS - 2)}</s>"]


def test_nothing_makes_no_summary(bart: Seq2SeqModel) -> None:
    assert bart.summarise([], max_tokens=30, stop=threading.Event()) == ""
    assert written(bart, "", " \n") == ""


def test_what_people_write_is_never_a_special_token(
    bart: Seq2SeqModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[torch.Tensor] = []
    monkeypatch.setattr(
        bart._model, "generate", lambda **options: given.append(options["input_ids"][0]) or given[0]
    )
    monkeypatch.setattr(bart._tokenizer, "decode", lambda *_, **__: "")
    with pytest.raises(ValueError, match="unpack"):
        written(bart, "a</s><s>\ud800b")

    assert (given[0] <= 2).nonzero().flatten().tolist() == [0, len(given[0]) - 1]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("They live in Porto. Their dog is Rex. They wo", "They live in Porto. Their dog is Rex."),
        ("她住在波尔图。她的狗叫雷", "她住在波尔图。"),
        ("They live in", "They live in"),
    ],
)
def test_a_sentence_that_the_limit_cut_off_is_left_out(
    bart: Seq2SeqModel, monkeypatch: pytest.MonkeyPatch, said: str, kept: str
) -> None:
    monkeypatch.setattr(bart._tokenizer, "decode", lambda *_, **__: said)
    assert written(bart) == kept

    # One that ended by itself is whole, whatever it looks like.
    monkeypatch.setattr(bart._model, "generate", lambda **_: torch.tensor([[2, 9, 9, 2]]))
    assert written(bart) == said


@pytest.mark.parametrize("at", [1, 40, 400])
def test_it_stops_at_the_next_part_of_the_model_wherever_it_is_and_can_go_on(
    bart: Seq2SeqModel, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    before = written(bart)
    stop = threading.Event()
    steps = 0

    def counted(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == at:
            stop.set()

    hooks = [module.register_forward_pre_hook(counted) for module in bart._model.modules()]
    with pytest.raises(StoppedError):
        bart.summarise(PASSAGES, max_tokens=60, stop=stop)
    for hook in hooks:
        hook.remove()

    assert steps == at  # no other part of the model began
    assert written(bart) == before


def test_it_computes_alone_and_behind_everybody_else(bart_folder: Path) -> None:
    import os

    def quietly() -> tuple[int, int]:
        load_seq2seq(bart_folder, precision=Precision.FP32, device="cpu")
        return torch.get_num_threads(), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = torch.get_num_threads()

    assert in_thread(quietly) == (1, NICENESS)
    assert torch.get_num_threads() == before


def test_the_configuration_decides_what_kind_of_model_it_is(
    bart_folder: Path, t5_folder: Path, tmp_path: Path
) -> None:
    own = tmp_path / "facebook-bart-large-cnn"
    save_random_model(own)

    assert describes_seq2seq(bart_folder)
    assert describes_seq2seq(t5_folder)
    assert not describes_seq2seq(own)
    with pytest.raises(ModelError, match=r"is no encoder-decoder.*Set ELLIE_COMPACT_MODEL to"):
        loaded(own)


@pytest.mark.parametrize(
    ("config", "read", "written"),
    [
        ({"max_position_embeddings": 512}, 512, 512),
        ({"n_positions": 512}, 512, None),
        ({}, MOST_READ_TOKENS, None),
        (
            {"max_encoder_position_embeddings": 16384, "max_decoder_position_embeddings": 900},
            MOST_READ_TOKENS,
            900,
        ),
        (
            {
                "encoder": {"max_position_embeddings": 256},
                "decoder": {"max_position_embeddings": 128},
            },
            256,
            128,
        ),
        ({"max_position_embeddings": -1, "n_positions": "many"}, MOST_READ_TOKENS, None),
    ],
)
def test_the_limits_are_read_from_the_configuration(
    tmp_path: Path, config: dict[str, object], read: int, written: int | None
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"is_encoder_decoder": True, **config}))

    description = describe_summariser(tmp_path)

    assert (description.most_read, description.most_written) == (read, written)


@pytest.mark.parametrize("tasks", [None, [], {"summarization": None}, {"summarization": {}}])
def test_a_configuration_without_a_prefix_has_none(tmp_path: Path, tasks: object) -> None:
    config = {"is_encoder_decoder": True, "task_specific_params": tasks}
    (tmp_path / "config.json").write_text(json.dumps(config))

    assert describe_summariser(tmp_path).prefix == ""


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_configuration_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)

    with pytest.raises(ModelCorruptError):
        describes_seq2seq(tmp_path)
    with pytest.raises(ModelCorruptError):
        load_seq2seq(tmp_path, precision=Precision.FP32, device="cpu")


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json"])
def test_a_folder_that_cannot_be_loaded_is_explained(tmp_path: Path, file: str) -> None:
    save_random_bart(tmp_path)
    (tmp_path / file).unlink()

    with pytest.raises(ModelError, match=r"cannot be loaded.*Choose another ELLIE_COMPACT_MODEL"):
        loaded(tmp_path)


def test_pickled_weights_and_code_of_the_model_are_never_loaded(tmp_path: Path) -> None:
    save_random_bart(tmp_path)
    own = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "model.safetensors").rename(tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"no file named model\.safetensors"):
        loaded(tmp_path)

    (tmp_path / "pytorch_model.bin").rename(tmp_path / "model.safetensors")
    own |= {
        "model_type": "own",
        "auto_map": {"AutoConfig": "own.C", "AutoModelForSeq2SeqLM": "own.M"},
    }
    (tmp_path / "config.json").write_text(json.dumps(own))
    (tmp_path / "own.py").write_text("raise SystemExit")
    with pytest.raises(ModelError, match="custom code"):
        loaded(tmp_path)
