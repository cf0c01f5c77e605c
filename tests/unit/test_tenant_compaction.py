"""``admin compact``: the memory of those who spoke in a tenant, in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from support.administering import CHANNEL, OTHER_WORKSPACE, Office, channel
from support.commanding import WORKSPACE, text_of

from bot.commands.reply import CommandReply, ReplyKind
from bot.commands.tenant_memory import TenantMemory
from bot.domain.compaction import CompactionJob, JobStatus
from bot.domain.conversation import Visibility
from bot.domain.identity import PersonId
from bot.engine import tenant_compaction
from bot.engine.compaction.compactor import Compactor
from bot.errors import StorageUnavailableError


class Watched:
    """Notes whose memory is made compact, and what happens then."""

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        self.people: list[PersonId] = []
        self.happens: Callable[[], Awaitable[None]] | None = None
        self.status: JobStatus | None = None
        compact = Compactor.compact

        async def watched(compactor: Compactor, person_id: PersonId) -> CompactionJob | None:
            self.people.append(person_id)
            if self.happens is not None:
                await self.happens()
            job = await compact(compactor, person_id)
            assert job
            return job if self.status is None else replace(job, status=self.status)

        monkeypatch.setattr(Compactor, "compact", watched)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def watched(office: Office, monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(office, monkeypatch)


async def ended(begun: CommandReply) -> CommandReply:
    assert begun.kind is ReplyKind.DONE
    assert begun.more
    return await begun.more()


async def id_of(office: Office, user: str) -> PersonId:
    person = await office.desk.person(user)
    assert person
    return person.id


async def test_it_is_the_memory_of_those_who_spoke_in_its_channels(
    office: Office, watched: Watched
) -> None:
    direct = replace(channel("D1"), visibility=Visibility.DIRECT)
    await office.say("I live in Porto.", user="bo")
    await office.say("I like tea.", user="cy")
    await office.say("I like figs.", channel("C1", tenant=OTHER_WORKSPACE), user="dee")
    await office.say("I like nuts.", direct, user="eve")
    await office.desk.say("I like plums.", user="fay")

    reply = await ended(await office.ask("/admin compact"))

    assert text_of(reply) == "Done: I went through the memory of 2 people."
    assert set(watched.people) == {await id_of(office, "bo"), await id_of(office, "cy")}
    bo = await office.desk.person("bo")
    assert bo
    assert bo.compacted_until == 1


async def test_its_end_is_on_record_with_counts(office: Office, watched: Watched) -> None:
    await office.say("I live in Porto.", user="bo")
    await ended(await office.ask("/admin compact"))

    begun, done = await office.recorded()
    assert (begun.action, begun.outcome.value, begun.detail) == (
        "admin compact",
        "done",
        {"step": "begun"},
    )
    assert (done.action, done.outcome.value) == ("admin compact", "done")
    assert done.detail == {"people": 1, "left": 0}
    assert (done.actor, done.channel) == ("slack:T1/ana", "C1")


async def test_one_at_a_time_in_each_tenant(office: Office, watched: Watched) -> None:
    go_on = asyncio.Event()

    async def wait() -> None:
        await go_on.wait()

    watched.happens = wait
    await office.say("I live in Porto.", user="bo")
    begun = await office.ask("/admin compact")

    again = await office.ask("/admin compact")
    elsewhere = await office.ask("/admin compact", where=channel("C9", tenant=OTHER_WORKSPACE))

    assert again.kind is ReplyKind.REFUSED
    assert "I am at it already" in text_of(again)
    assert "Nobody has said anything" in text_of(await ended(elsewhere))
    go_on.set()
    assert "1 person" in text_of(await ended(begun))
    assert (await office.ask("/admin compact")).kind is ReplyKind.DONE
    await office.compaction.stop()


async def test_who_could_not_be_done_is_counted(office: Office, watched: Watched) -> None:
    watched.status = JobStatus.FAILED
    await office.say("I live in Porto.", user="bo")
    await office.say("I like tea.", user="cy")

    reply = await ended(await office.ask("/admin compact"))

    assert "Of them, 2 people could not be done now" in text_of(reply)


async def test_a_run_has_an_end(
    office: Office, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenant_compaction, "MOST_PEOPLE", 2)
    for user in ("bo", "cy", "dee"):
        await office.say("I live in Porto.", user=user)

    reply = await ended(await office.ask("/admin compact"))

    assert len(watched.people) == 2
    assert "There are more." in text_of(reply)


async def test_without_the_database_it_says_so(office: Office, watched: Watched) -> None:
    async def fail() -> None:
        raise StorageUnavailableError("The database is away.")

    watched.happens = fail
    await office.say("I live in Porto.", user="bo")

    reply = await ended(await office.ask("/admin compact"))

    assert reply.kind is ReplyKind.REFUSED
    assert "could not be finished" in text_of(reply)
    assert [one.outcome.value for one in await office.recorded()] == ["done", "failed"]


async def test_a_long_run_is_not_waited_for_and_ends_when_ellie_stops(
    office: Office, watched: Watched
) -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    watched.happens = wait
    await office.say("I live in Porto.", user="bo")
    memory = TenantMemory(None, office.compaction, wait_seconds=0)
    office.commands._handlers = {**office.commands._handlers, "admin compact": memory.compact}
    begun = await office.ask("/admin compact")

    assert "still going on" in text_of(await ended(begun))
    await office.compaction.stop()

    assert [one.outcome.value for one in await office.recorded()] == ["done", "failed"]
    assert (await office.ask("/admin compact")).kind is ReplyKind.REFUSED
    assert WORKSPACE not in office.compaction._running


async def test_it_works_in_chinese_and_for_admins_alone(office: Office, watched: Watched) -> None:
    await office.say("我住在上海。", CHANNEL, user="bo")

    assert (await office.ask("/管理 整理", is_admin=False)).kind is ReplyKind.REFUSED
    assert watched.people == []
    assert text_of(await ended(await office.ask("/管理 整理"))) == "完成：我整理了1个人的记忆。"
