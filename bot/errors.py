"""Every error Ellie raises on purpose.

    EllieError
    ├── ConfigError             settings that cannot be used, all of them at once
    ├── UsageError              a command was called in a way that cannot work
    ├── ImportRefusedError      a file is no export that could be imported here
    ├── ModelError
    │   ├── UnknownModelError   the name is no alias, hub id, folder or GGUF file
    │   ├── ModelFetchError     the files could not be fetched
    │   ├── ModelCorruptError   the files are there but not what they should be
    │   └── DiskFullError       there is no room for them
    ├── GenerationError
    │   ├── GeneratorBusyError      the queue is full; nothing was accepted
    │   ├── GenerationTimeoutError  the time limit passed before the first word
    │   ├── PromptTooLongError      the prompt does not fit the model's window
    │   ├── LanguageError           the model does not write the language that was asked for
    │   ├── NothingSaidError        the model came to its end without a word
    │   ├── EngineFailedError       the inference engine broke while this ran
    │   └── ScoringUnsupportedError the engine cannot tell how likely a text is
    ├── PlatformError             Discord or Slack broke off, and trying again is of no use
    │   ├── PlatformRefusedError      it does not accept the token, or what is asked of it
    │   └── PlatformUnreachableError  it cannot be reached
    └── StorageError
        ├── StorageUnavailableError  the database cannot be reached or opened
        ├── StorageFullError         the disk under the database is full
        ├── StorageBusyError         another program holds the database locked
        └── SchemaTooNewError        the database belongs to a newer Ellie

An error's message is one or two sentences for the person who runs Ellie: what happened and what to
do. Errors of foreign libraries are translated into these where they enter, with ``from``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class EllieError(Exception):
    """Something went wrong that Ellie knows about."""

    exit_code: ClassVar[int] = 1
    """What the command line exits with; the values follow BSD's ``sysexits.h``."""


class UsageError(EllieError):
    """This command cannot be used like that."""

    exit_code = 64  # EX_USAGE


class ImportRefusedError(EllieError):
    """A file cannot be imported; nothing was changed."""

    exit_code = 65  # EX_DATAERR


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One setting that cannot be used: its name, what was wrong, and a value that would work."""

    setting: str
    message: str
    example: str

    def __str__(self) -> str:
        return f"{self.setting}: {self.message} Example: {self.example}"


class ConfigError(EllieError):
    """Some settings cannot be used."""

    exit_code = 78  # EX_CONFIG

    def __init__(self, problems: Sequence[ConfigProblem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        heading = "1 setting needs" if count == 1 else f"{count} settings need"
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(f"{heading} attention:\n{lines}")


class ModelError(EllieError):
    """The language model cannot be used."""

    exit_code = 69  # EX_UNAVAILABLE


class UnknownModelError(ModelError):
    """No model goes by that name."""

    exit_code = 64


class ModelFetchError(ModelError):
    """The model's files could not be fetched."""


class ModelCorruptError(ModelError):
    """The model's files are damaged or incomplete."""

    exit_code = 65  # EX_DATAERR


class DiskFullError(ModelError):
    """There is not enough free disk space for the model."""

    exit_code = 74  # EX_IOERR


class GenerationError(EllieError):
    """A reply could not be generated."""


class GeneratorBusyError(GenerationError):
    """Too many requests are waiting; try again in a moment."""


class GenerationTimeoutError(GenerationError):
    """The time limit passed before the first word was written."""


class PromptTooLongError(GenerationError):
    """The prompt does not fit the model's context window."""


class LanguageError(GenerationError):
    """The model does not write that language."""


class NothingSaidError(GenerationError):
    """The model came to its end without a word for the person."""


class EngineFailedError(GenerationError):
    """The inference engine failed and is being restarted; try again."""


class ScoringUnsupportedError(GenerationError):
    """This model's engine does not tell how likely a text is; another one may."""


class DisturbedError(EllieError):
    """Background work found no pause in the conversation that was long enough for it."""


class PlatformError(EllieError):
    """A chat platform cannot be used."""

    exit_code = 69


class PlatformRefusedError(PlatformError):
    """The platform does not accept the token, or does not grant what is asked with it."""

    exit_code = 77  # EX_NOPERM


class PlatformUnreachableError(PlatformError):
    """The platform cannot be reached."""


class StorageError(EllieError):
    """The database cannot be used."""

    exit_code = 69


class StorageUnavailableError(StorageError):
    """The database cannot be reached or opened."""


class StorageFullError(StorageError):
    """The disk that holds the database is full. Free some space and try again."""

    exit_code = 74


class StorageBusyError(StorageError):
    """Another program keeps the database locked. Stop it, or try again in a moment."""

    exit_code = 75  # EX_TEMPFAIL


class SchemaTooNewError(StorageError):
    """The database was written by a newer version of Ellie. Start that version, or upgrade."""

    exit_code = 78
