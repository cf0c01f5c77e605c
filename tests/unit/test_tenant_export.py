"""``admin export user``: what somebody said in the channels of one tenant, and nothing else."""

from __future__ import annotations

import asyncio
import itertools
import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.administering import CHANNEL, OTHER_WORKSPACE, Office, channel
from support.commanding import WORKSPACE, text_of
from support.engine import Workers

from bot.commands.reply import ReplyKind
from bot.domain.compaction import JobId
from bot.domain.conversation import ConversationRef, Visibility
from bot.domain.delivery import Delivery
from bot.domain.episode import Episode, EpisodeId, EpisodeSentence
from bot.domain.fact import Evidence, Fact, FactId, FactKind, FactState, FactStatus
from bot.domain.feedback import Verdict
from bot.domain.identity import IdentityRef, Person, Platform, TenantRef
from bot.domain.turn import NewTurn, Turn, TurnId, TurnOutcome, TurnStatus, TurnTrace

SERVER = TenantRef(platform=Platform.DISCORD, external_id="77")


def place(tenant: TenantRef | None, channel_id: str, visibility: Visibility) -> ConversationRef:
    return ConversationRef(
        platform=Platform.CONSOLE if tenant is None else tenant.platform,
        channel_id=channel_id,
        visibility=visibility,
        tenant=tenant,
    )


PLACES = [
    *(
        place(tenant, f"{visibility.value}-{tenant.external_id}", visibility)
        for tenant in (WORKSPACE, OTHER_WORKSPACE, SERVER)
        for visibility in Visibility
    ),
    place(None, "terminal", Visibility.DIRECT),
]


def is_here(where: ConversationRef) -> bool:
    return where.tenant == WORKSPACE and where.visibility is not Visibility.DIRECT


class Life:
    """Somebody who talks in many places, with one memory of it all."""

    def __init__(self) -> None:
        self.office = Office()
        self.desk = self.office.desk
        self.account = self.desk.identity("bo")
        self.person: Person | None = None
        self._numbers = itertools.count(1)

    async def begin(self, *accounts: IdentityRef) -> None:
        async with self.desk.storage.unit_of_work() as work:
            self.person = await work.persons.resolve(
                self.account, new_id="the-person", seen_at=self.desk.clock.now()
            )
            for number, account in enumerate(accounts):
                other = await work.persons.resolve(
                    account, new_id=f"other{number}", seen_at=self.desk.clock.now()
                )
                await work.persons.merge(other.id, self.person.id)
            await work.commit()

    async def say(self, where: ConversationRef, text: str) -> Turn:
        assert self.person
        now = self.desk.clock.now()
        async with self.desk.storage.unit_of_work() as work:
            conversation = await work.conversations.resolve(where, new_id=self.desk.ids.new_id())
            turn_id = TurnId(f"turn{next(self._numbers)}")
            turn, _ = await work.turns.accept(
                NewTurn(
                    id=turn_id,
                    person_id=self.person.id,
                    conversation_id=conversation.id,
                    audience=conversation.audience,
                    event_key=turn_id,
                    text=text,
                    received_at=now,
                    worker=Workers.name,
                    lease_until=now,
                )
            )
            outcome = TurnOutcome(status=TurnStatus.ANSWERED, finished_at=now, reply=f"re {text}")
            await work.turns.finish(turn.id, outcome, worker=Workers.name)
            await work.traces.save(
                TurnTrace(
                    turn_id=turn.id,
                    person_id=self.person.id,
                    model=text,
                    prompt_tokens=1,
                    reply_tokens=1,
                    finish_reason="stop",
                )
            )
            await work.deliveries.save(Delivery(turn_id=turn.id, channel_id=f"shown {text}"))
            await work.feedback.set(turn.id, Verdict.GOOD, at=now)
            await work.episodes.add(
                Episode(
                    id=EpisodeId(f"e{turn_id}"),
                    person_id=self.person.id,
                    conversation_id=conversation.id,
                    audience=conversation.audience,
                    first_number=turn.number,
                    last_number=turn.number,
                    began_at=now,
                    ended_at=now,
                    sentences=(EpisodeSentence(text=f"about {text}", turn_ids=(turn.id,)),),
                    job_id=JobId("j"),
                )
            )
            await work.commit()
        return turn

    async def learn(self, first: Turn, *others: Turn, **more: Any) -> Fact:
        assert self.person
        number = next(self._numbers)
        fact = Fact(
            id=FactId(f"f{number}"),
            person_id=self.person.id,
            audience=first.audience,
            number=number,
            kind=FactKind.IDENTITY,
            evidence=tuple(
                Evidence(quote=turn.text, turn_id=turn.id, said_at=turn.received_at)
                for turn in (first, *others)
            ),
            valid_from=self.desk.clock.now(),
            **{"text": first.text, "value": first.text, **more},
        )
        async with self.desk.storage.unit_of_work() as work:
            await work.facts.add(fact)
            await work.commit()
        return fact

    async def exported(self) -> dict[str, Any]:
        reply = await self.office.ask("/admin export user <@bo>")
        assert reply.kind is ReplyKind.DONE
        (file,) = reply.files
        document: dict[str, Any] = json.loads(file.content)
        return document


