"""What a model can be trusted with, measured on frozen samples and never read off its name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from bot.memory.extraction import bullets, questions
from bot.memory.extraction.candidate import Candidate

LEAST_PRECISION = 0.8
"""Of what a tier finds. What it keeps wrongly comes back in prompts and drowns what is right: one
in five is what a person still corrects in passing, and rules alone are better than more."""

LEAST_COVERAGE = 0.6
"""Of what there is to find. Rules have found their share before; a model that misses most of the
rest is not worth the processor time it takes."""


class Tier(StrEnum):
    """Who reads messages: rules always do, and a model beside them from the second tier on."""

    RULES = "rules"
    QUESTIONS = "questions"
    """The model tells which sentences answer a question for lasting facts."""
    BULLETS = "bullets"
    """The model lists facts with quotes, and what it quotes has to pass the question too."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A message, and for each fact in it the words that a quote of it must hold."""

    text: str
    facts: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Score:
    """How well a tier did: which share of what it found was right, which share of all it found."""

    precision: float
    coverage: float

    @property
    def suffices(self) -> bool:
        """Whether the tier may be used."""
        return self.precision >= LEAST_PRECISION and self.coverage >= LEAST_COVERAGE

    @property
    def worth(self) -> float:
        """The harmonic mean of both (F1), by which tiers are compared."""
        total = self.precision + self.coverage
        return 2 * self.precision * self.coverage / total if total else 0.0


@cache
def samples() -> tuple[Sample, ...]:
    """The frozen samples: English and Chinese, half of them with nothing to remember."""
    return tuple(
        Sample(sample["text"], tuple(tuple(words) for words in sample["facts"]))
        for sample in json.loads(_samples_file())
    )


def measured(asked: Sequence[Sample], found: Sequence[Sequence[Candidate]]) -> Score:
    """Compare what was found in each sample with what is there."""
    right = wrong = covered = 0
    for sample, candidates in zip(asked, found, strict=True):
        hits = [
            {index for index, words in enumerate(sample.facts) if _holds(candidate, words)}
            for candidate in candidates
        ]
        right += sum(bool(hit) for hit in hits)
        wrong += sum(not hit for hit in hits)
        covered += len(set().union(*hits))
    present = sum(len(sample.facts) for sample in asked)
    return Score(
        precision=right / (right + wrong) if right + wrong else 0.0,
        coverage=covered / present if present else 0.0,
    )


def _holds(candidate: Candidate, words: Sequence[str]) -> bool:
    quote = candidate.quote.casefold()
    return all(word.casefold() in quote for word in words)


@cache
def version() -> str:
    """Changes with the samples, the prompts and what else decides a result."""
    parts = [
        _samples_file(),
        repr(bullets.bullet_request("", "refused")),
        repr(questions.invitations()),
        repr(
            (
                bullets.MAX_TOKENS,
                questions.LEAST_MARGIN,
                questions.LEAST_AGREEMENT,
                LEAST_PRECISION,
                LEAST_COVERAGE,
            )
        ),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _samples_file() -> str:
    return (files("bot.memory.extraction") / "probe_samples.json").read_text(encoding="utf-8")
