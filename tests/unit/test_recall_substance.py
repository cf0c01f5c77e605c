"""How much a turn tells, whatever the question."""

from __future__ import annotations

import pytest

from bot.memory.substance import SIGNALS, signals


def shown_by(text: str, position: float = 0) -> set[str]:
    values = dict(zip(SIGNALS, signals(text, position, {"", "ben"}), strict=True))
    return {name for name, value in values.items() if value} - {"length"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sounds great!", set()),
        ("Hey there! How are you?", {"asks", "only_asks"}),
        ("你好！最近怎么样？", {"asks", "only_asks", "dated"}),
        ("The bakery opens early, doesn't it? You would like the rolls.", {"asks"}),
        ("I sold the boat.", {"own"}),
        ("我把船卖了。", {"own"}),
        ("The boat was sold yesterday.", {"dated"}),
        ("船是昨天卖的。", {"dated"}),
        ("There were four herons.", {"numbered"}),
        ("有三只猫。", {"numbered"}),
        ("They flew to Lisbon.", {"placed", "naming"}),
        ("他们去里斯本。", {"placed"}),
        ("The boat belongs to that friend, Clara.", {"naming"}),
        ("The boat suits you, Ben.", set()),
    ],
)
def test_signals_of_a_turn(text: str, expected: set[str]) -> None:
    assert shown_by(text) == expected


def test_a_later_turn_of_a_session_opens_it_less() -> None:
    opening = [signals("Hello.", n, ())[SIGNALS.index("opening")] for n in (0, 1, 5, 50)]

    assert opening == [0, 0.2, 1, 1]


def test_length_grows_slower_and_slower() -> None:
    one, two, three = (signals("word " * n, 0, ())[0] for n in (1, 2, 3))

    assert two - one > three - two > 0
