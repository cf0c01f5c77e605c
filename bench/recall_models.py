"""What the benchmark of recall computes beforehand: vectors by an encoder, weights by fitting."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from recall_data import PERSON, Dialogue
from recall_fit import Example, fit

from bot.domain.conversation import Scope
from bot.domain.turn import Turn
from bot.local_models import local_encoder
from bot.memory.fusion import FILE, FORMAT, PARTS, Weights, shipped_weights
from bot.memory.recall import Evidence, RecallIndex

BY_HAND = {"phrase": 2.0, "recency": 0.1}
"""Not fitted: quoted phrases are too rare in the data, and all its questions come after the end,
so that they say nothing about recency. It decides between turns that are alike otherwise."""

NO_VECTORS = frozenset({"attention", "attention_before_1", "attention_after_1"})

AT_LEAST_ZERO = frozenset(
    {
        *("bm25", "before_1", "before_2", "after_1", "after_2", "session", "cover", "window_cover"),
        *("related", "related_near", "name", "speaker", "date", "time_window", "second_pass"),
        *NO_VECTORS,
    }
)
"""What the question shares with a turn never speaks against it."""

_SCOPE = Scope.in_private(PERSON)
_NONE: Mapping[str, float] = {"bm25": 1.0}


@dataclass(frozen=True, slots=True)
class Vectors:
    """Of each conversation the turns' vectors, one a row, and those of all questions by text."""

    turns: tuple[NDArray[np.float32], ...]
    turns_with_speaker: tuple[NDArray[np.float32], ...]
    """The same turns with the speaker's name before them: better where the encoder is alone."""
    questions: Mapping[str, NDArray[np.float32]]


def encode_dialogues(folder: Path, dialogues: Sequence[Dialogue]) -> Vectors:
    """Encode every turn, with what was shown in it, and every question."""
    return asyncio.run(_encode(folder, dialogues))


async def _encode(folder: Path, dialogues: Sequence[Dialogue]) -> Vectors:
    encoder = local_encoder(folder.name, folder)
    await encoder.start()
    try:
        bare, named = [], []
        for dialogue in dialogues:
            bare.append(await encoder.encode([_seen_in(turn) for turn, _ in dialogue.turns]))
            named.append(await encoder.encode([with_speaker(*said) for said in dialogue.turns]))
        asked = list(dict.fromkeys(q.text for dialogue in dialogues for q in dialogue.questions))
        questions = dict(zip(asked, await encoder.encode(asked), strict=True))
        return Vectors(tuple(bare), tuple(named), questions)
    finally:
        await encoder.close()


def with_speaker(turn: Turn, speaker: str) -> str:
    """What was said and shown, as a line of a protocol."""
    return f"{speaker}: {_seen_in(turn)}"


def _seen_in(turn: Turn) -> str:
    return " ".join((turn.text, *(f"({shown.description})" for shown in turn.shown)))


def fitted(
    dialogues: Sequence[Dialogue], vectors: Vectors | None, *, leave_out: int | None = None
) -> Weights:
    """Weights fitted on all conversations but one, for recall with these vectors or by words.

    In two steps, since the second pass reads what the first one found with its weights.
    """
    chosen = [number for number in range(len(dialogues)) if number != leave_out]
    names = [name for name in PARTS if name not in BY_HAND]
    if vectors is None:
        names = [name for name in names if name not in NO_VECTORS]
    weights: Mapping[str, float] = _NONE
    for step_names in ([name for name in names if name != "second_pass"], names):
        examples = _examples(dialogues, chosen, vectors, step_names, weights)
        weights = fit(examples, step_names, AT_LEAST_ZERO) | BY_HAND
    return Weights(by_words=weights, with_vectors=weights)


def write_weights(dialogues: Sequence[Dialogue], vectors: Vectors | None) -> None:
    """Fit on everything and write the file that Ellie ships; without vectors keep their set."""
    shipped = None if vectors is not None else shipped_weights().with_vectors
    sets = {
        "by_words": fitted(dialogues, None).by_words,
        "with_vectors": shipped or fitted(dialogues, vectors).with_vectors,
    }
    rounded = {
        name: {feature: round(weight, 3) for feature, weight in weights.items()}
        for name, weights in sets.items()
    }
    path = Path(str(resources.files("bot.memory").joinpath(FILE)))
    path.write_text(json.dumps({"format": FORMAT, **rounded}, indent=2) + "\n", "utf-8")
    shipped_weights.cache_clear()


def _examples(
    dialogues: Sequence[Dialogue],
    chosen: Sequence[int],
    vectors: Vectors | None,
    names: Sequence[str],
    weights: Mapping[str, float],
) -> list[Example]:
    examples = []
    for number in chosen:
        dialogue = dialogues[number]
        index = RecallIndex(Weights(by_words=weights, with_vectors=weights))
        for place, (turn, speaker) in enumerate(dialogue.turns):
            index.add(turn, speaker=speaker)
            if vectors is not None:
                index.add_vector(turn.id, vectors.turns[number][place])
        for question in dialogue.questions:
            evidence = index.evidence(
                question.text,
                _SCOPE,
                now=dialogue.ends_at,
                query_vector=vectors.questions[question.text] if vectors is not None else None,
            )
            places = tuple(
                place for place, key in enumerate(evidence.turn_ids) if key in question.evidence
            )
            if places:
                examples.append(Example(_matrix(evidence, names), places))
    return examples


def _matrix(evidence: Evidence, names: Sequence[str]) -> NDArray[np.float32]:
    return np.stack([evidence.features[name] for name in names], axis=1).astype(np.float32)
