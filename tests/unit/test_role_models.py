"""Models of their own for summing up and translating: chosen, told of, loaded and let go."""

from __future__ import annotations

import asyncio
import io
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from support.engine import CountingIds, FakeClock
from support.random_model import save_random_model
from support.random_seq2seq import POSITIONS, letter_tokenizer, save_random_bart
from support.random_translator import save_random_marian

from bot.cli.check import check
from bot.cli.doctor import of_models
from bot.cli.models import ensure_roles, list_models
from bot.config import Settings
from bot.config_choices import Precision
from bot.domain.tongues import find_tongue
from bot.engine.chat_rewording import ChatCondenser, ChatTranslator
from bot.errors import EllieError, LanguageError, ModelError, PromptTooLongError, UnknownModelError
from bot.generation import seq2seq
from bot.generation.summariser import LocalCondenser
from bot.generation.translator import LocalTranslator
from bot.local_models import ModelRole, choose_role, local_condenser, local_translator
from bot.ports.condensing import Passage
from bot.role_models import own_models

GERMAN = find_tongue("de")
assert GERMAN is not None


def settings_for(path: Path, **given: Any) -> Settings:
    given.setdefault("model", "ellie-small")
    return Settings(
        data_dir=path / "data",
        models_dir=path / "models",
        device="cpu",
        precision=Precision.FP32,
        **given,
    )


def said(settings: Settings) -> tuple[str, EllieError | None]:
    output = io.StringIO()
    error = check(settings, Console(file=output, width=500))
    return output.getvalue(), error


@pytest.fixture(scope="module")
def bart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bart")
    save_random_bart(folder)
    return folder


@pytest.fixture(scope="module")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("marian")
    save_random_marian(folder)
    return folder


@pytest.mark.parametrize("setting", ["chat", " Chat ", "ellie-small"])
def test_the_model_that_chats_is_no_model_of_its_own(tmp_path: Path, setting: str) -> None:
    settings = settings_for(tmp_path, summarize_model=setting, translate_model=setting)

    assert [choose_role(settings, role) for role in ModelRole] == [None, None]
    assert "summarize:" not in said(settings)[0]


def test_an_encoder_or_a_misspelt_name_is_refused(tmp_path: Path) -> None:
    for setting in ("ellie-encoder", "ellie-smal"):
        settings = settings_for(tmp_path, translate_model=setting)
        with pytest.raises(UnknownModelError, match=r"ellie-small|ELLIE_TRANSLATE_MODEL"):
            choose_role(settings, ModelRole.TRANSLATE)
        text, error = said(settings)
        assert "✗ translate:" in text
        assert isinstance(error, UnknownModelError)


def test_what_would_run_is_told(tmp_path: Path, bart: Path, marian: Path) -> None:
    settings = settings_for(
        tmp_path, model=str(bart), summarize_model=str(bart), translate_model=str(marian)
    )
    text, _ = said(settings)
    assert "summarize:" not in text  # it is the model that chats
    assert f"✓ translate: {marian}, an encoder-decoder, in {marian}" in text

    settings = settings_for(tmp_path, summarize_model="ellie-tiny")
    assert "summarize: ellie-tiny, will be pulled at first start" in said(settings)[0]
    output = io.StringIO()
    list_models(settings, Console(file=output, width=200))
    marked = [line.split()[1] for line in output.getvalue().splitlines() if line.startswith("→")]
    assert marked == ["ellie-small", "ellie-tiny"]
    found = {finding.subject: finding.text for finding in of_models(settings, thoroughly=False)}
    assert found["summarize"] == "ellie-tiny is not fetched yet"


def test_models_in_folders_need_no_fetching(tmp_path: Path, bart: Path, marian: Path) -> None:
    settings = settings_for(tmp_path, summarize_model=str(bart), translate_model=str(marian))

    assert ensure_roles(settings, Console(file=io.StringIO())) == {
        ModelRole.SUMMARIZE: (str(bart), bart),
        ModelRole.TRANSLATE: (str(marian), marian),
    }


async def test_each_kind_of_model_gets_what_runs_it(
    tmp_path: Path, bart: Path, marian: Path
) -> None:
    settings = settings_for(tmp_path)
    causal = tmp_path / "causal"
    causal.mkdir()
    save_random_model(causal)
    made = {"clock": FakeClock(), "ids": CountingIds()}
    async with AsyncExitStack() as stack:
        own = own_models(settings, {}, stack=stack, **made)
        assert (own.condenser, own.translator) == (None, None)
        roles = {ModelRole.SUMMARIZE: ("bart", bart), ModelRole.TRANSLATE: ("marian", marian)}
        own = own_models(settings, roles, stack=stack, **made)
        assert isinstance(own.condenser, LocalCondenser)
        assert isinstance(own.translator, LocalTranslator)
        both = dict.fromkeys(ModelRole, ("causal", causal))
        own = own_models(settings, both, stack=stack, **made)
        assert isinstance(own.condenser, ChatCondenser)
        assert isinstance(own.translator, ChatTranslator)
        assert own.condenser._generators is own.translator._generators


async def test_a_folder_that_cannot_translate_is_refused_at_the_start(
    tmp_path: Path, bart: Path
) -> None:
    with pytest.raises(ModelError, match="ELLIE_TRANSLATE_MODEL"):
        local_translator(settings_for(tmp_path), "bart", bart)


async def test_a_translator_loads_when_it_is_asked_and_is_let_go(
    tmp_path: Path, marian: Path
) -> None:
    translator = local_translator(settings_for(tmp_path), "marian", marian)
    translator._model._idle_seconds = 0
    assert not translator.loaded

    written = await translator.translate("Good day.", into=GERMAN, asker="ana")

    assert written.text
    assert written.tokens > len("Good day.")
    assert translator.loaded
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not translator.loaded
    assert await translator.translate("Good day.", into=GERMAN, asker="ana") == written
    french = find_tongue("fr")
    assert french
    with pytest.raises(LanguageError):  # Ellie's own errors pass as they are
        await translator.translate("Good day.", into=french, asker="ana")
    await translator.close()
    with pytest.raises(ModelError, match="Ellie is stopping"):
        await translator.translate("Good day.", into=GERMAN, asker="ana")


async def test_a_condenser_reads_all_of_what_is_longer_than_its_window(
    tmp_path: Path, bart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    write = seq2seq.Seq2SeqModel._write

    def spy(model: seq2seq.Seq2SeqModel, text: str, max_tokens: int) -> str:
        read.append(text)
        return write(model, text, min(max_tokens, 20))

    monkeypatch.setattr(seq2seq.Seq2SeqModel, "_write", spy)
    condenser = local_condenser(settings_for(tmp_path), "bart", bart)
    words = [f"w{number:03}" for number in range(60)]

    written = await condenser.condense(
        [Passage(text=" ".join(words), speaker="User"), Passage(text="End.", speaker="Ellie")],
        into=None,
        asker="ana",
    )

    assert " ".join(read).split() == ["User:", *words, "Ellie:", "End."]
    assert all(len(letter_tokenizer()(text)["input_ids"]) <= POSITIONS for text in read)
    assert written.text.count("\n") == len(read) - 1
    assert written.tokens > len(" ".join(words))
    with pytest.raises(PromptTooLongError):
        await condenser.condense([Passage(text="x" * 5000)], into=None, asker="ana")
    await condenser.close()
