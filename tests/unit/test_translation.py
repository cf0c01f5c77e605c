"""Translators of each kind are told the language as they were trained to be, and read all."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from support.random_model import save_random_model
from support.random_seq2seq import POSITIONS, save_random_bart
from support.random_translator import save_random_m2m100, save_random_marian, save_random_t5

from bot.config_choices import Precision
from bot.domain.tongues import Tongue, find_tongue
from bot.errors import LanguageError, ModelError, PromptTooLongError
from bot.generation.brake import StoppedError
from bot.generation.models.translators import TranslationWay, describe_translator
from bot.generation.translation import MOST_LINES, TranslationModel, load_translator


def tongue(code: str) -> Tongue:
    found = find_tongue(code)
    assert found is not None
    return found


def loaded(folder: Path, name: str = "", precision: Precision = Precision.FP32) -> TranslationModel:
    return load_translator(folder, name=name, precision=precision, device="cpu")


def translated(model: TranslationModel, text: str, into: str, source: str = "") -> str:
    written = model.translate(
        text, source=find_tongue(source), into=tongue(into), stop=threading.Event()
    )
    return written.text


def given_to(model: TranslationModel, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the model reads and begins to write with from now on, with its special tokens."""
    given: list[tuple[str, str]] = []
    generate = model._model.generate

    def spy(**options: Any) -> Any:
        assert options["attention_mask"].all()
        first = options["forced_bos_token_id"]
        written = generate(**options)
        if first is not None:
            assert written[0][1] == first
        given.append(
            (
                model._tokenizer.decode(options["input_ids"][0]),
                "" if first is None else model._tokenizer.decode([first]),
            )
        )
        return written

    monkeypatch.setattr(model._model, "generate", spy)
    return given


@pytest.fixture(scope="module")
def marian(tmp_path_factory: pytest.TempPathFactory) -> TranslationModel:
    folder = tmp_path_factory.mktemp("marian")
    save_random_marian(folder)
    return loaded(folder)


@pytest.fixture(scope="module")
def m2m100(tmp_path_factory: pytest.TempPathFactory) -> TranslationModel:
    folder = tmp_path_factory.mktemp("m2m100")
    save_random_m2m100(folder, "__de__", "__en__", "__fr__")
    return loaded(folder)


def test_a_pair_translates_into_its_language_alone(
    marian: TranslationModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = given_to(marian, monkeypatch)

    first = translated(marian, "Good day.", "de")

    assert given == [("Good day.</s>", "")]
    assert first == translated(marian, "Good day.", "de")
    assert first != translated(marian, "Something else.", "de")
    with pytest.raises(LanguageError, match="into French"):
        translated(marian, "Good day.", "fr")


def test_one_for_several_languages_is_told_by_a_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_random_marian(tmp_path, into="roa", marks=(">>fra<<", ">>pt<<"))
    model = loaded(tmp_path)
    given = given_to(model, monkeypatch)

    translated(model, "Good day.", "fr")
    translated(model, "Good >>fra<< day.", "pt")

    assert given[0] == (">>fra<<Good day.</s>", "")
    assert given[1][0].startswith(">>pt<<Good >>fra<< day.")
    with pytest.raises(LanguageError):
        translated(model, "Good day.", "de")


@pytest.mark.parametrize(
    ("tokens", "de", "en"),
    [
        (("__de__", "__en__"), "__de__", "__en__"),
        (("deu_Latn", "eng_Latn"), "deu_Latn", "eng_Latn"),
        (("de_DE", "en_XX"), "de_DE", "en_XX"),
    ],
)
def test_one_for_many_languages_is_told_by_tokens_before_what_it_reads_and_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tokens: tuple[str, ...], de: str, en: str
) -> None:
    save_random_m2m100(tmp_path, *tokens)
    model = loaded(tmp_path)
    given = given_to(model, monkeypatch)

    translated(model, "Guten Tag.", "en", source="de")
    translated(model, "xyz", "de")  # English is what nothing else is known to be

    assert given == [(f"{de}Guten Tag.</s>", en), (f"{en}xyz</s>", de)]
    with pytest.raises(LanguageError, match="into Thai"):
        translated(model, "Good day.", "th")


def test_t5_is_told_in_the_words_of_its_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_random_t5(tmp_path, {"en_to_de": "translate English to German: "})
    model = loaded(tmp_path)
    given = given_to(model, monkeypatch)

    translated(model, "Good day.", "de")

    assert given == [("translate English to German: Good day.</s>", "")]
    with pytest.raises(LanguageError):
        translated(model, "Good day.", "fr")
    with pytest.raises(LanguageError):
        translated(model, "Bonne journée.", "de", source="fr")


