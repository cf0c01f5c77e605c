"""Whose tokens these are, with a sentence for everything that keeps Ellie from Slack."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Protocol, TypeVar

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.library_log import QUIET, hear_library
from adapters.slack.scopes import missing
from adapters.slack.web import (
    API_URL,
    PATIENCE_SECONDS,
    TROUBLE,
    CheckedWebClient,
    error_code,
    is_foreign,
    status_of,
)
from adapters.slack.workspace import Workspace
from bot.errors import PlatformError, PlatformRefusedError, PlatformUnreachableError
from bot.log import get_logger

START_PATIENCE_SECONDS = 600.0
"""A server that has just started may have no network for minutes."""

PART = "slack"
"""What the connection goes by in the health check."""

APPS = "https://api.slack.com/apps"
BOT_ANEW = (
    f"Copy it anew from {APPS}, your app → OAuth & Permissions → Bot User OAuth Token, into "
    "SLACK_BOT_TOKEN."
)
APP_ANEW = (
    f"Copy it anew from {APPS}, your app → Basic Information → App-Level Tokens, into "
    "SLACK_APP_TOKEN. It needs the scope connections:write."
)
INSTALL = f"Install the app again: {APPS}, your app → Install App."

_BOT_PREFIX = "xoxb-"
_APP_PREFIX = "xapp-"
_KINDS = {
    "xoxp-": "a user token; the bot token is the other one on that page",
    "xoxe": "a token that expires; switch token rotation off in the app's settings",
    "xoxb-": "the bot token",
    "xapp-": "the app-level token",
    "xoxc-": "the token of a browser's session",
    "xoxd-": "the cookie of a browser's session",
    "xoxs-": "a token of a kind that Slack has given up",
}
_SECRET = re.compile(r"[0-9a-f]{32}")
_CLIENT_ID = re.compile(r"\d+\.\d+")
_APP_ID = re.compile(r"A[0-9A-Z]{8,}")

_REMOVED = frozenset({"account_inactive", "app_uninstalled", "token_revoked"})
_NOT_ACCEPTED = frozenset({"invalid_auth", "not_authed"})
_WRONG_KIND = frozenset({"not_allowed_token_type", "bot_token_required"})
_LATER = frozenset(
    {
        "fatal_error",
        "internal_error",
        "ratelimited",
        "rate_limited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
_SERVER_ERRORS = 500
_TOO_MANY = 429

log = get_logger(__name__)

T = TypeVar("T")


class Connection(Protocol):
    """A way in which Slack's events reach Ellie."""

    async def run(self) -> None:
        """Take events until :meth:`stop`; those in progress are acknowledged before it returns.

        Raises:
            PlatformError: Slack ended it for good.
        """

    async def stop(self) -> None:
        """Take no more, from now on."""


