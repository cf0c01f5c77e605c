"""A model server at an address, from the first connection to the last reply."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn

from bot.errors import UsageError
from bot.model_server.server import ModelServer

LAST_WORDS_SECONDS = 2
"""How long clients may take to be told that their reply is broken off."""


def listen_at(host: str, port: int) -> socket.socket:
    """A socket at that address. Port 0 is any free one.

    Raises:
        UsageError: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise UsageError(
            f"{host}:{port} cannot be listened at ({error.strerror or error}). "
            "Choose another --host or --port."
        ) from None


async def answer_until(
    told: asyncio.Event,
    server: ModelServer,
    at: socket.socket,
    *,
    grace_seconds: float,
    listening: Callable[[int], None],
) -> None:
    """Answer at a socket until ``told`` to stop, then end in order. Closes the socket.

    In order: new requests are turned away, replies in progress go on for the grace period, and
    those that are not done by then are broken off with a sentence. ``listening`` is called with
    the port once there is an answer.
    """
    config = uvicorn.Config(
        server.app,
        log_config=None,  # Ellie's own log; and no line for each request
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=LAST_WORDS_SECONDS,
    )
    web = _Server(config)
    serving = asyncio.create_task(web.serve(sockets=[at]))
    telling = asyncio.create_task(told.wait())
    try:
        await web.ready.wait()
        listening(at.getsockname()[1])
        await asyncio.wait({serving, telling}, return_when=asyncio.FIRST_COMPLETED)
        server.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_seconds):
                await server.idle()
        server.break_off()
    finally:
        telling.cancel()
        web.should_exit = True
        await asyncio.wait({serving, telling})
        at.close()
    serving.result()


class _Server(uvicorn.Server):
    """uvicorn without its own handling of signals: who calls decides when it is over."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