@pytest.fixture
async def life() -> Life:
    made = Life()
    await made.begin()
    return made


@dataclass(frozen=True)
class Said:
    where: ConversationRef
    facts: tuple[tuple[int, bool], ...]
    """Of each fact, which other turn supports it too, and whether it came first."""


_said = st.builds(
    Said,
    where=st.sampled_from(PLACES),
    facts=st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=2).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_said, min_size=1, max_size=8))
def test_it_holds_exactly_what_was_said_in_this_tenants_channels(talk: list[Said]) -> None:
    asyncio.run(_compare([Said(CHANNEL, ()), *talk]))


async def _compare(talk: list[Said]) -> None:
    life = Life()
    await life.begin(
        life.desk.identity("elsewhere", Platform.DISCORD),
        replace(life.account, external_id="abroad", tenant=OTHER_WORKSPACE),
    )
    turns = [await life.say(said.where, f"words-{n}-") for n, said in enumerate(talk)]
    stands: dict[str, set[str]] = {}
    for turn, said in zip(turns, talk, strict=True):
        for number, is_first in said.facts:
            other = turns[number % len(turns)]
            supports = dict.fromkeys((other, turn) if is_first else (turn, other))
            fact = await life.learn(*supports)
            here = {one.text for one in supports if is_here(talk[turns.index(one)].where)}
            if here and is_here(talk[turns.index(next(iter(supports)))].where):
                stands[fact.id] = here
    expected = [turn for turn, said in zip(turns, talk, strict=True) if is_here(said.where)]
    words = [turn.text for turn in expected]

    document = await life.exported()

    assert [turn["text"] for turn in document["turns"]] == words
    assert [turn["reply"] for turn in document["turns"]] == [f"re {text}" for text in words]
    assert [trace["model"] for trace in document["traces"]] == words
    assert [one["channel_id"] for one in document["deliveries"]] == [f"shown {w}" for w in words]
    assert [one["turn_id"] for one in document["feedback"]] == [turn.id for turn in expected]
    sentences = [one["text"] for episode in document["episodes"] for one in episode["sentences"]]
    assert sentences == [f"about {text}" for text in words]
    quotes = {
        fact["id"]: {evidence["quote"] for evidence in fact["evidence"]}
        for fact in document["facts"]
    }
    assert quotes == stands
    written = json.dumps(document)
    for turn in turns:
        assert (turn.text in written) is (turn in expected)
    for told in ("elsewhere", "abroad", "the-person", "T2", "discord", "terminal"):
        assert told not in written


