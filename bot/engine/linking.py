"""Linking: one person shows that two accounts are theirs, and gets one memory for both.

The person asks for a code with one account and types it with the other. Codes are never logged,
and only their digests are stored. What is looked up is the digest of a guess, of which its author
cannot choose a single letter, so how long a look-up takes says nothing of any code.
"""

from __future__ import annotations

import hashlib
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import regex

from bot.domain.conversation import Scope
from bot.domain.erasure import Erasure, ErasureId, MergedInto
from bot.domain.fact import Fact
from bot.domain.identity import IdentityRef, PersonId
from bot.domain.link import CODE_LIFETIME, LinkCode
from bot.domain.operation import Actor
from bot.engine.generators import Generators
from bot.engine.guesses import Guesses
from bot.engine.incognito import IncognitoConversations
from bot.engine.recall_cache import RecallCache
from bot.engine.settling import CURRENT, conflicts, settle_slots
from bot.log import get_logger
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock, IdSource

log = get_logger(__name__)

MAX_CODES = 5
"""Codes that one person gets within :data:`LIMIT_PERIOD`."""

MAX_WRONG_CODES = 5
"""Wrong codes that one person may try within it: a guess hits one in 100 thousand million."""

MAX_WRONG_BY_ALL = 500
"""Wrong codes that all accounts together may try within it, in one process."""

LIMIT_PERIOD = timedelta(hours=1)


