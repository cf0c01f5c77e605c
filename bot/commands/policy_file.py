"""All decisions of a server or workspace as a TOML file, and what is wrong with one.

The file has a table ``[tenant]`` and one ``[channel.ID]`` for each channel decided apart. What is
undecided stands in ``[tenant]`` as a comment, so that the file tells all that can be decided. Two
files with the same decisions have the same bytes.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.commands.language import Language
from bot.commands.voice import Voice
from bot.domain.identity import TenantRef
from bot.domain.place_settings import Decisions, PlaceSetting
from bot.domain.setting_values import FOREVER, UnfitValueError, Value
from bot.domain.text import clean_text, shorten

TENANT = "tenant"
CHANNEL = "channel"
MAX_CHANNELS = 500
MAX_DOTS = 100
"""On one line, outside of texts: Python reads a name of many parts in time that grows with their
square, and in seconds when it has thousands."""

_COMMENTS = Voice(language=Language.ENGLISH)
"""Comments are in one language, or the file would change with whoever exports it."""
_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_PLACE_CHARACTERS = 60
_CHANNEL_CHARACTERS = 100
_FEW = 3
"""So many entries of a list stand on one line."""

_PIECE = re.compile(
    r"""(?P<plain>[^"'#]+)"""
    r"""|\"{3}(?:[^"\\]|\\.|"(?!""))*+"{3,5}|'{3}(?:[^']|'(?!''))*+'{3,5}"""
    r"""|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+'|\#[^\n]*+""",
    re.DOTALL,
)
"""What stands outside of texts and comments, or one of those."""

Settings = Mapping[str, PlaceSetting]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that cannot be used: where, and the name and values of its sentence."""

    place: str
    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    def told(self, voice: Voice) -> str:
        """The sentence."""
        return voice.say(self.key, **self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPolicy:
    """What a file decides. With ``problems`` it is not to be used."""

    decisions: Decisions
    problems: tuple[Problem, ...] = ()


def written_policy(tenant: TenantRef, decisions: Decisions, settings: Settings) -> str:
    """The file."""
    return "\n".join(_lines(tenant, decisions, settings)) + "\n"


def read_policy(text: str, settings: Settings, *, most_bytes: int) -> ReadPolicy:
    """What a file decides, and everything that is wrong with it."""
    if len(text.encode("utf-8", "replace")) > most_bytes:
        return _unusable(Problem("", "policy.file.large", {"most": most_bytes // 1024}))
    if any(line.count(".") > MAX_DOTS for line in _without_texts(text).splitlines()):
        return _unusable(Problem("", "policy.file.dots", {"most": MAX_DOTS}))
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Numbers of thousands of digits and lists without end are no TOMLDecodeError.
        detail = shorten(str(error), _PLACE_CHARACTERS * 2)
        return _unusable(Problem("", "policy.file.syntax", {"detail": detail}))
    reading = _Reading(settings)
    reading.document(document)
    return ReadPolicy(decisions=reading.found(), problems=tuple(reading.problems))


class _Reading:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._found: dict[str | None, dict[str, Value]] = {}
        self.problems: list[Problem] = []

    def document(self, document: Mapping[str, object]) -> None:
        for name, table in document.items():
            if name == TENANT:
                self._table(TENANT, None, table)
            elif name == CHANNEL and isinstance(table, dict):
                if len(table) > MAX_CHANNELS:
                    self._problem(CHANNEL, "policy.file.channels", most=MAX_CHANNELS)
                    continue
                for channel_id, decided in table.items():
                    place = f"{CHANNEL}.{_key(channel_id)}"
                    if _is_channel(channel_id):
                        self._table(place, channel_id, decided)
                    else:
                        self._problem(place, "policy.file.channel")
            else:
                self._problem(_key(name), "policy.file.table")

    def found(self) -> Decisions:
        """The decisions in the order in which they are stored."""
        places = sorted(self._found, key=lambda channel_id: channel_id or "")
        return {
            place: {
                name: self._found[place][name]
                for name in self._settings
                if name in self._found[place]
            }
            for place in places
            if self._found[place]
        }

    def _table(self, place: str, channel_id: str | None, table: object) -> None:
        if not isinstance(table, dict):
            self._problem(place, "policy.file.table")
            return
        decided = self._found.setdefault(channel_id, {})
        for name, raw in table.items():
            setting, where = self._settings.get(name), f"{place}.{_key(name)}"
            if setting is None:
                self._problem(where, "policy.file.setting")
            elif channel_id is not None and not setting.in_channels:
                self._problem(where, "policy.file.tenant_only")
            else:
                try:
                    decided[name] = setting.kind.read(raw)
                except UnfitValueError as unfit:
                    self._problem(where, f"setting.unfit.{unfit.reason}", **unfit.values)

    def _problem(self, place: str, key: str, **values: object) -> None:
        self.problems.append(Problem(shorten(place, _PLACE_CHARACTERS), key, values))


def _without_texts(text: str) -> str:
    """A file without its texts and comments, up to where it stops being TOML."""
    plain, at = [], 0
    while (found := _PIECE.match(text, at)) is not None:
        plain.append(found["plain"] or "")
        at = found.end()
    return "".join(plain)


def _unusable(problem: Problem) -> ReadPolicy:
    return ReadPolicy(decisions={}, problems=(problem,))


def _lines(tenant: TenantRef, decisions: Decisions, settings: Settings) -> Iterator[str]:
    yield f"# Ellie's policy in {tenant.id}. To be read again by `ellie policy import`, or by"
    yield "# `/admin policy import` with this text. What is undecided goes by the owner's rules."
    yield ""
    yield f"[{TENANT}]"
    decided = decisions.get(None, {})
    for name, setting in settings.items():
        yield f"# {_COMMENTS.say(f'setting.{name}')}"
        if name in decided:
            yield f"{name} = {_toml(setting, decided[name])}"
        else:
            yield f"# {name} = {_example(setting)}"
    for channel_id, apart in decisions.items():
        if channel_id is None:
            continue
        yield ""
        yield f"[{CHANNEL}.{_key(channel_id)}]"
        for name, value in apart.items():
            yield f"{name} = {_toml(settings[name], value)}"


def _example(setting: PlaceSetting) -> str:
    try:
        return _toml(setting, setting.kind.parse(setting.example))
    except UnfitValueError:
        return '""'


def _toml(setting: PlaceSetting, value: Value) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value) if value else f'"{FOREVER}"'
        case tuple() if len(value) > _FEW:
            return "".join(["[\n", *(f"  {_string(one)},\n" for one in value), "]"])
        case tuple():
            return f"[{', '.join(map(_string, value))}]"
        case _:
            return _string(setting.kind.read(value))


def _string(text: object) -> str:
    # Without control characters, which no text here has, JSON's strings are TOML's.
    return json.dumps(text, ensure_ascii=False)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _string(name)


def _is_channel(channel_id: str) -> bool:
    return clean_text(channel_id) == channel_id and 0 < len(channel_id) <= _CHANNEL_CHARACTERS
