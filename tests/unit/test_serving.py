"""Metrics and the health check are served on this machine alone."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from bot.errors import ConfigError
from bot.health import Health
from bot.metrics import PrometheusMetrics
from bot.serving import serve


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def ask(health: Health) -> Iterator[Callable[[str], tuple[int, str]]]:
    """Asks for a path; the status and the body."""
    port = free_port()
    stop = serve(port, PrometheusMetrics().registry, health)

    def ask(path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    yield ask
    stop()


def test_without_parts_all_is_well(ask: Callable[[str], tuple[int, str]]) -> None:
    status, body = ask("/healthz")

    assert status == 200
    assert json.loads(body) == {"status": "ok", "parts": {}}


def test_a_part_that_is_not_well_is_named_with_its_reason(
    ask: Callable[[str], tuple[int, str]], health: Health
) -> None:
    slack, discord = health.part("slack"), health.part("discord")
    discord.well()
    slack.ill("disconnected: silent")

    status, body = ask("/healthz")

    assert status == 503
    assert json.loads(body) == {
        "status": "unwell",
        "parts": {"discord": "ok", "slack": "disconnected: silent"},
    }

    slack.well()
    assert ask("/healthz")[0] == 200


def test_everything_else_is_the_metrics(ask: Callable[[str], tuple[int, str]]) -> None:
    status, body = ask("/metrics")

    assert status == 200
    assert "ellie_compaction_due" in body


def test_a_port_that_is_taken_is_a_problem_of_the_settings() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(ConfigError) as raised:
            serve(port, PrometheusMetrics().registry, Health())

    (problem,) = raised.value.problems
    assert problem.setting == "ELLIE_METRICS_PORT"
    assert f"port {port} of 127.0.0.1: Address already in use." in problem.message


def test_after_stopping_the_port_is_free_again() -> None:
    port = free_port()

    serve(port, PrometheusMetrics().registry, Health())()

    serve(port, PrometheusMetrics().registry, Health())()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_other_machines_cannot_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def make(address: str, port: int, *_: object, **__: object) -> None:
        asked.append((port, address))
        raise OSError(13, "Permission denied")

    monkeypatch.setattr("bot.serving.make_server", make)

    with pytest.raises(ConfigError, match="Permission denied"):
        serve(80, PrometheusMetrics().registry, Health())
    assert asked == [(80, "127.0.0.1")]


def test_without_a_port_nothing_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.serving.make_server", lambda *_, **__: pytest.fail("it was"))

    serve(0, PrometheusMetrics().registry, Health())()
