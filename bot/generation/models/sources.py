"""What a model setting can name, and how it is understood."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from bot.errors import UnknownModelError
from bot.generation.models.catalogue import (
    EVERYTHING,
    BuiltInAny,
    BuiltInEncoder,
    Catalogue,
)
from bot.generation.models.gguf_header import MAGIC
from bot.generation.remote.address import RemoteModel, is_address, parse_address

_HUB_ID = re.compile(r"(?P<repo>\w[\w.-]*/\w[\w.-]*)(?:@(?P<revision>[\w][\w./-]*))?", re.ASCII)
_LOOKS_LIKE_A_PATH = re.compile(r"[/~\\]|\.{1,2}[/\\]|[A-Za-z]:[/\\]")


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A model of the catalogue."""

    model: BuiltInAny

    def __str__(self) -> str:
        return self.model.name


@dataclass(frozen=True, slots=True)
class HubModel:
    """A repository on a model hub, at a branch, tag or commit; ``None`` is its main branch."""

    repo: str
    revision: str | None = None

    def __str__(self) -> str:
        return self.repo if self.revision is None else f"{self.repo}@{self.revision}"


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A folder with ``config.json``, tokenizer and safetensors weights. Ellie only reads it."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class GgufFile:
    """A GGUF file of the owner. Ellie converts it into her own store and leaves it alone."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


ModelSource = BuiltIn | HubModel | LocalFolder | GgufFile
"""Where a model comes from. ``str()`` of it is a setting that names it."""

AnySource = ModelSource | RemoteModel
"""The same, or the server that has it."""


def parse_source(setting: str, catalogue: Catalogue = EVERYTHING) -> ModelSource:
    """Understand a model setting.

    An alias wins over everything, a path that exists wins over a hub id. Paths become absolute.

    Raises:
        UnknownModelError: it is none of the four forms, or a path where nothing usable is.
    """
    text = setting.strip()
    if model := catalogue.get(text.lower()):
        return BuiltIn(model)
    if is_address(text):
        raise UnknownModelError(
            f"{parse_address(text)} is a server, and a model on this machine is wanted here. "
            f"{_forms(catalogue)}"
        )
    if not text:
        raise UnknownModelError(f"The model's name is empty. {_forms(catalogue)}")
    try:
        path = Path(text).expanduser().absolute()
        is_folder, exists = path.is_dir(), path.exists()
    except (OSError, RuntimeError, ValueError) as error:
        raise UnknownModelError(f"'{text}' cannot be a path: {error}") from error
    if is_folder:
        return LocalFolder(path)
    if exists:
        return _gguf_file(path)
    if _LOOKS_LIKE_A_PATH.match(text) or text.lower().endswith(".gguf"):
        raise UnknownModelError(f"There is no file or folder at {path}. {_forms(catalogue)}")
    if match := _HUB_ID.fullmatch(text):
        return HubModel(match["repo"], match["revision"])
    close = difflib.get_close_matches(text.lower(), catalogue, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    raise UnknownModelError(f"No model is called '{text}'.{hint} {_forms(catalogue)}")


def parse_chat_source(setting: str) -> AnySource:
    """Understand the setting of the model that chats; see :func:`parse_source`.

    Raises:
        UnknownModelError: as there, and for a built-in encoder.
    """
    return parse_address(setting) if is_address(setting) else parse_local_chat_source(setting)


def parse_local_chat_source(setting: str) -> ModelSource:
    """The same for a model that has to be on this machine.

    Raises:
        UnknownModelError: as there, and for a server.
    """
    source = parse_source(setting)
    if isinstance(source, BuiltIn) and isinstance(source.model, BuiltInEncoder):
        raise UnknownModelError(
            f"{source} compares texts and cannot chat. Set ELLIE_ENCODER={source} to recall with "
            "it, and ELLIE_MODEL to a model that chats, for example ellie-small."
        )
    return source


def parse_encoder_source(setting: str) -> ModelSource:
    """Understand the setting of the sentence encoder; see :func:`parse_source`.

    Raises:
        UnknownModelError: as there, and for a built-in model that chats or a GGUF file.
    """
    source = parse_source(setting)
    if isinstance(source, GgufFile) or (
        isinstance(source, BuiltIn) and not isinstance(source.model, BuiltInEncoder)
    ):
        raise UnknownModelError(
            f"{source} is no sentence encoder. Set ELLIE_ENCODER to ellie-encoder, a hub id or a "
            "folder of one, or to none."
        )
    return source


def parse_compact_source(setting: str) -> AnySource | None:
    """Understand the setting of the model that writes summaries; see :func:`parse_source`.

    None when it asks for no model of its own: none, chat or auto.

    Raises:
        UnknownModelError: as there, and for a built-in encoder.
    """
    if setting.strip().lower() in {"none", "chat", "auto"}:
        return None
    if is_address(setting):
        return parse_address(setting)
    source = parse_source(setting)
    if isinstance(source, BuiltIn) and isinstance(source.model, BuiltInEncoder):
        raise UnknownModelError(
            f"{source} compares texts and cannot write. Set ELLIE_COMPACT_MODEL to none, chat, "
            "auto, or a model that chats or summarises, for example facebook/bart-large-cnn."
        )
    return source


def parse_see_source(setting: str) -> ModelSource | None:
    """Understand the setting of the model that looks at pictures; see :func:`parse_source`.

    None when it asks for none.

    Raises:
        UnknownModelError: as there, and for a built-in model or a GGUF file.
    """
    if setting.strip().lower() == "none":
        return None
    source = parse_source(setting)
    if isinstance(source, BuiltIn | GgufFile):
        raise UnknownModelError(
            f"{source} cannot look at pictures. Set ELLIE_SEE_MODEL to a hub id or a folder of a "
            "model that can, for example HuggingFaceTB/SmolVLM-256M-Instruct, or to none."
        )
    return source


def parse_role_source(setting: str, variable: str) -> ModelSource | None:
    """Understand the setting of a model that sums up or translates; see :func:`parse_source`.

    None for chat: the model that people talk with. ``variable`` is what is named in an error.

    Raises:
        UnknownModelError: as there, and for a built-in encoder.
    """
    if setting.strip().lower() == "chat":
        return None
    source = parse_source(setting)
    if isinstance(source, BuiltIn) and isinstance(source.model, BuiltInEncoder):
        raise UnknownModelError(
            f"{source} compares texts and cannot write. Set {variable} to chat, or to a model that "
            "chats or is made for it."
        )
    return source


def _gguf_file(path: Path) -> GgufFile:
    try:
        with path.open("rb") as file:
            magic = file.read(len(MAGIC))
    except OSError as error:
        raise UnknownModelError(f"{path} cannot be read: {error.strerror}") from error
    if magic != MAGIC:
        raise UnknownModelError(
            f"{path} is not a GGUF file. Name a GGUF file, or the folder that holds config.json."
        )
    return GgufFile(path)


def _forms(catalogue: Catalogue) -> str:
    return (
        f"Built-in models: {', '.join(catalogue)}. Or name a hub id (org/name or "
        "org/name@revision), a folder (/path/to/model), or a GGUF file (/path/to/model.gguf)."
    )
