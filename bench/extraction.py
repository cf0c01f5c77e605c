"""How well facts are found in messages, beside keeping every first-person sentence.

    python bench/extraction.py [--set PATH] [--show] [--held]

The bundled set was written for this measurement: messages in English and Chinese, half of them
with nothing to remember, each with the facts that should be found. Its ``held`` split takes no
part in writing the patterns: look at its score, not at its errors.

A line is ``{"id", "lang", "split", "text", "facts"}``; a fact is ``{"keys", "value"}`` with the
optional ``replaces``, ``ends``, ``corrects``, ``explicit`` and ``optional``. Matching is
deterministic, one candidate to one fact, in order:

- the candidate's slot or topic is one of ``keys`` ("child" is ``child``; "relation:" is any);
- ``value`` occurs in the candidate's value or text, in any case;
- ``ends`` is equal; ``replaces``, ``corrects`` and ``explicit`` are equal when given;
- the candidate is of the kind that the key stands for (``KINDS``).

Facts marked ``optional`` count neither as found nor as missed. The baseline keeps each sentence
that has a first-person word; it has no slots, so for it alone a value inside the sentence will do,
and one sentence may match all the facts it holds.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.memory.extraction import Candidate, extract

SAID_AT = datetime(2026, 7, 3, 12, tzinfo=UTC)
BUNDLED = Path(__file__).with_name("extraction_set.jsonl")
KINDS = {
    "identity": "name city home hometown nationality job employer school studies age"
    " birthday timezone marital pronouns allergy health speaks possession my identity mother",
    "preference": "diet like dislike hobby favourite",
    "relation": "partner child relation pet",
    "instruction": "instruction language",
    "plan": "plan wish",
    "event": "event never",
}
_FIRST_PERSON = re.compile(r"\b(?:i|i'm|im|i’m|my|me|we|our)\b|[我咱]", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？\n]*")


@dataclass(slots=True)
class Score:
    """Counts of one group of messages."""

    found: int = 0
    false: int = 0
    missed: int = 0
    trouble: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Share of what was kept that should have been."""
        return self.found / max(1, self.found + self.false)

    @property
    def recall(self) -> float:
        """Share of what should have been kept that was."""
        return self.found / max(1, self.found + self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def kind_fits(key: str, kind: str) -> bool:
    """Whether ``kind`` is what ``key`` stands for; notes may be of any kind."""
    word = re.split(r"[: ]", key)[0]
    return word == "note" or any(word in KINDS[name].split() for name in KINDS if name == kind)


def fits(candidate: Candidate, gold: dict[str, Any]) -> bool:
    """Whether ``candidate`` is the fact ``gold``."""
    key = candidate.slot or candidate.topic or ""
    wanted = gold["keys"]
    if key not in wanted and f"{key.split(':')[0]}:" not in wanted:
        return False
    value = gold["value"].casefold()
    if value not in (candidate.value or "").casefold() and value not in candidate.text.casefold():
        return False
    if gold.get("ends", False) != candidate.ends or not kind_fits(key, candidate.kind):
        return False
    if "replaces" in gold and gold["replaces"] != candidate.replaces:
        return False
    return all(getattr(candidate, flag) for flag in ("corrects", "explicit") if gold.get(flag))


def judge(row: dict[str, Any], candidates: Iterable[Candidate], score: Score) -> None:
    """Adds one message to ``score``."""
    open_facts = sorted(row["facts"], key=lambda fact: fact.get("optional", False))
    for candidate in candidates:
        match = next((fact for fact in open_facts if fits(candidate, fact)), None)
        if match is None:
            score.false += 1
            what = f"{candidate.slot or candidate.topic}={candidate.value!r} {candidate.text}"
            score.trouble.append(f"{row['id']} FALSE  {what}   <- {row['text']!r}")
            continue
        open_facts.remove(match)
        score.found += not match.get("optional", False)
    for fact in open_facts:
        if not fact.get("optional", False):
            score.missed += 1
            score.trouble.append(
                f"{row['id']} MISSED {'|'.join(fact['keys'])}={fact['value']}   <- {row['text']!r}"
            )


def judge_naive(row: dict[str, Any], score: Score) -> None:
    """Adds one message to ``score`` as if each first-person sentence were kept."""
    kept = [part for part in _SENTENCE.findall(row["text"]) if _FIRST_PERSON.search(part)]
    facts = [fact for fact in row["facts"] if not fact.get("optional", False)]
    for part in kept:
        inside = [fact for fact in facts if fact["value"].casefold() in part.casefold()]
        facts = [fact for fact in facts if fact not in inside]
        score.found += len(inside)
        score.false += not inside
    score.missed += len(facts)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--set", type=Path, default=BUNDLED, help="JSON lines in the bundled form")
    parser.add_argument("--show", action="store_true", help="name the errors of the dev split")
    parser.add_argument("--held", action="store_true", help="name those of the held split too")
    arguments = parser.parse_args()
    if not arguments.set.exists():
        raise SystemExit(f"There is no set at {arguments.set}. The bundled one is {BUNDLED}.")
    rows = [json.loads(line) for line in arguments.set.read_text("utf-8").splitlines()]
    extract("I live in Porto.", SAID_AT)
    scores: dict[str, Score] = {}
    naive: dict[str, Score] = {}
    quotes = right = 0
    times: list[float] = []
    for row in rows:
        begin = time.thread_time()
        candidates = extract(row["text"], SAID_AT)
        times.append(1000 * (time.thread_time() - begin))
        quotes += len(candidates)
        right += sum(row["text"][c.start : c.end] == c.quote != "" for c in candidates)
        for group in ("all", row["lang"], row["split"]):
            judge(row, candidates, scores.setdefault(group, Score()))
            judge_naive(row, naive.setdefault(group, Score()))
    silent = sum(not row["facts"] for row in rows)
    table = Table(title=f"{len(rows)} messages, {silent} of them with nothing to remember")
    for column in ("", "group", "precision", "recall", "F1", "found", "false", "missed"):
        table.add_column(column, justify="left" if column in {"", "group"} else "right")
    for name, counted in (("rules", scores), ("every first-person sentence", naive)):
        for group, score in counted.items():
            table.add_row(
                name,
                group,
                *(f"{part:.3f}" for part in (score.precision, score.recall, score.f1)),
                *map(str, (score.found, score.false, score.missed)),
            )
    console = Console(width=120)
    console.print(table)
    console.print(
        f"quotes found in their message: {right} of {quotes}\n"
        f"processor time per message: p50 {statistics.median(times):.2f} ms,"
        f" p95 {statistics.quantiles(times, n=20)[-1]:.2f} ms"
    )
    if arguments.show:
        for split in ("dev", "held") if arguments.held else ("dev",):
            for line in scores[split].trouble if split in scores else ():
                print(line)


if __name__ == "__main__":
    main()
