"""Which policy holds in a place, how soon a change is noticed, and what is never lost."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from support.engine import FakeClock

from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import Platform, TenantRef
from bot.domain.place_policy import MemoryMode, PlacePolicy
from bot.domain.place_settings import (
    SETTINGS,
    Decisions,
    StoredSetting,
    layered,
    settings_for,
    value_in,
)
from bot.domain.policy import AnswerPolicy
from bot.domain.quota import Quota, QuotaHolder, QuotaMeasure, Rate
from bot.domain.setting_lists import ListChange
from bot.domain.setting_values import UnfitValueError
from bot.engine.place_policies import Difference, PlacePolicies, differences
from bot.engine.policies import CACHE_SECONDS, ChannelPolicies
from bot.engine.tenant_retention import TenantRetention
from storage.inmemory import InMemoryStorage, InMemoryUnitOfWork

TEAM = TenantRef(platform=Platform.SLACK, external_id="T1")
OTHER = TenantRef(platform=Platform.SLACK, external_id="T2")
HALL = ConversationRef(
    platform=Platform.SLACK, channel_id="C1", visibility=Visibility.PUBLIC, tenant=TEAM
)
QUIET = replace(HALL, channel_id="C2", visibility=Visibility.PRIVATE)
DIRECT = replace(HALL, channel_id="D1", visibility=Visibility.DIRECT)
TURNS = Quota(QuotaHolder.PERSON, QuotaMeasure.TURNS)
TOKENS = Quota(QuotaHolder.PERSON, QuotaMeasure.TOKENS)
HOURLY = Rate(amount=30, seconds=3600)


class CountingStorage(InMemoryStorage):
    """Knows how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def unit_of_work(self) -> InMemoryUnitOfWork:
        self.asked += 1
        return super().unit_of_work()


class Owned:
    """Policies over a storage, by the rules of an owner."""

    def __init__(self, storage: CountingStorage | None = None) -> None:
        self.storage = storage or CountingStorage()
        self.clock = FakeClock()
        self.channels = ChannelPolicies(self.storage, clock=self.clock)
        self.retention = TenantRetention(self.storage, default_days=365)
        self.places = PlacePolicies(
            self.storage,
            clock=self.clock,
            channels=self.channels,
            retention=self.retention,
            defaults=PlacePolicy(
                memory=MemoryMode.OPT_IN,
                retention_days=365,
                deny_users=frozenset({"U0"}),
                quotas={TURNS: HOURLY, TOKENS: HOURLY},
            ),
            allowed_models=("small",),
        )

    def later(self, seconds: float) -> None:
        milliseconds = next(self.clock.ticks) + int(seconds * 1000)
        self.clock.ticks = itertools.count(milliseconds)

    async def stored(self, *settings: StoredSetting) -> None:
        async with self.storage.unit_of_work() as work:
            await work.place_settings.set(TEAM, settings)
            await work.commit()

    def raw(self) -> Mapping[tuple[str | None, str], object]:
        settings = self.storage.state.place_settings
        return {(place, name): one.value for (_, place, name), one in settings.items()}


@pytest.fixture
def owned() -> Iterator[Owned]:
    with capture_logs():
        yield Owned()


async def test_the_channel_decides_then_the_tenant_then_the_owner(owned: Owned) -> None:
    places = owned.places
    assert await places.of(HALL) == places.defaults

    await places.decide(TEAM, None, "memory", "off")
    await places.decide(TEAM, None, "persona", "Ada")
    await places.decide(TEAM, "C1", "memory", "opt-out")
    await places.decide(TEAM, "C1", "context", False)

    hall, quiet = await places.of(HALL), await places.of(QUIET)
    assert (hall.memory, hall.persona, hall.reads_context) == (MemoryMode.OPT_OUT, "Ada", False)
    assert (quiet.memory, quiet.persona, quiet.reads_context) == (MemoryMode.OFF, "Ada", True)
    assert await places.of(replace(HALL, tenant=OTHER)) == places.defaults
    assert await places.of(replace(HALL, thread_id="1.5")) == hall
    await places.decide(TEAM, "C1", "memory", None)
    assert (await places.of(HALL)).memory is MemoryMode.OFF


async def test_nothing_of_something_holds_against_what_is_more_general(owned: Owned) -> None:
    places = owned.places
    await places.decide(TEAM, None, "allow-users", ("U1",))
    await places.decide(TEAM, None, "persona", "Ada")
    await places.decide(TEAM, None, "quota-person-turns", "none")
    await places.decide(TEAM, "C1", "allow-users", ())
    await places.decide(TEAM, "C1", "persona", "")
    await places.decide(TEAM, "C1", "quota-person-tokens", "none")

    hall, quiet = await places.of(HALL), await places.of(QUIET)
    assert (hall.allow_users, hall.persona, hall.quotas) == (frozenset(), "", {})
    assert quiet.allow_users == {"U1"}
    assert quiet.quotas == {TOKENS: HOURLY}


