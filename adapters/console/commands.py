"""What only the terminal has: leaving, showing a file, and a folder for exports."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import regex

from bot.commands.definitions import EXPORT
from bot.commands.language import Language
from bot.commands.parsing import Invocation, is_command, parse_command
from bot.commands.reply import Row, Section
from bot.domain.text import clean_text

HELP = {
    Language.ENGLISH: Section(
        title="In the terminal",
        rows=(
            Row(label="/show FILE [CAPTION]", text="show me a file: its name, kind and size"),
            Row(label="/memory export [FOLDER]", text="write the files there; else where I run"),
            Row(label="/quit", text="leave (so does Ctrl-D)"),
            Row(label="Ctrl-C", text="stop a reply"),
            Row(label="//…", text="a message that begins with a slash"),
        ),
    ),
    Language.CHINESE: Section(
        title="在终端里",
        rows=(
            Row(label="/show FILE [CAPTION]", text="给我看一个文件：名字、种类和大小"),
            Row(label="/memory export [FOLDER]", text="把文件写到那个文件夹；不写就在当前文件夹"),
            Row(label="/quit", text="离开（Ctrl-D 也可以）"),
            Row(label="Ctrl-C", text="停止回复"),
            Row(label="//…", text="以斜杠开头的消息"),
        ),
    ),
}
"""What help adds in the terminal."""

_QUIT = regex.compile(r"/\s*(?:quit|exit)", regex.IGNORECASE)
_SHOW = regex.compile(r"/\s*show(?:\s+(?P<rest>.+))?", regex.IGNORECASE | regex.DOTALL)
_EXPORT = regex.compile(
    r"(?P<command>/\s*(?:memory\s+)?export|/\s*导出)(?:\s+to)?\s+(?P<folder>.+)", regex.IGNORECASE
)


class Quit:
    """The person leaves."""


@dataclass(frozen=True, slots=True)
class Show:
    """A file to show; ``path`` is None when none was named."""

    path: Path | None
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Export:
    """An export into a folder."""

    folder: Path
    invocation: Invocation


def parse_console_command(line: str) -> Quit | Show | Export | None:
    """The terminal's own command in ``line``; None when it is anything else."""
    text = line.strip()
    if not is_command(text):
        return None
    if _QUIT.fullmatch(text):
        return Quit()
    if found := _SHOW.fullmatch(text):
        return _show(found["rest"] or "")
    if found := _EXPORT.fullmatch(text):
        return _export(text, found["command"], found["folder"])
    return None


def _show(rest: str) -> Show:
    name, _, caption = rest.strip().partition(" ")
    if rest.strip()[:1] in ("'", '"'):
        try:
            name, *others = shlex.split(rest)
        except ValueError:  # a quotation mark without the other
            return Show(None)
        caption = " ".join(others)
    return Show(_path(name) if name else None, clean_text(caption))


def _export(text: str, command: str, folder: str) -> Export | None:
    if isinstance(parse_command(text), Invocation):  # it names a format
        return None
    invocation = parse_command(command)
    if not isinstance(invocation, Invocation) or invocation.command is not EXPORT:
        return None
    return Export(_path(folder.strip().strip("'\"")), invocation)


def _path(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:  # nobody is called that: then it is a name like any other, as in a shell
        return Path(name)
