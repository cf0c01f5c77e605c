"""The parts of the remote engine that ask nobody."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.random_model import byte_tokenizer

from bot.domain.generation import ChatMessage, Role
from bot.errors import UnknownModelError
from bot.generation.models.sources import (
    parse_chat_source,
    parse_compact_source,
    parse_encoder_source,
)
from bot.generation.remote.address import RemoteModel, parse_address
from bot.generation.remote.breaker import Admission, CircuitBreaker
from bot.generation.remote.counting import (
    CAUTION,
    SAMPLES,
    EstimatingTokenizer,
    measured_rates,
    units,
)
from bot.generation.remote.explaining import retry_after
from bot.generation.remote.retrying import Retrying
from bot.generation.remote.trouble import ServerTroubleError, TroubleKind

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


class Ticking:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> datetime:
        return NOON

    def elapsed(self) -> float:
        return self.seconds


@pytest.mark.parametrize(
    ("setting", "model", "label"),
    [
        ("http://gpu:8000/v1", RemoteModel("http://gpu:8000/v1"), "gpu:8000"),
        (" HTTP://gpu:8000/v1/ ", RemoteModel("http://gpu:8000/v1"), "gpu:8000"),
        (
            "https://api.example.org/v1#org/Model-7B",
            RemoteModel("https://api.example.org/v1", "org/Model-7B"),
            "org/Model-7B",
        ),
        ("http://[::1]:8000/v1", RemoteModel("http://[::1]:8000/v1"), "[::1]:8000"),
    ],
)
def test_an_address_is_understood(setting: str, model: RemoteModel, label: str) -> None:
    assert parse_chat_source(setting) == parse_compact_source(setting) == model
    assert model.label == label
    assert parse_address(str(model)) == model


@pytest.mark.parametrize(
    "setting",
    [
        "http://",
        "http:///v1",
        "http://ana:hush@gpu/v1",
        "http://gpu/v1?key=hush",
        "http://gpu:x/v1",
    ],
)
def test_an_address_is_refused_without_repeating_a_secret(setting: str) -> None:
    with pytest.raises(UnknownModelError) as caught:
        parse_chat_source(setting)
    assert "hush" not in str(caught.value)


def test_an_encoder_is_on_this_machine() -> None:
    with pytest.raises(UnknownModelError, match="is a server"):
        parse_encoder_source("http://gpu:8000/v1")


def test_the_circuit_opens_after_failures_in_a_row_and_one_probe_decides() -> None:
    clock = Ticking()
    breaker = CircuitBreaker(clock, failures=2, open_seconds=10)

    def fail(admission: Admission = Admission.GRANTED, *, ago: float = 0) -> bool:
        return breaker.failed(admission, asked_at=clock.seconds - ago)

    assert breaker.ask() is Admission.GRANTED
    assert not fail()
    breaker.succeeded()  # the row is broken
    assert not fail()
    clock.seconds += 1
    assert not fail(ago=2)  # side by side with the one before
    assert fail()
    assert breaker.ask() is Admission.DENIED
    assert not fail()  # was sent before, and prolongs nothing
    clock.seconds += 10
    assert breaker.ask() is Admission.PROBE
    assert breaker.ask() is Admission.DENIED
    fail(Admission.PROBE)
    assert breaker.ask() is Admission.DENIED
    clock.seconds += 10
    assert breaker.ask() is Admission.PROBE
    breaker.given_up(Admission.PROBE)
    assert breaker.ask() is Admission.PROBE
    breaker.succeeded()
    assert breaker.ask() is Admission.GRANTED


def pauses(
    kind: TroubleKind, *, after: float | None = None, chance: float = 0.0, left: float = 100
) -> list[float | None]:
    retrying = Retrying(chance=lambda: chance)
    trouble = ServerTroubleError(kind, "", retry_after=after)
    return [retrying.pause(n, trouble, since_start=0, left=left) for n in range(1, 5)]


def test_pauses_grow_and_end() -> None:
    assert pauses(TroubleKind.BROKEN) == [0.2, 0.4, 0.8, None]
    assert pauses(TroubleKind.BROKEN, chance=1.0) == [0.1, 0.2, 0.4, None]
    assert pauses(TroubleKind.BUSY, after=3) == [3, 3, 3, None]
    assert pauses(TroubleKind.BUSY, left=0.3) == [0.2, None, None, None]


def test_a_server_that_is_down_is_not_asked_for_long() -> None:
    retrying = Retrying(chance=lambda: 0.0)
    down = ServerTroubleError(TroubleKind.UNREACHABLE, "")
    busy = ServerTroubleError(TroubleKind.BUSY, "")
    assert retrying.pause(1, down, since_start=1.2, left=100) == 0.2
    assert retrying.pause(1, down, since_start=1.4, left=100) is None
    assert retrying.pause(1, busy, since_start=60, left=100) == 0.2


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, None),
        ("2.5", 2.5),
        ("-3", 0.0),
        ("Mon, 04 May 2026 12:00:30 GMT", 30.0),
        ("soon", None),
    ],
)
def test_when_a_server_wants_to_be_asked_again(said: str | None, seconds: float | None) -> None:
    headers = httpx2.Headers({} if said is None else {"Retry-After": said})
    assert retry_after(headers, NOON) == seconds


def test_a_server_counter_makes_the_estimate_close_and_never_short_on_its_samples() -> None:
    backend = byte_tokenizer().backend_tokenizer

    def count(text: str) -> int:
        return len(backend.encode(text).ids)

    counts = {name: [count(text) for text in texts] for name, texts in SAMPLES.items()}
    tokenizer = EstimatingTokenizer(4096, measured_rates(counts))
    for texts in SAMPLES.values():
        for text in texts:
            assert count(text) <= tokenizer.count_text(text)
    prose = "She walked down to the harbour, where the boats were, and waited for an hour. " * 5
    assert count(prose) <= tokenizer.count_text(prose) <= 1.9 * count(prose)


def test_an_estimate_counts_what_a_template_adds() -> None:
    tokenizer = EstimatingTokenizer(4096)
    messages = [ChatMessage(Role.SYSTEM, "Be kind."), ChatMessage(Role.USER, "hello")]
    inside = sum(tokenizer.count_text(message.content) for message in messages)
    assert tokenizer.count_chat(messages) > inside
    assert tokenizer.count_text("") == 0


@given(st.text())
def test_every_text_can_be_estimated(text: str) -> None:
    assert set(units(text)) == set(CAUTION)
    assert EstimatingTokenizer(100).count_text(text) >= 0
