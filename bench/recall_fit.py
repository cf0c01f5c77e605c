"""Fitting the weights of recall: a listwise logistic model over the features of every turn.

For each piece of evidence the model is to prefer it to every turn that is none:

    loss = -log( exp(s_e) / (exp(s_e) + sum over the others of exp(s)) ),   s = weights · features

summed over all evidence, so that questions with much of it count for more, plus a penalty on large
weights. The features are brought to one spread first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PENALTY = 1e-2
LEAST_SPREAD = 0.1
"""A feature that is seldom anything but 0 is not blown up: its weight would be chance."""

STEPS = 200
RATE = 0.07
_DECAYS = (0.9, 0.99)


@dataclass(frozen=True, slots=True)
class Example:
    """One question: features of its turns (turns by features), and which turns are evidence."""

    features: NDArray[np.float32]
    evidence: tuple[int, ...]


def fit(
    examples: Sequence[Example], names: Sequence[str], at_least_zero: Collection[str] = ()
) -> Mapping[str, float]:
    """The weight of each feature, by Adam (Kingma & Ba 2015) on the whole set at every step."""
    means = np.mean([e.features.mean(axis=0) for e in examples], axis=0)
    spreads = np.mean([e.features.std(axis=0) for e in examples], axis=0)
    spreads = np.maximum(spreads, LEAST_SPREAD)
    held, others, hidden = _padded(examples, means, spreads)
    question = np.repeat(np.arange(len(examples)), [len(e.evidence) for e in examples])
    floor = np.where([name in at_least_zero for name in names], 0.0, -np.inf)
    weights = np.zeros(len(names), dtype=np.float32)
    first = second = np.zeros(len(names))
    for step in range(1, STEPS + 1):
        scores = others @ weights + hidden
        best = scores.max(axis=1, keepdims=True)
        shares = np.exp(scores - best)
        mass = shares.sum(axis=1)
        mean_other = np.matmul((shares / mass[:, None])[:, None, :], others)[:, 0]
        log_mass = (np.log(mass) + best[:, 0])[question]
        wrong = 1 / (1 + np.exp(np.clip(held @ weights - log_mass, -50, 50)))
        slope = (wrong[:, None] * (mean_other[question] - held)).mean(axis=0) + PENALTY * weights
        first = _DECAYS[0] * first + (1 - _DECAYS[0]) * slope
        second = _DECAYS[1] * second + (1 - _DECAYS[1]) * slope**2
        move = first / (1 - _DECAYS[0] ** step)
        move /= np.sqrt(second / (1 - _DECAYS[1] ** step)) + 1e-8
        weights = np.maximum(weights - RATE * move, floor).astype(np.float32)
    return dict(zip(names, (weights / spreads).tolist(), strict=True))


def _padded(
    examples: Sequence[Example], means: NDArray[np.floating], spreads: NDArray[np.floating]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """The evidence of all questions, their other turns, and minus infinity where there is none."""
    most = max(len(e.features) for e in examples)
    others = np.zeros((len(examples), most, len(means)), dtype=np.float32)
    hidden = np.full((len(examples), most), -1e9, dtype=np.float32)
    held = []
    for index, example in enumerate(examples):
        scaled = ((example.features - means) / spreads).astype(np.float32)
        held.append(scaled[list(example.evidence)])
        rest = np.delete(scaled, list(example.evidence), axis=0)
        others[index, : len(rest)] = rest
        hidden[index, : len(rest)] = 0
    return np.concatenate(held), others, hidden