async def look_up(
    token: str,
    *,
    base_url: str = API_URL,
    patience_seconds: float = START_PATIENCE_SECONDS,
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Workspace:
    """Ask Slack whose bot token this is. Waits for a network that comes late.

    Raises:
        PlatformRefusedError: Slack does not accept the token, or it may not even answer people.
        PlatformUnreachableError: Slack cannot be reached, even after ``patience_seconds``.
    """
    hear_library()
    secret = cleaned(token)
    client = _client(secret, base_url)
    return await _patiently(lambda: _ask(client), patience_seconds, wait)


async def check_app_token(
    token: str,
    *,
    app_id: str = "",
    base_url: str = API_URL,
    patience_seconds: float = START_PATIENCE_SECONDS,
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Ask Slack whether an app-level token may connect. ``app_id`` is the bot token's, if known.

    Raises:
        PlatformRefusedError: it may not, or is another app's.
        PlatformUnreachableError: Slack cannot be reached, even after ``patience_seconds``.
    """
    hear_library()
    secret = cleaned_app(token)
    parts = secret.split("-")
    named = parts[2] if len(parts) > 3 else ""  # noqa: PLR2004 - xapp-1-APP-number-secret
    if app_id and _APP_ID.fullmatch(named) and named != app_id:
        raise PlatformRefusedError(
            f"SLACK_APP_TOKEN is of the app {named}, and SLACK_BOT_TOKEN of the app {app_id}. "
            "Copy both from the same app."
        )
    client = _client(secret, base_url)

    async def ask() -> None:
        try:
            await client.apps_connections_open(app_token=secret)
        except TROUBLE as error:
            raise app_explained(error) from error

    await _patiently(ask, patience_seconds, wait)


def cleaned(token: str) -> str:
    """The bot token without what gets copied along: blanks, quotes, the word that goes in front.

    Raises:
        PlatformRefusedError: there is nothing left, or another of Slack's secrets.
    """
    return _cleaned(token, "SLACK_BOT_TOKEN", _BOT_PREFIX, BOT_ANEW)


def cleaned_app(token: str) -> str:
    """The app-level token, in the same way.

    Raises:
        PlatformRefusedError: there is nothing left, or another of Slack's secrets.
    """
    return _cleaned(token, "SLACK_APP_TOKEN", _APP_PREFIX, APP_ANEW)


def explained(error: Exception) -> PlatformError:
    """What it means to the owner that Slack does not answer the bot token."""
    code = error_code(error)
    if code in _NOT_ACCEPTED:
        return PlatformRefusedError(f"Slack does not accept SLACK_BOT_TOKEN. {BOT_ANEW}")
    if code in _REMOVED:
        return PlatformRefusedError(
            "Slack no longer accepts SLACK_BOT_TOKEN: the app was removed from the workspace, or "
            f"the token revoked. {INSTALL} Then put the new token into SLACK_BOT_TOKEN. What was "
            "said there stays: `ellie retention --tenant slack:T… --erase` erases it."
        )
    if code == "token_expired":
        return PlatformRefusedError(
            "SLACK_BOT_TOKEN has expired, because token rotation is on for the app. Ellie does "
            f"not rotate tokens: create an app without it (`ellie slack manifest`). {INSTALL}"
        )
    return _otherwise(error, "SLACK_BOT_TOKEN", BOT_ANEW)


def app_explained(error: Exception) -> PlatformError:
    """What it means to the owner that Slack lets nobody connect with the app-level token."""
    code = error_code(error)
    if code in _NOT_ACCEPTED | _REMOVED:
        return PlatformRefusedError(f"Slack does not accept SLACK_APP_TOKEN. {APP_ANEW}")
    if code in {"missing_scope", "no_permission", "access_denied"}:
        return PlatformRefusedError(
            "SLACK_APP_TOKEN may not connect: it lacks the scope connections:write. Generate one "
            f"that has it: {APPS}, your app → Basic Information → App-Level Tokens."
        )
    if code in {"forbidden_team", "socket_mode_not_enabled", "app_not_enabled"}:
        return PlatformRefusedError(
            f"Slack does not let the app connect. Switch Socket Mode on: {APPS}, your app → "
            "Socket Mode; or remove SLACK_APP_TOKEN and set SLACK_SIGNING_SECRET."
        )
    return _otherwise(error, "SLACK_APP_TOKEN", APP_ANEW)


def _otherwise(error: Exception, variable: str, anew: str) -> PlatformError:
    """What both tokens have in common."""
    code = error_code(error)
    if code in _WRONG_KIND:
        return PlatformRefusedError(f"{variable} is not the right kind of token. {anew}")
    if not isinstance(error, SlackApiError):
        return _out_of_reach(str(error) or type(error).__name__)
    status = status_of(error)
    if code in _LATER or status == _TOO_MANY or status >= _SERVER_ERRORS:
        return PlatformUnreachableError(
            f"Slack has troubles of its own ({code}). See https://slack-status.com."
        )
    if is_foreign(error):
        return _out_of_reach(f"something answers in its place that is not Slack ({code})")
    return PlatformRefusedError(f"Slack refuses to let Ellie in ({code}).")


def _out_of_reach(reason: str) -> PlatformUnreachableError:
    return PlatformUnreachableError(
        f"Slack cannot be reached: {reason}. Check that this machine resolves and reaches "
        "slack.com, hooks.slack.com, files.slack.com and wss-primary.slack.com on port 443."
    )


def _cleaned(token: str, variable: str, prefix: str, anew: str) -> str:
    bare = token.strip().strip("\"'`“”‘’").strip()
    first, _, rest = bare.partition(" ")
    if first.lower().rstrip(":") == "bearer":
        bare = rest.strip()
    if not bare:
        raise PlatformRefusedError(f"{variable} holds no token. {anew}")
    if not (bare.isascii() and bare.isprintable()) or " " in bare:
        raise PlatformRefusedError(
            f"{variable} holds a blank or another character that no token has. {anew}"
        )
    if not bare.startswith(prefix):
        raise PlatformRefusedError(f"{variable} is no token for that{_mistaken_for(bare)}. {anew}")
    return bare


def _mistaken_for(token: str) -> str:
    """What of Slack's other values has been copied, if it looks like one."""
    for prefix, kind in _KINDS.items():
        if token.startswith(prefix):
            return f"; what is set is {kind}"
    if _SECRET.fullmatch(token):
        return "; what is set looks like the signing secret or the client secret"
    if _CLIENT_ID.fullmatch(token):
        return "; what is set looks like the client id"
    if _APP_ID.fullmatch(token):
        return "; what is set looks like the app's id"
    return ""


def _client(token: str, base_url: str) -> AsyncWebClient:
    return CheckedWebClient(
        token=token,
        base_url=base_url,
        timeout=PATIENCE_SECONDS,
        retry_handlers=[],  # whoever asks here tries again by itself
        logger=QUIET,
    )


async def _patiently(
    ask: Callable[[], Awaitable[T]],
    patience_seconds: float,
    wait: Callable[[float], Awaitable[None]],
) -> T:
    waited = 0.0
    for pause in _pauses():
        try:
            return await ask()
        except PlatformUnreachableError as trouble:
            if waited + pause > patience_seconds:
                raise
            log.warning("slack_not_reached", reason=str(trouble), again_in_seconds=pause)
        await wait(pause)
        waited += pause
    raise AssertionError("the pauses never end")


def _pauses() -> Iterator[float]:
    """Seconds between attempts: short ones at first, then one attempt a minute."""
    return itertools.chain((1.0, 2.0, 5.0, 10.0, 20.0, 30.0), itertools.repeat(60.0))


async def _ask(client: AsyncWebClient) -> Workspace:
    try:
        found = await client.auth_test()
    except TROUBLE as error:
        raise explained(error) from error
    if found.get("is_enterprise_install"):
        raise PlatformRefusedError(
            "SLACK_BOT_TOKEN is of a whole organisation, and Ellie serves one workspace with one "
            f"token. {INSTALL} Choose one workspace, and copy the token that it then has."
        )
    if not found.get("bot_id"):
        raise PlatformRefusedError(f"SLACK_BOT_TOKEN is not of a bot. {BOT_ANEW}")
    scopes = _granted(found.headers)
    _tell_missing(scopes)
    bot_id = str(found["bot_id"])
    return Workspace(
        team_id=str(found["team_id"]),
        team_name=str(found.get("team") or ""),
        enterprise_id=str(found.get("enterprise_id") or ""),
        bot_user_id=str(found["user_id"]),
        bot_id=bot_id,
        bot_name=str(found.get("user") or ""),
        app_id=await _app_of(client, bot_id),
        url=str(found.get("url") or ""),
        scopes=scopes,
    )


def _granted(headers: Mapping[str, str]) -> frozenset[str]:
    """What the workspace granted, as Slack says with every answer; empty if it does not."""
    line = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), "")
    return frozenset(scope.strip() for scope in line.split(",") if scope.strip())


def _tell_missing(granted: frozenset[str]) -> None:
    """Say in the log what will not work.

    Raises:
        PlatformRefusedError: she could not even answer.
    """
    lacking = missing(granted) if granted else ()
    if any(scope.is_needed for scope in lacking):
        raise PlatformRefusedError(
            "The workspace does not let Ellie write (scope chat:write). Give the app the scopes "
            f"of `ellie slack manifest` and install it again: {APPS}, your app → App Manifest."
        )
    for scope in lacking:
        log.warning("slack_scope_missing", scope=scope.name, then=scope.without)


async def _app_of(client: AsyncWebClient, bot_id: str) -> str:
    """The app of a bot; empty where Slack does not say, since nothing depends on it."""
    try:
        found = await client.bots_info(bot=bot_id)
        return str(found["bot"].get("app_id") or "")
    except (*TROUBLE, KeyError, TypeError, AttributeError) as error:
        log.info("slack_app_unknown", reason=error_code(error))
        return ""
