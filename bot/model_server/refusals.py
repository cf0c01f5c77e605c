"""What a client is told when it gets no answer: a status, a code and a sentence.

The shape is that of OpenAI's servers, so that their clients raise the right error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

from bot.errors import (
    EllieError,
    EngineFailedError,
    GenerationTimeoutError,
    GeneratorBusyError,
    ModelError,
    PromptTooLongError,
)

RETRY_AFTER_SECONDS = 2
"""When a client that was turned away may come back: about what a reply takes to end."""


class RefusalError(Exception):
    """A request that is not answered. ``message`` is for people, ``code`` for programs."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers

    @property
    def kind(self) -> str:
        """OpenAI's word for whose fault it is."""
        return _KINDS.get(self.status) or (
            "server_error" if self.status >= 500 else "invalid_request_error"  # noqa: PLR2004
        )

    @property
    def body(self) -> dict[str, Any]:
        """The answer's body, which is also an event of a stream that breaks off."""
        error = {"message": self.message, "type": self.kind, "param": None, "code": self.code}
        return {"error": error}

    @property
    def response(self) -> JSONResponse:
        """The whole answer."""
        return JSONResponse(self.body, status_code=self.status, headers=self.headers)


_KINDS = {401: "authentication_error", 429: "rate_limit_error"}


def wrong(message: str, *, code: str = "invalid_request") -> RefusalError:
    """The request cannot be answered as it is."""
    return RefusalError(400, code, message)


def not_now(status: int, code: str, message: str) -> RefusalError:
    """The same request may be answered a moment later."""
    return RefusalError(status, code, message, {"Retry-After": str(RETRY_AFTER_SECONDS)})


_STATUSES: tuple[tuple[type[EllieError], int, str], ...] = (
    (GeneratorBusyError, 429, "busy"),
    (PromptTooLongError, 400, "context_length_exceeded"),
    (GenerationTimeoutError, 504, "timeout"),
    (EngineFailedError, 503, "engine_failed"),
    (ModelError, 503, "model_unavailable"),
    (EllieError, 500, "failed"),
)
_PASSING = (GeneratorBusyError, EngineFailedError)
"""What may be over a moment later."""


def refusal_for(error: Exception) -> RefusalError:
    """What a client is told of an error. Nothing is told of one that nobody foresaw."""
    if isinstance(error, RefusalError):
        return error
    for kind, status, code in _STATUSES:
        if isinstance(error, kind):
            message = str(error) or str(kind.__doc__).partition("\n")[0]
            if isinstance(error, _PASSING):
                return not_now(status, code, message)
            return RefusalError(status, code, message)
    return RefusalError(500, "failed", "Something went wrong here; the server's log says what.")
