"""Metrics in the format of Prometheus: what Ellie does, in names and counts.

Fulfils :class:`bot.ports.metrics.Metrics`. The registry is this object's own, so that two of them,
as in tests, do not meet in the library's global one.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600)
"""A look that finds nobody takes milliseconds, a model that reads a long conversation minutes."""


class PrometheusMetrics:
    """Counts until it is asked."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._runs = Counter(
            "ellie_job_runs", "Runs of scheduled jobs.", ("job", "outcome"), registry=self.registry
        )
        self._seconds = Histogram(
            "ellie_job_seconds",
            "How long runs of scheduled jobs take.",
            ("job",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._compactions = Counter(
            "ellie_compactions",
            "Compactions of one person's memory, by how they ended; running: to be gone on with.",
            ("status",),
            registry=self.registry,
        )
        self._turns = Counter(
            "ellie_compaction_turns", "Turns that were made compact.", registry=self.registry
        )
        self._due = Gauge(
            "ellie_compaction_due", "People who are due for compaction.", registry=self.registry
        )
        self._erased = Counter(
            "ellie_retention_erased",
            "What was older than may be kept, and was erased.",
            ("what",),
            registry=self.registry,
        )
        self._connected = Gauge(
            "ellie_platform_connected",
            "Whether Ellie is connected to a platform: 1 or 0.",
            ("platform",),
            registry=self.registry,
        )

        self._tokens = Counter(
            "ellie_reply_tokens",
            "Tokens of replies and their prompts: read, reused because they were read before, or "
            "written.",
            ("kind",),
            registry=self.registry,
        )

    def job_finished(self, job: str, *, outcome: str, seconds: float) -> None:
        """Count a run and its time."""
        self._runs.labels(job=job, outcome=outcome).inc()
        self._seconds.labels(job=job).observe(seconds)

    def compaction_ended(self, status: str, *, turns: int) -> None:
        """Count a compaction, and its turns if it was done."""
        self._compactions.labels(status=status).inc()
        if status == "done":
            self._turns.inc(turns)

    def compaction_due(self, people: int) -> None:
        """Set how many people are due."""
        self._due.set(people)

    def erased(self, what: str, count: int) -> None:
        """Count what was erased."""
        self._erased.labels(what=what).inc(count)

    def reply_written(self, *, prompt: int, reused: int, written: int) -> None:
        """Count the tokens of a reply."""
        self._tokens.labels(kind="read").inc(max(0, prompt - reused))
        self._tokens.labels(kind="reused").inc(reused)
        self._tokens.labels(kind="written").inc(written)

    def platform_connected(self, platform: str, is_connected: bool) -> None:
        """Set whether Ellie is connected to a platform."""
        self._connected.labels(platform=platform).set(is_connected)
