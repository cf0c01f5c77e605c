"""What the owner's settings make of every place."""

from __future__ import annotations

from bot.config import Settings
from bot.default_policy import default_policy
from bot.domain.place_policy import USUAL_POLICY, MemoryMode


def settings(**more: object) -> Settings:
    return Settings(_env_file=None, **more)  # type: ignore[call-arg, arg-type]


def test_nothing_set_is_the_usual_policy() -> None:
    assert default_policy(settings(quota_person_turns="none")) == USUAL_POLICY


def test_the_owner_decides_on_memory_and_retention() -> None:
    policy = default_policy(settings(memory="opt-in", retention_days=30))

    assert policy.memory is MemoryMode.OPT_IN
    assert policy.retention_days == 30
