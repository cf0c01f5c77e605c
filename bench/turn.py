"""How fast a turn is, beside plain ``model.generate`` on the same machine in the same run.

    python bench/turn.py [MODEL …] [--reply-tokens 24]

Everything goes through the real turn, from the inbound message to the saved reply, on SQLite in a
temporary folder. The baseline reads each prompt anew and shares nothing, with the same weights in
the same precision. Models are taken from the settings' models folder and pulled when missing.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from plain_model import plain_model
from rich.console import Console
from rich.table import Table

from bot.app import App, assembled_app
from bot.config import Settings
from bot.config_choices import Extraction, LogLevel
from bot.config_loading import load_settings
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.generation import ChatMessage, GenerationRequest
from bot.domain.identity import IdentityRef, Platform
from bot.domain.message import InboundMessage
from bot.engine.accepted import Saved
from bot.engine.reply import ReplyStatus
from bot.generation.loading import load_tokenizer
from bot.generation.models.pull import pull
from bot.generation.models.sources import parse_source
from bot.local_models import local_generator, model_store
from bot.log import configure_logging
from bot.ports.generation import Generator
from bot.ports.scripted import ScriptedGenerator
from bot.system import SystemClock

STORED_TURNS = 1000
MEMORY_TOKENS = 2000
"""More than the default: the returning person is to have a prompt of about 1,500 tokens."""

OWN_STEPS = ("admit", "load", "recall", "prompt", "save")
PEOPLE = 8
SENTENCES = (
    "On day {n} my sister Clara and I walked along the river and counted {n} herons.",
    "I started shift {n} at the hospital late because the tram stood still.",
    "Recipe {n} that I tried was a lentil soup with far too much cumin in it.",
    "Biscuit chased cat number {n} through the garden and lost again.",
)
QUESTION = "What do I do for a living, and what is my dog called?"


@dataclass(frozen=True, slots=True)
class Timing:
    """One reply: seconds to the first text and to the end, prompt tokens and reply tokens."""

    first: float
    total: float
    prompt_tokens: int
    reply_tokens: int


class Recorder:
    """Passes a generator through and keeps the requests it got."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator
        self.requests: list[GenerationRequest] = []
        self.model_name: str = generator.model_name
        self.tokenizer = generator.tokenizer
        self.cancel = generator.cancel
        self.start = generator.start
        self.close = generator.close

    def stream(self, request: GenerationRequest) -> Any:
        """Keep the request and pass it on."""
        self.requests.append(request)
        return self._generator.stream(request)


_numbers = itertools.count()


def message(user: str, text: str) -> InboundMessage:
    """A direct message in the terminal."""
    return InboundMessage(
        event_key=f"bench-{next(_numbers)}",
        author=IdentityRef(platform=Platform.CONSOLE, external_id=user, display_name=user),
        conversation=ConversationRef(
            platform=Platform.CONSOLE, channel_id=user, visibility=Visibility.DIRECT
        ),
        text=text,
        received_at=SystemClock().now(),
    )


async def say(app: App, recorder: Recorder, user: str, text: str) -> Timing:
    """One turn, timed as the person sees it."""
    began = time.perf_counter()
    reply = await app.engine.handle(message(user, text))
    first = 0.0
    async for _ in reply:
        first = first or time.perf_counter() - began
    outcome = await reply.outcome()
    total = time.perf_counter() - began
    assert outcome.status is ReplyStatus.ANSWERED, outcome
    tokenizer = await recorder.tokenizer()
    request = next(r for r in reversed(recorder.requests) if r.id == reply.turn_id)
    return Timing(first, total, request.prompt.tokens, tokenizer.count_text(outcome.text))


async def remember(settings: Settings, user: str, turns: int) -> None:
    """Store turns for a person without a model."""
    scripted = ScriptedGenerator(*["I see, thank you for telling me."] * turns)
    async with assembled_app(settings, scripted, SystemClock()) as app:
        for number in range(turns):
            text = SENTENCES[number % len(SENTENCES)].format(n=number)
            await (await app.engine.handle(message(user, text))).outcome()


