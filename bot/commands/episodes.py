"""Summaries of conversations as rows that people read."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.reply import Row, Section
from bot.commands.voice import Voice
from bot.domain.episode import Episode


def span_of(episode: Episode) -> str:
    """The messages that a summary covers: ``m3-m9``."""
    return f"m{episode.first_number}-m{episode.last_number}"


def episode_sections(episodes: Sequence[Episode], voice: Voice) -> list[Section]:
    """Summaries with all they say and who wrote them, in the given order; nothing for none."""
    if not episodes:
        return []
    rows = tuple(
        Row(label=span_of(episode), text=episode.text, notes=(_origin(episode, voice),))
        for episode in episodes
    )
    return [Section(title=voice.say("show.episodes"), rows=rows)]


def _origin(episode: Episode, voice: Voice) -> str:
    date = voice.date(episode.began_at)
    if episode.model:
        return voice.say("note.episode.model", date=date, model=episode.model)
    return voice.say("note.episode", date=date)
