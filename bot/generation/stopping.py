"""Ending a model's work in its midst."""

from __future__ import annotations

import threading
from typing import Any


class StoppedError(Exception):
    """The work was given up because somebody asked for that."""


class Brake:
    """Stands before every part of a model and ends the work there once it is to stop.

    The library asks whether to stop after each written token. Reading what is given takes seconds
    before the first one, and whoever begins to chat should not wait for that.
    """

    def __init__(self, model: Any) -> None:
        self.stop = threading.Event()
        for module in model.modules():
            module.register_forward_pre_hook(self)

    def __call__(self, *_: object) -> None:
        """Before a part of the model.

        Raises:
            StoppedError: it is to stop.
        """
        if self.stop.is_set():
            raise StoppedError
