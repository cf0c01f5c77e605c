"""Words as they were written: nothing in them is formatted, pings anybody, or becomes a picture."""

from __future__ import annotations

import regex

_URL = r"https?://[^\s<>()\[\]{}*|~`\\\"']+"
_SYMBOLS = regex.compile(rf"(?P<url>{_URL})|(?P<symbol>[\\*_~`|<>\[\]])")
_LINE_START = regex.compile(r"^(?P<indent>\s*)(?P<sign>#{1,3}(?=\s)|-(?=#?\s)|\d{1,9}(?=\.\s))")
_EVERYBODY = regex.compile(r"@(?=everyone|here)", regex.IGNORECASE)
_APART = "\u200b"
"""No space is seen, and Discord finds no mention around it."""


def literal(text: str) -> str:
    """``text`` in Markdown that Discord shows as exactly that. Links stay links.

    discord.py's own ``escape_markdown`` leaves all but the first bracket of a line of several
    masked links alone, and emoji, time stamps, and mentions of channels.
    """
    return "\n".join(_literal_line(line) for line in text.splitlines())


def literal_line(text: str) -> str:
    """The same on one line."""
    return _literal_line(" ".join(text.split()))


def _literal_line(line: str) -> str:
    escaped = _SYMBOLS.sub(lambda found: found["url"] or f"\\{found['symbol']}", line)
    escaped = _LINE_START.sub(_without_markup, escaped)
    return _EVERYBODY.sub(f"@{_APART}", escaped)


def _without_markup(found: regex.Match[str]) -> str:
    sign = found["sign"]
    if sign.isdigit():  # the full stop that follows makes it a list: a backslash goes between
        return f"{found['indent']}{sign}\\"
    return f"{found['indent']}\\{sign}"
