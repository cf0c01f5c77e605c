"""One life with some of everything that an export can hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from support.lives import BIRTH, episode, job, place, trace

from bot.domain.compaction import JobId, JobStatus
from bot.domain.conversation import Visibility
from bot.domain.delivery import Delivery
from bot.domain.fact import Evidence, Fact, FactId, FactKind, FactState, FactStatus
from bot.domain.feedback import Verdict
from bot.domain.identity import IdentityRef, Person, PersonId, Platform, TenantRef
from bot.domain.operation import Actor, FactChange, MemoryOperation, OperationId, OperationKind
from bot.domain.shown import Shown
from bot.domain.turn import Turn, TurnId, TurnStatus
from bot.ports.channel_storage import GivenVerdict
from bot.ports.export_storage import Account, Bookkeeping
from bot.ports.import_storage import WholeMemory

ANA = IdentityRef(platform=Platform.CONSOLE, external_id="ana", display_name="Ana")
AT_WORK = IdentityRef(
    platform=Platform.SLACK,
    external_id="U1",
    display_name="Ana",
    tenant=TenantRef(platform=Platform.SLACK, external_id="T1"),
)
_PLACES = (place(0, Visibility.DIRECT, None), place(1, Visibility.PUBLIC, "1.5"))
_SHOWN = Shown(name="cat.png", media_type="image/png", size=12, width=3, alt_text="a cat")


def whole_life(turns: int = 4) -> WholeMemory:
    """Ana's, who said ``turns`` things, at home and at work by turns."""
    said = tuple(_turn(number) for number in range(1, turns + 1))
    known = tuple(_fact(turn) for turn in said[::2])
    changes = tuple(
        MemoryOperation(
            id=OperationId(f"o{fact.number}"),
            person_id=fact.person_id,
            kind=OperationKind.APPEND,
            actor=Actor.EXTRACTION,
            reason="said so",
            happened_at=fact.valid_from,
            turn_id=fact.evidence[0].turn_id,
            changes=(FactChange(fact_id=fact.id, before=None, after=fact.state),),
            job_id=JobId("j1"),
            detail={"facts": 1},
        )
        for fact in known
    )
    return WholeMemory(
        person=Person(
            id=PersonId("ana"),
            display_name="Ana",
            first_seen_at=BIRTH,
            compacted_until=2,
            consented_at=BIRTH,
        ),
        bookkeeping=Bookkeeping(
            last_turn_number=turns + 1,
            last_fact_number=turns + 1,
            refresh_at=BIRTH + timedelta(days=9),
            retention_days=4_321,
        ),
        accounts=(
            Account(identity=ANA, first_seen_at=BIRTH),
            Account(identity=AT_WORK, first_seen_at=BIRTH + timedelta(days=1)),
        ),
        conversations=_PLACES,
        turns=said,
        facts=known,
        episodes=(episode(1, list(said[:1]), "Ana has a cat."),),
        operations=changes,
        compactions=(job(0, JobStatus.DONE, 2), job(1, JobStatus.RUNNING, 2)),
        traces=tuple(trace(turn, {"bm25": 1.5, "dense": 0.25}) for turn in said),
        deliveries=(
            Delivery(turn_id=said[1].id, channel_id="C1", message_ids=("m1",), is_complete=True),
        ),
        feedback=(GivenVerdict(turn_id=said[1].id, verdict=Verdict.GOOD, given_at=BIRTH),),
    )


def _turn(number: int) -> Turn:
    where = _PLACES[(number + 1) % 2]
    at = BIRTH + timedelta(minutes=number)
    return Turn(
        id=TurnId(f"t{number}"),
        person_id=PersonId("ana"),
        conversation_id=where.id,
        audience=where.audience,
        event_key=f"event-{number}",
        number=number,
        text=f"My cat number {number} is called Mia. 我有{number}只猫 🐈",
        received_at=at,
        status=TurnStatus.ANSWERED,
        reply="How nice.",
        finished_at=at + timedelta(seconds=2),
        shown=(_SHOWN,) if number == 1 else (),
    )


def _fact(turn: Turn) -> Fact:
    fact = Fact(
        id=FactId(f"f{turn.number}"),
        person_id=turn.person_id,
        audience=turn.audience,
        number=turn.number,
        kind=FactKind.RELATION,
        text=turn.text,
        evidence=(Evidence(quote=turn.text, turn_id=turn.id, said_at=turn.received_at),),
        valid_from=turn.received_at,
        topic="pet:cat",
        value="Mia",
    )
    merged = FactState(status=FactStatus.MERGED, superseded_by=FactId("f1"), strength=0.5)
    return fact if turn.number == 1 else replace(fact, state=merged)