async def test_whoever_is_denied_somewhere_above_is_denied(owned: Owned) -> None:
    places = owned.places
    await places.decide(TEAM, None, "deny-users", ("U1",))
    await places.decide(TEAM, "C1", "deny-users", ("U2",))

    assert (await places.of(HALL)).deny_users == {"U0", "U1", "U2"}
    assert (await places.of(QUIET)).deny_users == {"U0", "U1"}


async def test_direct_messages_have_the_tenants_rules_but_those_of_channels(owned: Owned) -> None:
    places = owned.places
    for name, value in (
        ("answers", "off"),
        ("deny-channels", ("D1",)),
        ("allow-channels", ("C1",)),
        ("memory", "off"),
        ("allow-users", ("U1",)),
        ("languages", ("zh",)),
        ("quota-person-turns", "1/day"),
        ("model", "small"),
    ):
        await places.decide(TEAM, None, name, value)
    await places.decide(TEAM, "D1", "memory", "opt-out")

    direct = await places.of(DIRECT)

    assert direct.answers is AnswerPolicy.USUAL
    assert direct.allow_channels == direct.deny_channels == frozenset()
    assert (direct.memory, direct.model, direct.languages) == (MemoryMode.OFF, "small", ("zh",))
    assert direct.allow_users == {"U1"}
    assert direct.quotas[TURNS] == Rate(amount=1, seconds=86_400)
    nowhere = await places.of(replace(DIRECT, tenant=None))
    assert nowhere == places.defaults


async def test_the_database_is_asked_once_in_a_while(owned: Owned) -> None:
    for _ in range(5):
        for place in (HALL, QUIET, DIRECT, replace(HALL, thread_id="1")):
            await owned.places.of(place)
    assert owned.storage.asked == 1
    await owned.places.of(replace(DIRECT, tenant=None))
    assert owned.storage.asked == 1

    elsewhere = Owned(owned.storage)
    await elsewhere.places.decide(TEAM, "C1", "memory", "off")
    owned.later(CACHE_SECONDS - 1)
    assert (await owned.places.of(HALL)).memory is MemoryMode.OPT_IN
    owned.later(1)
    assert (await owned.places.of(HALL)).memory is MemoryMode.OFF


async def test_each_notices_at_once_what_another_part_decides(owned: Owned) -> None:
    places = owned.places
    await places.of(HALL)
    await owned.channels.set(TEAM, "C1", AnswerPolicy.OFF)
    assert (await places.of(HALL)).answers is AnswerPolicy.OFF
    await owned.retention.decide(TEAM, 7)
    assert (await places.of(HALL)).retention_days == 7

    assert await owned.channels.of(HALL) is AnswerPolicy.OFF
    await places.decide(TEAM, "C1", "answers", "always")
    await places.decide(TEAM, None, "retention", 0)
    assert await owned.channels.of(HALL) is AnswerPolicy.ALWAYS
    assert (await owned.retention.of(TEAM)).days is None
    assert (await places.of(HALL)).retention_days is None
    await places.replace(TEAM, {None: {"answers": "mentions"}})
    assert await owned.channels.of(HALL) is AnswerPolicy.MENTIONS
    assert (await owned.retention.of(TEAM)).own is None


async def test_a_decision_during_a_look_up_is_seen_at_once(owned: Owned) -> None:
    held = asyncio.Event()

    class Held(PlacePolicies):
        async def decisions(self, tenant: TenantRef) -> Decisions:
            found = await super().decisions(tenant)
            await held.wait()
            return found

    slow = Held(
        owned.storage, clock=owned.clock, channels=owned.channels, retention=owned.retention
    )
    looking = asyncio.create_task(slow.of(HALL))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await slow.decide(TEAM, "C1", "memory", "off")
    held.set()
    assert (await looking).memory is MemoryMode.OPT_OUT
    assert (await slow.of(HALL)).memory is MemoryMode.OFF


async def test_what_a_newer_version_decided_is_ignored_told_once_and_kept(owned: Owned) -> None:
    newer = [
        StoredSetting(channel_id=None, name="moods", value={"a": 1}),
        StoredSetting(channel_id="C1", name="moods", value=["b"]),
        StoredSetting(channel_id=None, name="memory", value="on full moons"),
        StoredSetting(channel_id="C1", name="retention", value=3),
        StoredSetting(channel_id="C1", name="deny-channels", value=["C9"]),
    ]
    await owned.stored(*newer)

    with capture_logs() as logs:
        for _ in range(3):
            owned.later(CACHE_SECONDS)
            assert await owned.places.of(HALL) == owned.places.defaults
    told = [line["setting"] for line in logs if line["event"] == "place_setting_ignored"]
    assert sorted(told) == ["deny-channels", "memory", "moods", "retention"]

    await owned.places.decide(TEAM, None, "persona", "Ada")
    await owned.places.replace(TEAM, {"C2": {"memory": "off"}})
    assert owned.raw() == {
        **{(one.channel_id, one.name): one.value for one in newer},
        ("C2", "memory"): "off",
    }
    await owned.places.decide(TEAM, None, "memory", None)
    assert (None, "memory") not in owned.raw()


