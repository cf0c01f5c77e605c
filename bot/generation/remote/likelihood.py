"""How likely a model on a server finds a reply, where the server tells such a thing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.domain.generation import Prompt
from bot.errors import (
    EngineFailedError,
    ModelError,
    PromptTooLongError,
    ScoringUnsupportedError,
)
from bot.generation.remote.connection import Connection
from bot.generation.remote.measuring import Measuring
from bot.generation.remote.trouble import ServerTroubleError, TroubleKind

if TYPE_CHECKING:
    from bot.generation.likelihood import ReplyTokens
    from bot.generation.remote.server import Server

SCORE_SECONDS = 120.0
"""Reading one prompt takes no longer on any machine that could answer a person."""


async def likelihood_of(
    connection: Connection, measuring: Measuring, prompt: Prompt, reply: str
) -> float:
    """The score of one reply; see :meth:`bot.ports.generation.Generator.score`.

    The server is asked to echo prompt and reply with the likelihood of every token
    (``/v1/completions`` with ``echo`` and ``logprobs``), by the numbers of the tokens, as vLLM
    takes them. That needs the prompt as the model reads it, so the model's own tokenizer.
    llama-cpp-python takes text alone, and what it echoes then is not what the model computes.

    Raises:
        ScoringUnsupportedError: there is no such tokenizer, or the server cannot do that.
        PromptTooLongError: prompt and reply do not fit together.
        EngineFailedError: the server cannot be reached, or failed.
        ModelError: the server has no such model, or does not accept the key.
    """
    exact = await measuring.exact()
    if exact is None:
        raise ScoringUnsupportedError(
            f"How likely {connection.model.label} finds a text cannot be measured without its "
            "tokenizer. Set ELLIE_MODEL_TOKENIZER, if the server tells likelihoods at all."
        )
    parts = exact.encode_reply(prompt.messages, reply)
    ids = [*parts.prompt, *parts.reply]
    room = (await measuring.tokenizer()).context_tokens
    if len(ids) >= room:
        raise PromptTooLongError(
            f"Prompt and reply take {len(ids)} tokens; there is room for {room - 1}."
        )
    try:
        async with asyncio.timeout(SCORE_SECONDS):
            server = await connection.server()
            name = connection.model.name or (await connection.facts()).model
            scores = await _scores(server, name, parts)
    except (ServerTroubleError, TimeoutError) as error:
        raise EngineFailedError(str(error) or "The model server took too long.") from None
    told = [score for score in scores if score is not None]
    if not told or len(told) < len(parts.reply):
        raise ScoringUnsupportedError(
            f"The model server at {connection.model.host} does not tell how likely a text is."
        )
    return float(sum(told))


async def _scores(server: Server, name: str, parts: ReplyTokens) -> Sequence[float | None]:
    """How likely each token of the reply is; empty when the server does not tell."""
    before, count = len(parts.prompt), len(parts.reply)
    try:
        told = await server.likelihoods(name, [*parts.prompt, *parts.reply])
    except ServerTroubleError as trouble:
        if trouble.kind is not TroubleKind.BROKEN:
            raise
        return ()  # a field that it does not take is an error of its own to some servers
    except (EngineFailedError, ModelError):
        return ()
    return told[before : before + count]
