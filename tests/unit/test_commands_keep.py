"""``memory export``, ``pause``, ``resume``, ``incognito`` and ``privacy``."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from typing import Any

import pytest
from support.commanding import Desk, text_of
from support.engine import NOON
from support.episodes import add_summary, summary_of

from bot.commands.reply import CommandReply, ReplyKind
from bot.domain.compaction import CompactionJob, DueRule, JobId, JobStatus
from bot.domain.conversation import Audience, Conversation, ConversationRef
from bot.domain.delivery import Delivery
from bot.domain.episode import Episode, EpisodeSentence
from bot.domain.fact import Evidence, Fact, FactId, FactKind, FactState, FactStatus
from bot.domain.feedback import Verdict
from bot.domain.identity import IdentityRef, Person
from bot.domain.operation import FactChange, MemoryOperation
from bot.domain.shown import Shown
from bot.domain.turn import TraceItem, Turn, TurnTrace
from bot.ports.channel_storage import GivenVerdict
from bot.ports.export_storage import Bookkeeping


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def full_memory(desk: Desk) -> None:
    """At least one of everything that is stored about a person."""
    bike = Shown(
        name="bike.png",
        media_type="image/png",
        size=77,
        width=640,
        height=480,
        alt_text="a red bike",
        caption="my bike",
    )
    told = await desk.say("I live in Porto.", "Porto is nice.", shown=(bike,))
    porto = await desk.learn(
        "I live in Porto.",
        told,
        slot="city",
        value="Porto",
        occurs_from=NOON,
        occurs_until=NOON + timedelta(days=3),
        confidence=0.75,
        last_used_at=NOON,
        conflicts_with=FactId("rival"),
    )
    await desk.learn("I live in Faro.", slot="city", value="Faro", replaces=porto)
    await desk.learn(
        "Obey Bob.", topic="instruction", kind=FactKind.INSTRUCTION, state=_in(FactStatus.RETRACTED)
    )
    item = TraceItem(
        kind="fact",
        item_id=porto.id,
        tokens=9,
        included=False,
        reason="no room",
        scores={"bm25": 1.5},
    )
    trace = TurnTrace(
        turn_id=told.id,
        person_id=told.person_id,
        model="toy",
        prompt_tokens=99,
        reply_tokens=7,
        finish_reason="stop",
        items=(item,),
        timings_ms={"load": 2.5},
    )
    async with desk.storage.unit_of_work() as work:
        await work.traces.save(trace)
        shown = Delivery(
            turn_id=told.id, channel_id="channel7", message_ids=("said8", "said9"), is_complete=True
        )
        assert await work.deliveries.save(shown)
        assert await work.feedback.set(told.id, Verdict.GOOD, at=NOON + timedelta(minutes=2))
        await work.commit()
    await add_summary(desk.storage, summary_of([told], ("It rains in Porto.", [told]), model="toy"))
    await desk.control.settings.keep(desk.identity(), 4_321)
    await compacted(desk)


async def compacted(desk: Desk) -> None:
    """A compaction that found nothing to do."""
    async with desk.storage.unit_of_work() as work:
        job = await work.compactions.claim(
            JobId("job7"),
            worker="somebody's machine",
            now=NOON,
            lease_until=NOON + timedelta(minutes=1),
            rule=DueRule(enough_turns=1),
        )
        assert job
        done = dataclasses.replace(job, counts={"merged": 3})
        assert await work.compactions.finish(done, JobStatus.DONE, at=NOON)
        await work.commit()


def _in(status: FactStatus) -> FactState:
    return FactState(status=status)


def content(reply: CommandReply, suffix: str) -> str:
    (file,) = [file for file in reply.files if file.name.endswith(suffix)]
    return file.content.decode()


def names_of(kind: type[Any]) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


async def test_the_json_export_has_every_field_of_everything(desk: Desk) -> None:
    await full_memory(desk)

    document = json.loads(content(await desk.ask("/memory export"), ".json"))

    assert document["schema"] == "ellie-export/1"
    assert document["exported_at"] == NOON.isoformat()
    assert set(document["person"]) == names_of(Person)
    (identity,) = document["identities"]
    assert set(identity) == names_of(IdentityRef) | {"first_seen_at"}
    assert identity["external_id"] == "ana"
    facts, (turn,), (trace,) = document["facts"], document["turns"], document["traces"]
    assert {fact["state"]["status"] for fact in facts} == {"active", "superseded", "retracted"}
    for fact in facts:
        assert set(fact) == names_of(Fact)
        assert set(fact["evidence"][0]) == names_of(Evidence)
        assert set(fact["state"]) == names_of(FactState)
        assert set(fact["audience"]) == names_of(Audience)
    assert set(turn) == names_of(Turn)
    assert set(turn["shown"][0]) == names_of(Shown)
    assert set(trace) == names_of(TurnTrace)
    assert set(trace["items"][0]) == names_of(TraceItem)
    (summary,), (job,) = document["episodes"], document["compactions"]
    assert set(summary) == names_of(Episode)
    assert set(summary["sentences"][0]) == names_of(EpisodeSentence)
    assert set(job) == names_of(CompactionJob) - {"worker", "lease_until", "attempts"}
    assert job["counts"] == {"merged": 3}
    (place,) = document["conversations"]
    assert set(place) == names_of(Conversation)
    assert set(place["ref"]) == names_of(ConversationRef)
    assert set(document["bookkeeping"]) == names_of(Bookkeeping) - {"retention_days"}
    assert document["bookkeeping"]["last_fact_number"] == len(facts)
    assert document["retention_days"] == 4_321
    (shown,), (verdict,) = document["deliveries"], document["feedback"]
    assert set(shown) == names_of(Delivery)
    assert shown["message_ids"] == ["said8", "said9"]
    assert set(verdict) == names_of(GivenVerdict)
    assert (verdict["turn_id"], verdict["verdict"]) == (turn["id"], "good")
    for operation in document["operations"]:
        assert set(operation) == names_of(MemoryOperation)
        assert set(operation["changes"][0]) == names_of(FactChange)
    assert len(document["operations"]) == 3
    assert turn["text"] == "I live in Porto."
    assert turn["received_at"] == NOON.isoformat()
    assert facts[0]["confidence"] == 0.75
    assert trace["items"][0]["scores"] == {"bm25": 1.5}


HEADED = {
    "conversations",
    "facts",
    "turns",
    "episodes",
    "operations",
    "compactions",
    "traces",
    "deliveries",
    "feedback",
    "identities",
}
"""What the Markdown calls otherwise."""


def values_of(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set().union(*map(values_of, value.values()))
    if isinstance(value, list):
        return set().union(*map(values_of, value))
    return {str(value)} if value not in (None, "") else set()


def names_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(names_in, value.values()))
    return set().union(*map(names_in, value)) if isinstance(value, list) else set()


async def test_the_markdown_export_has_every_name_and_value_of_the_json_one(desk: Desk) -> None:
    await full_memory(desk)

    reply = await desk.ask("/memory export")

    document, page = json.loads(content(reply, ".json")), content(reply, ".md")
    for value in values_of(document):
        assert value in page, value
    for name in names_in(document) - HEADED:
        assert name in page, name
    assert "### m1 to m1, " in page
    assert "> I live in Porto.\n" in page
    assert "### m1, " in page


async def test_markdown_in_what_people_wrote_stays_text(desk: Desk) -> None:
    await desk.say("# no *heading*\n<b>", "`code`")
    await desk.learn("A.", value="<script>*x*")

    page = content(await desk.ask("/memory export markdown"), ".md")

    assert "> # no *heading*\n> <b>" in page
    assert r"\<script\>\*x\*" in page


async def test_the_files_are_named_and_can_be_chosen(desk: Desk) -> None:
    await desk.say("hi")

    both, one = await desk.ask("/memory export"), await desk.ask("/export json")

    assert [(file.name, file.media_type) for file in both.files] == [
        ("ellie-export-2026-05-04.json", "application/json"),
        ("ellie-export-2026-05-04.md", "text/markdown"),
    ]
    assert [file.name for file in one.files] == ["ellie-export-2026-05-04.json"]
    assert both.private
    assert "1 message and 0 facts" in text_of(both)


async def test_chinese_is_written_as_it_is(desk: Desk) -> None:
    await desk.say("我住在柏林。")

    assert "我住在柏林。" in content(await desk.ask("导出我的数据"), ".json")


async def test_a_stranger_has_nothing_to_export(desk: Desk) -> None:
    reply = await desk.ask("/memory export")

    assert (reply.kind, reply.files) == (ReplyKind.REFUSED, ())
    assert await desk.person() is None


async def test_an_export_holds_nothing_of_others(desk: Desk) -> None:
    await full_memory(desk)
    await desk.say("I live in Rome.", user="bob")

    assert "Porto" not in content(await desk.ask("/export json", "bob"), ".json")


async def test_pause_and_resume_hold_from_the_first_word_on(desk: Desk) -> None:
    paused = await desk.ask("/memory pause")
    again = await desk.ask("stop remembering things")
    person = await desk.person()
    assert person
    assert person.paused
    assert text_of(paused).startswith("From now on I learn nothing from what you write")
    assert text_of(again).startswith("I am paused already.")
    assert "I am paused" in text_of(await desk.ask("/memory show"))

    resumed = await desk.ask("/memory resume")
    again = await desk.ask("/memory resume")
    person = await desk.person()
    assert person
    assert not person.paused
    assert text_of(resumed) == "I learn from what you write again."
    assert text_of(again).startswith("I was not paused")


async def test_incognito_goes_on_and_off(desk: Desk) -> None:
    on = await desk.ask("/incognito on")
    again = await desk.ask("go off the record")
    person = await desk.person()
    assert person
    assert person.incognito
    assert "I store nothing of what you write" in text_of(on)
    assert text_of(again).startswith("You are incognito already.")
    assert "You are incognito" in text_of(await desk.ask("/memory show"))

    off = await desk.ask("/incognito off")
    again = await desk.ask("/incognito off")
    person = await desk.person()
    assert person
    assert not person.incognito
    assert "with my replies" in text_of(off)
    assert text_of(again).startswith("You were not incognito")


@pytest.mark.parametrize(
    ("command", "state"),
    [
        ("", "I store what you write and learn from it"),
        ("/memory pause", "I store what you write and learn nothing from it"),
        ("/incognito on", "I store nothing of what you write"),
    ],
)
async def test_privacy_says_what_is_kept_and_how_it_is_now(
    desk: Desk, command: str, state: str
) -> None:
    if command:
        await desk.ask(command)

    shown = text_of(await desk.ask("/privacy"))

    assert f"Just now: {state}." in shown
    for way in ("/memory pause", "/incognito", "/memory forget", "/memory keep", "/memory export"):
        assert way in shown
    assert "I keep what you write until you have me forget it." in shown
    assert "short summaries" in shown
    assert "When you delete a message" in shown
    assert "Its owner can read it." in shown


@pytest.mark.parametrize(
    ("line", "kept", "read"),
    [
        ("/privacy", "I keep nothing that is not said to me", "I may read what it replies to"),
        ("/隐私", "不是对我说的话我不保存", "我可能会读它所回复的消息"),
    ],
)
async def test_privacy_says_what_is_read_and_not_kept(
    desk: Desk, line: str, kept: str, read: str
) -> None:
    shown = text_of(await desk.ask(line))

    assert kept in shown
    assert read in shown
    assert "read nothing" not in shown
    assert "我不读" not in shown


async def test_asking_about_privacy_stores_nothing(desk: Desk) -> None:
    await desk.ask("what do you store about me?")

    assert await desk.person() is None
