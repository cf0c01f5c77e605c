"""What may be written for each setting, typed or in a file, and what is said of all else."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.place_settings import MODEL, NAMES, SETTINGS, PlaceSetting, settings_for
from bot.domain.quota import Rate
from bot.domain.setting_lists import ListChange, Several
from bot.domain.setting_values import Unfit, UnfitValueError, Value

MODELS = ("ellie-small", "org/model")
KNOWN = settings_for(MODELS)
each_setting = pytest.mark.parametrize("setting", KNOWN.values(), ids=lambda one: one.name)


def parsed(name: str, text: str) -> Value:
    return KNOWN[name].kind.parse(text)


def change(name: str, text: str) -> ListChange | None:
    kind = KNOWN[name].kind
    assert isinstance(kind, Several)
    return kind.parse_change(text)


def reason(name: str, raw: object) -> Unfit:
    with pytest.raises(UnfitValueError) as raised:
        KNOWN[name].kind.read(raw)
    return raised.value.reason


def test_every_setting_has_one_name_and_one_place_in_a_policy() -> None:
    assert len(set(NAMES)) == len(NAMES) == len(SETTINGS) == 20
    assert {name for name in NAMES if not KNOWN[name].in_channels} == {
        "allow-channels",
        "deny-channels",
        "retention",
        "quota-tenant-turns",
        "quota-tenant-tokens",
    }
    assert all(bool(one.field) != bool(one.quota) for one in SETTINGS)


@each_setting
def test_the_example_can_be_typed_and_comes_back_from_a_file(setting: PlaceSetting) -> None:
    value = setting.kind.parse(setting.example)

    assert setting.kind.read(value) == value
    assert setting.kind.parse(setting.kind.show(value)) == value


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("answers", " Mentions ", "mentions"),
        ("answers", "总是", "always"),
        ("memory", "OPT-IN", "opt-in"),
        ("context", "ｏｆｆ", False),
        ("context", "开", True),
        ("allow-users", "<@1> <@!2>,<@U3|ann>  4 4", ("1", "2", "4", "U3")),
        ("deny-roles", "<@&9> <!subteam^S1|@staff>、7", ("7", "9", "S1")),
        ("deny-channels", "<#C2|hall> <#3>", ("3", "C2")),
        ("allow-users", "none", ()),
        ("languages", "ZH-hant en PT-br en", ("zh-Hant", "en", "pt-BR")),
        ("languages", "无", ()),
        ("persona", ' "Be nice to everybody here" ', "Be nice to everybody here"),
        ("persona", "“she said “hi””", "she said “hi”"),
        ("persona", "a\u202eb\x00 {p} {0}\nc", "ab {p} {0}\nc"),
        ("persona", "NONE", ""),
        ("persona", '"none"', "none"),
        ("system-text", "é" * 2000, "é" * 2000),
        ("model", "org/model", "org/model"),
        ("model", "none", ""),
        ("retention", "30 days", 30),
        ("retention", "forever", 0),
        ("retention", "永久", 0),
        ("quota-person-turns", "30 per Hour", "30/hour"),
        ("quota-tenant-tokens", "５/day", "5/day"),
        ("quota-channel-turns", "none", "none"),
    ],
)
def test_what_people_write_is_understood(name: str, text: str, value: Value) -> None:
    assert parsed(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("answers", "nonsense", Unfit.CHOICE),
        ("memory", "", Unfit.CHOICE),
        ("context", "maybe", Unfit.SWITCH),
        ("allow-users", "@ann", Unfit.USER),
        ("allow-users", "<#1>", Unfit.USER),
        ("allow-users", "1;drop", Unfit.USER),
        ("allow-roles", "<@1>", Unfit.ROLE),
        ("deny-channels", "<@&1>", Unfit.CHANNEL),
        ("deny-users", "x" * 65, Unfit.USER),
        ("deny-users", " ".join(map(str, range(501))), Unfit.MANY),
        ("languages", "english", Unfit.LANGUAGE),
        ("persona", "x" * 501, Unfit.LONG),
        ("system-text", "x" * 2001, Unfit.LONG),
        ("model", "gpt", Unfit.MODEL),
        ("retention", "0", Unfit.DAYS),
        ("retention", "36501", Unfit.DAYS),
        ("retention", "-3", Unfit.DAYS),
        ("quota-person-turns", "30", Unfit.QUOTA),
        ("quota-person-turns", "0/hour", Unfit.QUOTA),
        ("quota-person-turns", "30/90s", Unfit.QUOTA),
    ],
)
def test_what_cannot_be_meant_is_told_why(name: str, text: str, why: Unfit) -> None:
    with pytest.raises(UnfitValueError) as raised:
        parsed(name, text)

    assert raised.value.reason is why
    assert len(str(raised.value.values["typed"])) <= 40


def test_without_allowed_models_none_can_be_chosen() -> None:
    kind = settings_for()[MODEL].kind

    with pytest.raises(UnfitValueError) as raised:
        kind.parse("ellie-small")
    assert raised.value.reason is Unfit.MODELS
    assert kind.parse("none") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+<@1> 2", ListChange(added=("1", "2"))),
        ("-<@1>", ListChange(removed=("1",))),
        ("+1, 2 -3 4 + 5", ListChange(added=("1", "2", "5"), removed=("3", "4"))),
        ("\uff0b1 \uff0d2", ListChange(added=("1",), removed=("2",))),
        ("1 2", None),
        ("", None),
    ],
)
def test_signs_change_a_list(text: str, expected: ListChange | None) -> None:
    assert change("allow-users", text) == expected


def test_a_changed_list_has_each_entry_once_and_no_more_than_fit() -> None:
    kind = KNOWN["deny-users"].kind
    assert isinstance(kind, Several)

    assert kind.changed(("1", "2"), ListChange(added=("3", "2"), removed=("1",))) == ("2", "3")
    full = tuple(str(number) for number in range(500))
    with pytest.raises(UnfitValueError):
        kind.changed(full, ListChange(added=("x",)))


def test_values_mean_what_policies_hold() -> None:
    assert KNOWN["quota-person-turns"].kind.meaning("6/minute") == Rate(amount=6, seconds=60)
    assert KNOWN["quota-person-turns"].kind.meaning("none") is None
    assert KNOWN["retention"].kind.meaning(0) is None
    assert KNOWN["allow-users"].kind.meaning(("1",)) == frozenset({"1"})


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.dates()
    | st.just(dt.time(1)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


ANY = st.sampled_from(list(KNOWN.values()))
TYPED = st.text(max_size=60) | st.from_regex(r"[-+]?(<[@#&!]*\w+>|\w+)( [-+]?\w+)*")


def value_or_none(setting: PlaceSetting, raw: object) -> Value | None:
    try:
        return setting.kind.read(raw)
    except UnfitValueError:
        return None


@settings(max_examples=300)
@given(setting=ANY, raw=ODD)
def test_whatever_stands_in_a_file_is_a_value_or_a_sentence(
    setting: PlaceSetting, raw: object
) -> None:
    value = value_or_none(setting, raw)
    if value is not None:
        assert setting.kind.read(value) == value
        assert isinstance(setting.kind.show(value), str)
        setting.kind.meaning(value)


@settings(max_examples=300)
@given(setting=ANY, text=TYPED)
def test_whatever_is_typed_is_a_value_or_a_sentence(setting: PlaceSetting, text: str) -> None:
    with contextlib.suppress(UnfitValueError):
        if isinstance(setting.kind, Several):
            setting.kind.parse_change(text)
        value = setting.kind.parse(text)
        assert value_or_none(setting, value) == value


@each_setting
def test_an_enormous_number_is_none_of_its_values(setting: PlaceSetting) -> None:
    assert value_or_none(setting, 10**5000) is None
    assert value_or_none(setting, [10**5000]) is None


def test_a_truth_is_no_number_of_days() -> None:
    assert reason("retention", True) is Unfit.DAYS
    assert reason("retention", 1.0) is Unfit.DAYS
    assert reason("allow-users", "1 2") is Unfit.TEXT
    assert reason("allow-users", [1]) is Unfit.TEXT
    assert reason("persona", 3) is Unfit.TEXT