async def own_overhead(settings: Settings, folder: Path) -> dict[str, float]:
    """Median milliseconds of what Ellie adds around generation, with many turns stored.

    The replies are scripted; prompts are built with the real tokenizer of the model in ``folder``.
    """
    await remember(settings, "veteran", STORED_TURNS)
    tokenizer = load_tokenizer(folder, settings.context_tokens)
    scripted = ScriptedGenerator(*["ok"] * 40, tokenizer=tokenizer)
    samples: dict[str, list[float]] = {name: [] for name in (*OWN_STEPS, "sum")}
    async with assembled_app(settings, scripted, SystemClock()) as app:
        for number in range(40):
            steps = await _steps(app, f"What happened to heron {number}, and to the soup?")
            for name in OWN_STEPS:
                samples[name].append(steps[name])
            samples["sum"].append(sum(steps[name] for name in OWN_STEPS))
    # The first turn builds the index; what a returning person feels is shown on its own.
    medians = {name: statistics.median(values[1:]) for name, values in samples.items()}
    return medians | {"first turn": samples["sum"][0]}


async def _steps(app: App, text: str) -> dict[str, float]:
    captured: dict[str, float] = {}
    ledger = app.engine._ledger  # noqa: SLF001 - the trace is stored before its own save is timed
    original = ledger.save

    async def save(*args: Any, timings_ms: dict[str, float], **rest: Any) -> Saved:
        began = time.perf_counter()
        saved = await original(*args, timings_ms=timings_ms, **rest)
        captured.update(timings_ms, save=(time.perf_counter() - began) * 1000)
        return saved

    ledger.save = save  # type: ignore[method-assign,assignment]
    try:
        await (await app.engine.handle(message("veteran", text))).outcome()
    finally:
        ledger.save = original  # type: ignore[method-assign]
    return captured


def plain(folder: Path, loaded: Any, messages: Sequence[ChatMessage], tokens: int) -> Timing:
    """``model.generate`` on the same prompt, nothing reused."""
    model = plain_model(folder)
    ids = loaded.tokenizer.encode_chat(messages)
    rows = torch.tensor([ids])

    def run(count: int) -> tuple[float, int]:
        began = time.perf_counter()
        with torch.no_grad():
            output = model.generate(
                rows,
                attention_mask=torch.ones_like(rows),
                max_new_tokens=count,
                do_sample=False,
                eos_token_id=loaded.tokenizer.end_token_ids,
                pad_token_id=loaded.tokenizer.end_token_ids[0],
            )
        return time.perf_counter() - began, int(output.shape[1]) - len(ids)

    first, _ = run(1)
    total, written = run(tokens)
    return Timing(first, total, len(ids), written)


