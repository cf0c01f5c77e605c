"""``quota``: how much is left, for whoever asks, in this channel and in the whole place."""

from __future__ import annotations

from datetime import timedelta

from bot.commands.call import Call
from bot.commands.language import Language
from bot.commands.reply import CommandReply, Row, Section
from bot.commands.voice import Voice
from bot.domain.quota import QuotaHolder, QuotaMeasure
from bot.engine.quota_notices import duration
from bot.engine.quotas import Quotas, QuotaState

_HOLDERS = {
    QuotaHolder.PERSON: "quota.you",
    QuotaHolder.CHANNEL: "quota.channel",
    QuotaHolder.TENANT: "quota.tenant",
}
_MEASURES = {QuotaMeasure.TURNS: "quota.turns", QuotaMeasure.TOKENS: "quota.tokens"}
_PERIODS = {60: "quota.minute", 3600: "quota.hour", 86_400: "quota.day"}


class QuotaShowing:
    """Its handler only looks: nothing is taken."""

    def __init__(self, quotas: Quotas | None) -> None:
        self._quotas = quotas

    async def quota(self, call: Call) -> CommandReply:
        """What is left of every quota that holds where somebody asks."""
        voice, here = call.voice, call.caller.conversation
        quotas = self._quotas
        states = () if quotas is None else await quotas.states(call.identity, here)
        if not states:
            return CommandReply(lines=(voice.say("quota.none"),))
        return CommandReply(
            title=voice.say("quota.title"),
            sections=(Section(rows=tuple(_row(state, voice) for state in states)),),
            closing=(voice.say("quota.how"),),
        )


def spoken(time: timedelta, voice: Voice) -> str:
    """Some time in few words."""
    return duration(time, is_chinese=voice.language is Language.CHINESE)


def _row(state: QuotaState, voice: Voice) -> Row:
    seconds = state.rate.seconds
    period = _PERIODS.get(seconds)
    text = voice.say(
        _MEASURES[state.quota.measure],
        left=f"{state.left:,}",
        amount=f"{state.rate.amount:,}",
        period=voice.say(period) if period else spoken(timedelta(seconds=seconds), voice),
    )
    if not state.full_in:
        note = voice.say("quota.full")
    else:
        note = voice.say("quota.full_in", wait=spoken(state.full_in, voice))
    return Row(label=voice.say(_HOLDERS[state.quota.holder]), text=text, notes=(note,))
