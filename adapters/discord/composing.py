"""An answer as the messages and files that Discord takes."""

from __future__ import annotations

from dataclasses import dataclass

import regex

from adapters.discord.markdown import CODE, FENCE, for_discord
from adapters.fences import Fence, find_fences
from adapters.splitting import length, split
from bot.commands.reply import ReplyFile

MESSAGE_LIMIT = 2000
"""Characters of one message (Discord's resource documentation of messages, "content")."""
TEXT_LIMIT = 1990
"""Characters of answer in one message: a few less, which leaves room for a sign that more is being
written. It is the same in the final form, so that finished messages need no last edit."""
MOST_CODE_MESSAGES = 2
"""A code block that needs more messages becomes a file."""
MOST_FILES = 10
"""Files that Discord takes with one message. Further code blocks stay text."""

_SHORTEST_NOTICE = 20
_MORE_LINES = "\n-# …"
_EXTENSIONS = {
    "bash": "sh", "c": "c", "c++": "cpp", "cpp": "cpp", "cs": "cs", "csharp": "cs", "css": "css",
    "csv": "csv", "diff": "diff", "dockerfile": "dockerfile", "go": "go", "golang": "go",
    "html": "html", "ini": "ini", "java": "java", "javascript": "js", "js": "js", "json": "json",
    "jsx": "jsx", "kotlin": "kt", "kt": "kt", "latex": "tex", "lua": "lua", "markdown": "md",
    "md": "md", "php": "php", "powershell": "ps1", "py": "py", "python": "py", "r": "r", "rb": "rb",
    "rs": "rs", "ruby": "rb", "rust": "rs", "scala": "scala", "sh": "sh", "shell": "sh",
    "sql": "sql", "svg": "svg", "swift": "swift", "tex": "tex", "toml": "toml", "ts": "ts",
    "tsx": "tsx", "typescript": "ts", "xml": "xml", "yaml": "yaml", "yml": "yml", "zsh": "sh",
}  # fmt: skip
"""File name extensions by the language of a code block; ``txt`` for any other."""

_ATTACHED_ENGLISH = "📎 The code is in the file `{name}`."
_ATTACHED_CHINESE = "📎 代码在文件 `{name}` 里。"
_HAN = regex.compile(r"\p{Han}")
_LATIN_WORD = regex.compile(r"\p{Latin}+")

