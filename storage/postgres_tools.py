"""The commands of PostgreSQL's own tools for a database of ours, without its password."""

from __future__ import annotations

import shlex

from sqlalchemy.engine import make_url

_LIBPQ_NAMES = {"ssl": "sslmode", "timeout": "connect_timeout"}


def dump_command(url: str, file: str) -> str:
    """How to write a backup of the database at ``url``."""
    return shlex.join(["pg_dump", "--format=custom", f"--file={file}", _target(url)])


def restore_command(url: str, file: str) -> str:
    """How to put a backup in place of the whole database at ``url``.

    The database is dropped and made anew: a table that the backup does not have must not stay,
    least of all the erase list.
    """
    elsewhere = _target(url, database="postgres")
    options = ["--create", "--clean", "--if-exists", "--no-owner", "--exit-on-error"]
    return shlex.join(["pg_restore", *options, f"--dbname={elsewhere}", file])


def _target(url: str, *, database: str | None = None) -> str:
    parsed = make_url(url)
    parsed = parsed if database is None else parsed.set(database=database)
    query = {_LIBPQ_NAMES.get(name, name): value for name, value in parsed.query.items()}
    plain = parsed.set(drivername="postgresql", query=query)
    # A password that is not there cannot be shown; the tools ask for it, or read it elsewhere.
    return plain._replace(password=None).render_as_string(hide_password=False)
