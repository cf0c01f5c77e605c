"""Conversations of LoCoMo, held with Ellie: who says what to her, and what is asked of her after.

Each conversation is played twice, once for each of its two people: one of them talks to Ellie, and
what the other one says is her reply. So a person's turns hold their own words alone, as in life,
and a question belongs to the person who said all of its evidence.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from recall_data import Dialogue, Question

from bot.app import App, assembled_app
from bot.config import Settings
from bot.config_choices import Extraction
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.identity import IdentityRef, Person, Platform
from bot.domain.message import InboundMessage
from bot.domain.turn import TurnId
from bot.engine.reply import ReplyStatus
from bot.ports.generation import ChatTokenizer
from bot.ports.scripted import ScriptedGenerator
from storage.database import SqlStorage, open_storage

SILENCE = timedelta(hours=2)
"""Between two sessions at least: then the scheduler looks who is due."""

_NO_ANSWER = "I see."


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message and the reply to it. ``id`` is the data's own, by which questions name it."""

    id: str
    at: datetime
    message: InboundMessage
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """All that one person said in one conversation, in sessions, and what is asked about it."""

    name: str
    sessions: tuple[tuple[Said, ...], ...]
    questions: tuple[Question, ...]

    @property
    def ends_at(self) -> datetime:
        """When the last message was said."""
        return self.sessions[-1][-1].at

    @property
    def identity(self) -> IdentityRef:
        """The account that talks."""
        return IdentityRef(platform=Platform.CONSOLE, external_id=self.name, display_name=self.name)


@dataclass
class SetClock:
    """Shows the moment it was set to, and measures real durations."""

    moment: datetime = datetime(2020, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """The moment it is."""
        return self.moment

    def elapsed(self) -> float:
        """Real seconds."""
        return perf_counter()


@dataclass
class Stage:
    """An Ellie without a model, her database, and her clock."""

    app: App
    storage: SqlStorage
    clock: SetClock
    generator: ScriptedGenerator
    counts: Counter[str] = field(default_factory=Counter)


def sides(dialogues: Sequence[Dialogue]) -> list[Side]:
    """Both sides of each conversation."""
    return [
        _side(dialogue, speaker)
        for dialogue in dialogues
        for speaker in sorted({speaker for _, speaker in dialogue.turns})
    ]


def one_life(several: Sequence[Side], name: str) -> Side:
    """The sides one after the other, as the life of one person."""
    sessions: list[tuple[Said, ...]] = []
    for side in several:
        # Weeks stay weeks: questions ask for weekdays and months only within one conversation.
        late = sessions[-1][-1].at - side.sessions[0][0].at if sessions else timedelta()
        shift = max(timedelta(), timedelta(days=-(-late // timedelta(days=1)) + 7))
        sessions += [
            tuple(_moved(said, shift, f"{side.name}/", name) for said in session)
            for session in side.sessions
        ]
    questions = [
        replace(question, evidence=frozenset(TurnId(f"{side.name}/{e}") for e in question.evidence))
        for side in several
        for question in side.questions
    ]
    return Side(name=name, sessions=tuple(sessions), questions=tuple(questions))


def _moved(said: Said, by: timedelta, prefix: str, name: str) -> Said:
    at, id_ = said.at + by, prefix + said.id
    return replace(said, id=id_, at=at, message=_message(name, id_, said.message.text, at, said))


def _side(dialogue: Dialogue, speaker: str) -> Side:
    name = f"{dialogue.name}-{speaker}"
    sessions: dict[str, list[Said]] = {}
    for turn, who in dialogue.turns:
        session = sessions.setdefault(turn.id.partition(":")[0], [])
        if who == speaker:
            at = turn.received_at
            message = _message(name, turn.id, turn.text, at)
            session.append(
                Said(id=turn.id, at=at, message=replace(message, shown=turn.shown), reply="")
            )
        elif session:
            session[-1] = replace(session[-1], reply=f"{session[-1].reply} {turn.text}".strip())
    own = {said.id for session in sessions.values() for said in session}
    return Side(
        name=name,
        sessions=tuple(tuple(session) for session in sessions.values() if session),
        questions=tuple(q for q in dialogue.questions if q.evidence <= own),
    )


def _message(
    name: str, key: str, text: str, at: datetime, said: Said | None = None
) -> InboundMessage:
    return InboundMessage(
        event_key=f"{name}/{key}",
        author=IdentityRef(platform=Platform.CONSOLE, external_id=name, display_name=name),
        conversation=ConversationRef(
            platform=Platform.CONSOLE, channel_id=name, visibility=Visibility.DIRECT
        ),
        text=text,
        received_at=at,
        shown=said.message.shown if said else (),
    )


@asynccontextmanager
async def stage(folder: Path, tokenizer: ChatTokenizer, **settings: object) -> AsyncIterator[Stage]:
    """A new Ellie whose data lie in ``folder``."""
    chosen = Settings.model_validate(
        {
            "data_dir": folder,
            "extraction": Extraction.RULES,
            "compaction_schedule": "off",
            "compact_model": "none",
            "retention_schedule": "off",
            **settings,
        }
    )
    clock, generator = SetClock(), ScriptedGenerator(tokenizer=tokenizer)
    async with (
        assembled_app(chosen, generator, clock) as app,
        open_storage(chosen.resolved_database_url) as storage,
    ):
        yield Stage(app, storage, clock, generator)


async def say(stage: Stage, said: Said) -> None:
    """One turn, whole."""
    stage.clock.moment = said.at
    stage.generator.enqueue(said.reply or _NO_ANSWER)
    outcome = await (await stage.app.engine.handle(said.message)).outcome()
    assert outcome.status is ReplyStatus.ANSWERED, outcome
    stage.generator.requests.clear()


async def compact(stage: Stage, side: Side) -> float:
    """Make the memory compact of whoever is due after a silence; seconds."""
    stage.clock.moment += SILENCE
    began = perf_counter()
    person = await person_of(stage, side)
    job = await stage.app.compactor.compact(person.id)
    if job is not None:
        stage.counts.update({job.status.value: 1, **job.counts})
    return perf_counter() - began


async def play(stage: Stage, side: Side, *, compacting: bool) -> float:
    """All of it; with a compaction after every session, the seconds that these took."""
    seconds = 0.0
    for session in side.sessions:
        for said in session:
            await say(stage, said)
        if compacting:
            seconds += await compact(stage, side)
    return seconds


async def person_of(stage: Stage, side: Side) -> Person:
    """Who that is in the database."""
    async with stage.storage.unit_of_work() as work:
        person = await work.persons.find(side.identity)
    assert person is not None
    return person


def turns_in(side: Side) -> list[Said]:
    """Everything said, in order."""
    return list(itertools.chain.from_iterable(side.sessions))
