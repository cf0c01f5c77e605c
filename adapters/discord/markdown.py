"""Models write GitHub's Markdown; Discord shows only a part of it and has signs of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import regex
from markdown_it import MarkdownIt
from markdown_it.token import Token

from adapters.discord.tables import Table, as_list, find_tables, in_columns
from adapters.fences import container_of, find_fences, margin_of

FENCE = "```"
"""The one marker of a code block that Discord knows."""
RULE = "─" * 10
"""Shown for a horizontal rule."""
HIDDEN_BREAK = "\u200b"
"""Zero-width space: takes the meaning from what Discord would act on."""

_DEEPEST_HEADING = 3
_SHORTEST_UNDERLINE = 3
"""Characters. A shorter one below a line may as well be a sign of a formula."""
_LONGEST_UNDERLINED = 60
"""Characters. A longer line above ``---`` is a paragraph above a rule rather than a heading."""

# Tables and headings inside <details>, and those far indented, are meant to be seen too.
_BLOCKS = MarkdownIt("commonmark").enable("table").disable(["html_block", "code", "reference"])
_BLOCKS.core.ruler.enableOnly(["normalize", "block"])

_QUOTE = regex.compile(r"[ \t>]*")
_LANGUAGE = regex.compile(r"[A-Za-z0-9_+\-.#]+")
_SENTENCE_END = regex.compile(r"[.!?:。！？：…]\W*$")
_TICKS = regex.compile(r"`{3,}")

_LONGEST_CODE = 2000
"""Characters of code within a line, as many as a message has: the end is not sought for ever."""
CODE = (
    r"(?<!(?<!\\)`)(?P<ticks>`++)"
    rf"(?:(?!\n[ \t]*\n)(?s:.)){{1,{_LONGEST_CODE}}}?(?<!`)(?P=ticks)(?!`)"
)
"""Code within a line."""
_TARGET = r'\([^()\s]*+(?:\([^()\s]*\)[^()\s]*)*(?:[ ]+"[^"\n]*")?\)'
_MARKS = {
    **dict.fromkeys(("b", "strong", "summary"), "**"),
    **dict.fromkeys(("i", "em"), "*"),
    **dict.fromkeys(("u", "ins"), "__"),
    **dict.fromkeys(("s", "del", "strike"), "~~"),
    **dict.fromkeys(("code", "kbd"), "`"),
}
_INLINE = regex.compile(
    rf"""
      (?P<kept> \\[\\`<!\[] | {CODE} )
    | (?P<run> `{{3,}}+ | ~{{3,}}+ )
    | \[ ! \[ (?P<shown> [^\[\]\n]+ ) \] {_TARGET} \] (?P<goal> {_TARGET} )
    | ! \[ (?P<alt> [^\[\]\n]* ) \] (?P<target> {_TARGET} )
    | ^ (?P<bullet> [ \t>]* (?:[-*+]|\d{{1,9}}[.)]) [ \t]+ ) \[ (?P<tick> [ xX] ) \] (?=[ \t])
    | (?P<br> (?: (?<![ \t]) [ \t]++ )? <br[ \t]*/?> [ \t]* \n? )
    | (?P<hr> <hr[ \t]*/?> )
    | (?P<details> </?details\b [^<>\n]* > [ \t]* \n? )
    | <a\b [^<>\n]{{0,200}}? \bhref="(?P<href> [^"\s<>]+ )" [^<>\n]{{0,200}}+ >
      (?P<label> [^<>\n\[\]]+ ) </a>
    | <(?P<tag> {"|".join(_MARKS)} )\b [^<>\n]* >
      (?P<content> (?: (?! \n[ \t]*\n | </?(?P=tag)\b ) (?s:.) ){{0,2000}} )
      </(?P=tag)>
    """,
    regex.VERBOSE | regex.MULTILINE | regex.IGNORECASE,
)
_ACTING = regex.compile(
    rf"(?P<kept>\\[\\`]|{CODE})|<(?=@[!&]?\d|\#\d|/[^<>\n]+:\d+>|id:)|@(?=everyone\b|here\b)"
)


def for_discord(text: str) -> str:
    """``text``, written in GitHub's Markdown, in what Discord shows.

    Tables become code blocks or lists, small headings bold lines, images links, rules a drawn line,
    HTML the like in Markdown, task boxes ☐ and ☑. What would show as a mention of a person, role,
    channel, command or everyone gets a zero-width space, since nobody but people calls people.

    Code keeps its text, with one exception: three backticks within it would end the block, so they
    get zero-width spaces too. A block is fenced by three backticks whatever fenced it before, it is
    closed if it was not, and left out if nothing is in it. Footnotes and formulas stay as they are.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    shown: list[str] = []
    for is_code, some in itertools.groupby(_pieces(lines), key=lambda piece: piece[0]):
        joined = "\n".join(line for _, line in some)
        shown.append(joined if is_code else _prose(joined))
    return "\n".join(shown)


def _pieces(lines: Sequence[str]) -> Iterator[tuple[bool, str]]:
    """Lines to show, each with whether it is code and so finished."""
    fences = {fence.first: fence for fence in find_fences(lines)}
    edits = _edits(lines, {n for f in fences.values() for n in range(f.first, f.last + 1)})
    number = 0
    while number < len(lines):
        if fence := fences.get(number):
            code = "\n".join(lines[n] for n in fence.code_lines)
            if not fence.is_closed:
                code = code.rstrip()
            if code.strip():
                yield from _code(fence.before, _language(fence.info), code.split("\n"))
            number = fence.last + 1
        elif edit := edits.get(number):
            yield from edit.pieces
            number = edit.end
        else:
            yield False, lines[number]
            number += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """What to show in place of some lines, up to before line ``end``."""

    end: int
    pieces: tuple[tuple[bool, str], ...]


