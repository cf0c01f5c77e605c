"""Parts of Ellie say whether they are well, and everybody who watches hears of it."""

from __future__ import annotations

from bot.health import Health
from bot.metrics import PrometheusMetrics


def test_a_part_is_starting_until_it_says_that_it_is_well() -> None:
    health = Health()
    assert health.is_well

    slack = health.part("slack")

    assert health.ills == {"slack": "starting"}
    slack.well()
    assert health.is_well
    assert health.parts == {"slack": None}


def test_one_part_that_is_not_well_is_enough() -> None:
    health = Health()
    health.part("discord").well()
    slack = health.part("slack")
    slack.well()

    slack.ill("disconnected")

    assert not health.is_well
    assert health.ills == {"slack": "disconnected"}


def test_who_listens_hears_what_holds_and_every_change() -> None:
    health = Health()
    slack = health.part("slack")
    heard: list[tuple[str, bool]] = []

    health.listen(lambda name, is_well: heard.append((name, is_well)))
    slack.well()
    slack.ill("gone")

    assert heard == [("slack", False), ("slack", True), ("slack", False)]


def test_a_platform_that_is_not_well_counts_as_not_connected() -> None:
    health, metrics = Health(), PrometheusMetrics()
    health.listen(metrics.platform_connected)

    slack = health.part("slack")
    name, labels = "ellie_platform_connected", {"platform": "slack"}
    assert metrics.registry.get_sample_value(name, labels) == 0
    slack.well()
    assert metrics.registry.get_sample_value(name, labels) == 1