async def test_a_model_that_is_not_allowed_any_more_is_the_usual_one(owned: Owned) -> None:
    await owned.stored(StoredSetting(channel_id=None, name="model", value="large"))

    assert (await owned.places.of(HALL)).model == ""


async def test_entries_are_added_to_what_holds_and_removed_from_it(owned: Owned) -> None:
    places = owned.places
    await places.decide(TEAM, None, "allow-users", ("U1", "U2"))
    await places.decide(TEAM, None, "deny-users", ("U3",))

    for name in ("allow-users", "deny-users"):
        await places.decide(TEAM, "C1", name, ListChange(added=("U9",), removed=("U2",)))

    assert owned.raw()["C1", "allow-users"] == ["U1", "U9"]
    # A channel's own denials stand beside its tenant's, so none of those is copied.
    assert owned.raw()["C1", "deny-users"] == ["U9"]
    changed = await places.decide(TEAM, "C1", "deny-users", ListChange(removed=("U9",)))
    assert (changed.before, changed.after) == (("U9",), ())


async def test_two_who_add_at_once_both_do(owned: Owned) -> None:
    changes = [ListChange(added=(f"U{number}",)) for number in range(9)]
    await asyncio.gather(*(owned.places.decide(TEAM, None, "deny-users", c) for c in changes))

    assert owned.raw()[None, "deny-users"] == [f"U{number}" for number in range(9)]


async def test_a_list_that_grows_too_long_changes_nothing(owned: Owned) -> None:
    await owned.places.decide(TEAM, None, "deny-users", tuple(map(str, range(500))))

    with pytest.raises(UnfitValueError):
        await owned.places.decide(TEAM, None, "deny-users", ListChange(added=("x",)))
    assert len((await owned.places.of(HALL)).deny_users) == 501  # with the owner's own


async def test_what_is_for_tenants_alone_is_no_decision_about_a_channel(owned: Owned) -> None:
    with pytest.raises(ValueError, match="no setting of channels"):
        await owned.places.decide(TEAM, "C1", "quota-tenant-turns", "1/day")


async def test_replacing_says_what_changes_and_a_dry_run_changes_nothing(owned: Owned) -> None:
    places = owned.places
    await places.decide(TEAM, None, "retention", 30)
    await places.decide(TEAM, "C1", "answers", "off")
    await places.decide(TEAM, "C2", "memory", "off")
    await places.decide(OTHER, "C2", "memory", "off")
    wanted: Decisions = {None: {"retention": 30}, "C2": {"memory": "opt-in", "context": False}}
    expected = (
        Difference(channel_id="C1", name="answers", before="off", after=None),
        Difference(channel_id="C2", name="memory", before="off", after="opt-in"),
        Difference(channel_id="C2", name="context", before=None, after=False),
    )
    before = await places.decisions(TEAM)

    assert await places.replace(TEAM, wanted, dry_run=True) == expected
    assert await places.decisions(TEAM) == before
    assert await places.replace(TEAM, wanted) == expected
    assert await places.decisions(TEAM) == wanted
    assert await places.replace(TEAM, wanted) == ()
    assert await places.decisions(OTHER) == {"C2": {"memory": "off"}}


async def test_logs_name_settings_and_never_what_they_say(owned: Owned) -> None:
    with capture_logs() as logs:
        await owned.places.decide(TEAM, None, "persona", "marker-words")
        await owned.places.replace(TEAM, {None: {"system-text": "marker-words"}})
    assert [line["event"] for line in logs] == ["place_setting_decided", "place_settings_replaced"]
    assert "marker" not in repr(logs)


VALUES = {
    "answers": st.sampled_from([one.value for one in AnswerPolicy]),
    "memory": st.sampled_from([one.value for one in MemoryMode]),
    "context": st.booleans(),
    "persona": st.sampled_from(["", "Ada", "Bo"]),
    "languages": st.sampled_from([(), ("en",), ("zh", "en")]),
    "quota-person-turns": st.sampled_from(["none", "1/day", "30/hour"]),
}


@given(
    general=st.fixed_dictionaries({}, optional=VALUES),
    own=st.fixed_dictionaries({}, optional=VALUES),
)
def test_what_holds_is_what_the_nearest_decided(
    general: Mapping[str, object], own: Mapping[str, object]
) -> None:
    defaults = PlacePolicy(persona="Cy", quotas={TURNS: HOURLY})

    policy = layered(defaults, general, own)  # type: ignore[arg-type]

    for setting in SETTINGS:
        nearest = {**general, **own}.get(setting.name, value_in(defaults, setting))
        assert value_in(policy, setting) == nearest, setting.name
    assert layered(defaults) == defaults


def test_differences_of_the_same_are_none() -> None:
    same: Decisions = {None: {"memory": "off"}, "C1": {"context": True}}
    assert differences(same, dict(reversed(same.items()))) == ()
    assert set(settings_for()) == {setting.name for setting in SETTINGS}
