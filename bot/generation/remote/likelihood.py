"""How likely a model on a server finds a reply, where the server tells such a thing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.domain.generation import Prompt
from bot.errors import (
    EllieError,
    EngineFailedError,
    ModelError,
    PromptTooLongError,
    ScoringUnsupportedError,
)
from bot.generation.remote.connection import Connection
from bot.generation.remote.measuring import Measuring
from bot.generation.remote.trouble import ServerTroubleError

if TYPE_CHECKING:
    from bot.generation.remote.server import Server

SCORE_SECONDS = 120.0
"""Reading one prompt takes no longer on any machine that could answer a person."""


async def likelihood_of(
    connection: Connection, measuring: Measuring, prompt: Prompt, reply: str
) -> float:
    """The score of one reply; see :meth:`bot.ports.generation.Generator.score`.

    The server is asked to echo prompt and reply with the likelihood of every token
    (``/v1/completions`` with ``echo`` and ``logprobs``), as vLLM and llama-cpp-python can. That
    needs the prompt as the model reads it, so the model's own tokenizer.

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
            text = exact.backend.decode(ids, skip_special_tokens=False)
            told = await _echoed(server, name, ids, text)
    except (ServerTroubleError, TimeoutError) as error:
        raise EngineFailedError(str(error) or "The model server took too long.") from None
    # One token was written behind the reply; what the server put before the prompt is not ours.
    scores = told[-len(parts.reply) - 1 : -1]
    if not _covers(told, len(ids)) or any(score is None for score in scores):
        raise _unsupported(connection)
    return float(sum(score for score in scores if score is not None))


async def _echoed(
    server: Server, name: str, ids: Sequence[int], text: str
) -> Sequence[float | None]:
    """The likelihood of each token, asked for by numbers, and by text where numbers are refused."""
    try:
        return await server.likelihoods(name, ids)
    except PromptTooLongError:
        raise
    except EngineFailedError:
        pass
    try:
        return await server.likelihoods(name, text)
    except PromptTooLongError:
        raise
    except (EngineFailedError, ModelError):
        return ()


def _covers(told: Sequence[float | None], count: int) -> bool:
    """Whether there is a number for each token, and perhaps one for a mark at the beginning."""
    return len(told) - count in (1, 2)


def _unsupported(connection: Connection) -> EllieError:
    return ScoringUnsupportedError(
        f"The model server at {connection.model.host} does not tell how likely a text is."
    )
