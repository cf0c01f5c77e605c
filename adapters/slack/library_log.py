"""What Bolt and slack_sdk log, fit for our log: no secrets, no texts, no pages about a network.

Below warning they write whole events and answers, which is what people say: none of it passes, at
whatever level Ellie logs. Their errors quote addresses that let anybody answer in Ellie's name.
"""

from __future__ import annotations

import asyncio
import logging
import re

import aiohttp
from slack_sdk.errors import SlackApiError

_LOGGERS = (
    "slack_sdk.socket_mode.aiohttp",
    "slack_sdk.web.async_base_client",
    "slack_sdk.web.async_client",
    "slack_sdk.web.base_client",
    "slack_sdk.webhook.async_client",
)
"""A filter sees what is logged to its very logger, so each is named."""

_SECRETS = (
    (re.compile(r"\bx(?:ox[a-z]|app)[-.][\w.-]+"), "…"),
    (re.compile(r"(https?://hooks\.slack\.com/)[^\s\"')>]+"), r"\1…"),
    (re.compile(r"(wss?://[^\s\"'?]+\?)[^\s\"')>]+"), r"\1…"),
    (re.compile(r"(Unhandled request).*", re.DOTALL), r"\1"),
    (re.compile(r"(without providing a response for the request).*", re.DOTALL), r"\1"),
    (re.compile(r"('?(?:body|data)'?: ).*", re.DOTALL), r"\1…"),
    (re.compile(r"(The server responded with: ).*?'error': ('\w+').*", re.DOTALL), r"\1\2)"),
)

_NETWORK = (
    aiohttp.ClientError,
    asyncio.TimeoutError,
    OSError,
    SlackApiError,
)
"""Everyday troubles: a line is enough, and its traceback would hold Slack's whole answer."""


_BESIDE_THE_POINT = "As you gave `client` as well, `token` will be unused."
"""Bolt finds SLACK_BOT_TOKEN in the environment by itself. It is Ellie's setting, and used."""


class Discreet(logging.Filter):
    """Drops what is below warning, and takes secrets and contents out of the rest."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place; False for a line that is not to be written."""
        if record.levelno < logging.WARNING:
            return False
        message = record.getMessage()
        if message == _BESIDE_THE_POINT:
            return False
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, _NETWORK):
            record.exc_info = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        for secret, instead in _SECRETS:
            message = secret.sub(instead, message)
        record.msg, record.args = message, ()
        return True


_DISCREET = Discreet()

QUIET = logging.getLogger("slack_bolt")
"""Bolt copies level and filters of the logger that an app is given to all of its own."""
QUIET.setLevel(logging.WARNING)
QUIET.addFilter(_DISCREET)


def hear_library() -> None:
    """Let warnings of Bolt and slack_sdk through, and nothing below, whatever Ellie's level is."""
    logging.getLogger("slack_sdk").setLevel(logging.WARNING)
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.addFilter(_DISCREET)
