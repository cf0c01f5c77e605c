"""What the terminal shows: a rich one for people, a plain one for scripts."""

from __future__ import annotations

from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.spinner import Spinner
from rich.text import Text

from bot.engine.reply import Outcome, Reply, ReplyStatus


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
                live.update(Markdown(self._tail(text)))
            outcome = await reply.outcome()
        if outcome.text:
            self._console.print(Markdown(outcome.text))
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

    def _tail(self, text: str) -> str:
        """The last lines that fit: a live display taller than the screen would flicker."""
        lines = text.splitlines()
        return "\n".join(lines[-max(4, self._console.height - 4) :])


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
