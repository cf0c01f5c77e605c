"""What no source may do, whatever it is for: read from the sources themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("adapters", "bot", "migrations", "storage")
SOURCES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8"))
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}
DATABASES = {"sqlalchemy", "alembic", "sqlite3", "aiosqlite", "asyncpg", "psycopg", "psycopg2"}
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}
HANDED_ON = {"event", "reason"}
"""Names of parameters for which a caller in our own sources has written an event out."""
HARMLESS_IN_SQL = {"table.name", "_ADVISORY_LOCK"}
"""What is put into statements of SQL: names of our own tables and numbers of our own."""
ALEMBICS_OWN = "migrations/versions/"
"""What a released migration says never changes, and nobody's words are in it."""


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Every call: the file, what is called, and how."""
    for file, tree in SOURCES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield file, ast.unparse(node.func), node


def imported(tree: ast.AST) -> Iterator[str]:
    """The packages that a source imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module).partition(".")[0]


def put_in(expression: ast.expr) -> set[str]:
    """What becomes part of a text that is not written out where the text is."""
    if isinstance(expression, ast.Constant):
        return set()
    if isinstance(expression, ast.JoinedStr):
        parts = [part for part in expression.values if isinstance(part, ast.FormattedValue)]
        return {ast.unparse(part.value) for part in parts}
    return {ast.unparse(expression)}


def test_there_is_something_to_read() -> None:
    assert len(SOURCES) > 300
    assert sum(1 for _ in calls()) > 5_000


def test_databases_are_spoken_to_in_storage_and_migrations_alone() -> None:
    for file, tree in SOURCES.items():
        if not file.startswith(("storage/", "migrations/")):
            assert DATABASES.isdisjoint(imported(tree)), file


def test_no_statement_of_sql_is_put_together_from_words() -> None:
    found = 0
    for file, name, call in calls():
        is_sql = name.rpartition(".")[2] in {"exec_driver_sql", "execute", "text"} and call.args
        if not is_sql or file.startswith((ALEMBICS_OWN, "bot/", "adapters/")):
            continue
        if name.endswith("execute") and not isinstance(call.args[0], ast.Constant | ast.JoinedStr):
            continue  # an expression of SQLAlchemy, in which values are parameters
        found += 1
        assert put_in(call.args[0]) <= HARMLESS_IN_SQL, f"{file}: {ast.unparse(call)}"
    assert found > 2


def test_nothing_is_run_by_a_shell_or_as_a_program() -> None:
    for file, name, call in calls():
        assert name not in {"eval", "exec", "compile", "os.system", "os.popen"}, file
        assert not name.startswith(("os.exec", "os.spawn")), file
        assert "create_subprocess_shell" not in name, file
        shells = [keyword for keyword in call.keywords if keyword.arg == "shell"]
        assert not shells, f"{file}: {ast.unparse(call)}"


def test_events_in_logs_are_written_out() -> None:
    """Words of people can be values at most, which the renderers quote, and never the event."""
    found = 0
    for file, name, call in calls():
        logger, _, level = name.rpartition(".")
        if level in LEVELS and logger.rpartition(".")[2] in {"log", "_log", "logger"} and call.args:
            found += 1
            event = call.args[0]
            names = {node.id for node in ast.walk(event) if isinstance(node, ast.Name)}
            assert names <= HANDED_ON, f"{file}: {ast.unparse(call)}"
            assert not isinstance(event, ast.JoinedStr | ast.BinOp), f"{file}: {ast.unparse(call)}"
            assert len(call.args) == 1, f"{file}: {ast.unparse(call)}"
    assert found > 100


def test_no_template_is_put_together_where_it_is_filled_in() -> None:
    """``(template + words).format()`` would read the words as a template."""
    for file, name, call in calls():
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"format", "format_map"}:
            filled = call.func.value
            assert not isinstance(filled, ast.JoinedStr | ast.BinOp), f"{file}: {name}"
