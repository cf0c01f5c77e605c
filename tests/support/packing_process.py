"""A process that loads a model and answers, and may be told to stop or die while it packs.

Run as a program: ``python -m support.packing_process MODELS_DIR MODEL_FOLDER [MOMENT kill|hold]``.
At the moment it kills itself, as ``kill -9`` would, or it writes the moment's name in a line and
waits for one. Once it has loaded, it writes what the model says, in JSON, and again for each line.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Any

from safetensors.torch import save
from support.random_model import request, run

from bot.config import Settings
from bot.config_choices import LogLevel
from bot.generation.cpu import loading, saving
from bot.local_models import local_generator
from bot.log import configure_logging
from bot.system import SystemClock


class Moment(StrEnum):
    """Where a process stops."""

    PACKING = "packing"
    """Some weights are packed, and others are not."""
    PACKED = "packed"
    """All are, and nothing of them is on disk."""
    WRITING = "writing"
    """Half of the file is on disk."""


def tell(line: str) -> None:
    """Write a line to who started this process."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def stop_at(moment: Moment, how: str) -> None:
    """Have the process stop there, once."""

    def stop() -> None:
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        tell(moment)
        sys.stdin.readline()

    build: Any = loading.build

    def building(model: Any, packed: Any) -> Any:
        seen: list[str] = []

        def packing(name: str, weight: Any) -> Any:
            seen.append(name)
            if moment is Moment.PACKING and len(seen) == 3:
                stop()
            return packed(name, weight)

        decoder = build(model, packing)
        if moment is Moment.PACKED:
            stop()
        return decoder

    def save_file(tensors: Any, path: Path, metadata: dict[str, str]) -> None:
        content = save(tensors, metadata)
        half = len(content) // 2
        with path.open("wb", buffering=0) as file:
            file.write(content[:half])
            stop()
            file.write(content[half:])

    loading.build = building
    if moment is Moment.WRITING:
        saving.save_file = save_file


async def talk(models_dir: Path, folder: Path) -> None:
    settings = Settings(_env_file=None, models_dir=models_dir)  # type: ignore[call-arg]
    generator = local_generator(settings, "random", folder, SystemClock())
    generator.start()
    try:
        while True:
            said = [(await run(generator, request(word, word)))[1].text for word in ("rain", "sun")]
            tell(json.dumps(said))
            if not await asyncio.to_thread(sys.stdin.readline):
                return
    finally:
        await generator.close()


if __name__ == "__main__":
    configure_logging(LogLevel.WARNING)  # into standard error, off what the other side reads
    if sys.argv[3:]:
        stop_at(Moment(sys.argv[3]), sys.argv[4])
    asyncio.run(talk(Path(sys.argv[1]), Path(sys.argv[2])))
