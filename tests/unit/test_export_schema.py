"""The export has what is stored about a person, and its documentation has what is in it."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table

from bot.domain.compaction import CompactionJob
from bot.domain.conversation import Audience, Conversation, ConversationRef
from bot.domain.delivery import Delivery
from bot.domain.episode import Episode, EpisodeSentence
from bot.domain.fact import Evidence, Fact, FactState
from bot.domain.identity import IdentityRef, Person, TenantRef
from bot.domain.operation import FactChange, MemoryOperation
from bot.domain.shown import Shown
from bot.domain.turn import TraceItem, Turn, TurnTrace
from bot.engine.importing.document import Counters, Document, KnownIdentity, PastCompaction
from bot.engine.memory_export import BESIDE, NOT_EXPORTED
from bot.ports.channel_storage import GivenVerdict
from bot.ports.export_storage import Account, Bookkeeping
from storage.schema import metadata

PAGE = Path(__file__).parents[2] / "docs" / "export.md"


def fields(kind: type[Any]) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


DOCUMENTED: dict[str, set[str]] = {
    "document": fields(Document),
    "person": fields(Person),
    "identity": fields(KnownIdentity),
    "tenant": fields(TenantRef),
    "conversation": fields(Conversation),
    "place": fields(ConversationRef),
    "audience": fields(Audience),
    "fact": fields(Fact),
    "evidence": fields(Evidence),
    "state": fields(FactState),
    "turn": fields(Turn),
    "shown": fields(Shown),
    "episode": fields(Episode),
    "sentence": fields(EpisodeSentence),
    "operation": fields(MemoryOperation),
    "change": fields(FactChange),
    "compaction": fields(PastCompaction),
    "trace": fields(TurnTrace),
    "item": fields(TraceItem),
    "delivery": fields(Delivery),
    "verdict": fields(GivenVerdict),
    "bookkeeping": fields(Counters),
}


def told() -> dict[str, list[str]]:
    """The fields that each section of the page has in the first column of its table."""
    sections = re.split(r"^### ", PAGE.read_text(), flags=re.MULTILINE)[1:]
    found = {}
    for section in sections:
        title, _, rest = section.partition("\n")
        body = rest.partition("\n## ")[0]
        cells = re.findall(r"^\| (`[^|]*) \|", body, flags=re.MULTILINE)
        found[title] = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    return found


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_field_is_documented_and_none_that_there_is_not(name: str) -> None:
    assert sorted(told()[name]) == sorted(DOCUMENTED[name])


def test_every_section_is_compared() -> None:
    assert set(told()) == set(DOCUMENTED)


def test_what_comes_in_has_the_fields_of_what_went_out() -> None:
    assert fields(KnownIdentity) == fields(IdentityRef) | (fields(Account) - {"identity"})
    assert fields(Counters) == fields(Bookkeeping) - BESIDE
    assert fields(PastCompaction) == fields(CompactionJob) - NOT_EXPORTED
    assert fields(Document) >= BESIDE


HELD: dict[str, dict[str, str]] = {
    # Of each table that is exported: its columns that are not in the document under their own
    # names, and where they are, or why not.
    "persons": {
        "last_turn_number": "bookkeeping",
        "last_fact_number": "bookkeeping",
        "compact_not_before": "bookkeeping",
        "refresh_at": "bookkeeping",
        "retention_days": "document",
        "notice_shown_at": "told_at",
    },
    "identities": {
        "tenant_key": "inside tenant",
        "tenant_id": "inside tenant",
        "person_id": "they are all the person's",
    },
    "tenants": {
        "id": "follows from the others",
        "retention_days": "decided for everybody there, and no personal data",
    },
    "conversations": {
        "platform": "ref",
        "tenant_key": "ref",
        "channel_id": "ref",
        "thread_key": "ref",
        "visibility": "ref",
    },
    "turns": {
        "platform": "that of the conversation",
        "visibility": "audience",
        "channel": "audience",
        "tenant_id": "audience",
        "failure_reported_at": "counts as told wherever it is imported",
        "worker": "which process answered",
        "lease_until": "which process answered",
    },
    "turn_traces": {"considered": "items"},
    "facts": {
        "sequence": "the order of rows",
        "visibility": "audience",
        "channel": "audience",
        "tenant_id": "audience",
        "quote": "empty, see evidence",
        "source_turn_id": "empty, see evidence",
        "valid_to": "state",
        "status": "state",
        "strength": "state",
        "pinned": "state",
        "superseded_by": "state",
    },
    "fact_evidence": {"sequence": "the order of rows", "fact_id": "stands inside the fact"},
    "memory_operations": {"sequence": "the order of rows"},
    "episodes": {"visibility": "audience", "channel": "audience", "tenant_id": "audience"},
    "compaction_jobs": {
        "sequence": "the order of rows",
        "worker": "which process did it",
        "lease_until": "which process did it",
        "attempts": "which process did it",
    },
    "deliveries": {"complete": "is_complete"},
    "turn_feedback": {},
}
SECTION = {
    "persons": "person",
    "identities": "identity",
    "tenants": "tenant",
    "conversations": "conversation",
    "turns": "turn",
    "turn_traces": "trace",
    "facts": "fact",
    "fact_evidence": "evidence",
    "memory_operations": "operation",
    "episodes": "episode",
    "compaction_jobs": "compaction",
    "deliveries": "delivery",
    "turn_feedback": "verdict",
}
LEFT_OUT = {
    "turn_vectors": "computed from turns, and made anew",
    "link_codes": "secrets of a few minutes, as digests",
    "link_failures": "keeps strangers from guessing codes, for an hour",
    "resets": "what an admin decided about a place, without words; listed by admin reset list",
    "audit_entries": "belongs to the instance and its tenants, for a set time; has no words",
    "quota_buckets": "how much was used within the last hours",
    "erasures": "that somebody was erased, so that a backup does not bring them back",
    "place_settings": "decided for a place by its admins",
    "channel_policies": "decided for a place by its admins",
    "schedules": "no personal data",
}


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: str(table.name))
def test_every_table_is_exported_or_left_out_for_a_reason(table: Table[Any]) -> None:
    """When this fails for a new table: export it, or say in LEFT_OUT why not."""
    assert (table.name in HELD) is not (table.name in LEFT_OUT)


def test_no_table_is_named_that_there_is_not() -> None:
    assert {*HELD, *LEFT_OUT} == set(metadata.tables)
    assert set(SECTION) == set(HELD)


@pytest.mark.parametrize("name", HELD)
def test_every_column_is_in_the_document_or_named_with_a_reason(name: str) -> None:
    """When this fails for a new column: give the value in the export a field, or say why not."""
    documented = DOCUMENTED[SECTION[name]]
    columns = {column.name for column in metadata.tables[name].c}
    assert columns - documented == set(HELD[name]) - documented
    assert set(HELD[name]) <= columns


def test_where_a_column_stands_elsewhere_it_is_there() -> None:
    elsewhere = {"audience": "audience", "ref": "place", "state": "state"}
    for name, columns in HELD.items():
        for column, where in columns.items():
            if where in elsewhere:
                assert column.replace("_key", "_id").removesuffix("_id") in {
                    field.removesuffix("_id") for field in DOCUMENTED[elsewhere[where]]
                }, (name, column)
            if where in DOCUMENTED:
                assert column in DOCUMENTED[where], (name, column)
