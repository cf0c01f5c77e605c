"""An export as files: JSON for programs, Markdown for people. Both hold all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import regex

from bot.commands.reply import ReplyFile
from bot.engine.memory_export import MemoryDocument

_NOTHING = "-"

_ABOVE = ("schema", "exported_at", "retention_days", "bookkeeping")

_HEADINGS = {
    "conversations": "Places",
    "facts": "Facts",
    "turns": "Messages",
    "episodes": "Summaries",
    "operations": "Changes of memory",
    "compactions": "Compactions of memory",
    "traces": "What was in mind for each reply",
    "deliveries": "Where replies are shown",
    "feedback": "What you thought of replies",
}


def export_files(document: MemoryDocument, formats: frozenset[str]) -> tuple[ReplyFile, ...]:
    """The document in each of ``formats`` (``json``, ``markdown``), named after its day."""
    name = f"ellie-export-{document.value('exported_at')[:10]}"
    files = []
    if "json" in formats:
        files.append(
            ReplyFile(name=f"{name}.json", media_type="application/json", content=document.content)
        )
    if "markdown" in formats:
        content = "\n".join(_markdown(document)) + "\n"
        files.append(
            ReplyFile(name=f"{name}.md", media_type="text/markdown", content=content.encode())
        )
    return tuple(files)


def _markdown(document: MemoryDocument) -> Iterator[str]:
    yield "# What Ellie stores about you"
    yield ""
    yield from _fields({key: document.value(key) for key in _ABOVE})
    yield from ("", "## You", "")
    yield from _fields(document.value("person"))
    yield from ("", "## Accounts", "")
    for identity in document.each("identities"):
        yield from _entry(identity["external_id"], identity, {})
    for key, heading in _HEADINGS.items():
        yield from ("", f"## {heading}", "")
        if not document.count(key):
            yield "None."
        for item in document.each(key):
            yield from _TITLED[key](item)


def _fact(fact: Mapping[str, Any]) -> Iterator[str]:
    yield from _entry(f"#{fact['number']}", fact, {"text": fact["text"]})


def _turn(turn: Mapping[str, Any]) -> Iterator[str]:
    words = {"text": turn["text"], "reply": turn["reply"]}
    yield from _entry(f"m{turn['number']}, {turn['received_at']}", turn, words)


def _operation(operation: Mapping[str, Any]) -> Iterator[str]:
    yield from _entry(f"{operation['kind']}, {operation['happened_at']}", operation, {})


def _episode(episode: Mapping[str, Any]) -> Iterator[str]:
    title = f"m{episode['first_number']} to m{episode['last_number']}, {episode['began_at']}"
    yield from _entry(title, episode, {})


def _compaction(job: Mapping[str, Any]) -> Iterator[str]:
    yield from _entry(f"{job['status']}, {job['started_at']}", job, {})


def _place(place: Mapping[str, Any]) -> Iterator[str]:
    yield from _entry(place["ref"]["channel_id"], place, {})


def _of_turn(item: Mapping[str, Any]) -> Iterator[str]:
    yield from _entry(item["turn_id"], item, {})


_TITLED = {
    "conversations": _place,
    "facts": _fact,
    "turns": _turn,
    "episodes": _episode,
    "operations": _operation,
    "compactions": _compaction,
    "traces": _of_turn,
    "deliveries": _of_turn,
    "feedback": _of_turn,
}


def _entry(title: str, item: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[str]:
    """A heading, what was said as quotations, and every other field as a list."""
    yield f"### {title}"
    yield ""
    for name, text in words.items():
        if text:
            yield f"**{name}**"
            yield ""
            yield from (f"> {line}" for line in text.splitlines())
            yield ""
    yield from _fields({name: value for name, value in item.items() if name not in words})
    yield ""


def _fields(fields: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    for name, value in fields.items():
        yield from _field(f"{indent}- {name}:", value, indent)


def _field(start: str, value: Any, indent: str) -> Iterator[str]:
    inner = f"{indent}  "
    if isinstance(value, Mapping):
        yield start if value else f"{start} {_NOTHING}"
        yield from _fields(value, inner)
    elif isinstance(value, list):
        yield start if value else f"{start} {_NOTHING}"
        for item in value:
            if isinstance(item, Mapping):
                yield f"{inner}-"
                yield from _fields(item, f"{inner}  ")
            else:
                yield f"{inner}- {_line(item)}"
    else:
        yield f"{start} {_line(value)}"


def _line(value: Any) -> str:
    """A value on one line, with what Markdown would take for markup escaped."""
    if value is None or value == "":
        return _NOTHING
    line = " ".join(str(value).split())
    return regex.sub(r"([\\`*<>\[\]])", r"\\\1", line)
