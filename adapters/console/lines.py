"""Where lines come from: a person at a prompt, or a script on standard input."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import BinaryIO, Protocol

from prompt_toolkit import PromptSession
from prompt_toolkit.history import InMemoryHistory


class Lines(Protocol):
    """A source of lines."""

    async def next(self, prompt: str) -> str | None:
        """The next line, without its end; None when there are no more."""

    def forget(self) -> None:
        """Drop all earlier lines from memory."""


class PromptLines:
    """A prompt with editing and history.

    The history holds what this person wrote to Ellie before, read from her memory: there is no
    history file, so nothing is left behind when she forgets.
    """

    def __init__(self, earlier: Iterable[str]) -> None:
        self._session: PromptSession[str] = self._fresh(earlier)

    async def next(self, prompt: str) -> str | None:
        """Ctrl-C clears the line; Ctrl-D on an empty line ends."""
        while True:
            try:
                # Ctrl-C reaches the prompt as a key; the signal belongs to the chat.
                return await self._session.prompt_async(prompt, handle_sigint=False)
            except KeyboardInterrupt:
                continue
            except EOFError:
                return None

    def forget(self) -> None:
        """Begin an empty history."""
        self._session = self._fresh(())

    @staticmethod
    def _fresh(earlier: Iterable[str]) -> PromptSession[str]:
        history = InMemoryHistory()
        for line in earlier:
            history.append_string(line)
        return PromptSession(history=history)


class ScriptLines:
    """Lines of a stream of bytes, in UTF-8. Blank lines are skipped."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    async def next(self, prompt: str) -> str | None:  # noqa: ARG002 - scripts see no prompt
        """Bytes that are no UTF-8 become replacement characters."""
        while raw := await self._read():
            if line := raw.decode("utf-8", "replace").strip():
                return line
        return None

    async def _read(self) -> bytes:
        # Not asyncio.to_thread: the program could not end while its thread waits for a line.
        loop = asyncio.get_running_loop()
        line: asyncio.Future[bytes] = loop.create_future()

        def deliver(raw: bytes) -> None:
            if not line.done():
                line.set_result(raw)

        def read() -> None:
            try:
                raw = self._stream.readline()
            except (OSError, ValueError):  # gone or closed: there are no more lines
                raw = b""
            with suppress(RuntimeError):  # the loop ended meanwhile
                loop.call_soon_threadsafe(deliver, raw)

        threading.Thread(target=read, name="script-lines", daemon=True).start()
        return await line

    def forget(self) -> None:
        """Nothing is kept."""
