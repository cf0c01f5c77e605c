"""The journal, read backwards."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from support.memory import NOON, Journal, said, turn

from bot.domain.fact import FactStatus
from bot.domain.operation import MemoryOperation
from bot.domain.turn import TurnId
from bot.memory.consolidation import consolidate
from bot.memory.operations import pinned, undone
from bot.memory.rewinding import facts_before, happened_after


def operations_of(journal: Journal) -> list[MemoryOperation]:
    return [operation for patch in journal.patches for operation in patch.operations]


def test_facts_are_as_they_were_before_each_change() -> None:
    journal = Journal()
    seen = [tuple(journal.facts.values())]

    def after(_: object) -> None:
        seen.append(tuple(journal.facts.values()))

    journal.now += timedelta(hours=1)
    after(journal.change(consolidate, [said("I live in Porto.", slot="city", value="Porto")]))
    after(journal.change(consolidate, [said("I live in Porto.", slot="city", value="Porto")]))
    journal.now += timedelta(hours=1)
    after(
        journal.change(
            consolidate,
            [
                said("I live in Rome.", slot="city", value="Rome"),
                said("I live in Berlin.", slot="city", value="Berlin"),
            ],
        )
    )
    (berlin,) = [fact for fact in journal.facts.values() if fact.value == "Berlin"]
    after(journal.apply(pinned(berlin, journal.context(), pin=True)))
    overwrite = journal.patches[2].operations[0]
    after(journal.change(undone, overwrite))

    operations = operations_of(journal)
    counted = [0, 0, *(len(patch.operations) for patch in journal.patches)]
    for back, then in enumerate(reversed(seen)):
        latest = sum(counted[len(counted) - back :])
        found = facts_before(operations[len(operations) - latest :], journal.facts.values())
        assert [(fact.id, fact.state) for fact in found] == [(fact.id, fact.state) for fact in then]
    assert {fact.status for fact in seen[-1]} > {FactStatus.SUPERSEDED}
    assert seen[0] == ()


def change(at: datetime, by: str | None) -> MemoryOperation:
    journal = Journal()
    journal.now = at
    (operation,) = journal.change(consolidate, [said("I like tea.")]).operations
    return type(operation)(
        **{
            **{name: getattr(operation, name) for name in operation.__slots__},
            "turn_id": by and TurnId(by),
        }
    )


@pytest.mark.parametrize(
    ("minutes", "by", "later"),
    [
        (-1, "t4", False),
        (-1, None, False),
        (0, "t4", False),
        (0, "t5", False),  # what the turn itself has taught
        (0, "t6", True),
        (0, None, True),
        (0, "gone", True),
        (1, "t4", True),
        (1, "t5", True),  # learned from its words in the background, after the reply
        (1, "t6", True),
        (1, None, True),
    ],
)
def test_a_change_is_before_or_after_a_reply(minutes: int, by: str | None, later: bool) -> None:
    entry = change(NOON + timedelta(minutes=minutes), by)
    numbers: dict[TurnId | None, int] = {TurnId(f"t{n}"): n for n in (4, 5, 6)}

    assert happened_after([entry], turn(5), numbers) == ((entry,) if later else ())
