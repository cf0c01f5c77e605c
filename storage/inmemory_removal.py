"""Removing turns of one person, with everything that was made from them, in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain.fact import Fact
from bot.domain.identity import PersonId
from bot.domain.turn import Turn, TurnId
from bot.ports.compaction_storage import Expired
from storage.inmemory_state import State


def remove_turns(
    state: State,
    person_id: PersonId,
    turns: Mapping[TurnId, Turn],
    is_typed: Callable[[datetime, Fact], bool],
) -> Expired:
    """Remove turns of a person and what was made from them.

    Words that were typed in support of a fact at some time go where ``is_typed`` says so.
    """
    changed = 0
    for fact in [fact for fact in state.facts.values() if fact.person_id == person_id]:
        typed = {
            index
            for index, said in enumerate(fact.evidence)
            if said.turn_id is None and is_typed(said.said_at, fact)
        }
        left = tuple(
            said
            for index, said in enumerate(fact.evidence)
            if said.turn_id not in turns and index not in typed
        )
        if not left:
            del state.facts[fact.id]
        elif len(left) < len(fact.evidence):
            state.facts[fact.id] = replace(fact, evidence=left)
        changed += bool(not left or typed)
    covering = [
        episode.id
        for episode in state.episodes.values()
        if episode.person_id == person_id
        and any(
            turn.conversation_id == episode.conversation_id
            and episode.first_number <= turn.number <= episode.last_number
            for turn in turns.values()
        )
    ]
    for episode_id in covering:
        del state.episodes[episode_id]
    state.erase_turns(turns)
    return Expired(turns=len(turns), facts=changed, episodes=len(covering))