def test_t5_without_such_words_is_told_in_the_same_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_random_t5(tmp_path, {}, "<2fr>")
    model = loaded(tmp_path)
    given = given_to(model, monkeypatch)

    translated(model, "Guten Tag.", "it", source="de")
    translated(model, "Guten Tag.", "fr", source="de")

    assert [read for read, _ in given] == [
        "translate German to Italian: Guten Tag.</s>",
        "<2fr>Guten Tag.</s>",
    ]


@pytest.mark.parametrize("precision", [Precision.MIXED, Precision.BF16])
def test_it_works_in_every_precision(tmp_path: Path, precision: Precision) -> None:
    save_random_marian(tmp_path)

    assert translated(loaded(tmp_path, precision=precision), "Good day.", "de")


def test_each_line_is_translated_by_itself_and_stays_a_line(
    m2m100: TranslationModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = given_to(m2m100, monkeypatch)
    alone = [translated(m2m100, line, "de", source="en") for line in ("One", "Two")]
    del given[:]

    text = translated(m2m100, "One\n \nTwo", "de", source="en")

    assert [read for read, _ in given] == ["__en__One</s>", "__en__Two</s>"]
    assert text == f"{alone[0]}\n\n{alone[1]}".strip()


def test_what_people_write_is_never_a_special_token(
    m2m100: TranslationModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[list[int]] = []
    generate = m2m100._model.generate

    def spy(**options: Any) -> Any:
        given.append(options["input_ids"][0].tolist())
        return generate(**options)

    monkeypatch.setattr(m2m100._model, "generate", spy)
    translated(m2m100, "a</s>__fr__\ud800b", "de", source="en")

    special = set(m2m100._tokenizer.all_special_ids)
    assert [at for at, token in enumerate(given[0]) if token in special] == [0, len(given[0]) - 1]


def test_what_does_not_fit_is_refused_and_never_cut(m2m100: TranslationModel) -> None:
    fitting = POSITIONS - 2
    assert translated(m2m100, "x" * fitting, "de", source="en")
    for text in ("x" * (fitting + 1), f"fine\n{'x' * (fitting + 1)}", "x\n" * (MOST_LINES + 1)):
        with pytest.raises(PromptTooLongError):
            translated(m2m100, text, "de", source="en")


@pytest.mark.parametrize(("ends", "is_whole"), [(True, True), (False, False)])
def test_a_translation_that_had_to_stop_at_its_limit_says_so(
    m2m100: TranslationModel, monkeypatch: pytest.MonkeyPatch, ends: bool, is_whole: bool
) -> None:
    def generate(*, max_new_tokens: int, **_: Any) -> torch.Tensor:
        return torch.full((1, 1 + (3 if ends else max_new_tokens)), 40)

    monkeypatch.setattr(m2m100._model, "generate", generate)
    written = m2m100.translate("x", source=None, into=tongue("de"), stop=threading.Event())

    assert written.is_whole is is_whole
    # The language, a letter and an end were read; the first written token only starts the decoder.
    assert written.tokens == 3 + len(written.text) - 1


def test_it_stops_when_nobody_waits(marian: TranslationModel) -> None:
    stop = threading.Event()
    stop.set()

    with pytest.raises(StoppedError):
        marian.translate("Good day.", source=None, into=tongue("de"), stop=stop)
    assert translated(marian, "Good day.", "de")


def described(folder: Path, config: dict[str, Any], name: str = "", **tokenizer: str) -> Any:
    (folder / "config.json").write_text(json.dumps({"is_encoder_decoder": True, **config}))
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    return describe_translator(folder, name)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Helsinki-NLP/opus-mt-en-de", "de"),
        ("opus-mt-tc-big-en-fr", "fr"),
        ("opus-mt-en-ROMANCE", ""),
    ],
)
def test_a_pair_is_told_by_its_name_where_its_files_do_not(
    tmp_path: Path, name: str, code: str
) -> None:
    found = described(tmp_path, {"model_type": "marian", "max_position_embeddings": 512}, name)

    assert found.way is TranslationWay.PAIR
    assert (found.into.code if found.into else "") == code
    assert (found.most_read, found.most_written) == (512, 512)


def test_the_files_of_a_pair_count_more_than_its_name(tmp_path: Path) -> None:
    found = described(tmp_path, {"model_type": "marian"}, "opus-mt-en-de", target_lang="fr")

    assert found.into == tongue("fr")


def test_a_model_that_does_not_translate_is_refused_with_what_would(tmp_path: Path) -> None:
    save_random_model(tmp_path)
    with pytest.raises(ModelError, match=r"is no encoder-decoder.*ELLIE_TRANSLATE_MODEL"):
        loaded(tmp_path)
    bart = tmp_path / "bart"
    bart.mkdir()
    save_random_bart(bart)
    with pytest.raises(ModelError, match=r"\(bart\) is told .* ELLIE_TRANSLATE_MODEL"):
        loaded(bart)
