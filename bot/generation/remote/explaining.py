"""What errors of the ``openai`` library mean, in Ellie's words.

A server's own words are not repeated: they may quote what a person wrote, or the key. So these
errors are raised without the library's as their cause, which would be printed with them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
import openai
import regex

from bot.errors import EllieError, EngineFailedError, ModelError, PromptTooLongError
from bot.generation.remote.address import RemoteModel
from bot.generation.remote.trouble import ServerTroubleError, TroubleKind

_TOO_LONG = regex.compile(
    r"context.{0,3}(length|window|size)|maximum (context|model)|max_model_len|prompt is too long"
    r"|exceed.{0,30}(context|token limit)|too many tokens|reduce the length",
    regex.IGNORECASE,
)
_KEY_REFUSED = frozenset({401, 403})
_PASSING = frozenset({408, 409, 425})
_MISSING, _BUSY, _SERVER_ERRORS = 404, 429, 500


def explained(
    error: openai.APIError, model: RemoteModel, *, now: datetime | None = None
) -> EllieError | ServerTroubleError:
    """The error to raise in place of the library's."""
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, model, now or datetime.now(UTC))
    if isinstance(error, openai.APIConnectionError):
        unreached = isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout)
        if unreached:
            return ServerTroubleError(
                TroubleKind.UNREACHABLE, f"The model server at {model.host} cannot be reached."
            )
        return broken(model, "broke the connection off")
    if mentions_length(error):
        return _too_long()
    return broken(model, "told of an error in the middle of an answer")


def broken(model: RemoteModel, what: str) -> ServerTroubleError:
    """A trouble of the server's own."""
    return ServerTroubleError(TroubleKind.BROKEN, f"The model server at {model.host} {what}.")


def mentions_length(error: openai.APIError) -> bool:
    """Whether a prompt was too long for the model."""
    return bool(_TOO_LONG.search(f"{error.code} {error.type} {error.message}"))


def mentions(error: openai.APIError, field: str) -> bool:
    """Whether a server complains of a field of the request."""
    return error.param == field or field in error.message


def retry_after(headers: httpx2.Headers, now: datetime) -> float | None:
    """How many seconds a server asks to wait, at least 0; None when it does not say."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError):
        return None


def _of_status(
    error: openai.APIStatusError, model: RemoteModel, now: datetime
) -> EllieError | ServerTroubleError:
    status, host = error.status_code, model.host
    if mentions_length(error):
        return _too_long()
    if to_be_mended := _for_the_owner(error, model):
        return ModelError(to_be_mended)
    after = retry_after(error.response.headers, now)
    if status == _BUSY:
        return ServerTroubleError(
            TroubleKind.BUSY, f"The model server at {host} is busy.", retry_after=after
        )
    if status >= _SERVER_ERRORS or status in _PASSING:
        return ServerTroubleError(
            TroubleKind.BROKEN,
            f"The model server at {host} failed (status {status}).",
            retry_after=after,
        )
    return EngineFailedError(
        f"The model server at {host} refused the request (status {status}); its own log says why."
    )


def _for_the_owner(error: openai.APIStatusError, model: RemoteModel) -> str:
    """What whoever runs Ellie has to do; empty when it is nothing."""
    status, host = error.status_code, model.host
    if status in _KEY_REFUSED:
        return (
            f"The model server at {host} does not accept the key (status {status}). Set "
            "ELLIE_MODEL_API_KEY to one that it accepts."
        )
    if status == _MISSING:
        return (
            f"The model server at {host} has no such model, or nothing at that path (status 404). "
            f"The model is set to {model}; the path of most servers is /v1."
        )
    if status == _BUSY and error.code == "insufficient_quota":
        return f"The account at {host} has no credit left. Top it up."
    return ""


def _too_long() -> PromptTooLongError:
    return PromptTooLongError("The prompt does not fit the context window of the server's model.")
