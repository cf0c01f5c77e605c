"""``admin policy show``: what holds in a place, who decided it, and everything decided so far."""

from __future__ import annotations

from collections.abc import Iterator

from bot.commands.administering import tenant_of
from bot.commands.call import Call, Caller
from bot.commands.definitions import EVERYWHERE, HERE
from bot.commands.describing import page_of
from bot.commands.reply import CommandReply, Row, Section
from bot.domain.place_policy import PlacePolicy
from bot.domain.place_settings import ANSWERS, Decisions, PlaceSetting, value_in
from bot.domain.policy import AnswerPolicy
from bot.domain.setting_values import Value
from bot.domain.text import shorten
from bot.engine.place_policies import PlacePolicies

ROWS_PER_PAGE = 40
VALUE_CHARACTERS = 100

_OVERHEARING = frozenset({AnswerPolicy.USUAL, AnswerPolicy.ALWAYS, AnswerPolicy.THREADS})
"""The policies by which she also answers what does not call her."""


class PolicyShowing:
    """Reads only."""

    def __init__(self, places: PlacePolicies | None) -> None:
        self._places = places

    async def show(self, call: Call) -> CommandReply:
        """What holds in this channel, and every decision of the server or workspace; in pages."""
        tenant, places = tenant_of(call.caller), self._places
        if places is None or tenant is None:
            return call.refused("admin.unavailable")
        voice, here = call.voice, call.caller.policy_place
        decisions = await places.decisions(tenant)
        holds = await places.of(here)
        sections = [
            Section(
                title=voice.say("policy.here"),
                rows=tuple(_holding(call, places, decisions, holds)),
            ),
            Section(
                title=voice.say("policy.settings"), rows=tuple(_decided(call, places, decisions))
            ),
            Section(
                title=voice.say("policy.choices"),
                rows=tuple(
                    Row(label=policy.value, text=voice.say(f"policy.{policy.value}"))
                    for policy in AnswerPolicy
                ),
            ),
        ]
        page = call.number("page") or 1
        shown, pages = page_of(sections, page, ROWS_PER_PAGE)
        if page > pages:
            return call.refused("show.page.none", page=page, pages=pages)
        answers = holds.answers
        by = _decider(decisions, here.channel_id, ANSWERS)
        closing = [voice.say("policy.how")]
        if page < pages:
            closing.insert(0, voice.say("policy.page", page=page, pages=pages, next=page + 1))
        return CommandReply(
            title=voice.say("policy.title"),
            lines=(
                voice.say(
                    "policy.holds",
                    policy=answers.value,
                    words=voice.say(f"policy.{answers.value}"),
                ),
                voice.say(f"policy.by.{by}"),
                *map(voice.say, unheard(call.caller, answers)),
            ),
            sections=shown,
            closing=tuple(closing),
            page=page,
            pages=pages,
        )


def unheard(caller: Caller, *policies: AnswerPolicy | None) -> tuple[str, ...]:
    """The name of what to add when one of them promises more than she is sent; else nothing."""
    return () if caller.hears_all or _OVERHEARING.isdisjoint(policies) else ("policy.unheard",)


def shown_value(setting: PlaceSetting, value: Value | None, call: Call) -> str:
    """A value in short; of none, that nothing is decided."""
    if value is None:
        return call.voice.say("policy.undecided")
    return shorten(setting.kind.show(value), VALUE_CHARACTERS)


def _holding(
    call: Call, places: PlacePolicies, decisions: Decisions, holds: PlacePolicy
) -> Iterator[Row]:
    channel_id = call.caller.policy_place.channel_id
    for name, setting in places.settings.items():
        by = _decider(decisions, channel_id, name)
        yield Row(
            label=name,
            text=shown_value(setting, value_in(holds, setting), call),
            marks=(call.voice.say(f"policy.mark.{by}"),),
        )


def _decided(call: Call, places: PlacePolicies, decisions: Decisions) -> Iterator[Row]:
    voice, here = call.voice, call.caller.policy_place.channel_id
    for channel_id, decided in decisions.items():
        marks = (voice.say("policy.mark.here"),) if channel_id == here else ()
        for name, value in decided.items():
            shown = shown_value(places.settings[name], value, call)
            text = voice.say("policy.setting", setting=name, value=shown)
            if channel_id is None:
                yield Row(label=voice.say("policy.everywhere"), text=text)
            else:
                yield Row(label=channel_id, names_channel=True, text=text, marks=marks)


def _decider(decisions: Decisions, channel_id: str, name: str) -> str:
    if name in decisions.get(channel_id, {}):
        return HERE
    return EVERYWHERE if name in decisions.get(None, {}) else "nobody"
