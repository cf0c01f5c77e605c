"""What becomes of episodes and compaction jobs, in memory, when two people become one."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.compaction import JobStatus
from bot.domain.identity import PersonId
from storage.inmemory_state import State, StoredPerson


def give_episodes(state: State, gone: PersonId, into: PersonId, *, after: StoredPerson) -> None:
    """Give what was summarised of ``gone`` to ``into``; see :mod:`storage.merging`."""
    running = {
        job.id
        for job in state.jobs.values()
        if job.person_id in {gone, into} and job.status is JobStatus.RUNNING
    }
    shared = {
        stored.turn.conversation_id
        for stored in state.turns.values()
        if stored.turn.person_id == into and stored.turn.number > after.person.compacted_until
    }
    state.jobs = {
        job.id: job
        for job in state.jobs.values()
        if job.id not in running and job.person_id != gone
    }
    for episode in list(state.episodes.values()):
        if episode.job_id in running or (
            episode.person_id == gone and episode.conversation_id in shared
        ):
            del state.episodes[episode.id]
        elif episode.person_id == gone:
            state.episodes[episode.id] = replace(
                episode,
                person_id=into,
                first_number=episode.first_number + after.last_turn_number,
                last_number=episode.last_number + after.last_turn_number,
            )
