"""Errors of SQLAlchemy and the drivers, translated once into :mod:`bot.errors`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.errors import (
    StorageBusyError,
    StorageError,
    StorageFullError,
    StorageUnavailableError,
)
from storage.address import Address

_Translation = tuple[type[StorageError], str]

_BUSY: _Translation = (
    StorageBusyError,
    "Another program keeps {place} locked. Stop it, or try again in a moment.",
)
_FULL: _Translation = (
    StorageFullError,
    "The disk that holds {place} is full. Free some space and try again.",
)
_LOST: _Translation = (
    StorageUnavailableError,
    "The connection to {place} was lost. Check that the server runs, then try again.",
)
_AUTH: _Translation = (
    StorageUnavailableError,
    "{place} refused the user name or password. Correct them in the database address.",
)
_READ_ONLY: _Translation = (
    StorageUnavailableError,
    "{place} is read-only. Make the file and its folder writable for Ellie.",
)
_DAMAGED: _Translation = (
    StorageUnavailableError,
    "{place} is damaged or no SQLite database. Restore a backup, or move it away to begin anew.",
)

# By the beginning of the error's name, so that SQLite's extended codes are covered too.
_SQLITE: dict[str, _Translation] = {
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_CANTOPEN": (
        StorageUnavailableError,
        "{place} cannot be opened. Check that its folder exists and Ellie may write there.",
    ),
    "SQLITE_IOERR": (
        StorageUnavailableError,
        "The disk reported an error on {place}. Check the disk and its free space.",
    ),
}

# By the beginning of the SQLSTATE: five characters for one condition, two for a class.
_POSTGRES: dict[str, _Translation] = {
    "08": _LOST,
    "25006": (
        StorageUnavailableError,
        "{place} is read-only, perhaps a standby. Point Ellie at the primary server.",
    ),
    "28": _AUTH,
    "3D000": (
        StorageUnavailableError,
        "There is no such database as {place}. Create it, or correct the database address.",
    ),
    "40": _BUSY,
    "42501": (
        StorageUnavailableError,
        "The user of {place} may not do that. Give it the rights to create and change tables.",
    ),
    "53100": _FULL,
    "53300": (
        StorageBusyError,
        "{place} has too many connections. Try again in a moment, or raise max_connections.",
    ),
    "55P03": _BUSY,
    "57P": (
        StorageUnavailableError,
        "{place} is starting up or shutting down. Try again in a moment.",
    ),
}


@contextmanager
def translated(address: Address) -> Iterator[None]:
    """Let nothing out but errors of :mod:`bot.errors`, with the foreign one as their cause.

    Wraps statements and connecting only, so that no bug of ours is taken for the database's.
    """
    try:
        yield
    except DBAPIError as error:
        kind, message = _LOST if error.connection_invalidated else _recognise(error.orig)
        raise kind(_sentence(message, address)) from error
    except sqlite3.Error as error:  # from statements that go past SQLAlchemy, such as VACUUM
        kind, message = _recognise(error)
        raise kind(_sentence(message, address)) from error
    except PoolTimeoutError as error:
        message = "{place} is too busy: no connection became free in time. Try again in a moment."
        raise StorageBusyError(_sentence(message, address)) from error
    except OSError as error:  # asyncpg reports a server that does not answer like this
        reason = error.strerror or "no answer in time"
        what = "server" if address.path is None else "folder"
        message = f"{{place}} cannot be reached ({reason}). Check the address and the {what}."
        raise StorageUnavailableError(_sentence(message, address)) from error
    except SQLAlchemyError as error:
        message = f"A value could not be kept in {{place}} ({type(error).__name__})."
        raise StorageError(_sentence(message, address)) from error


def _recognise(error: BaseException | None) -> _Translation:
    for attribute, known in (("sqlite_errorname", _SQLITE), ("sqlstate", _POSTGRES)):
        code = getattr(error, attribute, None)
        if not isinstance(code, str):
            continue
        for beginning, translation in known.items():
            if code.startswith(beginning):
                return translation
        return StorageError, f"{{place}} refused a statement ({code})."
    return StorageError, f"{{place}} refused a statement ({type(error).__name__})."


def _sentence(message: str, address: Address) -> str:
    sentence = message.replace("{place}", str(address))
    return sentence[0].upper() + sentence[1:]
