"""Structured logs: readable in a terminal, JSON elsewhere.

Turn, person and platform are bound once per turn with :func:`bound`; every line below has them.
What people write is never logged at info level or above, and no token is logged at all.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import structlog

from bot.config_choices import LogFormat, LogLevel


def configure_logging(
    level: LogLevel, fmt: LogFormat = LogFormat.AUTO, stream: TextIO | None = None
) -> None:
    """Send all log lines, the standard library's included, to ``stream`` (standard error)."""
    out = sys.stderr if stream is None else stream
    readable = fmt is LogFormat.TEXT or (fmt is LogFormat.AUTO and out.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderers: list[structlog.typing.Processor] = (
        [
            _on_one_line,
            structlog.dev.ConsoleRenderer(
                colors=out.isatty(),
                # The default one prints local variables: what people wrote, and tokens.
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ]
        if readable
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    # Below warning, libraries describe every statement and request, with their contents.
    root.setLevel(logging.WARNING)
    for own in ("bot", "adapters", "storage", "migrations"):
        logging.getLogger(own).setLevel(logging.getLevelNamesMapping()[level.upper()])
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _on_one_line(
    _logger: object, _method: str, entry: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Values as a terminal may show them: none begins a line, colours it or moves the cursor."""
    return {
        key: _harmless(value) if isinstance(value, str) and key != "exception" else value
        for key, value in entry.items()
    }


def _harmless(value: str) -> str:
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in value
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


@contextmanager
def bound(**ids: str) -> Iterator[None]:
    """Add ids to every log line written inside, in this task and the ones it starts."""
    with structlog.contextvars.bound_contextvars(**ids):
        yield
