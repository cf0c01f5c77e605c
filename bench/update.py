"""Does a correction find the fact it corrects, and is the old one gone from every prompt?

    python bench/update.py --data core-memory-update-dev.jsonl [--limit N]

The data are Letta's core memory updates (github.com/letta-ai/letta-evals, Apache-2.0): ten facts, a
later one that contradicts one of them, and a question. Two things are measured:

- which fact the correction is taken to mean, beside counts of shared words, and
- after all eleven were said to Ellie and the question was asked, whether the words of the fact that
  was replaced are anywhere in the prompt. The whole path is used: messages, extraction, storage,
  recall, prompt. The model alone is missing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from talk import Talk

from bot.config_choices import LogLevel
from bot.domain.conversation import Scope
from bot.domain.fact import Fact, FactStatus
from bot.log import configure_logging
from bot.memory.similarity import similarity
from bot.memory.terms import terms

Likeness = Callable[[str, str], float]


@dataclass(frozen=True, slots=True)
class Item:
    """Facts, the correction, the indices of the facts that it contradicts, and the question."""

    facts: tuple[str, ...]
    correction: str
    targets: frozenset[int]
    question: str


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one item that was said to Ellie."""

    replaced: bool
    right: bool
    old_in_prompt: bool
    new_in_prompt: bool


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="core-memory-update JSON lines")
    parser.add_argument("--limit", type=int, default=None, help="only the first N items")
    options = parser.parse_args()
    if not options.data.is_file():
        sys.exit(
            f"There is no file {options.data}. It is the core memory update set of Letta's "
            "evaluations (github.com/letta-ai/letta-evals, Apache-2.0), as JSON lines."
        )
    configure_logging(LogLevel.ERROR)
    items = read(options.data)[: options.limit]
    console = Console()
    console.print(targets_table(items))
    console.print(prompts_table(asyncio.run(tell_all(items))))


def read(path: Path) -> list[Item]:
    """The items of the file."""
    items = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        extra = row["agent_args"]["extra"]
        items.append(
            Item(
                facts=tuple(extra["facts"]),
                correction=extra["contradicting_fact"].strip(' "'),
                targets=frozenset(extra["supporting_fact_indices"]),
                question=row["input"],
            )
        )
    return items


def targets_table(items: Sequence[Item]) -> Table:
    """How often each likeness puts a contradicted fact first."""
    table = Table("which fact is meant", "right", "of", "%", title="Finding the fact to update")
    rows: dict[str, Likeness] = {
        "shared words (Jaccard)": jaccard,
        "shared stems (cosine)": stem_cosine,
        "Ellie (stems, grams and word pairs)": similarity,
    }
    for name, likeness in rows.items():
        right = sum(best(item, likeness) in item.targets for item in items)
        table.add_row(name, str(right), str(len(items)), f"{100 * right / len(items):.1f}")
    return table


def best(item: Item, likeness: Likeness) -> int:
    """The index of the fact most like the correction."""
    return max(range(len(item.facts)), key=lambda i: likeness(item.correction, item.facts[i]))


def jaccard(one: str, other: str) -> float:
    """The share of words that two texts have in common."""
    left, right = set(one.lower().split()), set(other.lower().split())
    return len(left & right) / len(left | right)


def stem_cosine(one: str, other: str) -> float:
    """The cosine of the counts of their stems."""
    left, right = Counter(terms(one)), Counter(terms(other))
    return (left & right).total() / math.sqrt(left.total() * right.total() or 1)


async def tell_all(items: Sequence[Item]) -> list[Told]:
    """Say every item to a new Ellie."""
    return [await tell(item) for item in items]


async def tell(item: Item) -> Told:
    """Say the facts and the correction, ask the question, and look at the prompt."""
    talk = Talk()
    for fact in item.facts:
        await talk.say(f"Remember that {fact}")
    await talk.say(f"Actually, remember that {item.correction}")
    await talk.say(item.question)
    # The question is no memory, and may well hold words of the old fact.
    prompt = _plain(talk.last_prompt().removesuffix(item.question))
    facts = await _facts(talk)
    old = [fact for fact in facts if fact.status is FactStatus.SUPERSEDED]
    meant = [_plain(item.facts[i]) for i in item.targets]
    return Told(
        replaced=bool(old),
        right=bool(old) and all(any(m in _plain(_quote(f)) for m in meant) for f in old),
        old_in_prompt=any(_plain(quote) in prompt for quote in _words_of(old)),
        new_in_prompt=_plain(item.correction) in prompt,
    )


async def _facts(talk: Talk) -> tuple[Fact, ...]:
    async with talk.storage.unit_of_work() as work:
        person = await work.persons.find(talk.identity)
        assert person is not None
        return await work.facts.of(Scope.in_private(person.id), set(FactStatus))


def _words_of(facts: Sequence[Fact]) -> list[str]:
    return [words for fact in facts for words in (fact.text, *(e.quote for e in fact.evidence))]


def _quote(fact: Fact) -> str:
    return fact.evidence[0].quote


def _plain(text: str) -> str:
    return " ".join(text.lower().replace('"', "'").strip(" .").split())


def prompts_table(told: Sequence[Told]) -> Table:
    """What the prompts held after the updates."""
    replaced = [one for one in told if one.replaced]
    table = Table("after the correction was said", "items", "%", title="What prompts hold then")

    def row(name: str, count: int, of: int) -> None:
        table.add_row(name, f"{count} of {of}", f"{100 * count / of:.1f}" if of else "-")

    row("a fact was replaced", len(replaced), len(told))
    row("it was the right one", sum(one.right for one in told), len(told))
    row(
        "the replaced words are in no prompt",
        sum(not o.old_in_prompt for o in replaced),
        len(replaced),
    )
    row("the new words are in the prompt", sum(one.new_in_prompt for one in told), len(told))
    return table


if __name__ == "__main__":
    main()
