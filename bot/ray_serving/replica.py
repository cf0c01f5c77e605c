"""One replica: the local engine of one machine, asked over Ray."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.config import PREFIX, Settings
from bot.config_models import ModelSettings
from bot.domain.generation import GenerationRequest, Prompt
from bot.errors import EllieError, ModelError
from bot.generation.models.pull import pull
from bot.generation.models.sources import parse_local_chat_source
from bot.local_models import local_generator, model_store
from bot.log import configure_logging
from bot.ports.generation import ChatTokenizer, Generator
from bot.ray_serving.pulse import Batch, with_pulse
from bot.system import SystemClock

_OF_LOAD = ("max_parallel_replies", "max_waiting_replies", "log_level", "log_format")


@dataclass(frozen=True, slots=True)
class ReplicaOptions:
    """What a replica works with: the model's name and those settings that concern it.

    No secret is among them: they are kept in the cluster's own store, and shown to who may see it.
    """

    model: str
    values: dict[str, Any]

    @classmethod
    def of(cls, settings: Settings, *, model: str, threads: int) -> ReplicaOptions:
        """The part of ``settings`` that replicas share. They may use so many ``threads`` each."""
        names = (*ModelSettings.model_fields, *_OF_LOAD)
        values = {name: getattr(settings, name) for name in names}
        shared = {k: v for k, v in values.items() if not isinstance(v, SecretStr)}
        return cls(model, shared | {"threads": settings.threads or threads})

    def settings(self) -> Settings:
        """Settings as on the machine they come from, but for where this one keeps its models."""
        # Not read from this machine's environment: one engine is to be like the other.
        own = os.environ.get(f"{PREFIX}MODELS_DIR")
        place = {"models_dir": Path(own).expanduser().absolute()} if own else {}
        return Settings.model_construct(**(self.values | place))


class EngineReplica:
    """Runs in a process of its own, wherever Ray puts it. The model is loaded before it is asked.

    ``reconfigure``, ``check_health`` and the rest are Ray Serve's names.
    """

    def __init__(self, options: ReplicaOptions) -> None:
        self._options = options
        self._generator: Generator | None = None
        self._open: set[str] = set()

    async def reconfigure(self, _: Any) -> None:
        """Load the model. Ray calls this once before any request, and waits for it.

        Raises:
            ModelError: it cannot be had or loaded.
        """
        if self._generator is not None:
            return
        settings = self._options.settings()
        configure_logging(settings.log_level, settings.log_format)
        folder = await asyncio.to_thread(_folder, settings, self._options.model)
        generator = local_generator(settings, self._options.model, folder, SystemClock())
        generator.start()
        await generator.tokenizer()
        self._generator = generator

    async def check_health(self) -> None:
        """Ray replaces a replica whose check fails.

        Raises:
            ModelError: there is no model here.
        """
        await (self._loaded()).tokenizer()

    async def tokenizer(self) -> ChatTokenizer:
        """The model's tokenizer, to be used elsewhere: counting needs no machine of its own."""
        return await self._loaded().tokenizer()

    async def write(self, request: GenerationRequest) -> AsyncGenerator[Batch]:
        """A reply, as :func:`with_pulse` says it."""
        self._open.add(request.id)
        try:
            async with aclosing(with_pulse(self._loaded().stream(request))) as batches:
                async for batch in batches:
                    yield batch
        finally:
            self._open.discard(request.id)

    async def score(self, prompts: Sequence[Prompt], reply: str) -> tuple[float, ...] | EllieError:
        """As the port's, but that errors are values."""
        try:
            return await self._loaded().score(prompts, reply)
        except EllieError as error:
            return error

    async def compare(
        self, prompt: Prompt, replies: Sequence[str]
    ) -> tuple[float, ...] | EllieError:
        """As the port's, but that errors are values."""
        try:
            return await self._loaded().compare(prompt, replies)
        except EllieError as error:
            return error

    async def standing(self) -> tuple[int, int]:
        """Which process this is, and how many replies it is writing."""
        return os.getpid(), len(self._open)

    def _loaded(self) -> Generator:
        if self._generator is None:
            raise ModelError("The replica has no model yet.")
        return self._generator


def _folder(settings: Settings, model: str) -> Path:
    """Where the model is on this machine; fetched first if it is not there yet."""
    source, store = parse_local_chat_source(model), model_store(settings)
    if (folder := store.find(source)) is None:
        return pull(source, store)
    store.check(folder)
    return folder
