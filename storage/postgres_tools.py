"""The commands of PostgreSQL's own tools for a database of ours, without its password."""

from __future__ import annotations

import shlex

from sqlalchemy.engine import make_url

_LIBPQ_NAMES = {"ssl": "sslmode", "timeout": "connect_timeout"}


def dump_command(url: str, file: str) -> str:
    """How to write a backup of the database at ``url``."""
    return shlex.join(["pg_dump", "--format=custom", f"--file={file}", _target(url)])


def restore_command(url: str, file: str) -> str:
    """How to put a backup in place of what is in the database at ``url``."""
    return shlex.join(
        [
            "pg_restore",
            "--clean",
            "--if-exists",
            "--no-owner",
            "--single-transaction",
            f"--dbname={_target(url)}",
            file,
        ]
    )


def _target(url: str) -> str:
    parsed = make_url(url)
    query = {_LIBPQ_NAMES.get(name, name): value for name, value in parsed.query.items()}
    plain = parsed.set(drivername="postgresql", query=query)
    # A password that is not there cannot be shown; the tools ask for it, or read it elsewhere.
    return plain._replace(password=None).render_as_string(hide_password=False)
