"""Everything that can be decided about a place: one entry for each setting, in this table alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.place_policy import MemoryMode, PlacePolicy
from bot.domain.policy import AnswerPolicy
from bot.domain.quota import Quota, QuotaHolder, QuotaMeasure
from bot.domain.setting_lists import Ids, Languages
from bot.domain.setting_values import (
    Choice,
    Days,
    ModelName,
    Quotas,
    SettingKind,
    Switch,
    Unfit,
    Value,
    Words,
)

ANSWERS = "answers"
RETENTION = "retention"
MODEL = "model"

PERSONA_CHARACTERS = 500
SYSTEM_TEXT_CHARACTERS = 2000

Decided = Mapping[str, Value]
"""What was decided in one place, by the names of the settings."""
Decisions = Mapping[str | None, Decided]
"""What was decided in a tenant: for its channels by their ids, and for all others under None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSetting:
    """One decision as it is stored: a structured ``value``, which may be a newer version's.

    ``channel_id`` is None for the whole tenant.
    """

    channel_id: str | None
    name: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSetting:
    """Something that can be decided.

    ``field`` is where it stands in a policy, for all but quotas. Settings of a whole tenant alone
    cannot be decided ``in_channels``. What ``adds_up`` holds for a channel beside what is decided
    for its tenant, not in its place.
    """

    name: str
    kind: SettingKind
    example: str
    field: str = ""
    quota: Quota | None = None
    in_channels: bool = True
    adds_up: bool = False


_ANSWER_WORDS: Mapping[str, AnswerPolicy] = {
    **dict.fromkeys(("平常", "通常"), AnswerPolicy.USUAL),
    **dict.fromkeys(("提及", "提到"), AnswerPolicy.MENTIONS),
    **dict.fromkeys(("总是", "一直"), AnswerPolicy.ALWAYS),
    **dict.fromkeys(("子区", "线程"), AnswerPolicy.THREADS),
    **dict.fromkeys(("关", "关闭"), AnswerPolicy.OFF),
}


def _quota(holder: QuotaHolder, measure: QuotaMeasure) -> PlaceSetting:
    return PlaceSetting(
        name=f"quota-{holder}-{measure}",
        kind=Quotas(),
        example="30/hour" if measure is QuotaMeasure.TURNS else "200000/day",
        quota=Quota(holder, measure),
        in_channels=holder is not QuotaHolder.TENANT,
    )


def _settings() -> Iterator[PlaceSetting]:
    yield PlaceSetting(
        name=ANSWERS,
        kind=Choice(AnswerPolicy, _ANSWER_WORDS),
        example="mentions",
        field="answers",
    )
    ids = {"users": Unfit.USER, "roles": Unfit.ROLE, "channels": Unfit.CHANNEL}
    for what, reason in ids.items():
        for verb in ("allow", "deny"):
            yield PlaceSetting(
                name=f"{verb}-{what}",
                kind=Ids(reason),
                example="123456789 987654321",
                field=f"{verb}_{what}",
                in_channels=reason is not Unfit.CHANNEL,
                adds_up=verb == "deny",
            )
    yield PlaceSetting(
        name="persona",
        kind=Words(PERSONA_CHARACTERS),
        example="You are called Ada and speak like a librarian.",
        field="persona",
    )
    yield PlaceSetting(
        name="system-text",
        kind=Words(SYSTEM_TEXT_CHARACTERS),
        example="The office is closed on Fridays.",
        field="system_text",
    )
    yield PlaceSetting(name=MODEL, kind=ModelName(), example="ellie-small", field="model")
    yield PlaceSetting(name="memory", kind=Choice(MemoryMode), example="opt-in", field="memory")
    yield PlaceSetting(name="languages", kind=Languages(), example="en zh", field="languages")
    yield PlaceSetting(name="context", kind=Switch(), example="off", field="reads_context")
    yield PlaceSetting(
        name=RETENTION, kind=Days(), example="90", field="retention_days", in_channels=False
    )
    for holder in QuotaHolder:
        for measure in QuotaMeasure:
            yield _quota(holder, measure)


SETTINGS = tuple(_settings())
"""Every setting, in the order in which they are shown and written."""
NAMES = tuple(setting.name for setting in SETTINGS)


def settings_for(allowed_models: Sequence[str] = ()) -> Mapping[str, PlaceSetting]:
    """The settings by their names, where these models may be chosen."""
    models = ModelName(tuple(allowed_models))
    return {
        setting.name: replace(setting, kind=models) if setting.name == MODEL else setting
        for setting in SETTINGS
    }


def layered(defaults: PlacePolicy, *layers: Decided) -> PlacePolicy:
    """What holds by the defaults and what was decided over them, the most general first."""
    fields: dict[str, object] = {}
    quotas = dict(defaults.quotas)
    for setting in SETTINGS:
        meanings = [
            setting.kind.meaning(layer[setting.name]) for layer in layers if setting.name in layer
        ]
        if not meanings:
            continue
        if setting.quota is not None:
            _hold(quotas, setting.quota, meanings[-1])
        elif setting.adds_up:
            fields[setting.field] = frozenset().union(
                getattr(defaults, setting.field), *map(_ids, meanings)
            )
        else:
            fields[setting.field] = meanings[-1]
    return replace(defaults, quotas=quotas, **fields)  # type: ignore[arg-type]


def _hold(quotas: dict[Quota, Any], quota: Quota, rate: object) -> None:
    quotas.pop(quota, None)
    if rate is not None:
        quotas[quota] = rate


def _ids(meaning: object) -> frozenset[str]:
    return meaning if isinstance(meaning, frozenset) else frozenset()


def value_in(policy: PlacePolicy, setting: PlaceSetting) -> Value:
    """What a policy says of one setting, as a value."""
    if setting.quota is not None:
        rate = policy.quotas.get(setting.quota)
        return "none" if rate is None else str(rate)
    held = getattr(policy, setting.field)
    if isinstance(held, frozenset):
        return tuple(sorted(held))
    if setting.name == RETENTION:
        return held or 0
    value: Value = held
    return value
