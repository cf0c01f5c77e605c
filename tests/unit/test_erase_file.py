"""The copy of the erase list survives a crash at any byte, and only its owner reads it."""

from __future__ import annotations

import json
import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from support.engine import NOON

from bot.domain.episode import EpisodeId
from bot.domain.erasure import (
    Erasure,
    ErasureId,
    Everything,
    MergedInto,
    SaidIn,
    These,
    What,
    owners_of,
    these,
    what_of_plain,
    what_to_plain,
)
from bot.domain.fact import FactId
from bot.domain.identity import PersonId, TenantId
from bot.domain.turn import TurnId
from bot.erase_file import JsonLinesEraseFile
from bot.ports.erasure_storage import EraseFileContent

WHATS: list[What] = [
    Everything(),
    These(turn_ids=(TurnId("t"),), fact_ids=(FactId("f"),), episode_ids=(EpisodeId("e"),)),
    These(fact_ids=(FactId("f"),)),
    SaidIn(tenant_id=TenantId("slack:T1"), until=NOON, channel="slack:T1:C", with_direct=False),
    MergedInto(PersonId("bea")),
]


def entry(number: int, what: What | None = None, person: str = "ana") -> Erasure:
    return Erasure(
        id=ErasureId(f"e{number}"),
        person_id=PersonId(person),
        happened_at=NOON + timedelta(minutes=number),
        what=what or Everything(),
    )


@pytest.fixture
def file(tmp_path: Path) -> JsonLinesEraseFile:
    return JsonLinesEraseFile(tmp_path / "new" / "erasures.jsonl")


def test_a_missing_file_is_an_empty_one(file: JsonLinesEraseFile) -> None:
    assert file.read() == EraseFileContent()
    file.append([])
    assert not file.path.exists()


def test_every_kind_of_entry_comes_back_as_it_was(file: JsonLinesEraseFile) -> None:
    entries = tuple(entry(number, what) for number, what in enumerate(WHATS))

    file.append(entries[:2])
    file.append(entries[2:])

    content = file.read()
    assert content.entries == entries
    assert content.unscrubbed == {each.id for each in entries}
    assert content.unreadable == 0


def test_only_the_owner_may_read_it(file: JsonLinesEraseFile) -> None:
    before = os.umask(0)
    try:
        file.append([entry(1)])
    finally:
        os.umask(before)

    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_what_is_noted_as_scrubbed_is_so_until_it_is_written_again(
    file: JsonLinesEraseFile,
) -> None:
    file.append([entry(1), entry(2)])
    file.note_scrubbed([ErasureId("e1"), ErasureId("e2")])
    assert file.read().unscrubbed == frozenset()

    file.append([entry(2)])

    content = file.read()
    assert content.unscrubbed == {"e2"}
    assert [each.id for each in content.entries] == ["e1", "e2"]


def test_a_line_torn_anywhere_costs_that_line_alone(file: JsonLinesEraseFile) -> None:
    file.append([entry(1)])
    whole = file.path.read_bytes()
    file.append([entry(2)])
    torn = file.path.read_bytes()
    for length in range(len(whole) + 1, len(torn) - 1):
        file.path.write_bytes(torn[:length])
        assert [each.id for each in file.read().entries] == ["e1"]
        assert file.read().unreadable == 1

        file.append([entry(3)])

        assert [each.id for each in file.read().entries] == ["e1", "e3"]
    file.path.write_bytes(torn[:-1])  # all of it but the end of the line
    file.append([entry(3)])
    assert [each.id for each in file.read().entries] == ["e1", "e2", "e3"]


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe",
        b"[]",
        b"1",
        b"null",
        b'"scrubbed"',
        b"{}",
        b'{"scrubbed": 1}',
        b'{"id": 1, "person": "a", "at": "2026-05-04T12:00:00+00:00", "what": {"everything": 1}}',
        b'{"id": "x", "person": "ana", "at": "2026-05-04T12:00:00", "what": {"everything": true}}',
        b'{"id": "x", "person": "ana", "at": "soon", "what": {"everything": true}}',
        b'{"id": "x", "person": "ana", "at": "2026-05-04T12:00:00+00:00", "what": {"new": 1}}',
        b'{"id": "x", "person": "ana", "at": "2026-05-04T12:00:00+00:00", "what": []}',
    ],
)
def test_damage_is_counted_and_harms_nothing_else(file: JsonLinesEraseFile, line: bytes) -> None:
    file.append([entry(1)])
    file.path.write_bytes(file.path.read_bytes() + line + b"\n")
    file.append([entry(2)])

    content = file.read()
    assert [each.id for each in content.entries] == ["e1", "e2"]
    assert content.unreadable == 1


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"everything": True, "merged_into": "x"},
        {"these": {"turns": "abc"}},
        {"these": {"turns": [1]}},
        {"these": []},
        {"said_in": {"tenant": "x", "until": "2026-05-04T12:00:00+00:00"}},
        {"said_in": {"tenant": 1, "until": "x", "channel": None, "with_direct": True}},
        {"merged_into": None},
    ],
)
def test_what_is_no_entry_is_refused(plain: object) -> None:
    with pytest.raises(ValueError, match="no entry"):
        what_of_plain(plain)


def test_every_kind_becomes_json_and_comes_back() -> None:
    for what in WHATS:
        text = json.dumps(what_to_plain(what))
        assert what_of_plain(json.loads(text)) == what


def test_long_lists_take_several_entries() -> None:
    turns = [TurnId(f"t{n}") for n in range(1201)]
    facts = [FactId(f"f{n}") for n in range(3)]

    split = these(turns=turns, facts=facts)

    assert [len(each.turn_ids) for each in split] == [500, 500, 201]
    assert [turn_id for each in split for turn_id in each.turn_ids] == turns
    assert [fact_id for each in split for fact_id in each.fact_ids] == facts
    assert these() == ()


def test_whoever_was_merged_into_somebody_by_then_is_erased_with_them() -> None:
    merges = [
        entry(1, MergedInto(PersonId("bea")), "ana"),
        entry(2, MergedInto(PersonId("cem")), "bea"),
        entry(5, MergedInto(PersonId("cem")), "dan"),
    ]

    assert owners_of(entry(3, person="cem"), merges) == ("cem", "bea", "ana")
    assert owners_of(entry(6, person="cem"), merges) == ("cem", "bea", "dan", "ana")
    assert owners_of(entry(0, person="cem"), merges) == ("cem",)
    assert owners_of(entry(9, person="ana"), merges) == ("ana",)
    circle = [*merges, entry(3, MergedInto(PersonId("ana")), "cem")]
    assert set(owners_of(entry(9, person="cem"), circle)) == {"ana", "bea", "cem", "dan"}
