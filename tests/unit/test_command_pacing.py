"""How many commands somebody may give at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from support.administering import CHANNEL, Office
from support.commanding import Desk, text_of
from support.dialog import account

from bot.commands import pacing as module
from bot.commands.dispatch import Commands
from bot.commands.pacing import CommandPacing
from bot.commands.reply import CommandReply, ReplyKind
from bot.domain.identity import Platform


class Paced(Office):
    """An office in which commands are paced."""

    def __init__(self) -> None:
        super().__init__()
        self.pacing = CommandPacing(self.desk.clock)
        self.commands = Commands(self.desk.control, clock=self.desk.clock, pacing=self.pacing)

    async def refused_of(self, times: int, line: str, **how: bool) -> list[CommandReply]:
        """Which answers to a line are that it was too much."""
        replies = [await self.ask(line, **how) for _ in range(times)]
        return [reply for reply in replies if "a lot at once" in text_of(reply)]


async def test_thirty_commands_in_a_minute_are_answered() -> None:
    office = Paced()
    assert not await office.refused_of(30, "/memory show", is_admin=False)
    (late,) = await office.refused_of(1, "/memory show", is_admin=False)
    assert late.kind is ReplyKind.REFUSED
    assert text_of(late) == "That was a lot at once from you. Try again in 2 s."
    late = await office.ask("/memory show", is_admin=False, locale="zh-CN")
    assert text_of(late) == "你一下子说得太多了，请 2 秒后再试。"
    office.desk.clock.moment += timedelta(seconds=2)
    assert not await office.refused_of(1, "/memory show", is_admin=False)
    assert await office.refused_of(1, "/memory show", is_admin=False)


@pytest.mark.parametrize("line", ["/memory export", "/memory why"])
async def test_what_takes_much_work_counts_five_times(line: str) -> None:
    assert len(await Paced().refused_of(8, line)) == 2


async def test_nonsense_counts_as_well() -> None:
    assert len(await Paced().refused_of(31, "/nonsense")) == 1


async def test_only_those_who_manage_the_place_are_not_held_back_there() -> None:
    office = Paced()
    assert not await office.refused_of(40, "/admin policy")
    assert len(await office.refused_of(40, "/admin policy", is_admin=False)) == 10


async def test_accounts_are_counted_apart_and_nobody_is_in_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_KNOWN", 2)
    office = Paced()
    commands, desk = office.commands, Desk()

    async def many(who: str, platform: Platform = Platform.SLACK) -> int:
        caller = replace(desk.caller(who), identity=account(who, platform), conversation=CHANNEL)
        understood = commands.understand("/help")
        assert understood is not None
        replies = [await commands.answer(understood, caller) for _ in range(31)]
        return sum("a lot at once" in text_of(reply) for reply in replies)

    assert [await many("ana"), await many("ben"), await many("cas")] == [1, 1, 1]
    assert await many("ana", Platform.CONSOLE) == 0
    assert len(office.pacing._buckets) == 2
