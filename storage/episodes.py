"""Episodes: summaries of stretches of conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, func, insert, select, update

from bot.domain.compaction import JobId
from bot.domain.conversation import ConversationId, Scope
from bot.domain.episode import Episode, EpisodeId, EpisodeSentence
from bot.domain.identity import PersonId
from storage import mapping_compaction as mapping
from storage.scoping import admitted
from storage.statements import Statements, in_batches
from storage.tables import episodes


class SqlEpisodeRepository:
    """:class:`~bot.ports.compaction_storage.EpisodeRepository` in SQL."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, episode: Episode) -> None:
        """Store a new episode."""
        await self._statements.run(insert(episodes).values(mapping.episode_values(episode)))

    async def of(
        self, scope: Scope, *, until_number: int | None = None, latest: int | None = None
    ) -> tuple[Episode, ...]:
        """Episodes that the scope admits, by the number of their last turn."""
        newest_first = (
            select(episodes)
            .where(admitted(episodes, scope))
            .order_by(episodes.c.last_number.desc(), episodes.c.id.desc())
        )
        if until_number is not None:
            newest_first = newest_first.where(episodes.c.last_number <= until_number)
        if latest is not None:
            newest_first = newest_first.limit(max(latest, 0))
        rows = await self._statements.all(newest_first)
        return tuple(mapping.episode(row) for row in reversed(rows))

    async def by_ids(self, scope: Scope, ids: Sequence[EpisodeId]) -> tuple[Episode, ...]:
        """Those of the given episodes that the scope admits, each once, in the given order."""
        wanted = list(dict.fromkeys(ids))
        found: dict[EpisodeId, Episode] = {}
        for some in in_batches(wanted):
            rows = await self._statements.all(
                select(episodes).where(admitted(episodes, scope), episodes.c.id.in_(some))
            )
            found.update((episode.id, episode) for episode in map(mapping.episode, rows))
        return tuple(found[episode_id] for episode_id in wanted if episode_id in found)

    async def ends(self, person_id: PersonId) -> Mapping[ConversationId, int]:
        """For each conversation the number of the last turn that an episode covers."""
        rows = await self._statements.all(
            select(episodes.c.conversation_id, func.max(episodes.c.last_number).label("end"))
            .where(episodes.c.person_id == person_id)
            .group_by(episodes.c.conversation_id)
        )
        return {ConversationId(row.conversation_id): row.end for row in rows}

    async def rewrite(
        self, person_id: PersonId, episode_id: EpisodeId, sentences: Sequence[EpisodeSentence]
    ) -> None:
        """Replace the sentences of an episode; without any, it goes."""
        theirs = (episodes.c.id == episode_id, episodes.c.person_id == person_id)
        if not sentences:
            await self._statements.run(delete(episodes).where(*theirs))
            return
        await self._statements.run(
            update(episodes).where(*theirs).values(sentences=mapping.sentence_values(sentences))
        )

    async def erase_job(self, person_id: PersonId, job_id: JobId) -> int:
        """Remove the episodes that a job wrote; returns how many there were."""
        return await self._statements.run(
            delete(episodes).where(episodes.c.person_id == person_id, episodes.c.job_id == job_id)
        )
