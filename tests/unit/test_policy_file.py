"""Policies as TOML: what goes out comes in again, and what is wrong is told, all of it at once."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands.language import Language
from bot.commands.policy_file import MAX_CHANNELS, ReadPolicy, read_policy, written_policy
from bot.commands.voice import TABLES, Voice
from bot.domain.identity import Platform, TenantRef
from bot.domain.place_policy import MemoryMode
from bot.domain.place_settings import Decisions, settings_for
from bot.domain.policy import AnswerPolicy
from bot.domain.setting_values import Value
from bot.domain.text import clean_text

TENANT = TenantRef(platform=Platform.DISCORD, external_id="1234")
KNOWN = settings_for(("ellie-small", 'odd "name" \\ 好'))
MOST = 64 * 1024


def read(text: str, *, most: int = MOST) -> ReadPolicy:
    return read_policy(text, KNOWN, most_bytes=most)


def problems(text: str) -> dict[str, str]:
    found = read(text).problems
    voices = [Voice(language=language) for language in TABLES]
    assert all(one.told(voice) for one in found for voice in voices)
    return {one.place: one.told(Voice(language=Language.ENGLISH)) for one in found}


IDS = st.lists(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True), max_size=6).map(
    lambda entries: tuple(sorted(set(entries)))
)
RATES = st.just("none") | st.builds(
    "{}/{}".format, st.integers(1, 999_999_999), st.sampled_from(["minute", "hour", "day"])
)
LANGUAGES = st.lists(st.sampled_from(["en", "zh", "zh-Hant", "pt-BR"]), unique=True).map(tuple)


def texts(most: int) -> st.SearchStrategy[str]:
    odd = st.text(alphabet=st.sampled_from("\"\\'#=[]{}.\n\t,好🦉\u2028\x7f \u202e"), max_size=60)
    return (st.text(max_size=60) | odd).map(clean_text).map(lambda text: text[:most].strip())


OF_ITS_OWN: Mapping[str, st.SearchStrategy[Value]] = {
    "answers": st.sampled_from([one.value for one in AnswerPolicy]),
    "memory": st.sampled_from([one.value for one in MemoryMode]),
    "context": st.booleans(),
    "retention": st.integers(0, 36_500),
    "languages": LANGUAGES,
    "model": st.sampled_from(["", "ellie-small", 'odd "name" \\ 好']),
    "persona": texts(500),
    "system-text": texts(500),
}


def values_of(name: str) -> st.SearchStrategy[Value]:
    return OF_ITS_OWN.get(name, RATES if name.startswith("quota") else IDS)


def decided(*, in_channel: bool) -> st.SearchStrategy[Mapping[str, Value]]:
    names = [name for name, one in KNOWN.items() if one.in_channels or not in_channel]
    return st.fixed_dictionaries({}, optional={name: values_of(name) for name in names})


CHANNELS = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True) | texts(20).filter(
    lambda text: text != "" and clean_text(text) == text
)


@st.composite
def all_decisions(draw: st.DrawFn) -> Decisions:
    found: dict[str | None, Any] = {None: draw(decided(in_channel=False))}
    found |= draw(st.dictionaries(CHANNELS, decided(in_channel=True), max_size=3))
    return {
        place: {name: found[place][name] for name in KNOWN if name in found[place]}
        for place in sorted(found, key=lambda one: one or "")
        if found[place]
    }


@settings(max_examples=200, deadline=None)
@given(decisions=all_decisions())
def test_what_goes_out_comes_in_again_byte_for_byte(decisions: Decisions) -> None:
    text = written_policy(TENANT, decisions, KNOWN)

    again = read(text, most=1024 * 1024)

    assert again.problems == ()
    assert again.decisions == decisions
    assert list(again.decisions) == list(decisions)
    assert written_policy(TENANT, again.decisions, KNOWN) == text


def test_a_file_tells_everything_that_can_be_decided() -> None:
    text = written_policy(TENANT, {}, KNOWN)

    assert tomllib.loads(text) == {"tenant": {}}
    for name in KNOWN:
        assert f"\n# {name} = " in text
    uncommented = "\n".join(
        line.removeprefix("# ") if " = " in line else line for line in text.splitlines()
    )
    found = read(uncommented)
    assert found.problems == ()
    assert set(found.decisions[None]) == set(KNOWN)


def test_a_file_looks_like_this() -> None:
    text = written_policy(
        TENANT,
        {
            None: {"answers": "mentions", "deny-users": ("1", "2", "3", "4"), "retention": 0},
            "C1": {"persona": 'Say "hi"\nand bye', "context": False, "languages": ("zh",)},
            "odd id": {"quota-person-turns": "none"},
        },
        KNOWN,
    )

    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines == [
        "[tenant]",
        'answers = "mentions"',
        "deny-users = [",
        '  "1",',
        '  "2",',
        '  "3",',
        '  "4",',
        "]",
        'retention = "forever"',
        "[channel.C1]",
        'persona = "Say \\"hi\\"\\nand bye"',
        "context = false",
        'languages = ["zh"]',
        '[channel."odd id"]',
        'quota-person-turns = "none"',
    ]


def test_every_problem_is_told_with_its_place() -> None:
    told = problems(
        """
        top = 1
        [tenant]
        nonsense = 1
        answers = "loud"
        deny-users = ["1", "@ann"]
        retention = 2020-01-01
        context = 1.5
        quota-person-turns = "often"
        persona = ["a"]
        model = "gpt"
        memory = nan
        [channel.C1]
        retention = 3
        answers = "off"
        [channel]
        C2 = 5
        "" = {}
        """
    )

    assert set(told) == {
        "top",
        "tenant.nonsense",
        "tenant.answers",
        "tenant.deny-users",
        "tenant.retention",
        "tenant.context",
        "tenant.quota-person-turns",
        "tenant.persona",
        "tenant.model",
        "tenant.memory",
        "channel.C1.retention",
        "channel.C2",
        'channel.""',
    }
    assert told["tenant.answers"].startswith("“loud” is none of usual, mentions")
    assert "“@ann”" in told["tenant.deny-users"]
    assert "“date”" in told["tenant.retention"]
    assert "ellie-small" in told["tenant.model"]


def test_what_is_no_toml_is_told_with_its_line() -> None:
    (told,) = problems('[tenant]\nanswers = "off').values()

    assert told.startswith("That is not TOML: ")
    assert "line 2" in told or "end of document" in told
    (told,) = problems("[tenant]\nanswers off").values()
    assert "line 2" in told


@pytest.mark.parametrize(
    "text",
    [
        "a=" + "[" * 60_000,
        "a=" + "[" * 300 + "]" * 300,
        "a=" + "{a=" * 20_000,
        "a" + ".a" * 30_000 + "=1",
        "[a" + ".a" * 30_000 + "]",
        "[a" + ".a" * 1000 + "]\n" + "\n".join("b" + ".a" * 1000 + f".c{n}=1" for n in range(30)),
        "x = {s='''\n\"''', a" + ".a" * 30_000 + '=1, t="b"}',
        'x = {s="""a"""", a' + ".a" * 30_000 + '=1, t="b"}',
        "a=" + "9" * 60_000,
        '"' * 60_000,
        '\\"' * 30_000,
        "a='" + "\\'" * 30_000,
        '"""' + '"\\' * 30_000,
        "\n".join(f"[channel.c{n}]\nmemory='off'" for n in range(MAX_CHANNELS + 1)),
        "x" * (MOST + 1),
        "好" * (MOST // 2),
        "\ud800",
        "[tenant]\n[tenant]",
        "tenant = 3\nchannel = [1]",
    ],
    ids=range(19),
)
def test_hostile_text_is_refused_soon(text: str) -> None:
    began = time.perf_counter()

    found = problems(text)

    assert found
    assert time.perf_counter() - began < 3
    assert all(len(told) < 300 for told in found.values())


@settings(max_examples=300, deadline=None)
@given(
    text=st.text()
    | st.lists(
        st.sampled_from(
            [
                *("[", "]", "{", "}", ".", ",", "=", "#", "1", "inf", "true", "x", "\n"),
                *("[tenant]", "[channel.", '"off"', "'''", '"""', "2020-01-01"),
                *KNOWN,
            ]
        )
    ).map(" ".join)
)
def test_any_text_is_a_policy_or_has_problems(text: str) -> None:
    found = read(text)

    if not found.problems:
        again = read(written_policy(TENANT, found.decisions, KNOWN))
        assert again.decisions == found.decisions
    assert all(one.told(Voice(language=Language.CHINESE)) for one in found.problems)


def test_dots_in_texts_are_no_matter() -> None:
    decisions: Decisions = {None: {"system-text": "a.b'''" * 300}}

    assert read(written_policy(TENANT, decisions, KNOWN)).decisions == decisions
    assert read("[tenant]\npersona = '''" + "a.\n" * 150 + "'''  # " + "." * 200).problems == ()
