"""Keeping what must survive: repositories, and the unit of work that commits them together.

Repositories are used inside a unit of work only. Reads of what somebody said take a
:class:`~bot.domain.conversation.Scope` and return nothing that the scope does not admit.
Every method may raise a :class:`~bot.errors.StorageError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from bot.domain.conversation import Conversation, ConversationId, ConversationRef, Scope
from bot.domain.identity import IdentityRef, Person, PersonId, Platform
from bot.domain.shown import Shown
from bot.domain.turn import NewTurn, OpenTurn, Turn, TurnId, TurnOutcome
from bot.ports.audit_storage import AuditRepository
from bot.ports.channel_storage import (
    DeliveryRepository,
    FeedbackRepository,
    PolicyRepository,
)
from bot.ports.compaction_storage import (
    CompactionRepository,
    EpisodeRepository,
    RetentionRepository,
    ScheduleRepository,
)
from bot.ports.erasure_storage import ErasureRepository
from bot.ports.export_storage import ExportRepository
from bot.ports.import_storage import ImportRepository
from bot.ports.memory_storage import (
    FactRepository,
    LinkRepository,
    OperationRepository,
    TraceRepository,
    VectorRepository,
)
from bot.ports.place_storage import PlaceSettingRepository
from bot.ports.quota_storage import QuotaRepository
from bot.ports.reset_storage import ResetRepository


class PersonRepository(Protocol):
    """People and their identities."""

    async def resolve(self, identity: IdentityRef, *, new_id: str, seen_at: datetime) -> Person:
        """The person behind an identity; a new one with ``new_id`` when nobody knows it.

        Two processes that resolve the same new identity at once get the same person. A changed
        display name is kept.
        """

    async def find(self, identity: IdentityRef) -> Person | None:
        """The person behind an identity, or None. Creates nothing."""

    async def get(self, person_id: PersonId) -> Person | None:
        """The person of that id, or None when they are gone."""

    async def erase(self, person_id: PersonId) -> None:
        """Remove the person and their identities. Their turns and facts must be gone already.

        Conversations that were theirs alone (direct, and without turns now) go too.
        """

    async def bump_epoch(self, person_id: PersonId) -> None:
        """Declare everything derived from this person's turns stale."""

    async def set_paused(self, person_id: PersonId, *, paused: bool) -> None:
        """Stop or go on learning about this person."""

    async def set_incognito(self, person_id: PersonId, *, incognito: bool) -> None:
        """Stop or go on storing what this person says."""

    async def set_consent(self, person_id: PersonId, *, at: datetime | None) -> None:
        """Note when this person agreed to be remembered; with None, that they do not."""

    async def take_notice(self, person_id: PersonId, *, at: datetime) -> bool:
        """Whether this person must still be told what is kept about them. True once.

        ``at`` is when the turn ends that tells them.
        """

    async def return_notice(self, turn_id: TurnId) -> None:
        """Have the person told another time, if it is the end of this turn that tells them."""

    async def identities(self, person_id: PersonId) -> tuple[IdentityRef, ...]:
        """The identities of a person, first seen first, with the person's display name."""

    async def merge(self, gone: PersonId, into: PersonId) -> None:
        """Give everything of one person to another, and remove the first.

        Their turns, facts and operations keep their order and get numbers after those of ``into``.
        The merged person is paused or incognito when either was, and has agreed to be remembered
        only when both had. The epoch of ``into`` grows.
        """

    async def detach(self, identity: IdentityRef, *, new_id: str, seen_at: datetime) -> Person:
        """Make one identity a new person, with nothing in their memory, who agreed to nothing."""


class ConversationRepository(Protocol):
    """Conversations and the tenants around them."""

    async def resolve(self, ref: ConversationRef, *, new_id: str) -> Conversation:
        """The conversation of that name, created with ``new_id`` when unknown. Race-free as above.

        The visibility is that of ``ref`` from now on: a channel may have been opened or closed.
        """

    async def knows(self, ref: ConversationRef) -> bool:
        """Whether there is a conversation of that name, whoever can read it."""


