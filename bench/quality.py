"""How much each precision changes what a model says.

    python bench/quality.py [--model ellie-small ellie-medium] [--precision int8 int4]
        [--brief] [--json FILE]

Perplexity on two public-domain texts, read in large pieces as a prompt is, and token by token as a
reply is written; agreement with bf16's tokens, under teacher forcing and in free generation; and
twelve questions about twelve facts in the prompt. Replies are written by the product's generator,
eight at once. bf16 is compared with itself too: it rounds differently when one reply is read alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.config_choices import LogLevel, Precision
from bot.config_loading import load_settings
from bot.generation.models.pull import pull
from bot.generation.models.sources import parse_source
from bot.local_models import model_store
from bot.log import configure_logging

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.precision_quality import BRIEF, WHOLE, Quality, Sizes, measured
from support.quality_prompts import QUESTIONS


def main() -> None:
    """Measure every model and print a table for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", nargs="+", default=["ellie-small", "ellie-medium"])
    parser.add_argument("--precision", nargs="+", default=["int8", "int4"], help="beside bf16")
    parser.add_argument("--brief", action="store_true", help="as little as the test looks at")
    parser.add_argument("--json", type=Path, default=None, help="where to save every figure")
    options = parser.parse_args()
    configure_logging(LogLevel.ERROR)
    console = Console(width=130)
    store = model_store(load_settings())
    sizes = BRIEF if options.brief else WHOLE
    kept = {}
    for model in options.model:
        folder = pull(parse_source(model), store)
        wanted = [Precision(name) for name in options.precision if name != Precision.BF16.value]
        rows = asyncio.run(by_precision(folder, wanted, sizes, console))
        console.print(table(rows, model, sizes))
        kept[model] = [asdict(row) for row, _ in rows]
    if options.json is not None:
        options.json.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


async def by_precision(
    folder: Path, wanted: list[Precision], sizes: Sizes, console: Console
) -> list[tuple[Quality, float]]:
    """What was found of each, bf16 first, and the seconds it took."""
    rows: list[tuple[Quality, float]] = []
    for precision in (Precision.BF16, *wanted):
        began = time.perf_counter()
        with console.status(f"{folder.name}: {precision.value}"):
            found = await measured(
                folder,
                precision,
                sizes,
                rows[0][0] if rows else None,
                packed_dir=folder.parent / ".packed",
            )
        rows.append((found, time.perf_counter() - began))
    return rows


def table(rows: list[tuple[Quality, float]], model: str, sizes: Sizes) -> Table:
    """A line for each precision; perplexities with their change against bf16."""
    shown = Table(title=f"{model}", title_justify="left")
    shown.add_column("precision")
    for heading in (
        "read, English", "read, Chinese", "written, English", "written, Chinese",
        "same token, %", "common beginning, %", "same replies", "recalled", "seconds",
    ):  # fmt: skip
        shown.add_column(heading, justify="right")
    bf16 = rows[0][0]
    for row, seconds in rows:
        perplexities = zip((*row.read, *row.written), (*bf16.read, *bf16.written), strict=True)
        shown.add_row(
            row.precision,
            *(changed(value, of_bf16) for value, of_bf16 in perplexities),
            f"{100 * row.agreement:.1f}",
            f"{100 * row.common:.1f}",
            f"{row.equal} / {sizes.prompts}",
            f"{row.recalled} / {len(QUESTIONS)}",
            f"{seconds:.0f}",
        )
    return shown


def changed(value: float, of_bf16: float) -> str:
    """A perplexity, and by how much it is another than bf16's."""
    return f"{value:.2f} ({100 * (value / of_bf16 - 1):+.2f} %)"


if __name__ == "__main__":
    main()
