"""``admin audit``, and how commands of admins get on record: given, confirmed, denied, failed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs
from support.administering import CHANNEL, OTHER_WORKSPACE, Office, channel
from support.commanding import WORKSPACE, text_of

from bot.commands.definitions import POLICY, RETENTION, SHOW
from bot.commands.language import Language
from bot.commands.reply import CommandReply, ReplyKind
from bot.domain.audit import AuditEntry, AuditOutcome
from bot.domain.conversation import Visibility
from bot.domain.identity import IdentityRef, PersonId, Platform
from bot.errors import StorageUnavailableError
from storage.inmemory_audit import InMemoryAuditRepository

ANA = "slack:T1/ana"
ELSEWHERE = channel("C1", tenant=OTHER_WORKSPACE)


@pytest.fixture
def office() -> Office:
    return Office()


def told(entries: list[AuditEntry]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(one.action, one.outcome.value, dict(one.detail)) for one in entries]


async def confirm(asked: CommandReply, agreed: bool) -> CommandReply:
    assert asked.confirmation
    return await asked.confirmation.answer(agreed)


async def test_what_is_done_is_on_record_with_who_where_and_what(office: Office) -> None:
    await office.ask("/admin policy off everywhere")

    (entry,) = await office.recorded()
    assert (entry.actor, entry.tenant_id, entry.channel) == (ANA, WORKSPACE.id, "C1")
    assert told([entry]) == [
        (
            "admin policy set",
            "done",
            {"setting": "answers", "value": "off", "where": "everywhere"},
        )
    ]
    assert await office.recorded(OTHER_WORKSPACE) == []


async def test_question_and_answer_are_both_on_record(office: Office) -> None:
    asked = await office.ask("/admin retention 30")
    await confirm(asked, agreed=True)
    await confirm(await office.ask("/admin retention 7"), agreed=False)
    await office.ask("/admin retention 30")

    assert told(await office.recorded()) == [
        ("admin retention", "asked", {"days": 30}),
        ("admin retention", "done", {"days": 30}),
        ("admin retention", "asked", {"days": 7}),
        ("admin retention", "withdrawn", {"days": 7}),
        ("admin retention", "refused", {"days": 30}),
    ]


async def test_a_right_that_is_gone_when_the_question_is_answered_is_a_denied_attempt(
    office: Office,
) -> None:
    async def no_longer() -> bool:
        return False

    asked = await office.ask("/admin retention 30", still_admin=no_longer)
    reply = await confirm(asked, agreed=True)

    assert reply.kind is ReplyKind.REFUSED
    assert "only for whoever may manage" in text_of(reply)
    assert (await office.retention.of(WORKSPACE)).own is None
    assert [one.outcome for one in await office.recorded()] == [
        AuditOutcome.ASKED,
        AuditOutcome.DENIED,
    ]


@pytest.mark.parametrize("line", ["/admin policy off", "/admin policy nonsense", "/管理 记录"])
async def test_denied_attempts_are_on_record_and_counted(office: Office, line: str) -> None:
    for _ in range(3):
        reply = await office.ask(line, user="bo", is_admin=False)
        assert reply.kind is ReplyKind.REFUSED

    (entry,) = await office.recorded()
    assert (entry.actor, entry.outcome, entry.detail) == (
        "slack:T1/bo",
        AuditOutcome.DENIED,
        {"times": 3},
    )


async def test_an_attempt_in_direct_messages_is_for_the_owner_to_see(office: Office) -> None:
    direct = replace(CHANNEL, visibility=Visibility.DIRECT)
    await office.ask("/admin policy off", where=direct)

    assert await office.recorded() == []
    async with office.desk.storage.unit_of_work() as work:
        (entry,) = await work.audit.of_instance(limit=9)
    assert (entry.outcome, entry.tenant_id, entry.channel) == (AuditOutcome.DENIED, None, None)


async def test_what_is_mistyped_or_for_everybody_is_not_on_record(office: Office) -> None:
    await office.ask("/admin retention soon")
    await office.ask("/help")
    await office.ask("/memory show", is_admin=False)

    assert not office.desk.storage.state.audit


async def test_nothing_is_done_that_cannot_be_put_on_record(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await office.ask("/admin retention 30")

    async def fail(*_: object) -> None:
        raise StorageUnavailableError("The database is away.")

    monkeypatch.setattr(InMemoryAuditRepository, "append", fail)

    with pytest.raises(StorageUnavailableError):
        await office.ask("/admin policy off")
    with pytest.raises(StorageUnavailableError):
        await confirm(asked, agreed=True)
    assert not await office.policies.listing(WORKSPACE)
    assert (await office.retention.of(WORKSPACE)).own is None
    with capture_logs() as lines:
        denied = await office.ask("/admin policy off", is_admin=False)
    assert denied.kind is ReplyKind.REFUSED
    assert [line["event"] for line in lines] == ["denied_attempt_not_recorded"]


async def test_what_fails_is_on_record_and_raised(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StorageUnavailableError("The database is away.")

    monkeypatch.setattr(office.places, "decide", fail)

    with pytest.raises(StorageUnavailableError):
        await office.ask("/admin policy off")

    assert told(await office.recorded()) == [
        (
            "admin policy set",
            "failed",
            {"setting": "answers", "value": "off", "error": "StorageUnavailableError"},
        )
    ]


async def test_a_page_tells_it_in_plain_words(office: Office) -> None:
    await office.ask("/admin policy off everywhere")
    await office.ask("/admin policy off", user="bo", is_admin=False)
    await office.ask("/admin policy off", where=ELSEWHERE)

    page = text_of(await office.ask("/admin audit"))

    at = f"{office.desk.clock.now():%Y-%m-%d %H:%M} UTC"
    assert page.splitlines() == [
        "What was done here, newest first",
        f"C1 {at}, {ANA}: admin audit [done]",
        f"C1 {at}, slack:T1/bo: admin policy set [not allowed]",
        f"C1 {at}, {ANA}: admin policy set [done]",
        "  setting: answers",
        "  where: everywhere",
        "  value: off",
        "Entries are kept for 365 days. All of them as a file: /admin audit export.",
    ]


async def test_turning_pages_makes_the_log_no_longer(office: Office) -> None:
    for number in range(20):
        await office.audit.record(f"a{number}", tenant_id=WORKSPACE.id)

    first = await office.ask("/admin audit")
    second = await office.ask("/admin audit page 2")

    assert (first.page, first.pages, second.page, second.pages) == (1, 2, 2, 2)
    assert len(first.sections[0].rows) + len(second.sections[0].rows) == 21
    assert (await office.ask("/管理 记录 第2页")).page == 2


async def test_whom_it_concerned_is_an_account_while_there_is_one(office: Office) -> None:
    await office.say("I live in Porto.", user="bo")
    await office.ask("/admin export user <@bo>")

    assert "about slack:T1/bo" in text_of(await office.ask("/admin audit"))

    assert (await office.desk.agree("/memory forget everything", "bo")).kind is ReplyKind.DONE
    page = text_of(await office.ask("/admin audit"))
    assert "about somebody who is gone" in page
    assert "T1/bo" not in page


async def link(office: Office, user: str, *others: IdentityRef) -> None:
    """Have the account of somebody on Slack be one person with others."""
    at = office.desk.clock.now()
    async with office.desk.storage.unit_of_work() as work:
        person = await work.persons.find(office.desk.identity(user))
        assert person
        for number, account in enumerate(others):
            other = await work.persons.resolve(account, new_id=f"other{number}", seen_at=at)
            await work.persons.merge(other.id, person.id)
        await work.commit()


async def test_linked_accounts_elsewhere_are_not_told(office: Office) -> None:
    await office.say("I live in Porto.", user="bo")
    abroad = replace(office.desk.identity("bo"), tenant=OTHER_WORKSPACE)
    await link(office, "bo", office.desk.identity("bo", Platform.DISCORD), abroad)
    await office.ask("/admin export user bo")

    page = text_of(await office.ask("/admin audit"))

    assert "about slack:T1/bo" in page
    assert "discord" not in page


async def test_of_two_accounts_that_may_be_meant_none_is_told(office: Office) -> None:
    await office.say("I live in Porto.", user="bo")
    await link(office, "bo", office.desk.identity("bob"))
    await office.ask("/admin export user bo")

    page = text_of(await office.ask("/admin audit"))

    assert "about somebody with several accounts here" in page
    assert "T1/bo" not in page


async def test_whether_somebody_writes_to_her_elsewhere_is_not_told(office: Office) -> None:
    await office.desk.say("a secret", user="bo")
    known = text_of(await office.ask("/admin export user bo"))
    unknown = text_of(await office.ask("/admin export user cy"))

    assert known.replace("bo", "cy") == unknown
    assert [one.person_id for one in await office.recorded()] == [None, None]


async def test_the_export_has_every_entry_of_this_tenant_and_no_ids_of_people(
    office: Office,
) -> None:
    await office.audit.record("a", tenant_id=WORKSPACE.id, person_id=PersonId("gone"), turns=2)
    await office.audit.record("b", tenant_id=OTHER_WORKSPACE.id)

    reply = await office.ask("/admin audit export")

    assert "2 entries" in text_of(reply)
    (file,) = reply.files
    assert file.name.endswith(".jsonl")
    begun, line = [json.loads(line) for line in file.content.decode().splitlines()]
    assert (begun["action"], begun["outcome"]) == ("admin audit", "begun")
    assert {key: line[key] for key in ("action", "outcome", "person", "detail")} == {
        "action": "a",
        "outcome": "done",
        "person": "somebody who is gone",
        "detail": {"turns": 2},
    }
    assert told(await office.recorded())[-1] == (
        "admin audit",
        "done",
        {"file": "export", "entries": 2},
    )


async def test_a_page_that_looks_by_itself_is_not_on_record_and_may_not_do_more(
    office: Office,
) -> None:
    caller = replace(office.desk.caller(), conversation=CHANNEL, is_admin=True)

    shown = await office.commands.look(POLICY, Language.ENGLISH, caller)
    barred = await office.commands.look(
        RETENTION, Language.ENGLISH, replace(caller, is_admin=False)
    )

    assert shown.title == "What holds in this channel"
    assert barred.kind is ReplyKind.REFUSED
    assert not office.desk.storage.state.audit
    with pytest.raises(ValueError, match="memory show"):
        await office.commands.look(SHOW, Language.ENGLISH, caller)
