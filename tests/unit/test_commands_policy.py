"""``admin policy show``, ``set`` and ``default``: every setting, here or everywhere."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.administering import CHANNEL, THREAD, Office, channel
from support.commanding import WORKSPACE, text_of

from bot.commands.definitions import POLICY_DEFAULT, POLICY_SET
from bot.commands.dispatch import Commands
from bot.commands.parsing import Invocation, parse_command
from bot.commands.reply import ReplyKind
from bot.domain.conversation import Visibility
from bot.domain.place_policy import MemoryMode
from bot.domain.place_settings import NAMES, SETTINGS, PlaceSetting
from bot.domain.policy import AnswerPolicy

each_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.name)


@pytest.fixture
def office() -> Office:
    return Office()


async def decided(office: Office) -> dict[tuple[str | None, str], object]:
    decisions = await office.places.decisions(WORKSPACE)
    return {(place, name): value for place, own in decisions.items() for name, value in own.items()}


def arguments(line: str) -> dict[str, object]:
    understood = parse_command(line)
    assert isinstance(understood, Invocation), understood
    return {"command": understood.command.name, **understood.arguments}


@pytest.mark.parametrize(
    ("line", "setting", "value", "where"),
    [
        ("/admin policy set memory opt-in", "memory", "opt-in", None),
        ("/admin policy set MEMORY opt-in Everywhere", "memory", "opt-in", "everywhere"),
        ("/admin policy set deny-users <@1> 2 server", "deny-users", "<@1> 2", "everywhere"),
        ("/admin policy set persona Be nice here", "persona", "Be nice", "here"),
        ("/admin policy set persona In our channel", "persona", "In our channel", None),
        ("/admin policy set persona Our server.", "persona", "Our server.", None),
        ("/admin policy set persona\nBe nice\n\nto all", "persona", "Be nice\n\nto all", None),
        ('/admin policy set persona "I am here" here', "persona", '"I am here"', "here"),
        ("/admin policy mentions everywhere", "answers", "mentions", "everywhere"),
        ("/admin policy memory off 全部", "memory", "off", "everywhere"),
        ("/管理 策略 设置 persona 你叫小艾 全部", "persona", "你叫小艾 全部", None),
        ("/管理 策略 提及 这里", "answers", "提及", "here"),
        ("/admin policy off nowhere", "answers", "off nowhere", None),
    ],
)
def test_a_line_says_what_where(line: str, setting: str, value: str, where: str | None) -> None:
    expected = {"command": POLICY_SET.name, "setting": setting, "value": value}
    assert arguments(line) == (expected | {"where": where} if where else expected)


@pytest.mark.parametrize(
    ("line", "setting", "where"),
    [
        ("/admin policy default", "answers", None),
        ("/admin policy default everywhere", "answers", "everywhere"),
        ("/admin policy default memory", "memory", None),
        ("/admin policy default memory workspace", "memory", "everywhere"),
        ("/管理 策略 默认 全部", "answers", "everywhere"),
    ],
)
def test_a_line_takes_back_what_was_decided(line: str, setting: str, where: str | None) -> None:
    expected = {"command": POLICY_DEFAULT.name, "setting": setting}
    assert arguments(line) == (expected | {"where": where} if where else expected)


@pytest.mark.parametrize(
    ("line", "page"),
    [
        ("/admin policy", None),
        ("/admin policy show", None),
        ("/admin policy show page 2", 2),
        ("/admin policy page 2", 2),
        ("/管理 策略", None),
        ("/管理 策略 查看 第2页", 2),
    ],
)
def test_a_line_asks_what_holds(line: str, page: int | None) -> None:
    expected: dict[str, object] = {"command": "admin policy show"}
    assert arguments(line) == (expected | {"page": page} if page else expected)


@each_setting
async def test_each_is_set_shown_and_taken_back(office: Office, setting: PlaceSetting) -> None:
    asked = await office.ask(f"/admin policy set {setting.name} {setting.example}", where=THREAD)
    if asked.confirmation:
        asked = await asked.confirmation.answer(True)

    place = "C1" if setting.in_channels else None
    assert asked.kind is ReplyKind.DONE
    value = office.places.settings[setting.name].kind.parse(setting.example)
    assert await decided(office) == {(place, setting.name): value}
    shown = await office.ask("/admin policy show")
    (row,) = [row for row in shown.sections[0].rows if row.label == setting.name]
    assert row.text == setting.kind.show(value)
    assert row.marks == ("this channel" if place else "server or workspace",)
    (row,) = shown.sections[1].rows
    assert row.text == f"{setting.name}: {setting.kind.show(value)}"
    again = await office.ask(f"/admin policy set {setting.name} {setting.example}")
    assert again.kind is ReplyKind.REFUSED
    assert "like that already" in text_of(again)
    back = await office.ask(f"/admin policy default {setting.name}")
    assert back.kind is ReplyKind.DONE
    assert await decided(office) == {}
    assert (await office.ask(f"/admin policy default {setting.name}")).kind is ReplyKind.REFUSED


@each_setting
@pytest.mark.parametrize("locale", ["", "zh-CN"])
async def test_without_a_value_each_says_what_it_is(
    office: Office, setting: PlaceSetting, locale: str
) -> None:
    told = await office.ask(f"/admin policy set {setting.name}", locale=locale)

    assert told.kind is ReplyKind.REFUSED
    assert f"/admin policy set {setting.name} {setting.example}" in text_of(told)
    assert ("例如" in text_of(told)) == bool(locale)
    assert await decided(office) == {}


async def test_the_channel_holds_against_everywhere_and_that_is_said(office: Office) -> None:
    await office.ask("/admin policy set memory off", where=channel("C2"))

    reply = await office.ask("/admin policy set memory opt-in everywhere", where=channel("C2"))

    assert reply.lines == (
        "Decided for the whole server or workspace.",
        "In this channel memory is now: off",
        "Decided apart: 1 channel. /admin policy show lists them.",
    )
    assert (await office.places.of(CHANNEL)).memory is MemoryMode.OPT_IN
    reply = await office.ask("/admin policy default memory", where=channel("C2"))
    assert reply.lines[1] == "In this channel memory is now: opt-in"


@pytest.mark.parametrize("name", ["retention", "deny-channels", "quota-tenant-turns"])
async def test_what_is_for_all_is_not_decided_here(office: Office, name: str) -> None:
    for line in (f"/admin policy set {name} none here", f"/admin policy default {name} here"):
        reply = await office.ask(line)
        assert reply.kind is ReplyKind.REFUSED
    assert "for the whole server or workspace, not for one channel" in text_of(reply)
    assert await decided(office) == {}


async def test_default_as_a_value_takes_back_too(office: Office) -> None:
    await office.ask("/admin policy set persona Ada")

    reply = await office.ask("/admin policy set persona 默认")

    assert reply.lines[0] == "这个频道不再有自己的规定。"
    assert await decided(office) == {}


async def test_people_are_added_to_a_list_and_removed_from_it(office: Office) -> None:
    await office.ask("/admin policy set deny-users <@1> <@2>")
    await office.ask("/admin policy set deny-users +<@3> -<@1>")
    assert await decided(office) == {("C1", "deny-users"): ("2", "3")}

    unchanged = await office.ask("/admin policy set deny-users +2 -9")
    assert unchanged.kind is ReplyKind.REFUSED
    wrong = await office.ask("/admin policy set deny-users +@ann")
    assert "“@ann” is neither the id of an account" in text_of(wrong)
    assert await decided(office) == {("C1", "deny-users"): ("2", "3")}


async def test_shorter_retention_asks_first_and_once_more_whether_they_may(
    office: Office,
) -> None:
    still = True

    async def still_admin() -> bool:
        return still

    asked = await office.ask("/admin policy set retention 30", still_admin=still_admin)
    assert asked.kind is ReplyKind.QUESTION
    assert "kept for 30 days only" in text_of(asked)
    assert asked.confirmation
    still = False
    refused = await asked.confirmation.answer(True)
    assert "/admin policy set is only for whoever may manage" in text_of(refused)
    assert await decided(office) == {}
    still = True
    assert (await asked.confirmation.answer(True)).kind is ReplyKind.DONE
    assert (await office.retention.of(WORKSPACE)).own == 30
    assert (await office.places.of(CHANNEL)).retention_days == 30


async def test_only_what_the_owner_allows_is_a_model(office: Office) -> None:
    wrong = text_of(await office.ask("/admin policy set model gpt"))

    assert "“gpt” is no model that may be chosen here. There are: ellie-small" in wrong
    assert (await office.ask("/admin policy set model ellie-medium")).kind is ReplyKind.DONE


async def test_a_long_text_is_shown_in_short(office: Office) -> None:
    reply = await office.ask("/admin policy set system-text " + "very long " * 150)

    assert len(reply.lines[1]) < 160
    assert len(str((await decided(office))["C1", "system-text"])) == 1499


async def test_many_decisions_stand_on_pages(office: Office) -> None:
    for number in range(60):
        await office.places.decide(WORKSPACE, f"C{number:02}", "memory", "off")

    pages = [await office.ask(f"/admin policy show page {number}") for number in (1, 2, 3)]

    assert [reply.page for reply in pages] == [1, 2, 3]
    assert {reply.pages for reply in pages} == {3}
    listed = [row.label for reply in pages for part in reply.sections for row in part.rows]
    assert listed == [
        *NAMES,
        *(f"C{number:02}" for number in range(60)),
        *(policy.value for policy in AnswerPolicy),
    ]
    assert "Page 1 of 3. /admin policy show page 2 shows the next." in text_of(pages[0])
    assert "shows the next" not in text_of(pages[2])
    assert (await office.ask("/admin policy show page 4")).kind is ReplyKind.REFUSED


async def test_direct_messages_and_places_without_means_are_refused(office: Office) -> None:
    lines = [
        "/admin policy show",
        "/admin policy set memory off",
        "/admin policy default memory",
        "/admin policy export",
        "/admin policy import x",
    ]
    direct = replace(CHANNEL, visibility=Visibility.DIRECT)
    for line in lines:
        assert "in one of its channels" in text_of(await office.ask(line, where=direct))
        assert "only for whoever may" in text_of(await office.ask(line, is_admin=False))
    office.commands = Commands(office.desk.control, clock=office.desk.clock)
    for line in lines:
        assert text_of(await office.ask(line)) == "I cannot do that here."


WORDS = st.sampled_from(
    [
        *("set", "default", "show", "export", "import", "here", "everywhere", "page", "none"),
        *("+", "-", "<@1>", "2", "off", "[tenant]", "=", "{p}", "{0}", "30/hour", "\n", "🦉"),
        *NAMES,
    ]
)


@settings(max_examples=200, deadline=None)
@given(words=st.lists(WORDS | st.text(max_size=20), max_size=6))
async def test_whatever_is_typed_is_answered(words: list[str]) -> None:
    office = Office()
    began = time.perf_counter()

    reply = await office.ask(f"/admin policy {' '.join(words)}")

    assert text_of(reply)
    if reply.confirmation:
        assert text_of(await reply.confirmation.answer(True))
    assert time.perf_counter() - began < 5
