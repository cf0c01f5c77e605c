"""Logs are structured, carry their ids, and keep to themselves what people wrote."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bot.config_choices import LogFormat, LogLevel
from bot.log import bound, configure_logging, get_logger


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    names = ("bot", "adapters", "storage", "migrations")
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    root.handlers = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_lines_are_json_where_there_is_no_terminal(out: io.StringIO) -> None:
    configure_logging(LogLevel.INFO, LogFormat.AUTO, out)

    get_logger("bot.x").info("turn_finished", reply_tokens=3, place="Zürich\n")

    (line,) = lines(out)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "turn_finished",
        "level": "info",
        "logger": "bot.x",
        "reply_tokens": 3,
        "place": "Zürich\n",
    }


def test_lines_are_readable_in_a_terminal() -> None:
    out = Terminal()
    configure_logging(LogLevel.INFO, LogFormat.AUTO, out)

    get_logger("bot.x").info("turn_finished", reply_tokens=3)

    assert "turn_finished" in out.getvalue()
    assert "\x1b[" in out.getvalue()
    with pytest.raises(json.JSONDecodeError):
        json.loads(out.getvalue())


@pytest.mark.parametrize(("fmt", "is_json"), [(LogFormat.TEXT, False), (LogFormat.JSON, True)])
def test_a_chosen_format_wins_over_what_the_stream_is(fmt: LogFormat, is_json: bool) -> None:
    for out in (io.StringIO(), Terminal()):
        configure_logging(LogLevel.INFO, fmt, out)
        get_logger("bot.x").info("hello")

        assert out.getvalue().startswith("{") is is_json
        assert "hello" in out.getvalue()


def test_text_without_a_terminal_has_no_colours(out: io.StringIO) -> None:
    configure_logging(LogLevel.INFO, LogFormat.TEXT, out)

    get_logger("bot.x").warning("hello", turn="t1")

    assert "\x1b" not in out.getvalue()
    assert "turn=t1" in out.getvalue()


def test_bound_ids_are_on_every_line_inside_and_on_none_after(out: io.StringIO) -> None:
    configure_logging(LogLevel.INFO, LogFormat.JSON, out)
    log = get_logger("bot.x")

    with bound(turn="t1", person="p1"):
        log.info("one")
        with bound(turn="t2"):
            log.info("two")
        logging.getLogger("somebody.else").warning("three")
    log.info("four")

    one, two, three, four = lines(out)
    assert (one["turn"], one["person"]) == ("t1", "p1")
    assert (two["turn"], two["person"]) == ("t2", "p1")
    assert (three["turn"], three["person"]) == ("t1", "p1")
    assert not {"turn", "person"} & four.keys()


def test_bound_ids_are_gone_after_an_error(out: io.StringIO) -> None:
    configure_logging(LogLevel.INFO, LogFormat.JSON, out)

    with pytest.raises(RuntimeError), bound(turn="t1"):
        raise RuntimeError
    get_logger("bot.x").info("after")

    assert "turn" not in lines(out)[0]


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (LogLevel.DEBUG, ["debug", "info", "warning", "error"]),
        (LogLevel.INFO, ["info", "warning", "error"]),
        (LogLevel.WARNING, ["warning", "error"]),
        (LogLevel.ERROR, ["error"]),
    ],
)
@pytest.mark.parametrize("name", ["bot.engine.turn", "adapters.console.chat", "storage.engine"])
def test_our_own_lines_below_the_level_are_not_written(
    out: io.StringIO, level: LogLevel, expected: list[str], name: str
) -> None:
    configure_logging(level, LogFormat.JSON, out)
    log = get_logger(name)

    for method in ("debug", "info", "warning", "error"):
        getattr(log, method)(method)

    assert [line["event"] for line in lines(out)] == expected


def test_libraries_stay_quiet_below_warning_however_much_we_want_to_know(out: io.StringIO) -> None:
    configure_logging(LogLevel.DEBUG, LogFormat.JSON, out)

    for name in ("sqlalchemy.engine.Engine", "aiosqlite", "httpx", "alembic.runtime.migration"):
        logging.getLogger(name).debug("INSERT INTO turns VALUES ('what Ana wrote')")
        logging.getLogger(name).info("statement")
        logging.getLogger(name).warning("%s is slow", name)

    written = lines(out)
    assert [line["logger"] for line in written] == [
        "sqlalchemy.engine.Engine",
        "aiosqlite",
        "httpx",
        "alembic.runtime.migration",
    ]
    assert written[1]["event"] == "aiosqlite is slow"
    assert written[1]["level"] == "warning"


def test_an_exception_is_one_json_line_with_its_trace(out: io.StringIO) -> None:
    configure_logging(LogLevel.INFO, LogFormat.JSON, out)

    try:
        raise ValueError("a broken thing")
    except ValueError:
        get_logger("bot.x").exception("turn_failed")
        logging.getLogger("library").exception("theirs")

    ours, theirs = lines(out)
    assert ours["event"] == "turn_failed"
    for line in (ours, theirs):
        assert line["level"] == "error"
        assert line["exception"].startswith("Traceback (most recent call last)")
        assert line["exception"].endswith("ValueError: a broken thing")
        assert "exc_info" not in line


@pytest.mark.parametrize("fmt", [LogFormat.TEXT, LogFormat.JSON])
def test_a_trace_shows_no_local_variables(fmt: LogFormat) -> None:
    out = Terminal()
    configure_logging(LogLevel.INFO, fmt, out)
    text = f"what {'Ana'} wrote"  # written so that the line of code does not match itself

    try:
        raise ValueError(len(text))
    except ValueError:
        get_logger("bot.x").exception("turn_failed")

    assert "ValueError" in out.getvalue()
    assert "what Ana wrote" not in out.getvalue()


def test_values_that_json_does_not_know_do_not_break_the_line(out: io.StringIO) -> None:
    configure_logging(LogLevel.INFO, LogFormat.JSON, out)

    get_logger("bot.x").info("odd", value=object(), broken="a\ud800b")

    assert lines(out)[0]["value"].startswith("<object object")


def test_configuring_twice_writes_every_line_once(out: io.StringIO) -> None:
    earlier = io.StringIO()
    configure_logging(LogLevel.INFO, LogFormat.JSON, earlier)
    configure_logging(LogLevel.INFO, LogFormat.JSON, out)

    get_logger("bot.x").info("once")

    assert len(lines(out)) == 1
    assert earlier.getvalue() == ""


def test_lines_go_to_standard_error_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogLevel.INFO, LogFormat.JSON)

    get_logger("bot.x").info("hello")

    said = capsys.readouterr()
    assert said.out == ""
    assert '"hello"' in said.err
