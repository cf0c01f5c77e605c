"""A person is locked before their rows everywhere, so that no two can wait for each other."""

from __future__ import annotations

from typing import Any, cast

import pytest
from sqlalchemy import Executable
from sqlalchemy.dialects import postgresql
from support.commanding import Desk
from support.engine import NOON, started

from bot.domain.identity import PersonId
from bot.domain.link import CODE_LIFETIME, LinkCode
from bot.errors import GeneratorBusyError
from storage.inmemory_memory import InMemoryFactRepository
from storage.inmemory_persons import InMemoryPersonRepository
from storage.inmemory_turns import InMemoryTurnRepository
from storage.links import SqlLinkRepository
from storage.statements import Statements


class Written:
    """Writes down what a PostgreSQL database would be asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def run(self, statement: Executable) -> int:
        self.asked.append(str(cast("Any", statement).compile(dialect=postgresql.dialect())))  # type: ignore[no-untyped-call]
        return 0

    async def first(self, statement: Executable) -> None:
        await self.run(statement)


@pytest.mark.parametrize("what", ["issue", "redeem"])
async def test_a_code_is_changed_after_its_person_is_locked(what: str) -> None:
    written = Written()
    links = SqlLinkRepository(cast("Statements", written))

    if what == "issue":
        code = LinkCode(
            digest="d", person_id=PersonId("p"), issued_at=NOON, expires_at=NOON + CODE_LIFETIME
        )
        await links.issue(code)
    else:
        await links.redeem("d", now=NOON)

    lock, change, *_ = written.asked
    assert lock.startswith("SELECT persons.id")
    assert lock.endswith("FOR NO KEY UPDATE")
    assert change.startswith("UPDATE link_codes")


async def test_a_turn_fails_after_the_person_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    for repository, name in (
        (InMemoryPersonRepository, "take_notice"),
        (InMemoryTurnRepository, "finish"),
    ):
        step = getattr(repository, name)

        async def noted(*args: Any, name: str = name, step: Any = step, **rest: Any) -> Any:
            steps.append(name)
            return await step(*args, **rest)

        monkeypatch.setattr(repository, name, noted)

    async with started(GeneratorBusyError("busy")) as ellie:
        await ellie.say("hello")

    assert steps == ["take_notice", "finish"]


async def test_everything_is_erased_after_the_person_is_locked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    await desk.learn("I live in Porto.")
    steps: list[str] = []
    for name in ("begin_change", "erase_all"):
        step = getattr(InMemoryFactRepository, name)

        async def noted(
            self: Any, person_id: PersonId, *, name: str = name, step: Any = step
        ) -> Any:
            steps.append(name)
            return await step(self, person_id)

        monkeypatch.setattr(InMemoryFactRepository, name, noted)

    await desk.agree("/memory forget everything")

    assert steps == ["begin_change", "erase_all"]
