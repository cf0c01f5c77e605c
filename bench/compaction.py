"""What compaction saves and what it loses: prompt tokens, evidence, duplicates, stale facts.

    python bench/compaction.py --data locomo10.json [--tokenizer FOLDER] [--life N] [--plot PNG]

LoCoMo's conversations are played through real turns on SQLite, from both sides: one person talks to
Ellie, and the other one's words are her replies. Everything is played twice, without compaction and
with one after every session, and then all questions are asked of both memories. The prompts are
built as for a reply, of 1,500 tokens of memory at most; nothing is generated.

Evidence counts as found when the prompt holds its turn, in the loop or as a quote, or a fact that
quotes it, or a sentence of an episode that cites it. Since a fact or a sentence is only part of a
turn, the words of the answer are looked for as well. Without a model's folder for its tokenizer,
tokens are guessed from characters.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from compaction_play import Side, Stage, compact, one_life, play, say, sides, stage
from compaction_prompt import KINDS, Asked, Prompts, Stored, guessed_or_real
from recall_data import CATEGORIES, HOW_TO_GET, load_dialogues
from rich.console import Console
from rich.table import Table

from bot.config_choices import LogLevel
from bot.domain.fact import Fact, FactKind
from bot.log import configure_logging
from bot.memory.terms import terms
from bot.ports.generation import ChatTokenizer

NEAR = 0.85
"""Jaccard of their terms from which on two facts of one place are taken to say the same."""

STEP = 50
ASKED_EACH_STEP = 80
SMALLEST_RATIO = 5.0


@dataclass(slots=True)
class Result:
    """Everything about one way of keeping memory."""

    asked: list[Asked] = field(default_factory=list)
    turns: int = 0
    facts: int = 0
    duplicates: int = 0
    stale: int = 0
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)

    def mean(self, value: Callable[[Asked], float]) -> float:
        """Over all questions."""
        return statistics.mean(map(value, self.asked)) if self.asked else 0.0


def main() -> None:
    """Print the tables, and draw the picture if one is wanted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help=HOW_TO_GET)
    parser.add_argument("--tokenizer", type=Path, help="a model's folder: its tokens are counted")
    parser.add_argument("--only", help="play only the sides with this in their name")
    parser.add_argument("--plot", type=Path, help="draw tokens and recall over one life, instead")
    parser.add_argument("--life", type=int, default=600, help="turns of that life")
    options = parser.parse_args()
    configure_logging(LogLevel.ERROR)
    played = [
        side
        for side in sides(load_dialogues(options.data))
        if not options.only or options.only in side.name
    ]
    answers = answers_in(options.data)
    tokenizer = guessed_or_real(options.tokenizer)
    if options.plot is not None:
        plot(asyncio.run(lives(played, answers, tokenizer, options.life)), options.plot)
        return
    results = asyncio.run(both(played, answers, tokenizer))
    console = Console(width=130)
    for table in (tokens_table(results), recall_table(results), facts_table(results)):
        console.print(table)
    lost, gained = differences(results)
    console.print(f"whole evidence lost for {lost} questions, gained for {gained}")


def answers_in(path: Path) -> dict[str, str]:
    """The answer of each question, by its text."""
    return {
        asked["question"]: str(asked.get("answer", ""))
        for sample in json.loads(path.read_text("utf-8"))
        for asked in sample["qa"]
    }


async def both(
    played: Sequence[Side], answers: dict[str, str], tokenizer: ChatTokenizer
) -> dict[str, Result]:
    """Every side without compaction, and with it."""
    results = {"without": Result(), "with": Result()}
    for name, result in results.items():
        for side in played:
            with tempfile.TemporaryDirectory() as folder:
                async with stage(Path(folder), tokenizer) as set_up:
                    result.seconds += await play(set_up, side, compacting=name == "with")
                    result.counts.update(set_up.counts)
                    await measure(set_up, side, answers, tokenizer, result)
    return results


async def measure(
    set_up: Stage, side: Side, answers: dict[str, str], tokenizer: ChatTokenizer, result: Result
) -> None:
    """Ask all questions of a side, and look at its facts."""
    stored = await Stored.of(set_up, side)
    prompts = Prompts(stored, set_up, answers, tokenizer)
    result.asked += [await prompts.ask(question, at=side.ends_at) for question in side.questions]
    result.turns += sum(map(len, side.sessions))
    result.facts += len(stored.facts)
    result.duplicates += near_duplicates(stored.facts)
    result.stale += stale(stored.facts, side.ends_at)


def near_duplicates(facts: Iterable[Fact]) -> int:
    """How many facts say what an earlier one of the same slot or topic says."""
    kept: list[tuple[str, set[str]]] = []
    found = 0
    for fact in facts:
        place, words = f"{fact.slot} {fact.topic}", set(terms(fact.text))
        if any(place == p and len(words & w) >= NEAR * len(words | w) for p, w in kept):
            found += 1
        kept.append((place, words))
    return found


def stale(facts: Sequence[Fact], now: datetime) -> int:
    """Plans of the past that are still active, and further values of slots."""
    plans = sum(
        fact.kind is FactKind.PLAN and fact.occurs_until is not None and fact.occurs_until <= now
        for fact in facts
    )
    slots = Counter((fact.slot, fact.audience) for fact in facts if fact.slot)
    return plans + sum(count - 1 for count in slots.values())


def differences(results: dict[str, Result]) -> tuple[int, int]:
    """Questions whose whole evidence is in one of the two prompts only."""
    pairs = zip(results["without"].asked, results["with"].asked, strict=True)
    changed = [(one.whole, other.whole) for one, other in pairs]
    return changed.count((True, False)), changed.count((False, True))


