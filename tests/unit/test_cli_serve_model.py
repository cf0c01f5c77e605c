"""What `ellie serve-model` refuses, before anything is loaded."""

from __future__ import annotations

import importlib.util
import socket
from typing import Any

import pytest
from pydantic import SecretStr
from rich.console import Console

from bot.cli.serve_model import Place, replica_bounds, serve_model
from bot.config import Settings
from bot.errors import UsageError

HERE = Place(host="127.0.0.1", port=0)


def refusal(place: Place, **settings: Any) -> str:
    with pytest.raises(UsageError) as caught:
        serve_model(Settings(**settings), Console(quiet=True), place)
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "bounds"), [("", (1, 1)), ("3", (3, 3)), ("1:4", (1, 4)), ("2:2", (2, 2))]
)
def test_replicas_are_a_number_or_a_range(written: str, bounds: tuple[int, int]) -> None:
    assert replica_bounds(written) == bounds


@pytest.mark.parametrize("written", ["0", "-1", "many", "4:1", "1:", ":2", "1.5", "1:2:3"])
def test_other_numbers_of_replicas_are_refused(written: str) -> None:
    with pytest.raises(UsageError, match=r"for example 2 or 1:4\.$"):
        replica_bounds(written)


@pytest.mark.parametrize(
    ("missing", "replicas", "extra"),
    [("starlette", "", "serve"), ("uvicorn", "", "serve"), ("ray", "2", "ray")],
)
def test_what_is_not_installed_is_named_with_the_command_that_brings_it(
    missing: str, replicas: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == missing else real(name)
    )

    said = refusal(Place(host="127.0.0.1", port=0, replicas=replicas))

    assert f'pip install "ellie[{extra}]"' in said
    assert missing in said


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "ellie.example"])
def test_an_address_that_others_reach_needs_a_key(host: str) -> None:
    assert "ELLIE_SERVE_API_KEY" in refusal(Place(host=host, port=0))


def test_with_a_key_only_the_port_has_to_be_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refusal(Place(host="127.0.0.1", port=port), serve_api_key=SecretStr("long-enough"))

    assert f"127.0.0.1:{port}" in said
    assert "--port" in said


def test_rays_client_is_refused_with_what_to_do_instead() -> None:
    said = refusal(Place(host="127.0.0.1", port=0, address="ray://head:10001"))

    assert "ray start --address" in said
