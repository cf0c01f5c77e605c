"""What background work does can be read on this machine, in the format of Prometheus."""

from __future__ import annotations

import socket
import urllib.request

from bot.health import Health
from bot.metrics import PrometheusMetrics
from bot.serving import serve


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def served(metrics: PrometheusMetrics) -> dict[str, float]:
    """Every line that a scraper would read."""
    port = free_port()
    stop = serve(port, metrics.registry, Health())
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
    metrics.platform_connected("slack", True)
    metrics.reply_written(prompt=100, reused=60, written=7)
    metrics.reply_written(prompt=30, reused=0, written=5)

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
        'ellie_platform_connected{platform="slack"}': 1,
        'ellie_reply_tokens_total{kind="read"}': 70,
        'ellie_reply_tokens_total{kind="reused"}': 60,
        'ellie_reply_tokens_total{kind="written"}': 12,
    }
    assert values['ellie_job_seconds_bucket{job="compaction",le="0.5"}'] == 1


def test_two_of_them_count_apart() -> None:
    one, other = PrometheusMetrics(), PrometheusMetrics()

    one.compaction_due(3)

    assert served(one)["ellie_compaction_due"] == 3
    assert served(other)["ellie_compaction_due"] == 0