def tokens_table(results: dict[str, Result]) -> Table:
    """What memory takes of a prompt."""
    shown = Table(title="Memory in a prompt, mean tokens over all questions", title_justify="left")
    shown.add_column("compaction")
    for kind in (*KINDS, "all", "covered by the block", "ratio"):
        shown.add_column(kind, justify="right")
    for name, result in results.items():
        parts = [statistics.mean(asked.tokens[kind] for asked in result.asked) for kind in KINDS]
        block = result.mean(lambda asked: asked.tokens["facts"] + asked.tokens["episodes"])
        covered = result.mean(lambda asked: asked.covered)
        figures = [*parts, sum(parts), covered]
        ratio = f"{covered / block:.1f}" if block else "-"
        shown.add_row(name, *(f"{figure:.0f}" for figure in figures), ratio)
    shown.caption = (
        f"ratio of what the stable block stands for to its size; to reach: {SMALLEST_RATIO:.0f}"
    )
    return shown


def recall_table(results: dict[str, Result]) -> Table:
    """How much of the evidence the prompts hold."""
    shown = Table(title="Evidence in the prompt, %", title_justify="left")
    shown.add_column("compaction")
    kinds = {key: name for key, name in CATEGORIES.items() if _any_of(results, key)}
    headings = ("share", "whole", *kinds.values(), "answer's words", "words of its turns alone")
    for heading in headings:
        shown.add_column(heading, justify="right")
    for name, result in results.items():
        told = [asked for asked in result.asked if asked.words is not None]
        figures = [
            result.mean(lambda asked: asked.share),
            result.mean(lambda asked: asked.whole),
            *(statistics.mean(a.share for a in result.asked if a.category == key) for key in kinds),
            statistics.mean(asked.words or 0.0 for asked in told) if told else 0.0,
            result.mean(lambda asked: asked.verbatim),
        ]
        shown.add_row(name, *(f"{100 * figure:.1f}" for figure in figures))
    shown.caption = f"{len(results['with'].asked)} questions; kinds by share"
    return shown


def _any_of(results: dict[str, Result], category: int) -> bool:
    return any(asked.category == category for r in results.values() for asked in r.asked)


def facts_table(results: dict[str, Result]) -> Table:
    """What the memories hold in the end, and how long compaction took."""
    shown = Table(title="Facts and compactions", title_justify="left")
    names = ("compaction", "turns", "active facts", "near duplicates", "stale", "s / 1,000 turns")
    for name in names:
        shown.add_column(name, justify="left" if name == "compaction" else "right")
    for name, result in results.items():
        each = f"{1000 * result.seconds / result.turns:.1f}" if result.seconds else "-"
        figures = (result.turns, result.facts, result.duplicates, result.stale)
        shown.add_row(name, *map(str, figures), each)
    counts = results["with"].counts
    shown.caption = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    return shown


Line = list[tuple[int, float, float, int]]
"""Turns, tokens of memory, share of evidence, tokens of all turns word for word."""


async def lives(
    played: Sequence[Side], answers: dict[str, str], tokenizer: ChatTokenizer, turns: int
) -> dict[str, Line]:
    """One long life without compaction and with it, looked at every :data:`STEP` turns."""
    # One side of each conversation: the other one would say the same again.
    one_of_each = {side.name.rpartition("-")[0]: side for side in played}
    side = one_life(list(one_of_each.values()), "somebody")
    lines: dict[str, Line] = {}
    for name in ("without", "with"):
        with tempfile.TemporaryDirectory() as folder:
            async with stage(Path(folder), tokenizer) as set_up:
                line = lines.setdefault(f"{name} compaction", [])
                said_count = 0
                for session in side.sessions:
                    for said in session:
                        await say(set_up, said)
                        said_count += 1
                    if name == "with":
                        await compact(set_up, side)
                    if said_count >= STEP * (len(line) + 1):
                        figures = await _look(set_up, side, answers, tokenizer, session[-1].at)
                        line.append((said_count, *figures))
                    if said_count >= turns:
                        break
    return lines


async def _look(
    set_up: Stage, side: Side, answers: dict[str, str], tokenizer: ChatTokenizer, at: datetime
) -> tuple[float, float, int]:
    """The figures of a :data:`Line`, for questions about what was said until now."""
    prompts = Prompts(await Stored.of(set_up, side), set_up, answers, tokenizer)
    told = [question for question in side.questions if question.evidence <= prompts.known]
    step = max(1, len(told) // ASKED_EACH_STEP)
    asked = [await prompts.ask(question, at=at) for question in told[::step]]
    return (
        statistics.mean(sum(one.tokens.values()) for one in asked),
        100 * statistics.mean(one.share for one in asked),
        prompts.word_for_word,
    )


def plot(lines: dict[str, Line], file: Path) -> None:
    """Tokens and recall over the turns of one life."""
    import matplotlib as mpl  # noqa: PLC0415 - only when a picture is wanted

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    for (name, line), style in zip(lines.items(), ("s--", "o-"), strict=True):
        turns, tokens, recall, whole = zip(*line, strict=True)
        left.plot(turns, tokens, style, label=name)
        right.plot(turns, recall, style, label=name)
    left.plot(turns, whole, color="grey", label="all turns, word for word")
    left.set(xlabel="turns", ylabel="tokens of memory in a prompt", yscale="log", ylim=(100, None))
    right.set(xlabel="turns", ylabel="evidence in the prompt, %", ylim=(0, 100))
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(file, dpi=120)


if __name__ == "__main__":
    main()
