"""From the bytes of a file to a document whose every value has its type and size."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, NoReturn

from pydantic import TypeAdapter, ValidationError

from bot.engine.importing.document import Document
from bot.engine.importing.limits import out_of_bounds
from bot.engine.importing.problems import Problem, refuse
from bot.engine.memory_export import SCHEMA
from bot.errors import ImportRefusedError

MAX_BYTES = 512 * 1024 * 1024

_LONGEST_NAME = 60

_ARCHIVES = {b"PK": "a zip archive", b"\x1f\x8b": "a gzip archive", b"BZ": "a bzip2 archive"}

_SAID = {
    "missing": "is missing",
    "string_type": "has to be a text",
    "int_type": "has to be a whole number",
    "int_from_float": "has to be a whole number",
    "int_parsing_size": "is a number out of all bounds",
    "float_type": "has to be a number",
    "bool_type": "has to be true or false",
    "tuple_type": "has to be a list",
    "dataclass_type": "has to be an object",
    "dataclass_exact_type": "has to be an object",
    "dict_type": "has to be an object",
    "mapping_type": "has to be an object",
    "datetime_type": "has to be a time as ISO 8601 writes it",
    "datetime_parsing": "has to be a time as ISO 8601 writes it",
    "datetime_from_date_parsing": "has to be a time as ISO 8601 writes it",
    "datetime_object_invalid": "has to be a time as ISO 8601 writes it",
    "string_unicode": "has text that is no Unicode",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDocument:
    """What a file holds. ``unknown`` are the names of lists that a newer Ellie may have added."""

    document: Document
    unknown: tuple[str, ...]


def read_document(content: bytes) -> FoundDocument:
    """The document in a file.

    Raises:
        ImportRefusedError: there is none, or something in it has the wrong type or is too large.
    """
    if len(content) > MAX_BYTES:
        raise ImportRefusedError(
            f"The file has more than {MAX_BYTES // 1024**2} MB. That is no export of one person."
        )
    text = _text(content)
    names = _check_json(text)
    try:
        document = _adapter().validate_json(text, strict=True)
    except ValidationError as error:
        refuse(list(_problems(error)))
        raise
    refuse([*_of_schema(document.schema), *out_of_bounds(document)])
    known = {field.name for field in fields(Document)}
    unknown = (name[:_LONGEST_NAME] for name in names if name not in known)
    return FoundDocument(document=document, unknown=tuple(sorted(unknown)))


@cache
def _adapter() -> TypeAdapter[Document]:
    return TypeAdapter(Document)


def _text(content: bytes) -> str:
    for beginning, what in _ARCHIVES.items():
        if content.startswith(beginning):
            raise ImportRefusedError(
                f"The file is {what}. Unpack it, and import the .json file in it."
            )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportRefusedError(
            f"The file is no text in UTF-8: byte {error.start} does not fit. "
            "Import the .json file that `/memory export` gave."
        ) from error


def _check_json(text: str) -> Iterable[str]:
    """Look for what pydantic lets pass: names that come twice, numbers that are none.

    Returns the outermost names.

    Raises:
        ImportRefusedError: it is no JSON, or has one of these.
    """
    try:
        found = json.loads(
            text,
            object_pairs_hook=_once_each,
            parse_constant=_refuse_constant,
            parse_int=_short_number,
            parse_float=_short_number,
        )
    except json.JSONDecodeError as error:
        raise ImportRefusedError(
            f"The file is no JSON: line {error.lineno}, column {error.colno}: {error.msg}. "
            "Import the .json file that `/memory export` gave, whole and unchanged."
        ) from error
    except RecursionError as error:
        raise ImportRefusedError("The file is nested too deeply to be an export.") from error
    if not isinstance(found, dict):
        raise ImportRefusedError("The file holds no JSON object, and an export is one.")
    return found


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, None]:
    names = dict.fromkeys(name for name, _ in pairs)
    if len(names) < len(pairs):
        raise ImportRefusedError(
            "The file has an object with the same name twice, so it is unclear which counts."
        )
    return names  # what the names stand for is not looked at, and need not be kept


def _refuse_constant(name: str) -> NoReturn:
    raise ImportRefusedError(f"The file has {name} in place of a number.")


def _short_number(digits: str) -> None:
    if len(digits) > 40:  # noqa: PLR2004 - more than any number that Ellie writes
        raise ImportRefusedError("The file has a number with more than 40 digits.")


def _of_schema(schema: str) -> list[Problem]:
    if schema == SCHEMA:
        return []
    return [Problem("schema", f"has to be {SCHEMA}; this version knows no other")]


def _problems(error: ValidationError) -> Iterable[Problem]:
    for found in error.errors(include_url=False, include_input=False):
        place = _place(found["loc"])
        kind, message = found["type"], found["msg"]
        if kind == "missing" and len(found["loc"]) == 1:
            yield Problem(
                place, "is missing. An older Ellie may have written the file: export once more"
            )
        elif kind == "value_error":
            yield Problem(place, f"cannot be: {message.removeprefix('Value error, ')}")
        elif kind == "enum":
            yield Problem(place, f"has to be one of {found['ctx']['expected']}")
        else:
            yield Problem(place, _SAID.get(kind) or f"is wrong: {message}")


def _place(steps: tuple[int | str, ...]) -> str:
    """Steps as people write them. Names in the file that Ellie does not know are left out."""
    place = ""
    for step in steps:
        if isinstance(step, int):
            place += f"[{step}]"
        elif step.isidentifier() and step.isascii():
            name = step[:_LONGEST_NAME]
            place += f".{name}" if place else name
    return place or "The file"
