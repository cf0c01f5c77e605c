"""Of Slack's libraries only warnings are heard, without secrets and without what people say."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_stand_in import SlackStandIn
from support.slack_app import client_of

from adapters.slack.connecting import look_up
from adapters.slack.http_events import HttpEvents
from adapters.slack.library_log import QUIET, Discreet, hear_library
from bot.config_choices import LogFormat, LogLevel
from bot.log import configure_logging


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is written with Ellie at her most talkative."""
    root, written = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers, root.level
    levels = {name: logging.getLogger(name).level for name in ("bot", "adapters", "storage")}
    configure_logging(LogLevel.DEBUG, LogFormat.JSON, written)
    hear_library()
    yield written
    root.handlers = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def line_of(message: str, *, error: Exception | None = None) -> str | None:
    """What becomes of a warning."""
    exc_info = (type(error), error, None) if error else None
    record = logging.LogRecord("slack_bolt", logging.WARNING, "", 1, message, (), exc_info)
    if not Discreet().filter(record):
        return None
    return record.getMessage()


async def test_nothing_of_what_happens_every_day_is_written(log: io.StringIO) -> None:
    heard = []
    async with SlackStandIn() as slack:
        team = slack.add_team("T1")
        app = AsyncApp(
            client=client_of(slack, team),
            signing_secret=team.signing_secret,
            process_before_response=True,
            logger=QUIET,
        )

        @app.event("message")
        async def hear(event: dict[str, str], client: object) -> None:
            heard.append(event["text"])

        events = HttpEvents(app, team.signing_secret, host="127.0.0.1", port=0)
        running = slack.spawn(events.run())
        slack.connect_http(team, f"{await events.listening()}/slack/events")
        ana = team.add_user("U1", name="ana")
        hall = team.add_channel("C1", name="hall", members=[ana])
        await look_up(team.bot_token, base_url=slack.api_url)
        await team.say(ana, hall, "zqsecret words")
        await slack.post_signed(team, {"type": "unheard", "text": "zqsecret"})
        await slack.post_signed(team, {"type": "unheard", "text": "zqsecret"}, secret="wrong")
        await slack.settled()
        await events.stop()
        await running

        written = log.getvalue()
        assert heard == ["zqsecret words"]
        assert "zqsecret" not in written
        for secret in (team.bot_token, team.app_token, team.signing_secret):
            assert secret not in written
        assert "slack_request_refused" in written


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("Failed with xoxb-1-2-abc.def", "Failed with …"),
        ("xapp-1-A1-2-abc and xoxe.xoxb-1", "… and …"),
        ("POST https://hooks.slack.com/commands/T1/2/abc failed", "POST https://hooks.slack.com/…"),
        ("wss://wss-primary.slack.com/link/?ticket=abc&app_id=A1", "wss-primary.slack.com/link/?…"),
        ("Unhandled request ({'type': 'x'})\n---\n[Suggestion]", "Unhandled request"),
        ("A (x) skipped without providing a response for the request ({'a': 'zq'})", "request"),
    ],
)
def test_secrets_and_contents_are_taken_out(message: str, left: str) -> None:
    line = line_of(message)

    assert line is not None
    assert left in line
    for secret in ("abc", "zq", "ticket=", "T1/2"):
        assert secret not in line


def test_an_answer_of_slack_is_cut_down_to_its_code() -> None:
    error = SlackApiError("failed", {"ok": False, "error": "not_in_channel", "text": "zq"})

    assert line_of(f"Failed to run listener function (error: {error})", error=error) == (
        "Failed to run listener function (error: failed\n"
        "The server responded with: 'not_in_channel')"
    )


def test_what_is_below_warning_is_dropped_whatever_the_level() -> None:
    record = logging.LogRecord("slack_bolt", logging.INFO, "", 1, "zqsecret", (), None)

    assert not Discreet().filter(record)


def test_a_traceback_of_our_own_stays() -> None:
    error = RuntimeError("a bug")
    record = logging.LogRecord(
        "slack_bolt", logging.ERROR, "", 1, "it broke", (), (RuntimeError, error, None)
    )

    assert Discreet().filter(record)
    assert record.exc_info
    assert record.levelno == logging.ERROR
