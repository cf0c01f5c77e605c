"""The commands: names, parameters, and what each adapter needs to offer them.

Their descriptions are texts like all others: ``summary.NAME`` and ``parameter.NAME`` in the tables
of :mod:`bot.commands.voice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain import place_settings


class ParameterKind(StrEnum):
    """What may be typed for a parameter."""

    FACT = "fact"
    """The number of a fact, with or without ``#``."""
    TURN = "turn"
    """The number of a message, with or without ``m``."""
    PAGE = "page"
    """A page of a long answer, from 1: typed as ``page 2``."""
    SWITCH = "switch"
    """``on`` or ``off``."""
    FORMAT = "format"
    """``json`` or ``markdown``."""
    DAYS = "days"
    """A number of days, ``forever``, or ``default``."""
    SETTING = "setting"
    """The name of something that can be decided about a place."""
    PLACE = "place"
    """``here`` or ``everywhere``."""
    WHEN = "when"
    """``later`` or ``now``; anything else is left to the next parameter."""
    FILE = "file"
    """``export``: the answer as a file."""
    USER = "user"
    """Somebody: a mention as the platform writes it, or the id of an account."""
    COUNT = "count"
    """A number and nothing after it; anything else is left to the next parameter."""
    LANGUAGE = "language"
    """The name or the code of a language."""
    CODE = "code"
    COMMAND = "command"
    TEXT = "text"
    """Any words, to the end of the line."""
    MATERIAL = "material"
    """The same, to be worked on: they need not be in the language in which somebody asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """Something a command is told."""

    name: str
    kind: ParameterKind
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something people can ask for.

    ``private`` commands concern the memory of whoever gives them: everybody may use them, for
    themselves only, and the answer is for their eyes alone. ``destructive`` ones ask before they
    act. ``admin`` ones are for those who may manage a server or workspace, in its channels.
    ``aliases`` are other names that may be typed; a Chinese one is answered in Chinese.
    """

    name: str
    parameters: tuple[Parameter, ...] = ()
    private: bool = True
    destructive: bool = False
    admin: bool = False
    aliases: tuple[str, ...] = ()


_FACT = Parameter(name="fact", kind=ParameterKind.FACT, required=True)

SHOW = Command(
    name="memory show",
    parameters=(
        Parameter(name="query", kind=ParameterKind.TEXT),
        Parameter(name="page", kind=ParameterKind.PAGE),
    ),
    aliases=("记忆 查看", "查看记忆"),
)
WHY = Command(
    name="memory why",
    parameters=(Parameter(name="turn", kind=ParameterKind.TURN),),
    aliases=("why", "记忆 为什么", "为什么"),
)
EDIT = Command(
    name="memory edit",
    parameters=(_FACT, Parameter(name="text", kind=ParameterKind.TEXT, required=True)),
    aliases=("edit", "记忆 修改", "修改"),
)
FORGET = Command(
    name="memory forget",
    parameters=(Parameter(name="what", kind=ParameterKind.TEXT, required=True),),
    destructive=True,
    aliases=("forget", "记忆 忘记", "忘记"),
)
UNDO = Command(name="memory undo", aliases=("undo", "记忆 撤销", "撤销"))
PIN = Command(name="memory pin", parameters=(_FACT,), aliases=("pin", "记忆 置顶", "置顶"))
UNPIN = Command(
    name="memory unpin", parameters=(_FACT,), aliases=("unpin", "记忆 取消置顶", "取消置顶")
)
EXPORT = Command(
    name="memory export",
    parameters=(Parameter(name="format", kind=ParameterKind.FORMAT),),
    aliases=("export", "记忆 导出", "导出"),
)
PAUSE = Command(name="memory pause", aliases=("pause", "记忆 暂停", "暂停"))
RESUME = Command(name="memory resume", aliases=("resume", "记忆 继续", "继续"))
INCOGNITO = Command(
    name="incognito",
    parameters=(Parameter(name="switch", kind=ParameterKind.SWITCH, required=True),),
    aliases=("无痕",),
)
ALLOW = Command(name="memory allow", aliases=("记忆 允许", "允许记忆"))
REFUSE = Command(name="memory refuse", aliases=("记忆 拒绝", "拒绝记忆"))
KEEP = Command(
    name="memory keep",
    parameters=(Parameter(name="days", kind=ParameterKind.DAYS),),
    destructive=True,
    aliases=("记忆 保留", "保留记忆"),
)
PRIVACY = Command(name="privacy", aliases=("隐私",))
QUOTA = Command(name="quota", aliases=("配额",))
SUMMARIZE = Command(
    name="summarize",
    parameters=(
        Parameter(name="count", kind=ParameterKind.COUNT),
        Parameter(name="words", kind=ParameterKind.MATERIAL),
    ),
    aliases=("summarise", "总结"),
)
TRANSLATE = Command(
    name="translate",
    parameters=(
        Parameter(name="language", kind=ParameterKind.LANGUAGE),
        Parameter(name="words", kind=ParameterKind.MATERIAL),
    ),
    aliases=("翻译",),
)
LINK = Command(
    name="link",
    parameters=(Parameter(name="code", kind=ParameterKind.CODE),),
    destructive=True,
    aliases=("关联",),
)
UNLINK = Command(name="unlink", destructive=True, aliases=("解除关联",))
HELP = Command(
    name="help",
    parameters=(Parameter(name="command", kind=ParameterKind.COMMAND),),
    private=False,
    aliases=("?", "帮助"),
)
_SETTING = Parameter(name="setting", kind=ParameterKind.SETTING, required=True)
_WHERE = Parameter(name="where", kind=ParameterKind.PLACE)

