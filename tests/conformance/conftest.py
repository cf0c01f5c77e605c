"""One suite for every implementation of the storage port."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.domain.compaction import JobId
from bot.domain.conversation import (
    Audience,
    Conversation,
    ConversationRef,
    Scope,
    Visibility,
)
from bot.domain.episode import Episode, EpisodeId, EpisodeSentence
from bot.domain.fact import Evidence, Fact, FactId, FactKind, FactStatus
from bot.domain.identity import IdentityRef, Person, PersonId, Platform, TenantRef
from bot.domain.turn import FailureReason, NewTurn, Turn, TurnId, TurnOutcome, TurnStatus
from bot.ports.storage import Storage
from storage.database import SqlStorage, open_storage
from storage.inmemory import InMemoryStorage
from storage.schema import metadata

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
LEASE = NOW + timedelta(minutes=1)

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


async def _opened(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[SqlStorage]:
    if kind == "sqlite":
        folder: Path = request.getfixturevalue("tmp_path")
        url = f"sqlite:///{folder}/ellie.db"
    else:
        url = request.getfixturevalue("postgres_url")
    async with open_storage(url) as storage:
        if kind == "postgres":
            names = ", ".join(metadata.tables)
            async with storage.engine.begin() as connection:
                await connection.execute(text(f"TRUNCATE {names}"))
        yield storage


@pytest.fixture(params=["inmemory", "sqlite", POSTGRES])
async def storage(request: pytest.FixtureRequest) -> AsyncIterator[Storage]:
    if request.param == "inmemory":
        yield InMemoryStorage()
    else:
        async for opened in _opened(request.param, request):
            yield opened


@pytest.fixture(params=["sqlite", POSTGRES])
async def sql_storage(request: pytest.FixtureRequest) -> AsyncIterator[SqlStorage]:
    async for opened in _opened(request.param, request):
        yield opened


class World:
    """People who talk to Ellie; every method is one committed unit of work."""

    now = NOW
    lease = LEASE
    workspace = TenantRef(platform=Platform.SLACK, external_id="T1")

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self._numbers = itertools.count(1)

    def new_id(self) -> str:
        return f"id-{next(self._numbers):04}"

    def identity(
        self, name: str = "ann", *, platform: Platform = Platform.SLACK, workspace: str = "T1"
    ) -> IdentityRef:
        tenant = TenantRef(platform=platform, external_id=workspace)
        return IdentityRef(
            platform=platform,
            external_id=name,
            display_name=name.title(),
            tenant=tenant if platform is Platform.SLACK else None,
        )

    async def person(self, name: str = "ann", *, identity: IdentityRef | None = None) -> Person:
        async with self.storage.unit_of_work() as work:
            person = await work.persons.resolve(
                identity or self.identity(name), new_id=self.new_id(), seen_at=NOW
            )
            await work.commit()
        return person

    def ref(
        self,
        channel: str = "home",
        visibility: Visibility = Visibility.DIRECT,
        *,
        workspace: str = "T1",
        thread: str | None = None,
    ) -> ConversationRef:
        return ConversationRef(
            platform=Platform.SLACK,
            channel_id=channel,
            visibility=visibility,
            tenant=TenantRef(platform=Platform.SLACK, external_id=workspace),
            thread_id=thread,
        )

    async def conversation(self, ref: ConversationRef | None = None) -> Conversation:
        async with self.storage.unit_of_work() as work:
            conversation = await work.conversations.resolve(ref or self.ref(), new_id=self.new_id())
            await work.commit()
        return conversation

    def turn(
        self,
        person: Person,
        conversation: Conversation,
        text: str = "hello",
        *,
        event_key: str | None = None,
        worker: str = "worker-1",
        audience: Audience | None = None,
    ) -> NewTurn:
        turn_id = self.new_id()
        return NewTurn(
            id=TurnId(turn_id),
            person_id=person.id,
            conversation_id=conversation.id,
            audience=audience or conversation.audience,
            event_key=event_key or f"event-{turn_id}",
            text=text,
            received_at=NOW,
            worker=worker,
            lease_until=LEASE,
        )

    async def accept(self, turn: NewTurn) -> tuple[Turn, bool]:
        async with self.storage.unit_of_work() as work:
            accepted = await work.turns.accept(turn)
            await work.commit()
        return accepted

    async def finish(self, turn: Turn, outcome: TurnOutcome, *, worker: str = "worker-1") -> bool:
        async with self.storage.unit_of_work() as work:
            finished = await work.turns.finish(turn.id, outcome, worker=worker)
            await work.commit()
        return finished

    async def say(
        self,
        person: Person,
        conversation: Conversation,
        text: str = "hello",
        reply: str = "hi",
        *,
        at: datetime = NOW,
    ) -> Turn:
        new = replace(self.turn(person, conversation, text), received_at=at)
        turn, _ = await self.accept(new)
        assert await self.finish(turn, self.answer(reply))
        return replace(turn, status=TurnStatus.ANSWERED, reply=reply, finished_at=NOW)

    async def interrupted(self, person: Person, conversation: Conversation) -> Turn:
        turn, _ = await self.accept(self.turn(person, conversation))
        assert await self.finish(turn, self.failure(FailureReason.INTERRUPTED))
        return turn

    @staticmethod
    def answer(reply: str = "hi") -> TurnOutcome:
        return TurnOutcome(status=TurnStatus.ANSWERED, finished_at=NOW, reply=reply)

    @staticmethod
    def failure(reason: FailureReason) -> TurnOutcome:
        return TurnOutcome(status=TurnStatus.FAILED, finished_at=NOW, failure=reason)

    def fact(self, turn: Turn, text: str = "likes tea", **changes: object) -> Fact:
        fact = Fact(
            id=FactId(self.new_id()),
            person_id=turn.person_id,
            audience=turn.audience,
            number=next(self._numbers),
            kind=FactKind.PREFERENCE,
            text=text,
            evidence=(Evidence(quote=text, turn_id=turn.id, said_at=NOW),),
            valid_from=NOW,
        )
        return replace(fact, **changes)  # type: ignore[arg-type]

    def episode(self, *turns: Turn, **changes: object) -> Episode:
        first, last = turns[0], turns[-1]
        episode = Episode(
            id=EpisodeId(self.new_id()),
            person_id=first.person_id,
            conversation_id=first.conversation_id,
            audience=first.audience,
            first_number=first.number,
            last_number=last.number,
            began_at=first.received_at,
            ended_at=last.received_at,
            sentences=tuple(EpisodeSentence(text=t.text, turn_ids=(t.id,)) for t in turns),
            job_id=JobId("job"),
        )
        return replace(episode, **changes)  # type: ignore[arg-type]

    async def summarise(self, *episodes: Episode) -> None:
        async with self.storage.unit_of_work() as work:
            for episode in episodes:
                await work.episodes.add(episode)
            await work.commit()

    async def learn(self, *facts: Fact) -> None:
        async with self.storage.unit_of_work() as work:
            for fact in facts:
                await work.facts.add(fact)
            await work.commit()

    async def known(
        self, person_id: PersonId, statuses: Collection[FactStatus] = tuple(FactStatus)
    ) -> tuple[Fact, ...]:
        async with self.storage.unit_of_work() as work:
            return await work.facts.of(Scope.in_private(person_id), statuses)

    async def texts(self, scope: Scope) -> list[str]:
        async with self.storage.unit_of_work() as work:
            return [turn.text for turn in await work.turns.after(scope, 0)]


@pytest.fixture
def world(storage: Storage) -> World:
    return World(storage)


@pytest.fixture
def sql_world(sql_storage: SqlStorage) -> World:
    return World(sql_storage)


@pytest.fixture
def world_of() -> type[World]:
    return World