async def test_the_head_says_by_whom_of_whom_where_and_when(life: Life) -> None:
    await life.say(CHANNEL, "hello")

    document = await life.exported()

    head = {name: value for name, value in document.items() if isinstance(value, str)}
    assert head == {
        "schema": "ellie-tenant-export/1",
        "exported_at": life.desk.clock.now().isoformat(),
        "exported_by": "slack:T1/ana",
        "tenant": "slack:T1",
        "account": "slack:T1/bo",
    }
    (entry,) = await life.office.recorded()
    assert (entry.person_id, entry.detail) == ("the-person", {"turns": 1, "facts": 0})


async def test_nothing_tells_how_much_was_said_elsewhere(life: Life) -> None:
    first = await life.say(CHANNEL, "one")
    await life.say(PLACES[-1], "directly")
    second = await life.say(CHANNEL, "two")
    moved = FactState(status=FactStatus.SUPERSEDED, valid_to=life.desk.clock.now())
    await life.learn(first, state=moved, use_count=7)
    await life.learn(second)

    document = await life.exported()

    for kind in ("turns", "facts", "episodes"):
        for item in document[kind]:
            assert not {"number", "first_number", "last_number", "person_id"} & item.keys()
    known = {"id", "kind", "slot", "topic", "value", "text", "source", "evidence"}
    assert all(fact.keys() == known for fact in document["facts"])


async def test_a_fact_with_words_from_elsewhere_is_told_in_those_from_here(life: Life) -> None:
    here = await life.say(CHANNEL, "I am in Porto now")
    there = await life.say(PLACES[-1], "I hide in Porto")
    await life.learn(here, there, text="I hide in Porto", value="Porto", topic="hiding")

    (fact,) = (await life.exported())["facts"]

    assert (fact["text"], fact["value"], fact["topic"]) == ("I am in Porto now", "Porto", None)
    assert [one["quote"] for one in fact["evidence"]] == ["I am in Porto now"]


async def test_what_was_taken_back_or_typed_into_a_command_is_no_fact_from_here(
    life: Life,
) -> None:
    turn = await life.say(CHANNEL, "I am a doctor")
    await life.learn(turn, state=FactState(status=FactStatus.RETRACTED))
    typed = Evidence(quote="typed", turn_id=None, said_at=life.desk.clock.now())
    fact = await life.learn(turn, text="typed")
    life.desk.storage.state.facts[fact.id] = replace(fact, evidence=(typed,))

    assert (await life.exported())["facts"] == []


async def test_a_sentence_that_is_also_about_something_else_is_left_out(life: Life) -> None:
    here = await life.say(CHANNEL, "one")
    there = await life.say(PLACES[-1], "two")
    episodes = life.desk.storage.state.episodes
    (episode,) = [one for one in episodes.values() if one.first_number == here.number]
    mixed = EpisodeSentence(text="both", turn_ids=(here.id, there.id))
    episodes[episode.id] = replace(episode, sentences=(mixed,))

    assert (await life.exported())["episodes"] == []


@pytest.mark.parametrize("is_known", [False, True])
async def test_somebody_who_said_nothing_here_is_the_same_as_a_stranger(
    life: Life, is_known: bool
) -> None:
    if is_known:
        await life.say(place(WORKSPACE, "D1", Visibility.DIRECT), "directly, in the workspace")
        await life.say(channel("C1", tenant=OTHER_WORKSPACE), "in another one")

    reply = await life.office.ask("/admin export user bo")

    assert reply.kind is ReplyKind.REFUSED
    assert text_of(reply) == "I keep nothing that slack:T1/bo said in the channels here."
    assert not reply.files
    (entry,) = await life.office.recorded()
    assert (entry.person_id, entry.detail) == (None, {})


async def test_only_admins_get_it(life: Life) -> None:
    await life.say(CHANNEL, "hello")

    reply = await life.office.ask("/admin export user bo", is_admin=False)

    assert (reply.kind, reply.files) == (ReplyKind.REFUSED, ())
