"""Models that are behind servers, and the ones that a setting means wherever they are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.config import Settings
from bot.domain.recipient import Purpose, Recipient
from bot.errors import ModelError, UnknownModelError
from bot.generation.models.sources import parse_local_chat_source
from bot.generation.remote.address import RemoteModel, is_address, parse_address
from bot.generation.remote.connection import Connection
from bot.generation.remote.discovery import ServerFacts
from bot.generation.remote.generator import RemoteGenerator
from bot.generation.remote.measuring import Measuring
from bot.generation.remote.trouble import ServerTroubleError
from bot.local_models import model_store
from bot.ports.system import Clock
from bot.system import SystemClock

if TYPE_CHECKING:  # imports transformers
    from bot.generation.tokenizer import HfChatTokenizer

Where = Path | RemoteModel
"""The folder that a model is in, or the server that has it."""

ASK_SECONDS = 10.0
"""So long ``ellie doctor`` waits for a server."""
_OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


def remote_generator(settings: Settings, model: RemoteModel, clock: Clock) -> RemoteGenerator:
    """A generator for a model behind a server. Asks nothing before it is started.

    Raises:
        UnknownModelError: the tokenizer that the settings name is not there.
    """
    connection = Connection(model, key_for(settings, model), clock)
    folder = _tokenizer_folder(settings, model)

    load = None if folder is None else partial(_tokenizer, folder, settings.context_tokens)
    return RemoteGenerator(
        connection,
        Measuring(connection, context_tokens=settings.context_tokens, load=load),
        max_parallel=settings.max_parallel_replies,
        max_waiting=settings.max_waiting_replies,
        clock=clock,
    )


def key_for(settings: Settings, model: RemoteModel) -> str:
    """The key to send to a server; empty for one that it is not meant for.

    It is meant for the first server that the settings name: of the model that chats, of the one
    that writes summaries, of those that places may choose.
    """
    if settings.model_api_key is None:
        return ""
    named = (settings.model, settings.compact_model, *settings.allowed_models.split(","))
    first = next(parse_address(name) for name in named if is_address(name))
    return settings.model_api_key.get_secret_value() if _origin(first) == _origin(model) else ""


async def ask_server(settings: Settings, model: RemoteModel) -> ServerFacts:
    """What a server tells about itself, now.

    Raises:
        ModelError: it does not answer, or not as it should.
    """
    connection = Connection(model, key_for(settings, model), SystemClock())
    try:
        async with asyncio.timeout(ASK_SECONDS):
            return await connection.facts()
    except ServerTroubleError as trouble:
        raise ModelError(str(trouble)) from None
    except TimeoutError:
        raise ModelError(
            f"The model server at {model.host} did not answer within {ASK_SECONDS:g} seconds."
        ) from None
    finally:
        await connection.close()


def travels_in_the_open(model: RemoteModel) -> bool:
    """Whether what people write leaves this machine without encryption."""
    return urlsplit(model.url).scheme == "http" and not _is_here(model)


def recipients(
    chat: Where, summaries: Where | None = None, allowed: Iterable[Where] = ()
) -> tuple[Recipient, ...]:
    """The other machines among those that have a model, each once, and what for.

    ``summaries`` has the model that does nothing else, and ``allowed`` have those that places may
    choose.
    """
    uses = [(Purpose.ANSWERING, chat), *((Purpose.CHOSEN, place) for place in allowed)]
    if summaries is not None:
        uses.insert(1, (Purpose.SUMMARIES, summaries))
    found: dict[str, dict[Purpose, None]] = {}
    for purpose, where in uses:
        if isinstance(where, RemoteModel) and not _is_here(where):
            found.setdefault(where.host, {})[purpose] = None
    for purposes in found.values():
        if Purpose.ANSWERING in purposes:  # which says more
            purposes.pop(Purpose.CHOSEN, None)
    return tuple(Recipient(host, tuple(purposes)) for host, purposes in found.items())


def _is_here(model: RemoteModel) -> bool:
    """Whether the server runs on this machine."""
    return urlsplit(model.url).hostname in _OWN_MACHINE


def _tokenizer(folder: Path, context_tokens: int) -> HfChatTokenizer:
    # Imported here, in the loading thread: transformers takes seconds.
    from bot.generation.loading import load_tokenizer  # noqa: PLC0415

    return load_tokenizer(folder, context_tokens)


def _origin(model: RemoteModel) -> tuple[str, str]:
    parts = urlsplit(model.url)
    return parts.scheme, parts.netloc.lower()


def _tokenizer_folder(settings: Settings, model: RemoteModel) -> Path | None:
    """Where the tokenizer of the chat model is, if ``model`` is that and the owner has it."""
    name = settings.model_tokenizer.strip()
    if not name or not is_address(settings.model) or parse_address(settings.model) != model:
        return None
    folder = model_store(settings).find(parse_local_chat_source(name))
    if folder is None:
        raise UnknownModelError(
            f"ELLIE_MODEL_TOKENIZER={name} is not on this machine. Fetch it first (ellie models "
            f"pull {name}), or name a folder."
        )
    return folder
