"""The table and the picture of ``bench/generation.py``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from generation_job import Found
from generation_machine import Machine
from rich.table import Table

OTHER = "llama.cpp"


@dataclass(frozen=True, slots=True)
class Compared:
    """All engines with one model on one machine.

    ``inner_weights`` are those that every token of a prompt is multiplied with.
    """

    model: str
    threads: int
    found: Sequence[Found]
    machine: Machine
    inner_weights: float


@dataclass(frozen=True, slots=True)
class _Row:
    """A figure of every engine, and the ratio that ours is to have to llama.cpp's."""

    name: str
    value: Callable[[Found], float | None]
    shown: str
    target: str = ""
    limited_by: Callable[[Found], str] | None = None


def table(compared: Compared) -> Table:
    """A line for each figure, a column for each engine, ratios where there are two."""
    good = [found for found in compared.found if not found.problem]
    ours = [found for found in good if found.engine != OTHER]
    other = next((found for found in good if found.engine == OTHER), None)
    machine = compared.machine
    shown = Table(title=f"{compared.model}, {compared.threads} threads", title_justify="left")
    shown.add_column("best of all rounds")
    for found in good:
        shown.add_column(found.title, justify="right")
    for found in ours if other else []:
        shown.add_column(f"{found.precision} / {OTHER}", justify="right")
    shown.add_column("to reach")
    shown.add_column(f"what limits {ours[0].title if ours else OTHER}")
    for row in _rows(compared):
        values = [row.value(found) for found in good]
        if all(value is None for value in values):
            continue
        cells = ["" if value is None else row.shown.format(value) for value in values]
        if other:
            cells += [_ratio(row.value(found), row.value(other)) for found in ours]
        limit = row.limited_by(good[0]) if row.limited_by and row.value(good[0]) else ""
        shown.add_row(row.name, *cells, row.target, limit)
    shown.caption = (
        f"The machine reads {machine.bandwidth / 1e9:.1f} GB/s and multiplies "
        f"{machine.bf16 / 1e9:.0f} GFLOP/s in bf16, {machine.fp32 / 1e9:.0f} in fp32."
    )
    if early := sum(found.ended_early for found in good):
        shown.caption += f" {early} replies ended before their time."
    return shown


def _rows(compared: Compared) -> list[_Row]:
    machine = compared.machine

    def limit(found: Found) -> float:
        return machine.bandwidth / found.weight_bytes

    def prefill(found: Found) -> float | None:
        return found.prefill_tokens / min(found.prefill) if found.prefill else None

    def share(found: Found) -> float | None:
        return 100 * max(found.decode) / limit(found) if found.decode else None

    def operations(found: Found) -> str:
        # Two operations for a weight and token; the output layer reads the last token alone.
        speed = 2 * compared.inner_weights * (prefill(found) or 0)
        return f"arithmetic: {speed / 1e9:.0f} GFLOP/s in its layers"

    def traffic(found: Found) -> str:
        speed = max(found.decode) * found.weight_bytes
        return f"memory: {speed / 1e9:.1f} GB/s of weights"

    def first_token(found: Found) -> str:
        if not found.prefill:
            return ""
        alone = 60 / (prefill(found) or 1)
        return f"60 tokens at the speed of a cold prompt: {alone:.2f} s"

    def crowd(people: str) -> _Row:
        return _Row(
            f"{people} at once, tok/s",
            lambda found: max(found.people.get(people, []), default=None),
            "{:.1f}",
            ">= 1.5" if people == "8" else "",
            lambda found: _spent(found, people),
        )

    counts = dict.fromkeys(people for found in compared.found for people in found.people)
    return [
        _Row("prefill at 1,000 tokens, tok/s", prefill, "{:.0f}", ">= 2.0", operations),
        _Row(
            "decode at context 1,000, tok/s",
            lambda found: max(found.decode, default=None),
            "{:.1f}",
            ">= 1.0",
            traffic,
        ),
        _Row("with guesses, tok/s", lambda found: max(found.guessed, default=None), "{:.1f}"),
        _Row("limit by memory, tok/s", limit, "{:.1f}"),
        _Row("decode, % of that limit", share, "{:.0f}", ">= 75 %"),
        _Row(
            "returning person's first token, s",
            lambda found: min(found.returning, default=None),
            "{:.3f}",
            "<= 0.7",
            first_token,
        ),
        *(crowd(people) for people in counts),
        _Row("weights for a token, MB", lambda found: found.weight_bytes / 1e6, "{:,.0f}"),
        _Row("peak RAM, MB", lambda found: found.peak_mb or None, "{:,.0f}"),
        _Row("RAM afterwards, MB", lambda found: found.settled_mb or None, "{:,.0f}"),
        _Row("loading, s", lambda found: found.load_seconds, "{:.1f}"),
    ]


def _spent(found: Found, people: str) -> str:
    """How much of the time went into prompts, by the figures of one person."""
    if not found.prefill or people not in found.people:
        return ""
    count = int(people)
    whole = count * 64 / max(found.people[people])
    prompts = count * 300 * min(found.prefill) / found.prefill_tokens
    return f"prompts {prompts:.1f} s of {whole:.1f} s"


def _ratio(ours: float | None, other: float | None) -> str:
    return f"{ours / other:.2f}" if ours and other else ""


def plot(compared: Sequence[Compared], file: Path) -> None:
    """Throughput by people, a panel for each model."""
    import matplotlib as mpl  # noqa: PLC0415 - only when a picture is wanted

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, panels = plt.subplots(1, len(compared), figsize=(4.6 * len(compared), 4), squeeze=False)
    for axes, one in zip(panels[0], compared, strict=True):
        for found in one.found:
            if not found.people:
                continue
            counts = [int(people) for people in found.people]
            speeds = [max(values) for values in found.people.values()]
            style = "^:" if found.engine == OTHER else "o-"
            axes.plot(counts, speeds, style, label=found.title)
        axes.set(xscale="log", xlabel="people at once", title=one.model, ylim=(0, None))
        axes.set_xticks(counts, [str(count) for count in counts])
        axes.minorticks_off()
        axes.legend()
    panels[0][0].set_ylabel("tokens per second, all together")
    figure.tight_layout()
    figure.savefig(file, dpi=120)
