"""Erasing once more what a backup brought back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from bot.domain.erasure import Erasure, Everything, MergedInto, SaidIn, These, owners_of
from bot.domain.identity import PersonId
from bot.domain.operation import Actor
from bot.engine.erase_list import EraseList
from bot.engine.erasing import Erasing
from bot.engine.forgetting import erase_person
from bot.engine.retention import erase_of_person, sum_of
from bot.log import get_logger
from bot.ports.compaction_storage import Expired
from bot.ports.storage import Storage

log = get_logger(__name__)

_REASON = "erased before, and back from a backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedAgain:
    """How many entries the database did not know, and what was erased because of them."""

    entries: int = 0
    people: int = 0
    turns: int = 0
    facts: int = 0
    episodes: int = 0
    scrubbed: bool = True


class ErasingAgain:
    """Brings a database up to what was erased since it was copied. May raise a StorageError.

    Entries of the erase list that the copy has and the table lacks tell that an older database
    has come back. Somebody who returned after they had everything forgotten has another id and is
    not touched.
    """

    def __init__(self, storage: Storage, erasing: Erasing, erase_list: EraseList) -> None:
        self._storage = storage
        self._erasing = erasing
        self._list = erase_list

    async def catch_up(self) -> ErasedAgain:
        """Erase what is back, and overwrite it in the files. To be called before anything is read.

        It can be repeated when it was interrupted: the table learns of the entries last.
        """
        content = await self._list.load()
        lacking = await self._list.lacking(content)
        done = ErasedAgain()
        if lacking:
            await self._list.append(lacking)  # so that another start scrubs if this one cannot
            done = await self._erase(lacking, content.entries)
        await self._list.copy_out(thoroughly=True)
        done = replace(done, scrubbed=await self._erasing.scrub())
        if lacking:
            log.warning(
                "erased_again",
                entries=done.entries,
                people=done.people,
                turns=done.turns,
                facts=done.facts,
                episodes=done.episodes,
            )
        return done

    async def _erase(
        self, lacking: Collection[Erasure], copied: Collection[Erasure]
    ) -> ErasedAgain:
        async with self._storage.unit_of_work() as work:
            merges = {entry.id: entry for entry in await work.erasures.merges()}
        merges |= {e.id: e for e in copied if isinstance(e.what, MergedInto)}
        total = Expired()
        people: set[PersonId] = set()
        for entry in lacking:
            for owner in owners_of(entry, merges.values()):
                if expired := await self._erase_of(owner, entry):
                    total = sum_of(total, expired)
                    people.add(owner)
        async with self._storage.unit_of_work() as work:
            await work.erasures.append(*lacking)
            await work.commit()
        return ErasedAgain(
            entries=len(lacking),
            people=len(people),
            turns=total.turns,
            facts=total.facts,
            episodes=total.episodes,
        )

    async def _erase_of(self, owner: PersonId, entry: Erasure) -> Expired | None:
        """What was erased of one person because of one entry; None when nothing was there."""
        what = entry.what
        match what:
            case MergedInto():
                return None
            case Everything():
                return await self._erase_person(owner)
            case These():
                return await erase_of_person(
                    self._storage,
                    self._erasing,
                    owner,
                    lambda work: work.erasures.erase_these(owner, what),
                    reason=_REASON,
                    what=(),
                )
            case SaidIn():
                return await erase_of_person(
                    self._storage,
                    self._erasing,
                    owner,
                    lambda work: work.retention.erase_said(owner, what),
                    reason=_REASON,
                    what=(),
                )

    async def _erase_person(self, owner: PersonId) -> Expired | None:
        async with self._storage.unit_of_work() as work:
            if await work.persons.get(owner) is None:
                return None
            turns, facts = await erase_person(work, owner)
            await self._erasing.commit(
                work,
                owner,
                actor=Actor.ADMIN,
                reason=_REASON,
                detail={"turns": turns, "facts": facts},
                what=(),
                is_gone=True,
            )
        return Expired(turns=turns, facts=facts)