class LinkRefusal(StrEnum):
    """Why accounts were not linked or parted."""

    TOO_MANY_CODES = "too_many_codes"
    TOO_MANY_TRIES = "too_many_tries"
    WRONG_CODE = "wrong_code"
    """There is no such code, or it has expired or was used."""
    OWN_CODE = "own_code"
    """The code was asked for with this very account."""
    LINKED_ALREADY = "linked_already"
    """The code belongs to an account that is linked with this one."""
    NOT_LINKED = "not_linked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """One person's accounts, and how much memory belongs to them."""

    identities: tuple[IdentityRef, ...]
    turns: int
    facts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """What a code would join."""

    own: Holdings
    other: Holdings
    conflicts: tuple[tuple[Fact, Fact], ...]
    """Facts of which only one can hold: the newer one, which stays, and the older one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCode:
    """A code to show to its owner, once."""

    code: str
    expires_at: datetime


class Linking:
    """Links and parts accounts. Every method may raise a StorageError."""

    def __init__(
        self,
        storage: Storage,
        recall: RecallCache,
        *,
        clock: Clock,
        ids: IdSource,
        incognito: IncognitoConversations,
        generators: Generators | None = None,
    ) -> None:
        """``generators`` may have read for somebody who becomes part of another person."""
        self._generators = generators
        self._storage = storage
        self._incognito = incognito
        self._recall = recall
        self._clock = clock
        self._ids = ids
        self._guesses = Guesses(clock, most=MAX_WRONG_BY_ALL, period=LIMIT_PERIOD)

    async def issue(self, identity: IdentityRef) -> IssuedCode | LinkRefusal:
        """A new code for this person; an earlier one is void."""
        now = self._clock.now()
        async with self._storage.unit_of_work() as work:
            person = await work.persons.resolve(identity, new_id=self._ids.new_id(), seen_at=now)
            if await work.links.issued_since(person.id, now - LIMIT_PERIOD) >= MAX_CODES:
                return LinkRefusal.TOO_MANY_CODES
            code = self._ids.new_code()
            expires_at = now + CODE_LIFETIME
            await work.links.issue(
                LinkCode(
                    digest=digest_of(code),
                    person_id=person.id,
                    issued_at=now,
                    expires_at=expires_at,
                )
            )
            await work.commit()
        return IssuedCode(code=code, expires_at=expires_at)

    async def preview(self, identity: IdentityRef, code: str) -> Joining | LinkRefusal:
        """What ``code`` would join. A right code stays good; a wrong one counts as a try."""
        async with self._trying(identity), self._storage.unit_of_work() as work:
            # Never committed for a right code: leaving the unit of work puts the code back.
            owners = await self._redeem(work, identity, code)
            if isinstance(owners, LinkRefusal):
                return owners
            own, other = owners
            facts = [
                *await work.facts.of(Scope.in_private(own), CURRENT),
                *await work.facts.of(Scope.in_private(other), CURRENT),
            ]
            return Joining(
                own=await _holdings(work, own),
                other=await _holdings(work, other),
                conflicts=conflicts(facts),
            )

    async def redeem(self, identity: IdentityRef, code: str) -> Holdings | LinkRefusal:
        """Use ``code`` up and make the two one person; returns what that person has now.

        Of two values of one slot the newer one stays; the older one keeps its time.
        """
        async with self._trying(identity), self._storage.unit_of_work() as work:
            owners = await self._redeem(work, identity, code)
            if isinstance(owners, LinkRefusal):
                return owners
            gone, into = owners
            await work.persons.merge(gone, into)
            await settle_slots(
                work,
                into,
                actor=Actor.PERSON,
                reason="accounts linked",
                clock=self._clock,
                ids=self._ids,
            )
            # Whoever erases the one from now on erases the other too, also in an older backup.
            await work.erasures.append(
                Erasure(
                    id=ErasureId(self._ids.new_id()),
                    person_id=gone,
                    happened_at=self._clock.now(),
                    what=MergedInto(into),
                )
            )
            holdings = await _holdings(work, into)
            await work.commit()
        for owner in (gone, into):
            self._recall.forget(owner)
            self._incognito.end(owner)
        if self._generators:  # nobody can ask for it later: that person is no more
            self._generators.forget(gone)
        log.info("accounts_linked", person=into, gone=gone)
        return holdings

    async def unlink(self, identity: IdentityRef) -> Holdings | LinkRefusal:
        """Make this account a person of its own, with nothing in memory.

        What was learned stays with the other accounts; returns what they have.
        """
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None or len(await work.persons.identities(person.id)) < 2:  # noqa: PLR2004
                return LinkRefusal.NOT_LINKED
            await work.persons.detach(
                identity, new_id=self._ids.new_id(), seen_at=self._clock.now()
            )
            holdings = await _holdings(work, person.id)
            await work.commit()
        self._recall.forget(person.id)
        self._incognito.end(person.id)
        log.info("account_parted", person=person.id)
        return holdings

    async def linked(self, identity: IdentityRef) -> tuple[IdentityRef, ...]:
        """The other accounts of the person behind ``identity``."""
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(identity)
            if person is None:
                return ()
            everyone = await work.persons.identities(person.id)
        return tuple(other for other in everyone if not _same(other, identity))

    def _trying(self, identity: IdentityRef) -> AbstractAsyncContextManager[None]:
        account = (identity.platform, identity.tenant, identity.external_id)
        return self._guesses.one_by_one(account)

    async def _redeem(
        self, work: UnitOfWork, identity: IdentityRef, code: str
    ) -> tuple[PersonId, PersonId] | LinkRefusal:
        """The person who types a code and the one it belongs to. Commits only what counts tries."""
        if self._guesses.are_too_many():
            return LinkRefusal.TOO_MANY_TRIES
        now = self._clock.now()
        person = await work.persons.resolve(identity, new_id=self._ids.new_id(), seen_at=now)
        if await work.links.failures_since(person.id, now - LIMIT_PERIOD) >= MAX_WRONG_CODES:
            return LinkRefusal.TOO_MANY_TRIES
        owner = await work.links.redeem(digest_of(code), now=now)
        if owner is None:
            await work.links.note_failure(person.id, at=now)
            await work.commit()
            self._guesses.note_wrong()
            return LinkRefusal.WRONG_CODE
        if owner == person.id:
            linked = len(await work.persons.identities(person.id)) > 1
            return LinkRefusal.LINKED_ALREADY if linked else LinkRefusal.OWN_CODE
        return person.id, owner


def digest_of(code: str) -> str:
    """What is stored of a code. Case, blanks and dashes do not matter."""
    plain = regex.sub(r"[\s\-\u2010-\u2015]", "", code).upper()
    return hashlib.sha256(plain.encode()).hexdigest()


def _same(one: IdentityRef, other: IdentityRef) -> bool:
    return (one.platform, one.tenant, one.external_id) == (
        other.platform,
        other.tenant,
        other.external_id,
    )


async def _holdings(work: UnitOfWork, person_id: PersonId) -> Holdings:
    scope = Scope.in_private(person_id)
    return Holdings(
        identities=await work.persons.identities(person_id),
        turns=await work.turns.count(scope),
        facts=len(await work.facts.of(scope, CURRENT)),
    )
