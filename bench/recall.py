"""How much of the evidence recall finds, and how much of it enters a prompt.

    python bench/recall.py --data locomo10.json [--encoder FOLDER] [--fit] [--plot PNG]

The measure is the LoCoMo paper's: a question's turns are ranked in its own conversation, and recall
at k is the share of the evidence among the first k, averaged over the questions that have any.
"Cross-validated" rows weigh each conversation with weights fitted on the other ones. ``--fit``
writes weights fitted on all of the data to the file that Ellie ships.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from recall_data import CATEGORIES, HOW_TO_GET, PERSON, Dialogue, Question, load_dialogues
from recall_models import Vectors, encode_dialogues, fitted, with_speaker, write_weights
from rich.console import Console
from rich.table import Table

from bot.domain.conversation import Scope
from bot.domain.turn import Turn, TurnId
from bot.memory.executive import MAX_RECALLED
from bot.memory.fusion import Weights
from bot.memory.lexical import Postings
from bot.memory.recall import RecallIndex
from bot.memory.terms import date_terms, terms

KS = (5, 10, 25, 50)
PROMPT_TOKENS = 1500
CHARACTERS_PER_TOKEN = 4
_OVERHEAD = 12
"""Tokens of the date and the speaker that stand with every quoted turn."""

PUBLISHED = ("best published, words and MiniLM (all 10 conv.)", "78.7", "69.7", "86.3", "91.1")

Ranker = Callable[[int, Question], Sequence[TurnId]]
"""From the number of the conversation and a question to its turns, best first."""


@dataclass(slots=True)
class Result:
    """What one ranker found: recall at each k by category, whole evidence, and times.

    Whole evidence is counted twice: among all turns that a prompt of :data:`PROMPT_TOKENS` has room
    for, and among the few that Ellie quotes beside a question.
    """

    found: dict[int, list[tuple[float, ...]]] = field(default_factory=dict)
    in_prompt: list[bool] = field(default_factory=list)
    in_quotes: list[bool] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def recall(self, category: int | None = None) -> tuple[float, ...]:
        """Mean recall in percent at each k."""
        rows = [row for key, rows in self.found.items() for row in rows if category in (None, key)]
        return tuple(100 * statistics.mean(values) for values in zip(*rows, strict=True))


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help=HOW_TO_GET)
    parser.add_argument("--encoder", type=Path, help="the folder of a sentence encoder")
    parser.add_argument("--fit", action="store_true", help="fit and write the shipped weights")
    parser.add_argument("--plot", type=Path, help="draw recall by k into this PNG")
    options = parser.parse_args()
    dialogues = load_dialogues(options.data)
    vectors = encode_dialogues(options.encoder, dialogues) if options.encoder else None
    if options.fit:
        write_weights(dialogues, vectors)
    results = {
        name: measured(ranker, dialogues) for name, ranker in rankers(dialogues, vectors).items()
    }
    console = Console(width=150)
    console.print(recall_table(results))
    console.print(prompt_table(results))
    if options.plot:
        plot(results, options.plot)


def rankers(dialogues: Sequence[Dialogue], vectors: Vectors | None) -> dict[str, Ranker]:
    """Every row of the tables."""
    found = {
        "BM25": _bm25(dialogues, lambda turn, _: terms(turn.text)),
        "BM25 with speaker, date and neighbours": _bm25(
            dialogues,
            lambda turn, speaker: terms(with_speaker(turn, speaker)) + date_terms(turn.received_at),
            neighbours=True,
        ),
        "Ellie by words, cross-validated": _crossed(dialogues, None),
        "Ellie by words, as shipped": _ellie(dialogues, None, [None] * len(dialogues)),
    }
    if vectors is not None:
        found["encoder alone"] = _cosine(dialogues, vectors)
        found["Ellie with encoder, cross-validated"] = _crossed(dialogues, vectors)
        found["Ellie with encoder, as shipped"] = _ellie(
            dialogues, vectors, [None] * len(dialogues)
        )
    return found


def measured(ranker: Ranker, dialogues: Sequence[Dialogue]) -> Result:
    """Ask every question."""
    result = Result()
    for number, dialogue in enumerate(dialogues):
        costs = {turn.id: _tokens(turn) for turn, _ in dialogue.turns}
        for question in dialogue.questions:
            began = time.perf_counter()
            ranked = ranker(number, question)
            result.seconds.append(time.perf_counter() - began)
            shares = tuple(
                len(question.evidence.intersection(ranked[:k])) / len(question.evidence) for k in KS
            )
            result.found.setdefault(question.category, []).append(shares)
            result.in_prompt.append(question.evidence <= packed(ranked, costs))
            result.in_quotes.append(question.evidence <= set(ranked[:MAX_RECALLED]))
    return result


def packed(ranked: Sequence[TurnId], costs: Mapping[TurnId, int]) -> set[TurnId]:
    """The turns that enter a prompt of :data:`PROMPT_TOKENS`, best first, as long as they fit."""
    taken: set[TurnId] = set()
    room = PROMPT_TOKENS
    for turn_id in ranked:
        if costs[turn_id] <= room:
            taken.add(turn_id)
            room -= costs[turn_id]
    return taken


def _tokens(turn: Turn) -> int:
    shown = sum(len(item.description) for item in turn.shown)
    return _OVERHEAD + (len(turn.text) + shown) // CHARACTERS_PER_TOKEN


def _bm25(
    dialogues: Sequence[Dialogue],
    terms_of: Callable[[Turn, str], list[str]],
    *,
    neighbours: bool = False,
) -> Ranker:
    indexes = []
    for dialogue in dialogues:
        postings = Postings()
        for turn, speaker in dialogue.turns:
            postings.add(terms_of(turn, speaker))
        indexes.append(postings)

    def rank(number: int, question: Question) -> list[TurnId]:
        postings, turns = indexes[number], dialogues[number].turns
        everything = np.ones(len(postings), dtype=bool)
        hits = postings.find(list(dict.fromkeys(terms(question.text))), everything, len(postings))
        scores = postings.bm25(hits, float(postings.lengths.mean()))
        if neighbours:
            sessions = np.array([turn.id.partition(":")[0] for turn, _ in turns])
            own = scores.copy()
            for distance, weight in ((1, 0.5), (2, 0.25), (-1, 0.2), (-2, 0.1)):
                same = np.roll(sessions, distance) == sessions
                scores += weight * same * np.roll(own, distance)
        return [turns[place][0].id for place in np.argsort(-scores, kind="stable")]

    return rank


def _cosine(dialogues: Sequence[Dialogue], vectors: Vectors) -> Ranker:
    def rank(number: int, question: Question) -> list[TurnId]:
        cosines = vectors.turns_with_speaker[number] @ vectors.questions[question.text]
        return [
            dialogues[number].turns[place][0].id for place in np.argsort(-cosines, kind="stable")
        ]

    return rank


def _crossed(dialogues: Sequence[Dialogue], vectors: Vectors | None) -> Ranker:
    if len(dialogues) == 1:
        raise SystemExit("Cross-validation needs the data to hold two conversations or more.")
    weights = [fitted(dialogues, vectors, leave_out=number) for number in range(len(dialogues))]
    return _ellie(dialogues, vectors, weights)


def _ellie(
    dialogues: Sequence[Dialogue], vectors: Vectors | None, weights: Sequence[Weights | None]
) -> Ranker:
    indexes = []
    for number, (dialogue, own) in enumerate(zip(dialogues, weights, strict=True)):
        index = RecallIndex(own)
        for place, (turn, speaker) in enumerate(dialogue.turns):
            index.add(turn, speaker=speaker)
            if vectors is not None:
                index.add_vector(turn.id, vectors.turns[number][place])
        indexes.append(index)
    scope = Scope.in_private(PERSON)

    def rank(number: int, question: Question) -> list[TurnId]:
        ranked = indexes[number].rank(
            question.text,
            scope,
            now=dialogues[number].ends_at,
            limit=max(KS),
            query_vector=vectors.questions[question.text] if vectors is not None else None,
        )
        return [hit.turn_id for hit in ranked]

    return rank


def recall_table(results: Mapping[str, Result]) -> Table:
    """Evidence recall at each k, and by category at 10."""
    table = Table(title="Evidence recall, %", title_justify="left")
    table.add_column("ranker")
    for k in KS:
        table.add_column(f"@{k}", justify="right")
    for name in CATEGORIES.values():
        table.add_column(f"{name} @10", justify="right")
    for name, result in results.items():
        categories = [f"{result.recall(key)[KS.index(10)]:.1f}" for key in CATEGORIES]
        table.add_row(name, *(f"{value:.1f}" for value in result.recall()), *categories)
    name, at_10, at_5, at_25, at_50 = PUBLISHED
    table.add_row(name, at_5, at_10, at_25, at_50, style="dim")
    return table


def prompt_table(results: Mapping[str, Result]) -> Table:
    """What enters a prompt, and how long a question takes."""
    table = Table(
        title=f"Whole evidence among the first {max(KS)} turns that fit {PROMPT_TOKENS} tokens "
        f"({CHARACTERS_PER_TOKEN} characters a token)",
        title_justify="left",
    )
    quoted = f"among the {MAX_RECALLED} that Ellie quotes, %"
    for name in ("ranker", "in the prompt, %", quoted, "p50 ms", "p95 ms"):
        table.add_column(name, justify="left" if name == "ranker" else "right")
    for name, result in results.items():
        p50, p95 = np.percentile(result.seconds, [50, 95])
        table.add_row(
            name,
            f"{100 * statistics.mean(result.in_prompt):.1f}",
            f"{100 * statistics.mean(result.in_quotes):.1f}",
            f"{1000 * p50:.2f}",
            f"{1000 * p95:.2f}",
        )
    return table


def plot(results: Mapping[str, Result], path: Path) -> None:
    """Draw recall by k."""
    from matplotlib import pyplot as plt  # noqa: PLC0415 - takes a second, and is seldom needed

    figure, axes = plt.subplots(figsize=(7, 4.5))
    for name, result in results.items():
        axes.plot(KS, result.recall(), marker="o", label=name)
    axes.set(xlabel="turns recalled, k", ylabel="evidence found, %", xscale="log")
    axes.set_xticks(KS, [str(k) for k in KS])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="lower right")
    figure.tight_layout()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