class TurnRepository(Protocol):
    """Turns: the raw log, which is the truth that everything else derives from."""

    async def accept(self, turn: NewTurn) -> tuple[Turn, bool]:
        """Store a new turn and number it; or return the one with the same event key.

        The flag says whether it is new. A person's turns are numbered without gaps in the order
        in which their transactions commit.
        """

    async def reopen(
        self,
        turn_id: TurnId,
        *,
        worker: str,
        lease_until: datetime,
        finished: bool = False,
        stays_reported: bool = False,
    ) -> bool:
        """Take over a turn that failed because it was interrupted; its reply is empty from then on.

        With ``finished`` any turn that has ended, to be answered once more. What was thought of
        its reply goes with the reply. With ``stays_reported`` it stays noted whether somebody
        took it upon them to tell of the interruption: when it is interrupted again, that has been
        done. False when it is not such a turn, or another process was quicker.
        """

    async def finish(self, turn_id: TurnId, outcome: TurnOutcome, *, worker: str) -> bool:
        """Record how a turn ended. False, and no change, when it is not open under ``worker``."""

    async def renew_leases(self, *, worker: str, lease_until: datetime) -> None:
        """Say that ``worker`` is alive: extend the lease of all its open turns."""

    async def open_turns(self) -> tuple[OpenTurn, ...]:
        """All turns that are accepted and not finished, of all processes."""

    async def recent(
        self, scope: Scope, conversation_id: ConversationId, *, before_number: int, limit: int
    ) -> tuple[Turn, ...]:
        """This person's latest finished turns of a conversation, oldest first.

        Only turns with a number below ``before_number``.
        """

    async def latest(self, scope: Scope, *, limit: int) -> tuple[Turn, ...]:
        """This person's latest turns of any state and conversation, oldest first."""

    async def after(
        self, scope: Scope, number: int, *, limit: int | None = None
    ) -> tuple[Turn, ...]:
        """This person's turns with a greater number, of any state, oldest first."""

    async def owner_of(self, platform: Platform, event_key: str) -> tuple[PersonId, TurnId] | None:
        """Whose turn an event became, and which; None when none did. Tells nobody's words."""

    async def by_ids(self, scope: Scope, turn_ids: Sequence[TurnId]) -> tuple[Turn, ...]:
        """Those of the given turns that the scope admits, in the given order."""

    async def count(self, scope: Scope) -> int:
        """How many turns the scope admits."""

    async def take_unreported_failures(
        self, scope: Scope, conversation_id: ConversationId
    ) -> tuple[Turn, ...]:
        """Interrupted turns of this conversation that nobody was told about, oldest first.

        They count as reported once this unit of work commits.
        """

    async def rewrite(
        self, person_id: PersonId, turn_id: TurnId, *, text: str, reply: str, shown: Sequence[Shown]
    ) -> None:
        """Replace the words of a turn, when the person asked to forget part of them.

        Its vectors go. Whoever calls this bumps the person's epoch in the same unit of work.
        """

    async def describe(self, person_id: PersonId, turn_id: TurnId, shown: Sequence[Shown]) -> None:
        """Replace what is known of what was shown in a turn. Its vectors go, its words stay."""

    async def erase_all(self, person_id: PersonId) -> int:
        """Remove every turn of a person, and all that hangs on turns; returns how many turns.

        That is traces, vectors and episodes, where the reply is shown, and what was thought of it.
        """


class UnitOfWork(Protocol):
    """One short transaction. Leaving it without :meth:`commit` undoes everything."""

    @property
    def persons(self) -> PersonRepository: ...
    @property
    def conversations(self) -> ConversationRepository: ...
    @property
    def turns(self) -> TurnRepository: ...
    @property
    def facts(self) -> FactRepository: ...
    @property
    def operations(self) -> OperationRepository: ...
    @property
    def traces(self) -> TraceRepository: ...
    @property
    def vectors(self) -> VectorRepository: ...
    @property
    def links(self) -> LinkRepository: ...
    @property
    def compactions(self) -> CompactionRepository: ...
    @property
    def episodes(self) -> EpisodeRepository: ...
    @property
    def retention(self) -> RetentionRepository: ...
    @property
    def schedules(self) -> ScheduleRepository: ...
    @property
    def policies(self) -> PolicyRepository: ...
    @property
    def deliveries(self) -> DeliveryRepository: ...
    @property
    def feedback(self) -> FeedbackRepository: ...
    @property
    def quotas(self) -> QuotaRepository: ...
    @property
    def place_settings(self) -> PlaceSettingRepository: ...
    @property
    def resets(self) -> ResetRepository: ...
    @property
    def audit(self) -> AuditRepository: ...
    @property
    def exports(self) -> ExportRepository: ...
    @property
    def imports(self) -> ImportRepository: ...
    @property
    def erasures(self) -> ErasureRepository: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    async def commit(self) -> None:
        """Make everything done so far in this unit of work durable."""


class Storage(Protocol):
    """The database."""

    def unit_of_work(self) -> UnitOfWork:
        """A new unit of work. Units of work are independent; each is used by one task."""

    async def scrub(self) -> None:
        """Overwrite what erased rows left behind in the database's files.

        Called after a unit of work that erased; until it returns, erased bytes may still be found
        on disk. May take seconds on a large database and must not block readers for long.
        """
