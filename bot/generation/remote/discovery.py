"""What a server has: which model, how long a context, and how it counts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.errors import ModelError
from bot.generation.remote.address import RemoteModel
from bot.generation.remote.counting import CAUTION, SAMPLES, measured_rates
from bot.generation.remote.trouble import ServerTroubleError, TroubleKind

_CONTEXT_FIELDS = ("max_model_len", "context_length", "context_window", "n_ctx")


class Asked(Protocol):
    """The part of :class:`~bot.generation.remote.server.Server` that is needed here."""

    async def models(self) -> list[dict[str, Any]]:
        """What the server lists."""

    async def asked(
        self, path: str, body: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any] | None:
        """What it says at a path of its own."""

    async def count(self, name: str, text: str) -> int | None:
        """What its own counter says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What is known of a server.

    ``context_tokens`` is None when it does not tell. ``rates`` are those of
    :class:`~bot.generation.remote.counting.EstimatingTokenizer`, and ``counts`` whether its own
    counter gave them.
    """

    model: str
    context_tokens: int | None = None
    rates: Mapping[str, float] = field(default_factory=lambda: CAUTION)
    counts: bool = False


async def look(server: Asked, model: RemoteModel) -> ServerFacts:
    """Ask a server what it has.

    Raises:
        ModelError: no model is named and none is listed, or the key is not accepted.
        ServerTroubleError: the server cannot be reached, or fails.
    """
    listed = await _listed(server, model)
    name = model.name or next((str(entry["id"]) for entry in listed), "")
    if not name:
        raise ModelError(
            f"The model server at {model.host} lists no models. Name one in the setting: "
            f"{model.url}#name-of-the-model"
        )
    entry = next((entry for entry in listed if entry["id"] == name), {})
    rates = await _rates(server, name)
    return ServerFacts(
        model=name,
        context_tokens=await _context(server, entry),
        rates=rates or CAUTION,
        counts=rates is not None,
    )


async def _listed(server: Asked, model: RemoteModel) -> list[dict[str, Any]]:
    try:
        return await server.models()
    except ServerTroubleError as trouble:
        if model.name and trouble.kind is TroubleKind.BROKEN:
            return []  # so does `transformers serve` where nothing was ever fetched from the hub
        raise


async def _context(server: Asked, entry: Mapping[str, Any]) -> int | None:
    for key in _CONTEXT_FIELDS:
        if told := _number(entry.get(key)):
            return told
    meta = entry.get("meta")
    if not isinstance(meta, dict):
        return None
    # llama-server: what the model was trained for, which may be more than it was started with.
    properties = await server.asked("/props") or {}
    started = properties.get("default_generation_settings")
    running = _number(started.get("n_ctx")) if isinstance(started, dict) else None
    return running or _number(meta.get("n_ctx")) or _number(meta.get("n_ctx_train"))


async def _rates(server: Asked, name: str) -> Mapping[str, float] | None:
    counts: dict[str, list[int]] = {}
    for kind, texts in SAMPLES.items():
        told = await asyncio.gather(*(server.count(name, text) for text in texts))
        found = [count for count in told if count]
        if len(found) < len(texts):
            return None
        counts[kind] = found
    return measured_rates(counts)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