_CODE = regex.compile(CODE)
_HALF_LINK = regex.compile(r"!?\[([^\[\]\n]+)\]\([^()\s]*$")
_TRAILING_MARKS = regex.compile(r"(?:(?<=[\s(])|^)(?:\*{1,3}|_{1,3}|~{1,2}|`{1,2}|!?\[)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """Messages in the order to send them, and files to go with the last one."""

    parts: tuple[str, ...]
    files: tuple[ReplyFile, ...] = ()


def compose(text: str, *, notice: str = "", may_attach: bool = True) -> Composed:
    """An answer in its final form.

    Each message is at most :data:`MESSAGE_LIMIT` long. A code block too long for
    :data:`MOST_CODE_MESSAGES` messages is a file, with a line in its place that says so. The lines
    of ``notice`` are small print at the end, together in one message; shortened if they must be.
    Neither text nor notice gives no messages. Where files are not allowed (``may_attach``), long
    code is in as many messages as it needs.
    """
    parts, files = _parts_and_files(text, may_attach=may_attach)
    small_print = _small_print(notice)
    if not small_print:
        return Composed(parts=tuple(parts), files=files)
    if parts and length(parts[-1]) + 1 + length(small_print) <= MESSAGE_LIMIT:
        return Composed(parts=(*parts[:-1], f"{parts[-1]}\n{small_print}"), files=files)
    return Composed(parts=(*parts, small_print), files=files)


def compose_partial(text: str, *, may_attach: bool = True) -> tuple[str, ...]:
    """What there is of an answer that is still being written, at most :data:`TEXT_LIMIT` each.

    An open code block is closed for now; so are bold, code and a link at the very end. As ``text``
    grows, all but the last two messages stay as they are (see :func:`adapters.splitting.split`),
    unless a table that they show gets wider or a code block gets so long that it becomes a file.
    They are those of :func:`compose` as well.
    """
    parts, _ = _parts_and_files(text, may_attach=may_attach, is_partial=True)
    return tuple(parts)


def _parts_and_files(
    text: str, *, may_attach: bool, is_partial: bool = False
) -> tuple[list[str], tuple[ReplyFile, ...]]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    fences = find_fences(lines)
    long_ones = [fence for fence in fences if may_attach and _is_long(fence, lines)][:MOST_FILES]
    files = tuple(
        ReplyFile(
            name=f"code-{number}.{_extension(fence)}",
            media_type="text/plain",
            content=("\n".join(fence.code(lines)) + "\n").encode(errors="replace"),
        )
        for number, fence in enumerate(long_ones, start=1)
    )
    if files:
        says = _attached(lines, fences)
        for fence, file in reversed(list(zip(long_ones, files, strict=True))):
            lines[fence.first : fence.last + 1] = [fence.before + says.format(name=file.name)]
    shown = for_discord(_mended("\n".join(lines)) if is_partial else "\n".join(lines))
    return split(shown, TEXT_LIMIT), files


def _is_long(fence: Fence, lines: list[str]) -> bool:
    around = length(f"{fence.before}{FENCE}{fence.info}\n\n{fence.margin}{FENCE}")
    code = "\n".join(lines[number] for number in fence.code_lines)
    return length(code) > MOST_CODE_MESSAGES * (TEXT_LIMIT - around)


def _extension(fence: Fence) -> str:
    return _EXTENSIONS.get(fence.info.partition(" ")[0].lower(), "txt")


def _attached(lines: list[str], fences: list[Fence]) -> str:
    """The sentence in the language of what is said outside the code."""
    code = {number for fence in fences for number in range(fence.first, fence.last + 1)}
    prose = "\n".join(line for number, line in enumerate(lines) if number not in code)
    is_chinese = len(_HAN.findall(prose)) > len(_LATIN_WORD.findall(prose))
    return _ATTACHED_CHINESE if is_chinese else _ATTACHED_ENGLISH


def _small_print(notice: str) -> str:
    """The lines of ``notice`` in Discord's small print, fit for one message."""
    lines = [" ".join(line.split()) for line in notice.splitlines() if line.strip()]
    shown = "\n".join(f"-# {for_discord(line)}" for line in lines)
    if length(shown) <= MESSAGE_LIMIT:
        return shown
    # The share of each, without its mark, line end, ellipsis and a zero-width space or two.
    share = max(_SHORTEST_NOTICE, MESSAGE_LIMIT // len(lines) - 8)
    cut = [line if length(line) <= share else f"{split(line, share)[0]}…" for line in lines]
    first, *others = split(
        "\n".join(f"-# {for_discord(line)}" for line in cut), MESSAGE_LIMIT - len(_MORE_LINES)
    )
    return f"{first}{_MORE_LINES}" if others else first


def _mended(text: str) -> str:
    """``text`` so that what was begun in its last paragraph does not look broken."""
    lines = text.split("\n")
    fences = find_fences(lines)
    if fences and not fences[-1].is_closed and fences[-1].last == len(lines) - 1:
        return text
    start = max(text.rfind("\n\n"), sum(len(line) + 1 for line in lines[: _after(fences)]) - 1) + 1
    paragraph = _HALF_LINK.sub(r"\1", text[start:].rstrip())
    paragraph = _TRAILING_MARKS.sub("", paragraph)
    prose = _CODE.sub("", paragraph)
    if prose.count("`") == 1:
        return f"{text[:start]}{paragraph}`"
    if prose.count("**") % 2:
        missing = "*" if paragraph.endswith("*") and not paragraph.endswith("**") else "**"
        paragraph = paragraph.rstrip() + missing
    return text[:start] + paragraph


def _after(fences: list[Fence]) -> int:
    return fences[-1].last + 1 if fences else 0
