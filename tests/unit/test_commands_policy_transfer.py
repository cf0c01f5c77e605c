"""``admin policy export`` and ``import``: all decisions at once."""

from __future__ import annotations

import pytest
from support.administering import OTHER_WORKSPACE, Office
from support.commanding import WORKSPACE, text_of

from bot.commands.reply import CommandReply, ReplyKind

FILE = '[tenant]\nmemory = "off"\n\n[channel.C2]\npersona = "Ada"\n'


@pytest.fixture
async def office() -> Office:
    office = Office()
    await office.places.decide(WORKSPACE, None, "answers", "mentions")
    await office.places.decide(WORKSPACE, "C1", "persona", "You are “Bo”.\nBe brief.")
    await office.places.decide(OTHER_WORKSPACE, None, "memory", "opt-in")
    return office


async def exported(office: Office) -> str:
    reply = await office.ask("/admin policy export")
    (file,) = reply.files
    assert reply.private
    assert file.name == "ellie-policy-slack-T1.toml"
    return file.content.decode()


async def taken_in(office: Office, text: str) -> CommandReply:
    asked = await office.ask(f"/admin policy import {text}")
    assert asked.confirmation is not None, text_of(asked)
    return await asked.confirmation.answer(True)


async def test_an_export_is_whole_and_comes_in_again(office: Office) -> None:
    text = await exported(office)
    assert "opt-in" not in [line for line in text.splitlines() if not line.startswith("#")]

    unchanged = await office.ask(f"/admin policy import {text}")
    assert unchanged.kind is ReplyKind.REFUSED
    assert "like that already" in text_of(unchanged)
    await taken_in(office, FILE)
    assert (await taken_in(office, f"```toml\n{text}\n```")).kind is ReplyKind.DONE
    assert await exported(office) == text


async def test_it_asks_with_all_that_would_change_and_a_no_changes_nothing(
    office: Office,
) -> None:
    before = await exported(office)
    asked = await office.ask(f"/admin policy import {FILE}")

    assert asked.kind is ReplyKind.QUESTION
    (changes,) = asked.sections
    assert [(row.label, row.text) for row in changes.rows] == [
        ("everywhere else", "answers: mentions → undecided"),
        ("everywhere else", "memory: undecided → off"),
        ("C1", "persona: You are “Bo”. Be brief. → undecided"),
        ("C2", "persona: undecided → Ada"),
    ]
    assert asked.confirmation
    assert (await asked.confirmation.answer(False)).lines == ("Everything stays as it is.",)
    assert await exported(office) == before
    await asked.confirmation.answer(True)
    assert await office.places.decisions(WORKSPACE) == {
        None: {"memory": "off"},
        "C2": {"persona": "Ada"},
    }
    assert await office.places.decisions(OTHER_WORKSPACE) == {None: {"memory": "opt-in"}}


async def test_one_problem_keeps_everything_from_changing(office: Office) -> None:
    before = await exported(office)

    refused = await office.ask(f"/admin policy import {FILE}moods = 3\n[x]\n")

    assert refused.kind is ReplyKind.REFUSED
    assert refused.confirmation is None
    assert [row.label for row in refused.sections[0].rows] == ["channel.C2.moods", "x"]
    assert await exported(office) == before


async def test_very_many_problems_are_counted(office: Office) -> None:
    lines = "\n".join(f"wrong{number} = 1" for number in range(40))

    refused = await office.ask(f"/admin policy import [tenant]\n{lines}")

    rows = refused.sections[0].rows
    assert len(rows) == 26
    assert rows[-1].text == "and 15 more"


async def test_shorter_retention_is_said_before(office: Office) -> None:
    asked = await office.ask("/admin policy import [tenant]\nretention = 7")
    assert "would be kept for 7 days only" in text_of(asked)
    await office.retention.decide(WORKSPACE, 5)
    asked = await office.ask("/admin policy import [tenant]\nretention = 7")
    assert "only" not in asked.lines
    by_owner = Office(default_days=7)
    await by_owner.retention.decide(WORKSPACE, 30)
    asked = await by_owner.ask("/admin policy import [tenant]\n")
    assert "would be kept for 7 days only" in text_of(asked)


async def test_whoever_lost_the_right_meanwhile_changes_nothing(office: Office) -> None:
    before = await exported(office)

    async def lost() -> bool:
        return False

    asked = await office.ask(f"/admin policy import {FILE}", still_admin=lost)
    assert asked.confirmation
    refused = await asked.confirmation.answer(True)

    assert "/admin policy import is only for whoever may manage" in text_of(refused)
    assert await exported(office) == before


async def test_it_speaks_chinese(office: Office) -> None:
    told = text_of(await office.ask("/管理 策略 导入 [tenant]\nmoods = 1"))
    assert "什么都没有改变" in told
    assert "没有这项设置" in told
    assert (await office.ask("/管理 策略 导出")).files
