"""Slack's Web API: a client that keeps to Slack's pace, and what its errors mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.pacing import NotNowError, Pacing

API_URL = "https://slack.com/api/"
PATIENCE_SECONDS = 30
"""For one answer of Slack's."""
TRIES_AFTER_LIMIT = 8
"""So often a call is made again that Slack asked to wait for."""

_TOO_MANY = 429
_SERVER_ERRORS = 500
_FOREIGN = "http_"
"""A code begins with this where Slack said nothing, and all there is to go by is a status."""
_WITH_APP_TOKEN = frozenset({"apps.connections.open"})


class ForeignAnswerError(SlackClientError):
    """What answered is not Slack, but something on the way to it, such as a login page."""


TROUBLE = (SlackClientError, aiohttp.ClientError, OSError, TimeoutError)
"""What goes wrong between Slack and us. slack_sdk hands on what the network raises."""

_TOKEN_DEAD = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
)
_PASSING = frozenset(
    {
        "fatal_error",
        "internal_error",
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
_DOUBTFUL = frozenset({"fatal_error", "internal_error", "service_unavailable"})
"""With these, as Slack says of them, some of it may have been done all the same."""
_GONE = frozenset({"cannot_reply_to_message", "message_not_found", "thread_not_found"})
_FORBIDDEN = frozenset(
    {
        "access_denied",
        "channel_not_found",  # a closed channel that she is not in is none to her
        "ekm_access_denied",
        "is_archived",
        "is_inactive",
        "messages_tab_disabled",
        "missing_scope",
        "no_permission",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "restricted_action_thread_only_channel",
        "team_access_not_granted",
        "user_is_restricted",
    }
)


_MAY_WAIT: ContextVar[bool] = ContextVar("may_wait", default=True)


@contextmanager
def in_a_hurry() -> Iterator[None]:
    """Have calls fail that are not to be made at once: somebody waits, and can do without them."""
    token = _MAY_WAIT.set(False)
    try:
        yield
    finally:
        _MAY_WAIT.reset(token)


def slack_session() -> aiohttp.ClientSession:
    """A session in which one answer takes no longer than :data:`PATIENCE_SECONDS`.

    slack_sdk passes its own limit on only to sessions that it makes itself.
    """
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS))


class CheckedWebClient(AsyncWebClient):
    """Raises nothing but :data:`TROUBLE`, also when it is not Slack that answers."""

    async def api_call(self, api_method: str, **request: Any) -> AsyncSlackResponse:
        """Call a method.

        Raises:
            SlackApiError: Slack refuses the call, or something in its place does.
            ForeignAnswerError: that is no answer of Slack's.
        """
        try:
            return await super().api_call(api_method, **request)
        except (AttributeError, ValueError) as error:
            # slack_sdk takes it for granted that an answer is an object in JSON.
            raise ForeignAnswerError("something answers in its place that is not Slack") from error


class EllieWebClient(CheckedWebClient):
    """Makes each call when Slack is ready for it.

    A call that Slack did not answer is made again by nobody but whoever made it: the first one may
    have had its effect.
    """

    def __init__(
        self,
        token: str,
        *,
        base_url: str = API_URL,
        session: aiohttp.ClientSession | None = None,
        pacing: Pacing | None = None,
    ) -> None:
        self._pacing = pacing or Pacing()
        self.when_refused: Callable[[], object] = lambda: None
        """Called when Slack does not accept the bot token any more."""
        super().__init__(
            token=token,
            base_url=base_url,
            session=session,
            timeout=PATIENCE_SECONDS,
            retry_handlers=[_WhenLimited(self._pacing)],
        )

    async def api_call(self, api_method: str, **request: Any) -> AsyncSlackResponse:
        """Call a method, once it is its turn.

        Raises:
            SlackApiError: Slack refuses the call.
            ForeignAnswerError: that is no answer of Slack's.
            NotNowError: it is :func:`in_a_hurry`, and would have to wait.
        """
        await self._pacing.turn(api_method, may_wait=_MAY_WAIT.get())
        try:
            return await super().api_call(api_method, **request)
        except SlackApiError as error:
            if is_token_dead(error) and api_method not in _WITH_APP_TOKEN:
                self.when_refused()
            raise


