"""Tier 1: a model too small to write facts down tells to which question a sentence is an answer.

Nothing is generated. A sentence of the message is scored twice: as an answer to a request for a
lasting fact, and as an answer to a request for small talk. It is kept, as it stands, when the first
makes it likelier. Asking the other way round, "does this state a fact, yes or no?", leaves small
models near chance; the likelihood of the text given the label is steadier than that of the label
given the text, and needs no calibration, for it is the same text on both sides (noisy channel, Min
et al. 2022, arXiv 2108.04106).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.domain.fact import FactKind
from bot.domain.generation import ChatMessage, Role

LASTING = (
    "Write one sentence in which somebody tells a lasting fact about themselves: who they are, "
    "where they live, their family, work, health, habits or tastes."
)
PASSING = (
    "Write one sentence of small talk in which somebody says what they are doing, thinking or "
    "feeling right now."
)
KINDS: dict[FactKind, str] = {
    FactKind.IDENTITY: "Write one sentence in which somebody says who they are or how they live.",
    FactKind.PREFERENCE: "Write one sentence in which somebody says what they like or dislike.",
    FactKind.RELATION: "Write one sentence in which somebody speaks of their family or friends.",
    FactKind.EVENT: "Write one sentence in which somebody says what happened to them once.",
    FactKind.PLAN: "Write one sentence in which somebody says what they are going to do.",
}
"""What brings forth each kind. Instructions are in every prompt, so no model may declare one."""

LEAST_MARGIN = -0.15
"""Nats per token above which a sentence counts as a lasting fact. Less than 0, for models find most
sentences likelier as small talk: of 24 that are no samples of the probe, a model of 0.5 billion
parameters takes 11 of 12 facts and 2 of 12 others with it, 8 and 1 with 0."""

LEAST_AGREEMENT = -0.3
"""The same for a sentence that the model has also quoted when it was asked to list facts. On those
24 sentences all 12 facts reach it, and 3 of the others. Lists alone are half small talk."""

MOST_CONFIDENT = 0.9
"""No single answer of a small model is surer than the share of its answers that is right."""


def invitations() -> tuple[tuple[ChatMessage, ...], tuple[ChatMessage, ...]]:
    """The two prompts between which a sentence decides: for lasting facts and for small talk."""
    return _asking(LASTING), _asking(PASSING)


def kind_invitations() -> tuple[tuple[ChatMessage, ...], ...]:
    """A prompt for each of :data:`KINDS`."""
    return tuple(_asking(request) for request in KINDS.values())


def _asking(request: str) -> tuple[ChatMessage, ...]:
    return (ChatMessage(Role.USER, request),)


def margin(likelihoods: Sequence[float], tokens: int) -> float:
    """Nats per token in favour of a lasting fact; ``likelihoods`` as in :func:`invitations`."""
    lasting, passing = likelihoods
    return (lasting - passing) / max(1, tokens)


def confidence(likelihoods: Sequence[float]) -> float:
    """The probability of a lasting fact when both are equally frequent, between 0 and 1."""
    lasting, passing = likelihoods
    nats = max(-50.0, min(50.0, lasting - passing))
    return min(MOST_CONFIDENT, 1 / (1 + math.exp(-nats)))


def likeliest_kind(likelihoods: Sequence[float]) -> FactKind:
    """The kind that makes the sentence likeliest; ``likelihoods`` are in the order of KINDS."""
    best = max(range(len(likelihoods)), key=likelihoods.__getitem__)
    return list(KINDS)[best]
