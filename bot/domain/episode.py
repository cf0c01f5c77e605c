"""Episodes: what a stretch of conversation was about, in few sentences that cite their turns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from bot.domain.compaction import JobId
from bot.domain.conversation import Audience, ConversationId
from bot.domain.identity import PersonId
from bot.domain.turn import TurnId

EpisodeId = NewType("EpisodeId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeSentence:
    """One sentence of a summary, and the turns that say what it says.

    Raises:
        ValueError: when it cites none; a sentence that nothing supports must not be kept.
    """

    text: str
    turn_ids: tuple[TurnId, ...]

    def __post_init__(self) -> None:
        if not self.turn_ids:
            msg = "a sentence of a summary cites the turns that it is about"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """The summary of one person's turns of one conversation, said to one audience.

    Derived from turns and disposable: it goes when they go. ``first_number`` and ``last_number``
    are the turns it covers, ``began_at`` and ``ended_at`` when they were said. ``model`` is empty
    when the sentences are the person's own, and else names the model that wrote them.
    """

    id: EpisodeId
    person_id: PersonId
    conversation_id: ConversationId
    audience: Audience
    first_number: int
    last_number: int
    began_at: datetime
    ended_at: datetime
    sentences: tuple[EpisodeSentence, ...]
    job_id: JobId
    model: str = ""

    @property
    def text(self) -> str:
        """All sentences, one after the other."""
        return " ".join(sentence.text for sentence in self.sentences)
