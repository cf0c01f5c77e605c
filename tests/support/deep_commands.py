"""Commands with names of three words that name somebody, for tests of how platforms offer them."""

from __future__ import annotations

import pytest

from adapters.discord import application_commands, autocomplete
from bot.commands import dispatch, helping, naming, parsing
from bot.commands.call import Call
from bot.commands.definitions import COMMANDS, Command, Parameter, ParameterKind
from bot.commands.language import Language
from bot.commands.reply import CommandReply, ReplyKind
from bot.commands.voice import TABLES

GREET = Command(
    name="admin wave user",
    parameters=(
        Parameter(name="who", kind=ParameterKind.USER, required=True),
        Parameter(name="query", kind=ParameterKind.TEXT),
    ),
    admin=True,
    aliases=("管理 挥手 用户",),
)
ALL = Command(name="admin wave all", admin=True, aliases=("管理 挥手 全部",))
BOW = Command(
    name="admin bow",
    parameters=(Parameter(name="query", kind=ParameterKind.TEXT),),
    admin=True,
    aliases=("管理 鞠躬", "admin bow once", "管理 鞠躬 一次"),
)
"""Its name is that of a group, too."""
LOW = Command(name="admin bow low", admin=True, aliases=("管理 鞠躬 深深",))

ADDED = (GREET, ALL, BOW, LOW)

_TEXTS = {
    Language.ENGLISH: {
        "group.admin wave": "ways to greet people",
        "summary.admin wave user": "greet somebody",
        "summary.admin wave all": "greet everybody",
        "group.admin bow": "ways to bow",
        "summary.admin bow": "bow once",
        "summary.admin bow low": "bow as low as can be",
        "name.who": "who",
        "parameter.who": "who is greeted",
        "missing.who": "Say who: {p}{name} @somebody",
        "unfit.who": "“{typed}” is nobody here: mention them.",
    },
    Language.CHINESE: {
        "group.admin wave": "打招呼的方式",
        "summary.admin wave user": "向某人打招呼",
        "summary.admin wave all": "向所有人打招呼",
        "group.admin bow": "鞠躬的方式",
        "summary.admin bow": "鞠躬一次",
        "summary.admin bow low": "深深鞠躬",
        "name.who": "谁",
        "parameter.who": "向谁打招呼",
        "missing.who": "请说是谁：{p}{name} @某人",
        "unfit.who": "这里没有“{typed}”：请提及这个人。",
    },
}


def add_deep_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have them understood, listed and offered like all others; they say what they were told."""
    known = COMMANDS + ADDED
    for module in (application_commands, autocomplete, helping, naming):
        monkeypatch.setattr(module, "COMMANDS", known)
    for command in ADDED:
        for name in (command.name, *command.aliases):
            monkeypatch.setitem(parsing._BY_NAME, name, command)
    for language, texts in _TEXTS.items():
        for key, text in texts.items():
            monkeypatch.setitem(TABLES[language], key, text)
    made = dispatch.Commands.__init__

    def with_more(self: dispatch.Commands, *given: object, **named: object) -> None:
        made(self, *given, **named)  # type: ignore[arg-type]
        self._handlers = {**self._handlers, **{command.name: _told for command in ADDED}}

    monkeypatch.setattr(dispatch.Commands, "__init__", with_more)


async def _told(call: Call) -> CommandReply:
    who = call.text("who")
    account = await call.caller.account_named(who) if who else None
    home = account.tenant.external_id if account and account.tenant else "nowhere"
    line = f"Hello {account.external_id} of {home}." if account else "Hello all."
    return CommandReply(kind=ReplyKind.DONE, lines=(line, call.text("query")))
