"""What every request has to pass before it is read."""

from __future__ import annotations

import asyncio
import hmac

from starlette.requests import ClientDisconnect, Request

from bot.model_server.disconnects import ClientGoneError
from bot.model_server.refusals import RefusalError

MAX_BODY_BYTES = 4 * 1024 * 1024
"""More than any prompt takes: a window of a million letters."""

BODY_SECONDS = 30.0
"""How long a client may take to send it."""


def check_key(request: Request, key: str) -> None:
    """Let nobody in who does not know the key. An empty one is no key: everybody comes in.

    Raises:
        RefusalError: the key is missing or another one.
    """
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    # In constant time: how long it takes says nothing about how much of a guess was right.
    known = hmac.compare_digest(given.strip().encode(), key.encode())
    if key and not (known and kind.lower() == "bearer"):
        raise RefusalError(
            401,
            "invalid_api_key",
            "This server needs its API key, as Authorization: Bearer KEY.",
            {"WWW-Authenticate": "Bearer"},
        )


async def read_body(request: Request) -> bytes:
    """The whole body.

    Raises:
        RefusalError: it is too large, or too slow.
        ClientGoneError: it never came to an end.
    """
    size, pieces = 0, []
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                size += len(piece)
                if size > MAX_BODY_BYTES:
                    raise RefusalError(
                        413, "too_large", f"A request takes at most {MAX_BODY_BYTES:,} bytes."
                    )
                pieces.append(piece)
    except TimeoutError:
        raise RefusalError(408, "too_slow", "The request took too long to arrive.") from None
    except ClientDisconnect:
        raise ClientGoneError from None
    return b"".join(pieces)
