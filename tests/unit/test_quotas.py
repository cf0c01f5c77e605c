"""Quotas in the turn: what is refused, what it costs, and what is left untouched."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from support.commanding import text_of
from support.dialog import ANA, HALL, Dialog, account, channel, direct
from support.engine import FakeClock

from bot.app import assembled_app
from bot.commands.call import Caller
from bot.config import Settings
from bot.config_choices import Extraction
from bot.domain.conversation import ConversationRef
from bot.domain.identity import IdentityRef, Platform, TenantRef
from bot.domain.message import AgainRequest
from bot.domain.place_policy import PlacePolicy
from bot.domain.quota import Quota, QuotaHolder, QuotaMeasure, Rate
from bot.engine.flooding import MOST_REPEATS
from bot.engine.linking import IssuedCode
from bot.engine.reply import Outcome, ReplyStatus
from bot.ports.scripted import ScriptedGenerator

BEN = account("ben")
OTHER_HALL = channel("other")
PERSON, CHANNEL, TENANT = (Quota(holder, QuotaMeasure.TURNS) for holder in QuotaHolder)
TOKENS = Quota(QuotaHolder.PERSON, QuotaMeasure.TOKENS)


def per_hour(amount: int) -> Rate:
    return Rate(amount=amount, seconds=3600)


class Rationed(Dialog):
    """A dialog with quotas in which time passes only when a test says so."""

    def __init__(self, quotas: Mapping[Quota, Rate]) -> None:
        super().__init__(policy=PlacePolicy(quotas=quotas), between=timedelta(0))
        self._said = itertools.count()

    async def hi(self, who: IdentityRef = ANA, where: ConversationRef | None = None) -> Outcome:
        """Something new each time."""
        return await self.say(f"hello {next(self._said)}", who, where)


async def test_whoever_used_theirs_up_is_told_when_to_come_back_and_nothing_is_stored() -> None:
    dialog = Rationed({PERSON: per_hour(2)})
    for _ in range(2):
        assert (await dialog.hi()).status is ReplyStatus.ANSWERED
    late = await dialog.hi()
    assert late.status is ReplyStatus.REFUSED
    assert late.notice == "That was a lot at once from you. Try again in 30 min."
    assert len(await dialog.turns()) == 2
    assert len(dialog.generator.requests) == 2
    dialog.later(minutes=30)
    assert (await dialog.hi()).status is ReplyStatus.ANSWERED


async def test_it_is_said_in_the_persons_language() -> None:
    dialog = Rationed({PERSON: per_hour(1)})
    await dialog.say("你好")
    assert (await dialog.say("再来一次")).notice == "你一下子说得太多了，请 60 分钟后再试。"


async def test_a_restart_gives_nobody_more_and_others_are_not_concerned() -> None:
    dialog = Rationed({PERSON: per_hour(1)})
    await dialog.hi()
    dialog.restart()
    assert (await dialog.hi(ANA, HALL)).status is ReplyStatus.REFUSED
    assert (await dialog.hi(BEN)).status is ReplyStatus.ANSWERED


async def test_linked_accounts_have_one_bucket() -> None:
    dialog = Rationed({PERSON: per_hour(2)})
    elsewhere = account("ana", Platform.DISCORD)
    await dialog.hi()
    await dialog.link(ANA, elsewhere)
    for _ in range(2):
        assert (await dialog.hi(elsewhere)).status is ReplyStatus.ANSWERED
    assert (await dialog.hi()).status is ReplyStatus.REFUSED


async def test_a_channel_and_its_threads_have_one_bucket_and_the_tenant_another() -> None:
    dialog = Rationed({CHANNEL: per_hour(2), TENANT: per_hour(3)})
    await dialog.hi(ANA, HALL)
    await dialog.hi(BEN, channel(thread="1"))
    late = await dialog.hi(account("cas"), HALL)
    assert late.notice == "That was a lot at once from this channel. Try again in 30 min."
    await dialog.hi(ANA, OTHER_HALL)
    late = await dialog.hi(BEN, channel("third"))
    assert late.notice == "That was a lot at once from this whole workspace. Try again in 20 min."
    assert (await dialog.hi(ANA)).status is ReplyStatus.ANSWERED  # in private
    elsewhere = channel("hall", tenant=TenantRef(platform=Platform.DISCORD, external_id="1"))
    guest = account("ana", Platform.DISCORD)
    for where in (elsewhere, channel("b", tenant=elsewhere.tenant), elsewhere):  # type: ignore[arg-type]
        assert (await dialog.hi(guest, where)).status is ReplyStatus.ANSWERED
    late = await dialog.hi(guest, channel("c", tenant=elsewhere.tenant))  # type: ignore[arg-type]
    assert "this whole server" in late.notice


async def test_when_one_refuses_none_is_charged() -> None:
    dialog = Rationed({PERSON: per_hour(2), CHANNEL: per_hour(1)})
    await dialog.hi(ANA, HALL)
    for _ in range(3):
        assert "this channel" in (await dialog.hi(ANA, HALL)).notice
    assert (await dialog.hi(ANA)).status is ReplyStatus.ANSWERED
    assert (await dialog.hi(ANA)).status is ReplyStatus.REFUSED


async def test_what_is_delivered_twice_costs_once() -> None:
    dialog = Rationed({PERSON: per_hour(2)})
    for _ in range(4):
        await dialog.say("hello", event="the same")
    assert (await dialog.hi()).status is ReplyStatus.ANSWERED


async def test_another_reply_costs_a_turn_unless_nobody_asked_for_it() -> None:
    dialog = Rationed({PERSON: per_hour(2)})
    await dialog.hi()
    (turn,) = await dialog.turns()

    async def again(**how: bool) -> Outcome:
        request = AgainRequest(author=ANA, conversation=direct(ANA), turn_id=turn.id, **how)
        return await (await dialog.engine.again(request)).outcome()

    assert (await again()).status is ReplyStatus.ANSWERED
    late = await again()
    assert late.status is ReplyStatus.REFUSED
    assert "from you" in late.notice
    (kept,) = await dialog.turns()
    assert kept.reply == "All right."
    assert (await again(after_interruption=True)).status is ReplyStatus.DUPLICATE


async def test_tokens_are_charged_after_the_reply_and_the_next_turn_waits_for_the_debt() -> None:
    dialog = Rationed({TOKENS: per_hour(10)})
    assert (await dialog.hi()).status is ReplyStatus.ANSWERED
    used = dialog.generator.requests[0].prompt.tokens + 2
    (state,) = await dialog.quotas.states(ANA, direct(ANA))
    assert state.left == 0
    assert used > 10
    # All of the debt, and the one token that a turn takes at least.
    wait = timedelta(hours=(used - 10 + 1) / 10)
    assert (await dialog.hi()).status is ReplyStatus.REFUSED
    dialog.later(seconds=wait.total_seconds() - 5)
    assert (await dialog.hi()).status is ReplyStatus.REFUSED
    dialog.later(seconds=5)
    assert (await dialog.hi()).status is ReplyStatus.ANSWERED


async def test_a_reply_is_kept_and_charged_when_its_author_was_linked_meanwhile() -> None:
    dialog = Rationed({TOKENS: per_hour(1000)})
    await dialog.hi(BEN)
    await dialog.hi(ANA)
    dialog.generator.hold()
    dialog.generator.asked.clear()
    reply = await dialog.engine.handle(dialog.message("a question", ANA))
    await dialog.generator.asked.wait()
    code = await dialog.control.linking.issue(BEN)
    assert isinstance(code, IssuedCode)
    await dialog.control.linking.redeem(ANA, code.code)
    (before,) = await dialog.quotas.states(ANA, direct(ANA))
    dialog.generator.release()
    await reply.outcome()

    (after,) = await dialog.quotas.states(ANA, direct(ANA))
    assert after.left < before.left
    state = dialog.storage.state  # type: ignore[attr-defined]
    assert {key.person_id for key in state.quotas} <= state.persons.keys()


@pytest.mark.parametrize("quota", [PERSON, TOKENS], ids=["turns", "tokens"])
async def test_incognito_is_counted_and_leaves_no_row(quota: Quota) -> None:
    dialog = Rationed({quota: per_hour(1)})
    await dialog.ask("/incognito on")
    assert (await dialog.hi()).status is ReplyStatus.ANSWERED
    assert "from you" in (await dialog.hi()).notice
    assert not dialog.storage.state.quotas  # type: ignore[attr-defined]
    dialog.later(days=30)
    assert (await dialog.hi()).status is ReplyStatus.ANSWERED


async def test_whoever_goes_incognito_has_no_more_left_than_before() -> None:
    dialog = Rationed({PERSON: per_hour(1)})
    await dialog.hi()
    await dialog.ask("/incognito on")
    assert (await dialog.hi()).status is ReplyStatus.REFUSED


async def test_in_a_flood_refusals_are_told_once_to_each_in_each_place() -> None:
    dialog = Rationed({PERSON: per_hour(1)})
    for who, where in ((ANA, None), (ANA, HALL), (BEN, None)):
        outcomes = [await dialog.hi(who, where) for _ in range(20)]
        refused = [outcome for outcome in outcomes if outcome.status is ReplyStatus.REFUSED]
        assert len(refused) >= 19
        assert [outcome.told_before for outcome in refused] == [False] + [True] * (len(refused) - 1)


async def test_of_messages_at_once_no_more_are_answered_than_there_is() -> None:
    dialog = Rationed({TENANT: per_hour(5)})
    people = [account(f"p{number}") for number in range(12)]
    outcomes = await asyncio.gather(*(dialog.hi(who, HALL) for who in people))
    answered = [o for o in outcomes if o.status is ReplyStatus.ANSWERED]
    assert len(answered) == 5


async def test_the_same_words_over_and_over_are_answered_no_more() -> None:
    dialog = Rationed({})
    outcomes = [await dialog.say("Beep boop!", ANA, HALL) for _ in range(MOST_REPEATS + 5)]
    assert [o.status for o in outcomes[:MOST_REPEATS]] == [ReplyStatus.ANSWERED] * MOST_REPEATS
    stopped = outcomes[MOST_REPEATS:]
    assert {o.status for o in stopped} == {ReplyStatus.REFUSED}
    assert [o.told_before for o in stopped] == [False, True, True, True, True]
    assert len(dialog.generator.requests) == MOST_REPEATS
    # Other words, somebody else and another place are not concerned.
    assert (await dialog.hi(ANA, HALL)).status is ReplyStatus.ANSWERED
    assert (await dialog.say("Beep boop!", BEN, HALL)).status is ReplyStatus.ANSWERED
    assert (await dialog.say("Beep boop!", ANA)).status is ReplyStatus.ANSWERED
    dialog.later(seconds=59)
    assert (await dialog.say("beep BOOP!", ANA, HALL)).told_before
    dialog.later(seconds=60)
    assert (await dialog.say("Beep boop!", ANA, HALL)).status is ReplyStatus.ANSWERED


async def test_quota_says_what_is_left_and_when_it_is_all_there_again() -> None:
    tenant_tokens = Quota(QuotaHolder.TENANT, QuotaMeasure.TOKENS)
    limits = {
        PERSON: per_hour(3),
        CHANNEL: Rate(amount=4, seconds=60),
        tenant_tokens: Rate(amount=50_000, seconds=86_400),
    }
    dialog = Rationed(limits)
    before = await dialog.ask("/quota", ANA, HALL)
    assert "3 of 3 messages in an hour" in before
    assert "nothing is used" in before
    await dialog.hi(ANA, HALL)
    dialog.later(seconds=3)
    shown = await dialog.ask("/quota", ANA, HALL)
    assert "2 of 3 messages in an hour" in shown
    assert "all of it again in 20 min" in shown
    assert "3 of 4 messages in a minute" in shown
    assert "all of it again in 12 s" in shown
    assert "of 50,000 tokens in a day" in shown
    chinese = await dialog.ask("/配额", ANA, HALL)
    assert "还剩 2 条消息（每小时 3 条）" in chinese
    assert "channel" not in await dialog.ask("/quota")


async def test_quota_says_so_where_there_is_none() -> None:
    assert "no quota" in await Rationed({}).ask("/quota")
    terminal = account("ana", Platform.CONSOLE)
    dialog = Rationed({PERSON: per_hour(1)})
    assert "no quota" in await dialog.ask("/quota", terminal)
    for _ in range(3):
        assert (await dialog.hi(terminal)).status is ReplyStatus.ANSWERED


async def interrupted(dialog: Rationed) -> None:
    """Say something that is cut off before it is answered, with the only turn that there is."""
    dialog.generator.hold()
    await dialog.engine.handle(dialog.message("hello", event="cut off"))
    await dialog.engine.stop(0)
    dialog.restart()
    assert (await dialog.hi()).status is ReplyStatus.REFUSED


async def test_what_is_delivered_again_after_an_interruption_costs_nothing() -> None:
    dialog = Rationed({PERSON: per_hour(1)})
    await interrupted(dialog)
    assert (await dialog.say("hello", event="cut off")).status is ReplyStatus.ANSWERED


async def test_what_is_answered_once_more_after_an_interruption_costs_nothing() -> None:
    dialog = Rationed({PERSON: per_hour(1)})
    await interrupted(dialog)
    request = AgainRequest(
        author=ANA, conversation=direct(ANA), event_key="cut off", after_interruption=True
    )
    reply = await dialog.engine.again(request)
    assert (await reply.outcome()).status is ReplyStatus.ANSWERED


async def test_the_model_is_told_who_asks() -> None:
    dialog = Rationed({})
    for who in (ANA, BEN, ANA):
        await dialog.hi(who, HALL)
    people = [await dialog.person(who) for who in (ANA, BEN, ANA)]
    asked = [request.asker for request in dialog.generator.requests]
    assert asked == [person.id for person in people if person]
    assert len(set(asked)) == 2


async def test_the_whole_app_holds_to_the_settings(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path,
        quota_channel_turns="1/hour",
        compaction_schedule="off",
        extraction=Extraction.RULES,
    )
    generator = ScriptedGenerator("All right.")
    async with assembled_app(settings, generator, FakeClock()) as app:
        said = Dialog().message
        statuses = []
        for number in range(2):
            message = said("hello", ANA, HALL, event=f"e{number}")
            statuses.append((await (await app.engine.handle(message)).outcome()).status)
        assert statuses == [ReplyStatus.ANSWERED, ReplyStatus.REFUSED]
        understood = app.commands.understand("/quota")
        assert understood is not None
        caller = Caller(identity=ANA, conversation=HALL)
        replies = [await app.commands.answer(understood, caller) for _ in range(31)]
    assert "0 of 1 messages in an hour" in text_of(replies[0])
    assert "119 of 120" in text_of(replies[0])
    assert "That was a lot at once" in text_of(replies[-1])
