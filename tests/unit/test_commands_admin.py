"""``admin policy``, and who may give commands for a whole server or workspace."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.administering import CHANNEL, OTHER_WORKSPACE, THREAD, Office, channel
from support.commanding import WORKSPACE, text_of
from support.console import Terminal

from bot.commands.definitions import COMMANDS
from bot.commands.dispatch import Commands
from bot.commands.reply import ReplyKind
from bot.domain.conversation import Visibility
from bot.domain.policy import AnswerPolicy

GIVEN = ["/admin policy", "/admin policy off", "/admin retention 3", "/管理 策略 关", "/管理 保留"]
WRONG = ["/admin policy nonsense", "/admin policy off nowhere", "/admin retention soon"]


@pytest.fixture
def office() -> Office:
    return Office()


async def nothing_is_decided(office: Office) -> bool:
    rule = await office.retention.of(WORKSPACE)
    return rule.own is None and not await office.policies.listing(WORKSPACE)


@pytest.mark.parametrize("line", [*GIVEN, *WRONG])
async def test_whoever_may_not_manage_the_place_is_refused(office: Office, line: str) -> None:
    reply = await office.ask(line, is_admin=False)

    assert reply.kind is ReplyKind.REFUSED
    assert reply.private
    only = (
        "只供可以管理" if "管理" in line else "only for whoever may manage this server or workspace"
    )
    assert only in text_of(reply)
    assert await nothing_is_decided(office)


@pytest.mark.parametrize("is_admin", [False, True])
@pytest.mark.parametrize("has_tenant", [False, True])
@pytest.mark.parametrize("line", [*GIVEN, *WRONG])
async def test_nobody_manages_direct_messages(
    office: Office, line: str, is_admin: bool, has_tenant: bool
) -> None:
    tenant = WORKSPACE if has_tenant else None
    direct = replace(CHANNEL, visibility=Visibility.DIRECT, tenant=tenant)

    reply = await office.ask(line, where=direct, is_admin=is_admin)

    assert reply.kind is ReplyKind.REFUSED
    where = "请在它的频道里使用" if "管理" in line else "Use it in one of its channels"
    assert where in text_of(reply)
    assert await nothing_is_decided(office)


async def test_the_terminal_has_none_of_it() -> None:
    terminal = Terminal()

    await terminal.session("/help", "/admin policy off", "/admin retention 3").run()

    shown = "\n".join(text for _, text in terminal.screen.shown)
    assert "/help [COMMAND]" in shown
    assert "SETTING" not in shown
    assert "/admin policy set is about a server or workspace." in shown
    assert "/admin retention is about a server or workspace." in shown


@pytest.mark.parametrize("locale", ["", "zh-CN"])
async def test_help_has_what_somebody_may_do_and_nothing_else(office: Office, locale: str) -> None:
    for_all = await office.ask("/help", is_admin=False, locale=locale)
    for_admins = await office.ask("/help", locale=locale)

    assert "admin" not in text_of(for_all)
    assert "/admin policy set SETTING [VALUE] [here|everywhere]" in text_of(for_admins)
    assert "/admin retention [DAYS]" in text_of(for_admins)
    assert len(for_admins.sections[0].rows) == len(COMMANDS)


@pytest.mark.parametrize("name", ["admin policy", "管理 策略", "admin polcy"])
async def test_help_explains_and_proposes_only_what_somebody_may_do(
    office: Office, name: str
) -> None:
    for_all = await office.ask(f"/help {name}", is_admin=False)
    for_admins = await office.ask(f"/help {name}")

    assert for_all.kind is ReplyKind.REFUSED
    assert "/admin policy" not in text_of(for_all).replace("/admin policy.", "", 1)
    assert "/admin policy" in text_of(for_admins)


async def test_a_misspelt_command_is_proposed_to_those_who_may(office: Office) -> None:
    assert "/admin retention?" in text_of(await office.ask("/admin retentoin 3"))
    assert "/admin policy show?" in text_of(await office.ask("/admin polizy"))
    assert "Did you mean" not in text_of(await office.ask("/admin retentoin 3", is_admin=False))
    assert "/memory show?" in text_of(await office.ask("/memory policy"))


async def test_without_the_means_it_says_so(office: Office) -> None:
    office.commands = Commands(office.desk.control, clock=office.desk.clock)

    for line in ("/admin policy off", "/admin retention 3"):
        reply = await office.ask(line)
        assert reply.kind is ReplyKind.REFUSED
        assert text_of(reply) == "I cannot do that here."


async def test_what_holds_is_shown_with_all_there_is(office: Office) -> None:
    reply = await office.ask("/admin policy")

    assert reply.kind is ReplyKind.ANSWER
    assert reply.private
    assert reply.lines[0].startswith("usual: mentions, replies to me")
    assert reply.lines[1] == "Nobody decided anything else."
    *_, choices = reply.sections
    assert [row.label for row in choices.rows] == [policy.value for policy in AnswerPolicy]


async def test_a_decision_is_for_this_channel_with_its_threads(office: Office) -> None:
    reply = await office.ask("/admin policy off", where=THREAD)

    assert reply.kind is ReplyKind.DONE
    assert reply.lines == (
        "Decided for this channel.",
        "In this channel I now answer nothing but commands.",
    )
    assert await office.policies.of(CHANNEL) is AnswerPolicy.OFF
    assert await office.policies.of(THREAD) is AnswerPolicy.OFF
    assert await office.policies.of(channel("C2")) is AnswerPolicy.USUAL
    assert await office.policies.of(channel("C1", tenant=OTHER_WORKSPACE)) is AnswerPolicy.USUAL


@pytest.mark.parametrize("where", ["everywhere", "server", "workspace", "EVERYWHERE"])
async def test_a_decision_can_be_for_all_channels(office: Office, where: str) -> None:
    reply = await office.ask(f"/admin policy mentions {where}")

    assert reply.lines[0] == "Decided for the whole server or workspace."
    assert await office.policies.of(CHANNEL) is AnswerPolicy.MENTIONS
    assert await office.policies.of(channel("C2")) is AnswerPolicy.MENTIONS
    assert "That was decided for the whole server" in text_of(await office.ask("/admin policy"))


async def test_channels_decided_apart_keep_their_policy(office: Office) -> None:
    await office.ask("/admin policy always", where=channel("C2"))
    reply = await office.ask("/admin policy mentions everywhere", where=channel("C2"))

    assert "I now answer everything that is not for somebody else." in text_of(reply)
    assert "Decided apart: 1 channel." in text_of(reply)
    reply = await office.ask("/admin policy threads everywhere", where=channel("C2"))
    assert "Decided apart: 1 channel." in text_of(reply)
    shown = await office.ask("/admin policy", where=channel("C2"))
    assert shown.lines[1] == "That was decided for this channel."
    decided = shown.sections[1].rows
    assert [(row.label, row.text, row.marks) for row in decided] == [
        ("everywhere else", "answers: threads", ()),
        ("C2", "answers: always", ("this channel",)),
    ]
    assert [row.names_channel for row in decided] == [False, True]


async def test_default_takes_a_decision_back(office: Office) -> None:
    await office.ask("/admin policy off everywhere")
    await office.ask("/admin policy always")

    reply = await office.ask("/admin policy default")

    assert reply.lines[0] == "This channel has no rule of its own any more."
    assert await office.policies.of(CHANNEL) is AnswerPolicy.OFF
    reply = await office.ask("/admin policy default everywhere")
    assert reply.lines[0] == "The server or workspace has no rule of its own any more."
    assert await office.policies.of(CHANNEL) is AnswerPolicy.USUAL
    assert await office.policies.listing(WORKSPACE) == ()


async def test_what_is_so_already_is_not_decided_again(office: Office) -> None:
    assert (await office.ask("/admin policy default")).kind is ReplyKind.REFUSED
    await office.ask("/admin policy off")
    assert (await office.ask("/admin policy off")).kind is ReplyKind.REFUSED
    assert (await office.ask("/admin policy off everywhere")).kind is ReplyKind.DONE
    # To decide on the usual one is a decision: it holds against the rule for all channels.
    assert (await office.ask("/admin policy usual", where=channel("C3"))).kind is ReplyKind.DONE


UNHEARD = "I am sent only what mentions me and replies that notify me"


@pytest.mark.parametrize("policy", list(AnswerPolicy))
async def test_a_policy_that_promises_more_than_is_heard_says_so(
    office: Office, policy: AnswerPolicy
) -> None:
    promises_more = policy not in {AnswerPolicy.MENTIONS, AnswerPolicy.OFF}
    line = f"/admin policy {policy.value}"

    heard = [text_of(await office.ask(line, where=channel("C2"))) for _ in range(2)]
    partly = [text_of(await office.ask(line, hears_all=False)) for _ in range(2)]

    assert not any(UNHEARD in told for told in heard)
    assert [told.count(UNHEARD) for told in partly] == [promises_more] * 2
    shown = text_of(await office.ask("/admin policy", hears_all=False))
    assert shown.count(UNHEARD) == promises_more
    assert UNHEARD not in text_of(await office.ask("/admin policy"))


async def test_what_is_decided_for_elsewhere_says_it_too(office: Office) -> None:
    await office.ask("/admin policy off")

    for_all = text_of(await office.ask("/admin policy always everywhere", hears_all=False))
    here = text_of(await office.ask("/admin policy", hears_all=False))

    assert UNHEARD in for_all
    assert UNHEARD not in here


async def test_what_is_not_heard_is_told_in_chinese(office: Office) -> None:
    assert "只能收到提到我的消息" in text_of(await office.ask("/管理 策略 总是", hears_all=False))


@pytest.mark.parametrize(
    ("line", "policy"),
    [
        ("/管理 策略 提及 全部", AnswerPolicy.MENTIONS),
        ("/管理 策略 关闭 服务器", AnswerPolicy.OFF),
        ("/管理 策略 总是", AnswerPolicy.ALWAYS),
        ("/管理 策略 子区 这里", AnswerPolicy.THREADS),
        ("/管理 策略 平常", AnswerPolicy.USUAL),
        ("/管理 策略 ｏｆｆ", AnswerPolicy.OFF),
    ],
)
async def test_it_works_in_chinese(office: Office, line: str, policy: AnswerPolicy) -> None:
    reply = await office.ask(line)

    assert reply.lines[0].startswith("已为")
    assert await office.policies.of(CHANNEL) is policy
    where = "everywhere" if "整个" in reply.lines[0] else "here"
    assert (await office.ask(f"/管理 策略 默认 {where}")).kind is ReplyKind.DONE
    assert await nothing_is_decided(office)


async def test_what_is_no_policy_and_no_place_is_explained(office: Office) -> None:
    told = text_of(await office.ask("/admin policy everywhere"))
    assert "what I answer: usual, mentions, always, threads or off" in told
    for words in ("nonsense", "off nowhere", "off here please"):
        told = text_of(await office.ask(f"/admin policy {words}"))
        assert f"“{words}” is none of usual, mentions, always, threads, off" in told
    told = text_of(await office.ask("/admin policy default answers nowhere"))
    assert "“nowhere” is neither here nor everywhere" in told
    assert await nothing_is_decided(office)
