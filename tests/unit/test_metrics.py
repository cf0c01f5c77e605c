"""What background work does can be read on this machine, in the format of Prometheus."""

from __future__ import annotations

import socket
import urllib.request

import pytest

from bot.errors import ConfigError
from bot.metrics import PrometheusMetrics


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def served(metrics: PrometheusMetrics) -> dict[str, float]:
    """Every line that a scraper would read."""
    port = free_port()
    stop = metrics.serve(port)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
    finally:
        stop()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs if "_created" not in name}


def test_everything_is_counted_under_its_name() -> None:
    metrics = PrometheusMetrics()

    metrics.job_finished("compaction", outcome="ok", seconds=2.0)
    metrics.job_finished("compaction", outcome="failed", seconds=0.2)
    metrics.compaction_ended("done", turns=40)
    metrics.compaction_ended("done", turns=2)
    metrics.compaction_ended("refused", turns=7)
    metrics.compaction_due(3)
    metrics.compaction_due(2)
    metrics.erased("turns", 5)
    metrics.erased("facts", 0)

    values = served(metrics)
    buckets = {name for name in values if "_bucket" in name}
    assert {name: value for name, value in values.items() if name not in buckets} == {
        'ellie_job_runs_total{job="compaction",outcome="ok"}': 1,
        'ellie_job_runs_total{job="compaction",outcome="failed"}': 1,
        'ellie_job_seconds_count{job="compaction"}': 2,
        'ellie_job_seconds_sum{job="compaction"}': 2.2,
        'ellie_compactions_total{status="done"}': 2,
        'ellie_compactions_total{status="refused"}': 1,
        "ellie_compaction_turns_total": 42,
        "ellie_compaction_due": 2,
        'ellie_retention_erased_total{what="turns"}': 5,
        'ellie_retention_erased_total{what="facts"}': 0,
    }
    assert values['ellie_job_seconds_bucket{job="compaction",le="0.5"}'] == 1


def test_two_of_them_count_apart() -> None:
    one, other = PrometheusMetrics(), PrometheusMetrics()

    one.compaction_due(3)

    assert served(one)["ellie_compaction_due"] == 3
    assert served(other)["ellie_compaction_due"] == 0


def test_a_port_that_is_taken_is_a_problem_of_the_settings() -> None:
    metrics = PrometheusMetrics()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(ConfigError) as raised:
            metrics.serve(port)

    (problem,) = raised.value.problems
    assert problem.setting == "ELLIE_METRICS_PORT"
    assert f"port {port} of 127.0.0.1: Address already in use." in problem.message


def test_after_stopping_the_port_is_free_again() -> None:
    metrics = PrometheusMetrics()
    port = free_port()

    metrics.serve(port)()

    metrics.serve(port)()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_other_machines_cannot_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def start(port: int, address: str, registry: object) -> None:
        asked.append((port, address))
        raise OSError(13, "Permission denied")

    monkeypatch.setattr("bot.metrics.start_http_server", start)

    with pytest.raises(ConfigError, match="Permission denied"):
        PrometheusMetrics().serve(80)
    assert asked == [(80, "127.0.0.1")]


def test_without_a_port_nothing_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.metrics.start_http_server", lambda *_: pytest.fail("it was"))

    PrometheusMetrics().serve(0)()
