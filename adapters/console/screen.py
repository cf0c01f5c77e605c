"""What the terminal shows: a rich one for people, a plain one for scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TextIO

from markdown_it import MarkdownIt
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.markdown import Markdown
from rich.segment import Segment
from rich.spinner import Spinner
from rich.text import Text

from bot.engine.reply import Outcome, Reply, ReplyStatus

# Rich shows no HTML, so without it a reply's ``<name>`` would be missing from the screen.
_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])


class Screen(Protocol):
    """Where replies and Ellie's own remarks go."""

    async def show(self, reply: Reply) -> Outcome:
        """Show a reply while it is written; returns how it ended."""

    def say(self, text: str) -> None:
        """Show a remark of the program. ``text`` is shown as it is, without any markup."""

    def tell(self, text: str) -> None:
        """Show what a command asked for, as it is."""


class RichScreen:
    """Streams replies as Markdown."""

    def __init__(self, console: Console, waiting: str = "thinking…") -> None:
        self._console = console
        self._waiting = waiting

    async def show(self, reply: Reply) -> Outcome:
        """While it is written, the end of a long reply is visible; then all of it is printed."""
        text = ""
        spinner = Spinner("dots", text=Text(self._waiting, style="dim"))
        with Live(spinner, console=self._console, transient=True, refresh_per_second=12) as live:
            async for piece in reply:
                text += piece
                live.update(_Tail(text))
            outcome = await reply.outcome()
        if outcome.text:
            self._console.print(_markdown(outcome.text))
        if outcome.status is ReplyStatus.CANCELLED:
            self.say("(stopped)")
        if outcome.notice:
            self.say(outcome.notice)
        self._console.print()
        return outcome

    def say(self, text: str) -> None:
        """Dimmed, so that it is not taken for a reply."""
        self._console.print(Text(text, style="dim"))

    def tell(self, text: str) -> None:
        """In full colour."""
        self._console.print(Text(text))


class PlainScreen:
    """Replies on standard output, one after the other; remarks on standard error."""

    def __init__(self, output: TextIO, remarks: TextIO) -> None:
        self._output = output
        self._remarks = remarks

    async def show(self, reply: Reply) -> Outcome:
        """Prints when the reply is complete."""
        async for _ in reply:
            pass
        outcome = await reply.outcome()
        if outcome.text:
            print(outcome.text, file=self._output, flush=True)
        if outcome.notice:
            self.say(outcome.notice)
        return outcome

    def say(self, text: str) -> None:
        """On standard error, which a script can tell from a reply."""
        print(text, file=self._remarks, flush=True)

    def tell(self, text: str) -> None:
        """On standard output."""
        print(text, file=self._output, flush=True)


@dataclass(frozen=True, slots=True)
class _Tail:
    """The last lines that fit: a live display taller than the screen would flicker."""

    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = console.render_lines(_markdown(self.text), options, pad=False)
        for line in lines[-max(4, console.height - 4) :]:
            yield from line
            yield Segment.line()


def _markdown(text: str) -> Markdown:
    markdown = Markdown("")
    markdown.parsed = _PARSER.parse(text)
    return markdown
