"""Random lives: people who talked, were remembered, forgot, and are to be moved elsewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from bot.domain.compaction import CompactionJob, JobId, JobStatus, Step
from bot.domain.conversation import Conversation, ConversationId, ConversationRef, Visibility
from bot.domain.delivery import Delivery
from bot.domain.episode import Episode, EpisodeId, EpisodeSentence
from bot.domain.fact import (
    Evidence,
    Fact,
    FactId,
    FactKind,
    FactSource,
    FactState,
    FactStatus,
)
from bot.domain.feedback import Verdict
from bot.domain.identity import IdentityRef, Person, PersonId, Platform, TenantRef
from bot.domain.operation import (
    Actor,
    FactChange,
    MemoryOperation,
    OperationId,
    OperationKind,
)
from bot.domain.shown import Shown
from bot.domain.turn import FailureReason, TraceItem, Turn, TurnId, TurnStatus, TurnTrace
from bot.ports.channel_storage import GivenVerdict
from bot.ports.export_storage import Account, Bookkeeping
from bot.ports.import_storage import WholeMemory

BIRTH = datetime(2026, 1, 1, tzinfo=UTC)

WORDS = st.one_of(
    st.sampled_from(
        [
            "I live in Porto and have a dog called Rex.",
            "我住在上海，喜欢喝茶。",
            "My flight to Kyoto leaves on Friday 🛫",
            "👩‍👩‍👧‍👦 are coming over\nfor dinner",
            '"quoted" \\ back\tslash </script>',
            "naïve café Ω ß İ",
        ]
    ),
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=30
    ),
)
MAYBE_WORDS = st.one_of(st.just(""), WORDS)
SHARES = st.integers(0, 1000).map(lambda share: share / 1000)
MOMENTS = st.integers(0, 10**12).map(lambda us: BIRTH + timedelta(microseconds=us))
SHOWN = st.builds(
    Shown,
    name=WORDS,
    media_type=st.sampled_from(["image/png", "application/pdf"]),
    size=st.one_of(st.none(), st.integers(0, 2**40)),
    width=st.one_of(st.none(), st.integers(1, 5000)),
    alt_text=MAYBE_WORDS,
    caption=MAYBE_WORDS,
    description=MAYBE_WORDS,
)


def maybe(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


def place(number: int, visibility: Visibility, thread: str | None) -> Conversation:
    platform = Platform.CONSOLE if number == 0 else Platform.SLACK
    tenant = None if number == 0 else TenantRef(platform=platform, external_id="T1")
    ref = ConversationRef(
        platform=platform,
        channel_id=f"C{number}-{visibility}",
        visibility=Visibility.DIRECT if number == 0 else visibility,
        tenant=tenant,
        thread_id=thread,
    )
    tenant_id = None if tenant is None else tenant.id
    name = f"c{number}-{visibility}-{thread}" if number else "c0"
    return Conversation(id=ConversationId(name), ref=ref, tenant_id=tenant_id)


@st.composite
def turns_of(draw: DrawFn, places: list[Conversation]) -> list[Turn]:
    numbers = sorted(draw(st.sets(st.integers(1, 40), max_size=12)))
    turns = []
    for number in numbers:
        where = draw(st.sampled_from(places))
        status = draw(st.sampled_from(list(TurnStatus)))
        is_over = status is not TurnStatus.ACCEPTED
        said_at = BIRTH + timedelta(minutes=number, microseconds=number * 7)
        turns.append(
            Turn(
                id=TurnId(f"t{number}"),
                person_id=PersonId("ana"),
                conversation_id=where.id,
                audience=where.audience,
                event_key=f"event-{number}",
                number=number,
                text=draw(WORDS),
                received_at=said_at,
                status=status,
                reply=draw(MAYBE_WORDS) if is_over else "",
                finished_at=said_at + timedelta(seconds=3) if is_over else None,
                failure=draw(st.sampled_from(list(FailureReason)))
                if status is TurnStatus.FAILED
                else None,
                shown=tuple(draw(st.lists(SHOWN, max_size=2))),
                unremembered=draw(st.booleans()),
            )
        )
    return turns


@st.composite
def states(draw: DrawFn, ids: list[FactId]) -> FactState:
    return FactState(
        status=draw(st.sampled_from(list(FactStatus))),
        valid_to=draw(maybe(MOMENTS)),
        superseded_by=draw(maybe(st.sampled_from(ids))),
        strength=draw(SHARES),
        pinned=draw(st.booleans()),
    )


@st.composite
def facts_of(draw: DrawFn, turns: list[Turn]) -> list[Fact]:
    numbers = sorted(draw(st.sets(st.integers(1, 30), max_size=8)))
    ids = [FactId(f"f{number}") for number in (*numbers, 99)]
    facts = []
    for number in numbers:
        said = draw(st.lists(st.sampled_from(turns), unique=True, max_size=3)) if turns else []
        evidence = [
            Evidence(quote=turn.text, turn_id=turn.id, said_at=turn.received_at) for turn in said
        ]
        if not evidence or draw(st.booleans()):
            at = BIRTH + timedelta(hours=number)
            evidence.append(Evidence(quote=draw(WORDS), turn_id=None, said_at=at))
        evidence.sort(key=lambda support: support.said_at)
        audience = said[0].audience if said else place(0, Visibility.DIRECT, None).audience
        facts.append(
            Fact(
                id=FactId(f"f{number}"),
                person_id=PersonId("ana"),
                audience=audience,
                number=number,
                kind=draw(st.sampled_from(list(FactKind))),
                text=draw(WORDS),
                evidence=tuple(evidence),
                valid_from=draw(MOMENTS),
                slot=draw(maybe(st.sampled_from(["city", "job"]))),
                topic=draw(maybe(st.sampled_from(["pet:dog", "allergy"]))),
                value=draw(maybe(WORDS)),
                occurs_from=draw(maybe(MOMENTS)),
                occurs_until=draw(maybe(MOMENTS)),
                confidence=draw(SHARES),
                source=draw(st.sampled_from(list(FactSource))),
                conflicts_with=draw(maybe(st.sampled_from(ids))),
                last_used_at=draw(maybe(MOMENTS)),
                use_count=draw(st.integers(0, 9)),
                state=draw(states(ids)),
            )
        )
    return facts


@st.composite
def operations_of(draw: DrawFn, facts: list[Fact]) -> list[MemoryOperation]:
    ids = [fact.id for fact in facts] or [FactId("f77")]
    entries = []
    for number in range(draw(st.integers(0, 6))):
        changes = [
            FactChange(
                fact_id=draw(st.sampled_from(ids)),
                before=draw(maybe(states(ids))),
                after=draw(states(ids)),
            )
            for _ in range(draw(st.integers(0, 2)))
        ]
        entries.append(
            MemoryOperation(
                id=OperationId(f"o{number}"),
                person_id=PersonId("ana"),
                kind=draw(st.sampled_from(list(OperationKind))),
                actor=draw(st.sampled_from(list(Actor))),
                reason=draw(WORDS),
                happened_at=BIRTH + timedelta(minutes=number),
                turn_id=draw(maybe(st.just(TurnId("t3")))),
                changes=tuple(changes),
                undoes=draw(maybe(st.just(OperationId("o0")))),
                job_id=draw(maybe(st.just(JobId("j1")))),
                detail=draw(
                    st.dictionaries(st.sampled_from(["turns", "b", "aa"]), st.integers(0, 9))
                ),
            )
        )
    return entries


def trace(turn: Turn, scores: dict[str, float]) -> TurnTrace:
    item = TraceItem(
        kind="fact", item_id="f1", tokens=9, included=False, reason="no room", scores=scores
    )
    return TurnTrace(
        turn_id=turn.id,
        person_id=turn.person_id,
        model="toy",
        prompt_tokens=99,
        reply_tokens=7,
        finish_reason="stop",
        items=(item,),
        timings_ms=scores,
    )


def episode(number: int, turns: list[Turn], text: str) -> Episode:
    first, last = turns[0], turns[-1]
    return Episode(
        id=EpisodeId(f"e{number}"),
        person_id=first.person_id,
        conversation_id=first.conversation_id,
        audience=first.audience,
        first_number=first.number,
        last_number=last.number,
        began_at=first.received_at,
        ended_at=last.received_at,
        sentences=(EpisodeSentence(text=text, turn_ids=tuple(turn.id for turn in turns)),),
        job_id=JobId("j1"),
        model="toy",
    )


def job(number: int, status: JobStatus, last: int) -> CompactionJob:
    at = BIRTH + timedelta(days=number)
    is_over = status is not JobStatus.RUNNING
    return CompactionJob(
        id=JobId(f"j{number}"),
        person_id=PersonId("ana"),
        after_number=0,
        until_number=last,
        step=Step.MERGE,
        read_until=0,
        worker="",
        lease_until=at,
        started_at=at,
        status=status,
        finished_at=at if is_over else None,
        counts={"merged": 3, "aa": 1},
    )


@st.composite
def lives(draw: DrawFn) -> WholeMemory:
    """All that could be kept of somebody called Ana."""
    shades = st.sampled_from([Visibility.PUBLIC, Visibility.PRIVATE, Visibility.DIRECT])
    known = [place(0, Visibility.DIRECT, None)]
    known += [place(n, draw(shades), draw(maybe(st.just(f"{n}.5")))) for n in (1, 2)]
    turns = draw(turns_of(known))
    facts = draw(facts_of(turns))
    over = [turn for turn in turns if turn.status is not TurnStatus.ACCEPTED]
    some = st.lists(st.sampled_from(over), unique=True, max_size=4) if over else st.just([])
    cited = draw(some)
    episodes = [
        episode(n, sorted(draw(some) or [turn], key=lambda t: t.number), draw(WORDS))
        for n, turn in enumerate(cited)
    ]
    last = max((turn.number for turn in turns), default=0) + draw(st.integers(0, 3))
    learned = max((fact.number for fact in facts), default=0) + draw(st.integers(0, 3))
    chosen = {status: draw(st.booleans()) for status in JobStatus}
    jobs = [job(n, status, last) for n, status in enumerate(JobStatus) if chosen[status]]
    ids = {turn.id for turn in turns}
    used = {item.conversation_id for item in (*turns, *episodes)}
    name = draw(MAYBE_WORDS)
    accounts = [
        Account(
            identity=IdentityRef(
                platform=Platform.CONSOLE, external_id="ana", display_name=name, tenant=None
            ),
            first_seen_at=BIRTH,
        ),
        Account(
            identity=IdentityRef(
                platform=Platform.SLACK,
                external_id="U1",
                display_name=name,
                tenant=TenantRef(platform=Platform.SLACK, external_id="T1"),
            ),
            first_seen_at=BIRTH + timedelta(days=2),
        ),
    ]
    numbers = sorted(ids, key=lambda turn_id: int(turn_id[1:]))
    traced = [turn for turn in turns if draw(st.booleans())]
    scores = draw(st.dictionaries(st.sampled_from(["bm25", "b", "dense"]), SHARES))
    return WholeMemory(
        person=Person(
            id=PersonId("ana"),
            display_name=name,
            first_seen_at=BIRTH,
            memory_epoch=draw(st.integers(0, 5)),
            paused=draw(st.booleans()),
            incognito=draw(st.booleans()),
            compacted_until=draw(st.integers(0, last)),
            told_at=draw(maybe(MOMENTS)),
            consented_at=draw(maybe(MOMENTS)),
        ),
        bookkeeping=Bookkeeping(
            last_turn_number=last,
            last_fact_number=learned,
            compact_not_before=draw(maybe(MOMENTS)),
            refresh_at=draw(maybe(MOMENTS)),
            retention_days=draw(maybe(st.integers(1, 9999))),
        ),
        accounts=tuple(accounts[: draw(st.integers(1, 2))]),
        conversations=tuple(where for where in known if where.id in used),
        turns=tuple(turns),
        facts=tuple(facts),
        episodes=tuple(episodes),
        operations=tuple(draw(operations_of(facts))),
        compactions=tuple(jobs),
        traces=tuple(trace(turn, scores) for turn in traced),
        deliveries=tuple(
            Delivery(turn_id=turn_id, channel_id="C1", message_ids=("m1", "m2"), is_complete=done)
            for turn_id, done in zip(
                numbers, draw(st.lists(st.booleans(), max_size=5)), strict=False
            )
        ),
        feedback=tuple(
            GivenVerdict(turn_id=turn.id, verdict=draw(st.sampled_from(list(Verdict))), given_at=at)
            for turn in over[:3]
            for at in [draw(MOMENTS)]
        ),
    )


def settled(memory: WholeMemory, at: datetime) -> WholeMemory:
    """A memory as it is after it was moved: nothing is open, and nothing is left to be shown."""
    return replace(
        memory,
        turns=tuple(
            replace(
                turn, status=TurnStatus.FAILED, failure=FailureReason.INTERRUPTED, finished_at=at
            )
            if turn.status is TurnStatus.ACCEPTED
            else turn
            for turn in memory.turns
        ),
        deliveries=tuple(replace(shown, is_complete=True) for shown in memory.deliveries),
    )
