"""``ellie chat``: talk in the terminal, or from a script on standard input."""

from __future__ import annotations

import asyncio
import io
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, BinaryIO

from rich.console import Console

from adapters.console.chat import ConsoleChat, console_identity
from adapters.console.lines import Lines, PromptLines, ScriptLines
from adapters.console.screen import PlainScreen, RichScreen, Screen
from bot.app import App, running_app
from bot.cli.models import ensure_model, ensure_others
from bot.config import Settings
from bot.domain.identity import IdentityRef
from bot.generation.remote.address import RemoteModel
from bot.remote_models import Where

HISTORY_TURNS = 100

GREETING = """\
This is Ellie ({model}). I keep what you write to me, with my replies, in {where}.{elsewhere}
/memory show lists it, /memory forget everything erases it, /help has more."""


def chat(settings: Settings, console: Console, user: str) -> bool:
    """Talk until the person leaves or the script ends; whether every message got a reply.

    Raises:
        EllieError: Ellie cannot start.
    """
    identity = console_identity(user)
    name, folder = ensure_model(settings, console)
    others = ensure_others(settings, console)

    async def run() -> bool:
        async with running_app(settings, model=name, folder=folder, **others) as app:
            interactive = sys.stdin is not None and sys.stdin.isatty()
            screen: Screen = PlainScreen(sys.stdout, sys.stderr)
            lines: Lines = ScriptLines(_standard_input())
            if interactive:
                screen = RichScreen(Console())
                screen.say(
                    GREETING.format(
                        model=name, where=_where(settings), elsewhere=_elsewhere(folder)
                    )
                )
                lines = PromptLines(await _earlier(app, identity))
            session = ConsoleChat(
                engine=app.engine,
                commands=app.commands,
                unanswered=app.control.unanswered,
                identity=identity,
                lines=lines,
                screen=screen,
                clock=app.clock,
                ids=app.ids,
                interactive=interactive,
            )
            await _until_terminated(session.run())
            if interactive:
                screen.say("Bye.")
            return session.all_answered

    return asyncio.run(run())


async def _until_terminated(talk: Coroutine[Any, Any, None]) -> None:
    """Run the conversation; SIGTERM ends it like Ctrl-D, so that everything stops in order."""
    task = asyncio.ensure_future(talk)
    # Windows has no such signal: there the process just ends, and the next start recovers.
    with suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:  # Ctrl-C in a script
        task.cancel()
        await asyncio.wait({task})
        raise
    if not task.cancelled():
        task.result()


async def _earlier(app: App, identity: IdentityRef) -> list[str]:
    summary = await app.control.view.show(identity, latest=HISTORY_TURNS)
    return [turn.text for turn in summary.turns if turn.text] if summary else []


def _standard_input() -> BinaryIO:
    """Apart from ``sys.stdin``, which Python cannot close at exit while a thread reads it."""
    if sys.stdin is None:  # the caller closed it
        return io.BytesIO()
    return open(sys.stdin.fileno(), "rb", closefd=False)


def _elsewhere(model: Where) -> str:
    """Who else reads what is written, if anybody does."""
    if not isinstance(model, RemoteModel):
        return ""
    return f"\nReplies are written by the server at {model.host}, which reads what you write."


def _where(settings: Settings) -> str:
    own = settings.database_url.get_secret_value()
    return "the configured database" if own else str(settings.data_dir)
