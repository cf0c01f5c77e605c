"""What people do to their messages afterwards: a platform says that one was deleted or edited.

Memory follows at once, and for good: words that their author took back are not recalled, and what
was learned from them is not known any more. The row of the turn stays, so that an event which the
platform delivers again is not answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from enum import StrEnum

from bot.domain.consent import is_kept
from bot.domain.conversation import Audience, ConversationRef, Scope
from bot.domain.episode import EpisodeId, EpisodeSentence
from bot.domain.erasure import These, these
from bot.domain.fact import Fact, FactStatus
from bot.domain.identity import Person, Platform
from bot.domain.operation import Actor, MemoryOperation
from bot.domain.place_policy import MemoryMode, PlacePolicy
from bot.domain.shown import Shown
from bot.domain.text import clean_text
from bot.domain.turn import Turn, TurnId
from bot.engine.erasing import Erasing, is_cut
from bot.engine.incognito import IncognitoConversations
from bot.engine.memory_store import apply_patch
from bot.engine.memory_view import EVERY_STATUS
from bot.engine.recall_cache import RecallCache
from bot.log import get_logger
from bot.memory.consolidation import consolidate
from bot.memory.cutting import same_words, search_terms, sentence_spans, without
from bot.memory.extraction.rules import extract
from bot.memory.forgetting import Sweep, TurnCut, rewritten, without_support
from bot.memory.operations import ChangeContext
from bot.memory.relearning import news
from bot.memory.terms import terms
from bot.memory.withdrawing import Withdrawal, withdraw
from bot.ports.policy_source import FixedPolicy, PolicySource
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.system import Clock, IdSource

log = get_logger(__name__)

_YIELD_EVERY = 100
"""Turns looked through before other tasks get a chance: about 10 ms of work."""


class Revised(StrEnum):
    """What an edit of a message did to memory."""

    UNKNOWN = "unknown"
    """No turn came of that message."""
    UNCHANGED = "unchanged"
    """It was delivered again, or nothing about the words has changed."""
    CHANGED = "changed"


class MessageRevisions:
    """Follows deletions and edits. May raise a StorageError.

    Each is one unit of work; a reply that is being written meanwhile is not kept.
    """

    def __init__(
        self,
        storage: Storage,
        recall: RecallCache,
        *,
        clock: Clock,
        ids: IdSource,
        erasing: Erasing | None = None,
        incognito: IncognitoConversations | None = None,
        policies: PolicySource | None = None,
    ) -> None:
        self._policies = policies or FixedPolicy()
        self._incognito = incognito or IncognitoConversations()
        self._storage = storage
        self._clock = clock
        self._ids = ids
        self._erasing = erasing or Erasing(storage, recall, clock=clock, ids=ids)

    async def deleted(self, platform: Platform, event_key: str) -> bool:
        """Empty the turn that an event became, with all that was learned from it alone.

        False when no turn came of that event. One that is stored nowhere is dropped from memory.
        """
        if self._incognito.drop(f"{platform}:{event_key}"):
            return True
        revised = await self._revise(platform, event_key, None, "message deleted")
        return revised is not Revised.UNKNOWN

    async def edited(
        self,
        platform: Platform,
        event_key: str,
        text: str,
        *,
        files: Collection[str] | None = None,
        place: ConversationRef | None = None,
        is_heard: bool = True,
    ) -> Revised:
        """Put ``text`` in place of what a turn says, and learn from it what rules find.

        ``files`` are the names of those that are still attached; None when that is not known. What
        is known of others goes.

        What sentences taught that are still there stays as it is. To take all words away is a
        deletion; so is an edit by somebody whose new words must not be remembered: because they
        are paused or incognito now, because nothing of theirs is kept now in ``place``, whose
        policy holds, or because they may not use Ellie now (not ``is_heard``). A turn from which
        something was forgotten only loses words: the platform still has the forgotten ones, and
        one that has no words any more gets none.
        """
        # Before the transaction: a source of policies may need one of its own.
        policy = None if place is None else await self._policies.of(place)
        return await self._revise(
            platform,
            event_key,
            clean_text(text),
            "message edited",
            files=files,
            mode=_mode_for(policy, is_heard=is_heard),
        )

    async def _revise(
        self,
        platform: Platform,
        event_key: str,
        new_text: str | None,
        reason: str,
        *,
        files: Collection[str] | None = None,
        mode: MemoryMode = MemoryMode.OPT_OUT,
    ) -> Revised:
        """``new_text`` is None for a deletion, which takes a turn without words too."""
        text = new_text or ""
        async with self._storage.unit_of_work() as work:
            found = await _find(work, platform, event_key)
            if found is None:
                return Revised.UNKNOWN
            person, turn = found
            shown = tuple(one for one in turn.shown if files is None or one.name in files)
            if new_text == turn.text and shown == turn.shown:
                return Revised.UNCHANGED
            operations = [
                entry
                for entry in await work.operations.of_person(person.id)
                if entry.turn_id == turn.id
            ]
            if any(map(is_cut, operations)):
                text = _what_is_left(turn.text, text)
            may_say = is_kept(mode, person) and _may_say(person, turn)
            if _changes(turn, text) and not may_say:
                text = ""
            if not _changes(turn, text) and shown == turn.shown:
                return Revised.UNCHANGED
            revision = _Revision(work, person, turn, text, shown)
            detail = await revision.carry_out(operations, await self._context(work, turn))
            if text and text != turn.text and not turn.unremembered:
                await revision.learn(await self._context(work, turn))
            await self._erasing.commit(
                work,
                person.id,
                actor=Actor.PERSON,
                reason=reason,
                detail=detail,
                what=revision.erased,
            )
        log.info(reason.replace(" ", "_"), person=person.id, turn=turn.id, **detail)
        await self._erasing.scrub()
        return Revised.CHANGED

    async def _context(self, work: UnitOfWork, turn: Turn) -> ChangeContext:
        return ChangeContext(
            person_id=turn.person_id,
            audience=turn.audience,
            actor=Actor.PERSON,
            now=self._clock.now(),
            new_id=self._ids.new_id,
            next_number=await work.facts.begin_change(turn.person_id),
        )


def _mode_for(policy: PlacePolicy | None, *, is_heard: bool) -> MemoryMode:
    """Whether new words may be kept."""
    if not is_heard:
        return MemoryMode.OFF
    return MemoryMode.OPT_OUT if policy is None else policy.memory


def _changes(turn: Turn, text: str) -> bool:
    return text != turn.text or (not text and bool(turn.reply or turn.shown))


def _what_is_left(left: str, text: str) -> str:
    """``text`` without any words but those that are ``left`` of what it once said."""
    there = [span.of(left) for span in sentence_spans(left)]
    return without(
        text,
        [span for span in sentence_spans(text) if span.of(text) not in there],
        lambda span: " ".join(words for words in there if words in span.of(text)),
    )


def _may_say(person: Person, turn: Turn) -> bool:
    """Whether new words may be stored in place of the old ones."""
    has_words = bool(turn.text or turn.shown)
    would_be_learned = person.paused and not turn.unremembered
    return has_words and not person.incognito and not would_be_learned


async def _find(work: UnitOfWork, platform: Platform, event_key: str) -> tuple[Person, Turn] | None:
    """The turn that an event became, and whose it is, while nobody else can change either."""
    # As the ledger writes events down.
    owner = await work.turns.owner_of(platform, f"{platform}:{event_key}")
    if owner is None:
        return None
    person_id, turn_id = owner
    if await work.persons.get(person_id) is None:
        return None
    await work.facts.begin_change(person_id)
    person = await work.persons.get(person_id)
    turns = await work.turns.by_ids(Scope.in_private(person_id, set_aside=True), [turn_id])
    return (person, turns[0]) if person and turns else None


class _Revision:
    """One turn whose words or files change, within an open unit of work."""

    def __init__(
        self, work: UnitOfWork, person: Person, turn: Turn, text: str, shown: tuple[Shown, ...]
    ) -> None:
        self._work = work
        self._person = person
        self._turn = turn
        self._text = text
        self._shown = shown
        self._scope = Scope.in_private(person.id, set_aside=True)
        self._taken_back: Sequence[Fact] = ()
        self._gone: Sequence[Fact] = ()
        self._cut_turns: list[TurnId] = []
        self._cut_episode_ids: list[EpisodeId] = []

    @property
    def erased(self) -> tuple[These, ...]:
        """What lost words, and what went, for the erase list."""
        return these(
            turns=self._cut_turns,
            facts=(fact.id for fact in self._gone),
            episodes=self._cut_episode_ids,
        )

    async def carry_out(
        self, operations: Sequence[MemoryOperation], context: ChangeContext
    ) -> dict[str, int]:
        """Take back what the old words led to; returns how much went."""
        work, turn = self._work, self._turn
        facts = await work.facts.of(self._scope, EVERY_STATUS)
        heard = await self._heard(facts)
        withdrawal = withdraw(turn, self._text, facts, operations, context, heard=heard)
        self._gone = withdrawal.gone
        self._taken_back = [f for f in withdrawal.gone if f.status is FactStatus.RETRACTED]
        await apply_patch(work, withdrawal.patch)
        erased = await work.facts.erase(self._person.id, [fact.id for fact in withdrawal.gone])
        left = replace(turn, text=self._text, shown=self._shown)
        if not self._text and (turn.text or not self._shown):
            left = replace(left, reply="", shown=())
        sweep = Sweep(_unsaid(withdrawal, facts), ())
        sentences = await self._cut_replies(sweep, left)
        sentences += await self._cut_episodes(left)
        return {"turns": 1, "facts": erased, "sentences": sentences}

    async def _heard(self, facts: Collection[Fact]) -> dict[TurnId, Audience]:
        """To whom the turns were said that those facts stand on which this turn supports."""
        of_each = [[e.turn_id for e in fact.evidence if e.turn_id] for fact in facts]
        ids = {turn_id for of_one in of_each if self._turn.id in of_one for turn_id in of_one}
        turns = await self._work.turns.by_ids(self._scope, list(ids))
        return {turn.id: turn.audience for turn in turns}

    async def _cut_replies(self, sweep: Sweep, left: Turn) -> int:
        """Store the turn, and take out of replies since then what tells what is not known now."""
        count = 0
        later = await self._work.turns.after(self._scope, left.number) if sweep.facts else ()
        for number, turn in enumerate([left, *later]):
            replied = sweep.names_in_reply(turn)
            if turn is left:
                replied = tuple({*replied, *_echoes(self._turn, left)})
            if replied or turn is left:
                cut = rewritten(TurnCut(turn=turn, replied=replied))
                self._cut_turns.append(turn.id)
                await self._work.turns.rewrite(
                    turn.person_id, turn.id, text=cut.text, reply=cut.reply, shown=cut.shown
                )
                count += len(replied)
            if number % _YIELD_EVERY == 0:
                await asyncio.sleep(0)
        return count

    async def _cut_episodes(self, left: Turn) -> int:
        """Take out of summaries what only the old words said."""
        count = 0
        for episode in await self._work.episodes.of(self._scope):
            citing = [s for s in episode.sentences if left.id in s.turn_ids]
            if not citing:
                continue
            ids = {turn_id for sentence in citing for turn_id in sentence.turn_ids}
            turns = {
                turn.id: turn for turn in await self._work.turns.by_ids(self._scope, list(ids))
            }
            lost = without_support(episode, turns, {left.id}, name=self._person.display_name)
            stay = [s for s in episode.sentences if s not in lost]
            if not left.text:
                stay = [_without_citation(s, left.id) for s in stay]
            await self._work.episodes.rewrite(self._person.id, episode.id, stay)
            self._cut_episode_ids.append(episode.id)
            count += len(lost)
        return count

    async def learn(self, context: ChangeContext) -> None:
        """Learn from the new words what rules find, said when the old ones were."""
        turn = replace(self._turn, text=self._text)
        facts = await self._work.facts.of(self._scope, EVERY_STATUS)
        found = [
            candidate
            for candidate in extract(turn.text, turn.received_at)
            if not any(same_words(candidate.text, fact.text) for fact in self._taken_back)
        ]
        new = news(found, facts, turn)
        active = [fact for fact in facts if fact.status is FactStatus.ACTIVE]
        as_said = replace(
            context,
            actor=Actor.EXTRACTION,
            now=turn.received_at,
            recorded_at=context.now,
            turn_id=turn.id,
        )
        await apply_patch(self._work, consolidate(new, active, as_said))


def _echoes(before: Turn, left: Turn) -> tuple[str, ...]:
    """The sentences of a reply that repeat words which the message has no more."""
    gone = search_terms(before.text).difference(terms(left.text))
    sentences = [span.of(left.reply) for span in sentence_spans(left.reply)]
    return tuple(sentence for sentence in sentences if not gone.isdisjoint(terms(sentence)))


def _unsaid(withdrawal: Withdrawal, facts: Collection[Fact]) -> Sequence[Fact]:
    """The erased facts of which nothing that stays says the same."""
    going = {fact.id for fact in withdrawal.gone}
    staying = [*withdrawal.patch.added, *(fact for fact in facts if fact.id not in going)]
    return [fact for fact in withdrawal.unsaid if not any(_says_the_same(fact, f) for f in staying)]


def _says_the_same(one: Fact, other: Fact) -> bool:
    if one.value is not None and other.value is not None and same_words(one.value, other.value):
        return True
    return same_words(one.text, other.text)


def _without_citation(sentence: EpisodeSentence, turn_id: TurnId) -> EpisodeSentence:
    return replace(
        sentence, turn_ids=tuple(cited for cited in sentence.turn_ids if cited != turn_id)
    )