POLICY = Command(
    name="admin policy show",
    parameters=(Parameter(name="page", kind=ParameterKind.PAGE),),
    admin=True,
    aliases=("admin policy", "管理 策略 查看", "管理 策略"),
)
POLICY_SET = Command(
    name="admin policy set",
    parameters=(_SETTING, Parameter(name="value", kind=ParameterKind.TEXT), _WHERE),
    destructive=True,
    admin=True,
    aliases=("管理 策略 设置",),
)
POLICY_DEFAULT = Command(
    name="admin policy default",
    parameters=(_SETTING, _WHERE),
    destructive=True,
    admin=True,
    aliases=("管理 策略 默认",),
)
POLICY_EXPORT = Command(name="admin policy export", admin=True, aliases=("管理 策略 导出",))
POLICY_IMPORT = Command(
    name="admin policy import",
    parameters=(Parameter(name="content", kind=ParameterKind.TEXT, required=True),),
    destructive=True,
    admin=True,
    aliases=("管理 策略 导入",),
)
RETENTION = Command(
    name="admin retention",
    parameters=(Parameter(name="days", kind=ParameterKind.DAYS),),
    destructive=True,
    admin=True,
    aliases=("管理 保留",),
)
_WHEN = Parameter(name="when", kind=ParameterKind.WHEN)
_CONFIRM = Parameter(name="confirm", kind=ParameterKind.CODE)

RESET_USER = Command(
    name="admin reset user",
    parameters=(Parameter(name="user", kind=ParameterKind.USER, required=True), _WHEN, _CONFIRM),
    admin=True,
    aliases=("管理 重置 用户",),
)
RESET_CHANNEL = Command(
    name="admin reset channel",
    parameters=(_WHEN, _CONFIRM),
    admin=True,
    aliases=("管理 重置 频道",),
)
RESET_SERVER = Command(
    name="admin reset server",
    parameters=(_WHEN, _CONFIRM),
    admin=True,
    aliases=("admin reset workspace", "管理 重置 服务器", "管理 重置 工作区"),
)
RESET_UNDO = Command(
    name="admin reset undo",
    parameters=(Parameter(name="reset", kind=ParameterKind.CODE),),
    admin=True,
    aliases=("管理 重置 撤销",),
)
RESET_LIST = Command(
    name="admin reset list", admin=True, aliases=("admin reset", "管理 重置 列表", "管理 重置")
)
AUDIT = Command(
    name="admin audit",
    parameters=(
        Parameter(name="file", kind=ParameterKind.FILE),
        Parameter(name="page", kind=ParameterKind.PAGE),
    ),
    admin=True,
    aliases=("管理 记录",),
)
EXPORT_USER = Command(
    name="admin export user",
    parameters=(Parameter(name="user", kind=ParameterKind.USER, required=True),),
    admin=True,
    aliases=("管理 导出 用户",),
)
COMPACT = Command(name="admin compact", admin=True, aliases=("管理 整理",))

COMMANDS = (
    HELP,
    SUMMARIZE,
    TRANSLATE,
    SHOW,
    WHY,
    EDIT,
    FORGET,
    UNDO,
    PIN,
    UNPIN,
    EXPORT,
    PAUSE,
    RESUME,
    INCOGNITO,
    ALLOW,
    REFUSE,
    KEEP,
    PRIVACY,
    QUOTA,
    LINK,
    UNLINK,
    POLICY,
    POLICY_SET,
    POLICY_DEFAULT,
    POLICY_EXPORT,
    POLICY_IMPORT,
    RETENTION,
    RESET_USER,
    RESET_CHANNEL,
    RESET_SERVER,
    RESET_UNDO,
    RESET_LIST,
    AUDIT,
    EXPORT_USER,
    COMPACT,
)
"""Every command, in the order in which help lists them."""

DEFAULT = "default"
"""Typed for a setting, or for days, it takes back what was decided."""
HERE = "here"
"""Typed for a place, it means the channel."""
EVERYWHERE = "everywhere"
"""Typed for a place, it means the whole server or workspace."""
LATER = "later"
NOW = "now"

CHOICES: Mapping[ParameterKind, tuple[str, ...]] = {
    ParameterKind.SWITCH: ("on", "off"),
    ParameterKind.FORMAT: ("json", "markdown"),
    ParameterKind.SETTING: place_settings.NAMES,
    ParameterKind.PLACE: (HERE, EVERYWHERE),
    ParameterKind.WHEN: (LATER, NOW),
    ParameterKind.FILE: ("export",),
}
"""All that may be typed, where there is little to choose from; Chinese words mean the same."""

BARE_MEMORY = frozenset({"memory", "记忆"})
"""Typed alone, or with a page, they show memory."""
BARE_ADMIN = frozenset({"admin", "管理"})
"""They begin the names of the commands for those who may manage a server or workspace."""
