"""Texts about quotas, in English; see :mod:`bot.commands.texts_en`."""

from __future__ import annotations

TEXTS = {
    "summary.quota": "show how much you can still ask of me, and when it is all there again",
    "quota.title": "What is left",
    "quota.none": "There is no quota here: ask me as much as you like.",
    "quota.you": "You",
    "quota.channel": "This channel",
    "quota.tenant": "The whole server or workspace",
    "quota.turns": "{left} of {amount} messages in {period}",
    "quota.tokens": "{left} of {amount} tokens in {period}",
    "quota.minute": "a minute",
    "quota.hour": "an hour",
    "quota.day": "a day",
    "quota.full": "nothing is used",
    "quota.full_in": "all of it again in {wait}",
    "quota.how": "It comes back little by little. Commands cost nothing, but "
    "{p}summarize and {p}translate count as a message each.",
    "quota.commands": "That was a lot at once from you. Try again in {wait}.",
}