async def measure(settings: Settings, name: str, folder: Path, console: Console) -> None:
    """Print the table of one model."""
    generator = local_generator(settings, name, folder, SystemClock())
    async with AsyncExitStack() as stack:
        began = time.perf_counter()
        generator.start()
        await generator.tokenizer()
        loading = time.perf_counter() - began
        loaded: Any = await generator._loaded()  # noqa: SLF001 - its tokenizer
        recorder = Recorder(generator)
        turn: Generator = recorder
        await remember(settings, "returning", 120)
        app = await stack.enter_async_context(assembled_app(settings, turn, SystemClock()))

        await say(app, recorder, "warm-up", "Hello!")
        new = await say(app, recorder, "newcomer", "Hi, I am new here. Who are you?")
        new_prompt = recorder.requests[-1].prompt.messages
        cold = await say(app, recorder, "returning", QUESTION)
        cold_prompt = recorder.requests[-1].prompt.messages
        warm = await say(app, recorder, "returning", "And what about my sister?")
        warm_prompt = recorder.requests[-1].prompt.messages
        questions = [f"Tell me in one sentence what the number {n} is good for." for n in range(8)]
        began = time.perf_counter()
        alone = [await say(app, recorder, f"solo {n}", q) for n, q in enumerate(questions)]
        alone_seconds = time.perf_counter() - began
        eight_prompts = [request.prompt.messages for request in recorder.requests[-PEOPLE:]]
        began = time.perf_counter()
        together = await asyncio.gather(
            *(say(app, recorder, f"group {n}", q) for n, q in enumerate(questions))
        )
        together_seconds = time.perf_counter() - began
    tokens = settings.reply_tokens
    asked = (new_prompt, cold_prompt, warm_prompt)
    baseline = [plain(folder, loaded, prompt, tokens) for prompt in asked]
    began = time.perf_counter()
    plain_eight = [plain(folder, loaded, prompt, tokens) for prompt in eight_prompts]
    plain_rate = sum(t.reply_tokens for t in plain_eight) / sum(t.total for t in plain_eight)
    alone_rate = sum(t.reply_tokens for t in alone) / alone_seconds
    together_rate = sum(t.reply_tokens for t in together) / together_seconds

    console.print(f"\n{name}, {loaded.precision.value}, loaded in {loading:.1f} s")
    table = Table("", "prompt", "first text", "total", "generate: first", "total", "ratio of first")
    for label, timing, base in zip(
        ("new person", "returning, cold", "returning, warm"),
        (new, cold, warm),
        baseline,
        strict=True,
    ):
        table.add_row(
            label,
            f"{timing.prompt_tokens}",
            f"{timing.first:.2f} s",
            f"{timing.total:.2f} s",
            f"{base.first:.2f} s",
            f"{base.total:.2f} s",
            f"{timing.first / base.first:.2f}",
        )
    console.print(table)
    console.print(f"warm to cold, first text: {warm.first / cold.first:.2f} (to reach: 0.25)")
    table = Table("eight people", "tokens/s", "ratio")
    table.add_row("model.generate, one at a time", f"{plain_rate:.1f}", "")
    table.add_row("Ellie, one at a time", f"{alone_rate:.1f}", f"{alone_rate / plain_rate:.2f}")
    table.add_row(
        "Ellie, at once",
        f"{together_rate:.1f}",
        f"{together_rate / alone_rate:.2f} of one at a time (to reach: 2)",
    )
    console.print(table)


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=["ellie-medium", "ellie-small"])
    parser.add_argument("--reply-tokens", type=int, default=24)
    parser.add_argument("--overhead-only", action="store_true", help="no model runs")
    chosen = parser.parse_args()
    owner = load_settings()
    configure_logging(LogLevel.WARNING)
    console = Console(width=110)
    with tempfile.TemporaryDirectory() as folder:
        settings = owner.model_copy(
            update={
                "data_dir": Path(folder) / "overhead",
                "reply_tokens": chosen.reply_tokens,
                "memory_tokens": MEMORY_TOKENS,
                "reply_time_limit_seconds": 3600.0,
                "extraction": Extraction.RULES,  # a turn is measured, and no background work
            }
        )
        folders = {name: pull(parse_source(name), model_store(owner)) for name in chosen.models}
        table = Table("step", "median ms")
        overhead = asyncio.run(own_overhead(settings, folders[chosen.models[0]]))
        for step, milliseconds in overhead.items():
            table.add_row(step, f"{milliseconds:.1f}")
        console.print(f"What Ellie adds to a turn, {STORED_TURNS} turns stored, SQLite")
        console.print(table)
        console.print("(to reach: sum 25)")
        if chosen.overhead_only:
            return
        for name, model_folder in folders.items():
            own = settings.model_copy(update={"data_dir": Path(folder) / Path(name).name})
            asyncio.run(measure(own, name, model_folder, console))


if __name__ == "__main__":
    main()
