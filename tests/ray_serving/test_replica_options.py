"""What replicas are told: how to compute, and no secret."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.config import Settings
from bot.config_choices import Precision
from bot.ray_serving.replica import EngineReplica, ReplicaOptions

SECRET = "swordfish-and-more"


def options(**settings: Any) -> ReplicaOptions:
    return ReplicaOptions.of(Settings(**settings), model="ellie-tiny", threads=3)


def test_no_secret_travels() -> None:
    names = [name for name, field in Settings.model_fields.items() if "SecretStr" in str(field)]
    assert len(names) >= 5
    told = options(
        **dict.fromkeys(set(names) - {"database_url"}, SecretStr(SECRET)),
        database_url=SecretStr(f"postgresql://ellie:{SECRET}@localhost/ellie"),
    )

    assert SECRET.encode() not in pickle.dumps(told)


def test_an_engine_elsewhere_computes_like_one_here(monkeypatch: pytest.MonkeyPatch) -> None:
    told = options(precision=Precision.FP32, context_tokens=4096, max_parallel_replies=5)
    monkeypatch.setenv("ELLIE_PRECISION", "bf16")

    settings = pickle.loads(pickle.dumps(told)).settings()

    assert settings.precision is Precision.FP32
    assert (settings.context_tokens, settings.max_parallel_replies) == (4096, 5)
    assert settings.threads == 3
    assert options(threads=7).settings().threads == 7


def test_each_machine_keeps_models_where_it_wants(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = options(models_dir=tmp_path / "there")
    assert told.settings().models_dir == tmp_path / "there"

    monkeypatch.setenv("ELLIE_MODELS_DIR", str(tmp_path / "here"))

    assert told.settings().models_dir == tmp_path / "here"


async def test_a_replica_without_a_model_is_not_well() -> None:
    with pytest.raises(Exception, match="no model yet"):
        await EngineReplica(options()).check_health()
