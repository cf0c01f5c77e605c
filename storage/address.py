"""Where the database is: the addresses people write, mapped to the asynchronous drivers."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import StorageUnavailableError

_SQLITE = frozenset({"sqlite", "sqlite+aiosqlite"})
_POSTGRES = frozenset({"postgres", "postgresql", "postgresql+asyncpg"})
_EXAMPLES = "Use sqlite:///path/to/ellie.db or postgresql://user:password@host/database."

# Hosting providers hand out addresses for libpq; these are asyncpg's names for the same things.
_LIBPQ_NAMES = {"sslmode": "ssl", "connect_timeout": "timeout"}
_LIBPQ_ONLY = frozenset({"channel_binding", "gssencmode"})
_ASYNCPG_NAMES = frozenset({"host", "port", "ssl", "timeout", "passfile", "target_session_attrs"})


@dataclass(frozen=True, slots=True)
class Address:
    """The place of one database. As text it names the file or host, and never a password."""

    url: URL
    path: Path | None
    """The file of a SQLite database, None for PostgreSQL."""

    def __str__(self) -> str:
        if self.path is not None:
            return f"the database file {self.path}"
        host = self.url.host or self.url.query.get("host") or "localhost"
        port = f":{self.url.port}" if self.url.port else ""
        return f"the PostgreSQL database {self.url.database!r} at {host}{port}"


def parse_address(url: str) -> Address:
    """The address that a person wrote as a URL.

    Raises:
        StorageUnavailableError: when no driver can open such an address.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The parser's own message quotes the address, password included.
        message = f"The database address is not a URL. {_EXAMPLES}"
        raise StorageUnavailableError(message) from None
    if parsed.drivername in _SQLITE:
        return _sqlite(parsed)
    if parsed.drivername in _POSTGRES:
        return _postgres(parsed)
    raise StorageUnavailableError(
        f"Ellie cannot use a database of the kind {parsed.drivername!r}. {_EXAMPLES}"
    )


def _sqlite(url: URL) -> Address:
    if url.host:
        raise StorageUnavailableError(
            f"A SQLite address has three slashes, or four before an absolute path. {_EXAMPLES}"
        )
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise StorageUnavailableError(
            f"SQLite needs the path of a file, so that memory survives a restart. {_EXAMPLES}"
        )
    path = Path(url.database).expanduser().absolute()
    return Address(URL.create("sqlite+aiosqlite", database=str(path)), path)


def _postgres(url: URL) -> Address:
    if find_spec("asyncpg") is None:
        raise StorageUnavailableError(
            "PostgreSQL needs a driver that is not installed. Run: pip install 'ellie[postgres]'"
        )
    query: dict[str, str | tuple[str, ...]] = {}
    for name, value in url.query.items():
        if name in _LIBPQ_ONLY:
            continue
        known = _LIBPQ_NAMES.get(name, name)
        if known not in _ASYNCPG_NAMES:
            raise StorageUnavailableError(
                f"The PostgreSQL address has an option that Ellie does not know: {name!r}. "
                f"Remove it; known are {', '.join(sorted(_ASYNCPG_NAMES | set(_LIBPQ_NAMES)))}."
            )
        query[known] = value
    return Address(url.set(drivername="postgresql+asyncpg", query=query), None)