class _WhenLimited(AsyncRetryHandler):
    """Waits for as long as Slack says, and has all calls of that method wait.

    Who is :func:`in_a_hurry` does not wait, and leaves that to those who come after.
    """

    def __init__(self, pacing: Pacing) -> None:
        super().__init__(max_retry_count=TRIES_AFTER_LIMIT)
        self._pacing = pacing

    async def _can_retry_async(
        self,
        *,
        state: RetryState,  # noqa: ARG002 - slack_sdk's signature
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002
    ) -> bool:
        if response is None or response.status_code != _TOO_MANY:
            return False
        self._pacing.limited(_method_of(request), _retry_after(response))
        return _MAY_WAIT.get()

    async def prepare_for_next_attempt_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        """Wait.

        Raises:
            Exception: there was no answer to go by.
        """
        if response is None:
            raise error or RuntimeError("a call is made again after an answer")
        state.next_attempt_requested = True
        await self._pacing.turn(_method_of(request))
        state.increment_current_attempt()


def _method_of(request: HttpRequest) -> str:
    return request.url.rstrip("/").rpartition("/")[2]


def _retry_after(response: HttpResponse) -> float:
    """In seconds, as in https://docs.slack.dev/apis/web-api/rate-limits."""
    for name, values in response.headers.items():
        if name.lower() == "retry-after" and values:
            value = values[0] if isinstance(values, list) else values
            try:
                return max(0.0, float(value))
            except ValueError:
                break
    return 1.0


def error_code(error: Exception) -> str:
    """Slack's word for what went wrong, or the name of what the network raised.

    Whatever stands between Slack and us refuses without such a word: ``http_`` and a status.
    """
    if not isinstance(error, SlackApiError):
        return type(error).__name__
    try:
        # Whether it went well stands in every answer of Slack's.
        is_slacks = error.response.get("ok") is not None
        code = error.response.get("error") if is_slacks else None
    except (AttributeError, ValueError):  # not even an answer in JSON
        code = None
    return str(code) if code else f"{_FOREIGN}{status_of(error)}"


def status_of(error: SlackApiError) -> int:
    """The HTTP status of a refusal; 0 when it is not known."""
    response = error.response
    return int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)


def is_foreign(error: Exception) -> bool:
    """Whether something refused that is not Slack, or says nothing in Slack's words."""
    return isinstance(error, ForeignAnswerError) or error_code(error).startswith(_FOREIGN)


def is_final(error: Exception) -> bool:
    """Whether Slack refuses what was sent, so that to send it again helps nobody.

    A token that is refused may be put right, and is, before Ellie is started again. What is not
    Slack, but on the way to it, refuses nothing in Slack's name.
    """
    if not isinstance(error, SlackApiError) or is_foreign(error):
        return False
    status = status_of(error)
    if status == _TOO_MANY or status >= _SERVER_ERRORS:
        return False
    return error_code(error) not in _PASSING | _TOKEN_DEAD


def may_have_happened(error: Exception) -> bool:
    """Whether a call that failed may have had its effect all the same."""
    if isinstance(error, NotNowError):
        return False
    if not isinstance(error, SlackApiError):
        return True
    status = status_of(error)
    if status == _TOO_MANY:
        return False
    return status >= _SERVER_ERRORS or is_foreign(error) or error_code(error) in _DOUBTFUL


def is_gone(error: Exception) -> bool:
    """Whether the message, or the thread to write in, was deleted."""
    return error_code(error) in _GONE


def is_forbidden(error: Exception) -> bool:
    """Whether Ellie may not do that where she tried to."""
    return error_code(error) in _FORBIDDEN


def is_token_dead(error: Exception) -> bool:
    """Whether Slack does not accept the token, so that nothing at all can be done."""
    return error_code(error) in _TOKEN_DEAD
