"""Ending the work of a model that somebody waits for no longer."""

from __future__ import annotations

import threading
from typing import Any, Self


class StoppedError(Exception):
    """The work was given up because somebody asked for that."""


class Brake:
    """Stands before every part of a model and ends the work there once it is to stop.

    The library asks whether to stop after each written token. Reading what comes before the first
    one takes seconds, and whoever begins to chat should not wait for that.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        """What ends the work that is done now."""

    @classmethod
    def on(cls, model: Any) -> Self:
        """The brake of a model, which has none yet."""
        brake = cls()
        for module in model.modules():
            module.register_forward_pre_hook(brake)
        return brake

    def __call__(self, *_: object) -> None:
        """Raise :class:`StoppedError` if the work is to end."""
        if self.stop.is_set():
            raise StoppedError
