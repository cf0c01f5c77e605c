"""Summaries as tests write them down."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.compaction import JobId
from bot.domain.episode import Episode, EpisodeId, EpisodeSentence
from bot.domain.turn import Turn
from bot.ports.storage import Storage


def summary_of(
    turns: Sequence[Turn],
    *sentences: tuple[str, Sequence[Turn]],
    name: str = "summary",
    model: str = "",
) -> Episode:
    """A summary that covers ``turns``: sentences, and the turns that each is about."""
    first, last = turns[0], turns[-1]
    return Episode(
        id=EpisodeId(name),
        person_id=first.person_id,
        conversation_id=first.conversation_id,
        audience=first.audience,
        first_number=first.number,
        last_number=last.number,
        began_at=first.received_at,
        ended_at=last.received_at,
        sentences=tuple(
            EpisodeSentence(text=text, turn_ids=tuple(turn.id for turn in cited))
            for text, cited in sentences
        ),
        job_id=JobId("job"),
        model=model,
    )


async def add_summary(storage: Storage, episode: Episode) -> None:
    """Store it."""
    async with storage.unit_of_work() as work:
        await work.episodes.add(episode)
        await work.commit()
