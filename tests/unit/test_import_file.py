"""A file that cannot be imported is refused in sentences that say where and why."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from support.moving import as_file, begin, exported, imported
from support.whole_life import ANA, whole_life

from bot.errors import ImportRefusedError
from storage.inmemory import InMemoryStorage


@pytest.fixture
async def document() -> dict[str, Any]:
    storage = InMemoryStorage()
    await begin(storage, whole_life())
    found: dict[str, Any] = json.loads(await exported(storage, ANA))
    return found


async def refused(content: bytes) -> str:
    storage = InMemoryStorage()
    with pytest.raises(ImportRefusedError) as caught:
        await imported(storage, content)
    assert storage.state.persons == {}
    assert storage.state.identities == {}
    return str(caught.value)


async def test_what_it_starts_from_can_be_imported(document: dict[str, Any]) -> None:
    storage = InMemoryStorage()
    await imported(storage, b"\xef\xbb\xbf" + as_file(document))
    assert json.loads(await exported(storage, ANA)) == document


def zipped() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("ellie-export.json", "{}")
    return archive.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is no JSON: line 1, column 1"),
        (b"hello", "is no JSON"),
        (b"[]", "holds no JSON object"),
        (b"null", "holds no JSON object"),
        (b'{"schema": "ellie-export/1"', "is no JSON"),
        (b'{"a": 1, "a": 2}', "the same name twice"),
        (b'{"a": [{"b": 1, "b": 1}]}', "the same name twice"),
        (b'{"a": NaN}', "NaN in place of a number"),
        (b'{"a": -Infinity}', "-Infinity in place of a number"),
        (b'{"a": %s}' % (b"9" * 5000), "more than 40 digits"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"a": ' + b"[" * 500 + b"]" * 500 + b"}", "recursion limit"),
        (b'{"a": "\xff"}', "no text in UTF-8: byte 7"),
        ('{"a": 1}'.encode("utf-16"), "no text in UTF-8"),
        (b'{"schema": "\\ud800"}', "Invalid JSON"),
        (gzip.compress(b"{}"), "a gzip archive"),
        (zipped(), "a zip archive"),
        (b"{}", "conversations is missing. An older Ellie may have written the file"),
        (b"\x00" * 100, "is no JSON"),
    ],
)
async def test_what_is_no_document_is_refused(content: bytes, reason: str) -> None:
    assert reason in await refused(content)


Change = Callable[[dict[str, Any]], Any]


def put(*steps: Any) -> Change:
    """Sets the last of ``steps`` at the place that the others lead to."""
    *way, last, value = steps

    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for step in way:
            place = place[step]
        place[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (put("schema", "ellie-export/2"), "schema has to be ellie-export/1"),
        (put("schema", 1), "schema has to be a text"),
        (put("turns", {}), "turns has to be a list"),
        (put("turns", 1, "received_at", "yesterday"), "turns[1].received_at has to be a time"),
        (put("turns", 1, "received_at", 1_777_777_777), "turns[1].received_at has to be a time"),
        (
            put("turns", 1, "received_at", "2026-01-02T03:04:05"),
            "turns[1].received_at has to have a time zone",
        ),
        (put("turns", 0, "received_at", "0001-01-01T00:00:00+14:00"), "is out of all bounds"),
        (put("turns", 0, "text", 5), "turns[0].text has to be a text"),
        (put("turns", 0, "text", "x" * 10_000_000), "turns[0].text is longer than 1,000,000"),
        (put("turns", 0, "text", "a\x00b"), "turns[0].text has a character that no database"),
        (put("turns", 0, "event_key", ""), "turns[0].event_key is empty"),
        (put("turns", 0, "event_key", "k" * 2_001), "turns[0].event_key is longer than 2,000"),
        (put("turns", 0, "number", "1"), "turns[0].number has to be a whole number"),
        (put("turns", 0, "number", 1.5), "turns[0].number has to be a whole number"),
        (put("turns", 0, "number", True), "turns[0].number has to be a whole number"),
        (put("turns", 0, "number", 0), "turns[0].number has to be from 1 to"),
        (put("turns", 0, "number", -1), "turns[0].number has to be from 0 to"),
        (put("turns", 0, "number", 2**40), "turns[0].number has to be from 0 to 2,147,483,647"),
        (put("turns", 0, "number", 2), "turns[1].number is there twice"),
        (put("turns", 0, "status", "lost"), "turns[0].status has to be one of 'accepted'"),
        (
            put("turns", 0, "status", "failed"),
            "turns[0] cannot be: a turn has a failure exactly when it failed",
        ),
        (put("turns", 0, "unremembered", 1), "turns[0].unremembered has to be true or false"),
        (put("turns", 0, "id", "../../etc"), "turns[0].id has to be an id"),
        (put("turns", 0, "id", "a" * 65), "turns[0].id has to be an id"),
        (put("turns", 0, "id", "t2"), "turns[1].id is there twice"),
        (put("turns", 0, "id", "t9"), "facts[0].evidence names a turn that is none of the turns"),
        (put("turns", 0, "conversation_id", "c9"), "conversation_id is none of the conversations"),
        (put("turns", 0, "event_key", "event-3"), "turns[2].event_key is there twice"),
        (put("turns", 0, "person_id", "bea"), "turns[0].person_id is somebody else's"),
        (put("turns", 0, "shown", 0, "size", -1), "turns[0].shown[0].size has to be from 0"),
        (put("person", "id", "bea"), "facts[0].person_id is somebody else's"),
        (put("person", "compacted_until", 99), "person.compacted_until is greater than"),
        (put("person", "paused", None), "person.paused has to be true or false"),
        (put("person", []), "person has to be an object"),
        (put("identities", []), "identities is empty"),
        (put("identities", 1, "tenant", "platform", "discord"), "tenant is on another platform"),
        (put("identities", 1, "external_id", ""), "identities[1].external_id is empty"),
        (put("conversations", 0, "tenant_id", "slack:T1"), "tenant_id is not that of its tenant"),
        (
            put("conversations", 1, "ref", "tenant", None),
            "conversations[1].ref cannot be: a channel belongs to a tenant",
        ),
        (put("facts", 0, "confidence", 1.5), "facts[0].confidence has to be from 0 to 1"),
        (put("facts", 0, "confidence", "high"), "facts[0].confidence has to be a number"),
        (put("facts", 0, "evidence", []), "facts[0] cannot be: a fact needs the words"),
        (put("facts", 0, "state", "strength", -0.5), "facts[0].state.strength has to be from 0"),
        (put("facts", 0, "number", 99), "facts[0].number has to be from 1 to"),
        (put("bookkeeping", "last_turn_number", 1), "turns[1].number has to be from 1 to 1"),
        (
            put("episodes", 0, "sentences", 0, "turn_ids", []),
            "episodes[0].sentences[0] cannot be: a sentence",
        ),
        (
            put("episodes", 0, "sentences", 0, "turn_ids", ["t9"]),
            "episodes[0].sentences[0].turn_ids names a turn",
        ),
        (put("episodes", 0, "first_number", 50), "episodes[0].first_number has to be from 1"),
        (put("episodes", 0, "conversation_id", "c9"), "episodes[0].conversation_id is none"),
        (put("operations", 0, "detail", {"n": "many"}), "operations[0].detail.n has to be a whole"),
        (put("operations", 0, "detail", {"\x00": 1}), "operations[0].detail has a name in it"),
        (put("operations", 0, "changes", 0, "after", None), "changes[0].after has to be an object"),
        (put("compactions", 0, "until_number", 99), "compactions[0].until_number has to be"),
        (put("compactions", 1, "status", "running"), "is running, and so is another one"),
        (put("traces", 0, "turn_id", "t9"), "traces[0].turn_id is none of the turns"),
        (put("traces", 0, "items", 0, "scores", {"a": 1e999}), "Infinity"),
        (put("deliveries", 0, "turn_id", "t9"), "deliveries[0].turn_id is none of the turns"),
        (put("deliveries", 0, "message_ids", "m1"), "deliveries[0].message_ids has to be a list"),
        (put("feedback", 0, "verdict", "fine"), "feedback[0].verdict has to be one of 'good'"),
        (put("retention_days", 0), "retention_days has to be at least 1"),
        (put("retention_days", "long"), "retention_days has to be a whole number"),
    ],
)
async def test_each_thing_that_is_wrong_is_told_with_its_place(
    document: dict[str, Any], change: Change, problem: str
) -> None:
    change(document)
    assert problem in await refused(as_file(document))


async def test_numbers_too_large_for_a_float_are_refused(document: dict[str, Any]) -> None:
    document["traces"][0]["items"][0]["scores"] = {"a": 12.5}
    content = as_file(document).replace(b"12.5", b"1e999")
    assert "traces[0].items[0].scores is no finite number" in await refused(content)


async def test_the_first_problems_are_told_and_the_rest_is_counted(
    document: dict[str, Any],
) -> None:
    document["turns"] = [{} for _ in range(50)]
    told = await refused(as_file(document))
    assert told.count("\n") == 21
    assert told.splitlines()[0].startswith("Nothing was imported.")
    assert told.splitlines()[-1] == "  - and 380 more."


async def test_a_problem_in_a_name_of_the_file_does_not_write_all_of_it(
    document: dict[str, Any],
) -> None:
    document["operations"][0]["detail"] = {"n" * 100_000: "many", "\x1b[31m": "many"}
    told = await refused(as_file(document))
    assert len(told) < 1_000
    assert "\x1b" not in told


async def test_what_a_newer_ellie_may_have_added_is_left_out(document: dict[str, Any]) -> None:
    document["hobbies"] = [1, {"a": None}]
    document["turns"][0]["mood"] = "good"
    storage = InMemoryStorage()
    await imported(storage, as_file(document))
    again = json.loads(await exported(storage, ANA))
    assert "hobbies" not in again
    assert "mood" not in again["turns"][0]
