"""Faults on order: refusals, limits, lost connections, held calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Condition = Callable[[Mapping[str, Any]], bool]


@dataclass(slots=True, kw_only=True)
class Trouble:
    """What befalls the next calls of a method.

    ``kind`` is error, limit, drop, drop_before or status.
    """

    method: str
    kind: str
    times: int
    error: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0
    status: int = 0
    when: Condition | None = None

    def befalls(self, method: str, arguments: Mapping[str, Any]) -> bool:
        """Whether this call is one of them."""
        if self.times <= 0 or self.method not in (method, "*"):
            return False
        return self.when is None or self.when(arguments)


class Troubles:
    """Everything that was ordered and has not befallen a call yet."""

    def __init__(self) -> None:
        self._ordered: list[Trouble] = []
        self._gates: dict[str, asyncio.Event] = {}

    def order(self, trouble: Trouble) -> None:
        """Let it befall the next calls that fit."""
        self._ordered.append(trouble)

    def clear(self) -> None:
        """Everything works again."""
        self._ordered.clear()
        for method in list(self._gates):
            self.release(method)

    def next(self, method: str, arguments: Mapping[str, Any]) -> Trouble | None:
        """The trouble of this call, which it uses up."""
        for trouble in self._ordered:
            if trouble.befalls(method, arguments):
                trouble.times -= 1
                return trouble
        return None

    def hold(self, method: str) -> None:
        """Let calls of the method wait."""
        self._gates.setdefault(method, asyncio.Event())

    def release(self, method: str) -> None:
        """Let held calls go on."""
        gate = self._gates.pop(method, None)
        if gate is not None:
            gate.set()

    async def wait(self, method: str) -> None:
        """Returns when the method is not held."""
        while True:
            gate = self._gates.get(method) or self._gates.get("*")
            if gate is None:
                return
            await gate.wait()