def _edits(lines: Sequence[str], fenced: AbstractSet[int]) -> dict[int, _Edit]:
    """Everything of whole lines that Discord does not know, by first line."""
    tokens = _blocks(lines)
    edits = {table.first: _table(table, lines) for table in find_tables(tokens)}
    for token, following in zip(tokens, [*tokens[1:], None], strict=False):
        if not token.map:
            continue
        first, end = token.map
        shown = None
        if token.type == "hr":
            shown = [f"{_quote(lines[first])}{RULE}"]
        elif token.type == "heading_open" and following and following.content:
            shown = _heading(token, following.content, lines[first:end])
        if shown is not None:
            edits[first] = _Edit(end=end, pieces=tuple((False, line) for line in shown))
    return {
        first: edit for first, edit in edits.items() if fenced.isdisjoint(range(first, edit.end))
    }


def _blocks(lines: Sequence[str]) -> list[Token]:
    """The blocks of a text.

    A line without the ``>`` of the line above ends the quote, as it does on Discord. In CommonMark
    a paragraph would go on; to find that out, the parser tries every line again for every quote.
    """
    parted: list[str] = []
    origins: list[int] = []
    deep = 0
    for number, line in enumerate(lines):
        quote = _quote(line)
        if quote.count(">") < deep:
            parted.append(quote)
            origins.append(number)
        deep = quote.count(">")
        parted.append(line)
        origins.append(number)
    origins.append(len(lines))
    tokens = _BLOCKS.parse("\n".join(parted))
    for token in tokens:
        if token.map:
            token.map = [origins[number] for number in token.map]
    return tokens


def _table(table: Table, lines: Sequence[str]) -> _Edit:
    before = container_of(lines[table.first])
    margin = margin_of(before)
    shown = in_columns(table)
    if shown:
        return _Edit(end=table.last, pieces=tuple(_code(before, "", [margin + s for s in shown])))
    rows = [(False, f"{margin}{line}") for line in as_list(table)]
    return _Edit(end=table.last, pieces=tuple(rows))


def _heading(token: Token, content: str, lines: Sequence[str]) -> list[str] | None:
    """The lines that show a heading; none if they can stay as they are."""
    before = container_of(lines[0])
    level = int(token.tag.removeprefix("h"))
    if token.markup.startswith("#"):
        return [f"{before}{_bold(content)}"] if level > _DEEPEST_HEADING else None
    *text, underline = lines
    if len(underline.strip(" \t>")) < _SHORTEST_UNDERLINE:
        return None
    is_title = len(text) == 1 and len(content) <= _LONGEST_UNDERLINED
    if token.markup == "-" and (not is_title or _SENTENCE_END.search(content)):
        return [*text, f"{_quote(underline)}{RULE}"]
    return [*text[:-1], f"{before}{'#' * level} {text[-1][len(before) :].strip()}"]


def _code(before: str, language: str, lines: Sequence[str]) -> Iterator[tuple[bool, str]]:
    yield True, f"{before}{FENCE}{language}"
    for line in lines:
        yield True, _TICKS.sub(lambda ticks: HIDDEN_BREAK.join(ticks[0]), line)
    yield True, f"{margin_of(before)}{FENCE}"


def _language(info: str) -> str:
    """The first word of an info string, if Discord would not show it as code."""
    word = info.partition(" ")[0]
    return word if _LANGUAGE.fullmatch(word) else ""


def _quote(line: str) -> str:
    quote = _QUOTE.match(line)
    return quote[0] if quote else ""


def _bold(content: str) -> str:
    parts = regex.split(r"((?<!`)`++[^`]+`+)", content.strip())
    return f"**{''.join(p if p.startswith('`') else p.replace('**', '') for p in parts)}**"


def _prose(text: str) -> str:
    return _ACTING.sub(_inert, _INLINE.sub(_translated, text))


def _inert(match: regex.Match[str]) -> str:
    return match[0] if match["kept"] else f"{match[0]}{HIDDEN_BREAK}"


def _translated(match: regex.Match[str]) -> str:
    """What Discord shows for one sign of GitHub's."""
    found = match.groupdict()
    if found["run"]:
        return HIDDEN_BREAK.join(match[0])
    if found["goal"]:
        return f"[{found['shown']}]{found['goal']}"
    if found["target"]:
        label = found["alt"].strip()
        return f"[{label}]{found['target']}" if label else found["target"][1:-1].partition(" ")[0]
    if found["tick"]:
        return f"{found['bullet']}{'☐' if found['tick'] == ' ' else '☑'}"
    return match[0] if found["kept"] else _html(match)


def _html(match: regex.Match[str]) -> str:
    found = match.groupdict()
    if found["br"]:
        line = match.string[match.string.rfind("\n", 0, match.start()) + 1 : match.start()]
        return f"\n{margin_of(container_of(line))}"
    if found["href"]:
        return f"[{found['label']}]({found['href']})"
    if found["tag"]:
        return _marked(_MARKS[found["tag"].lower()], found["content"])
    return RULE if found["hr"] else ""


def _marked(mark: str, content: str) -> str:
    inner = content.strip()
    if mark != "`":
        inner = _INLINE.sub(_translated, inner).replace(mark, "")
    return f"{mark}{inner}{mark}" if inner else ""
