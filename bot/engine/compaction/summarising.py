"""Drafts the episode of one session: in a model's words where they hold, else in the person's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self

import regex

from bot.domain.compaction import CompactionJob
from bot.domain.conversation import Audience
from bot.domain.episode import Episode, EpisodeId, EpisodeSentence
from bot.domain.fact import Fact
from bot.domain.text import clean_text
from bot.domain.turn import Turn
from bot.engine.chat_traffic import ChatTraffic
from bot.errors import EllieError
from bot.log import get_logger
from bot.memory.cutting import same_words, sentence_spans
from bot.memory.quarantine import reads_like_injection
from bot.memory.summary import (
    MOST_SENTENCES,
    MOST_TOKENS,
    budget_tokens,
    estimated_tokens,
    extract_summary,
)
from bot.memory.support import cited
from bot.memory.terms import terms
from bot.ports.summarising import Summariser
from bot.ports.system import IdSource

log = get_logger(__name__)

LONGEST_SENTENCE = 300
"""Characters. A model that writes longer ones rambles."""

ASKED_TOKENS = MOST_TOKENS + 30
"""A model may write this much; some of it will not stand."""

_BULLET = regex.compile(r"^(?:[-*•·\u2013]|\d{1,2}[.)、])\s*")
_CONTROL = regex.compile(
    r"<[|/]?[\p{L}_|]{1,40}>|<\||\|>|\[/?[A-Z]{2,}\]|#{2,}|```|https?://"
    r"|^\W*(?:user|assistant|system|human|ai|ellie|用户|助手|系统)\s*[:：]",
    regex.IGNORECASE,
)
_QUESTION = ("?", "\uff1f")
_END = (".", "!", "\u2026", "\u3002", "\uff01")


_WORDED_AT_ONCE = 100
"""Facts whose words are looked up before others get a chance: some milliseconds."""


class Stated:
    """What facts say, as the terms of their words: found once for many sessions."""

    def __init__(self, words: Sequence[tuple[Fact, frozenset[str]]]) -> None:
        self._words = words

    @classmethod
    async def by(cls, facts: Sequence[Fact], traffic: ChatTraffic) -> Self:
        """What ``facts`` say; it gives way to ``traffic``."""
        words = []
        for count, fact in enumerate(facts):
            if count % _WORDED_AT_ONCE == 0:
                await traffic.quiet()
            texts = {fact.text, *(evidence.quote for evidence in fact.evidence)}
            words += [(fact, said) for said in {frozenset(terms(text)) for text in texts}]
        return cls(words)

    def before(self, audience: Audience) -> list[frozenset[str]]:
        """Of facts that may be told to ``audience``."""
        return [words for fact, words in self._words if fact.audience.may_enter(audience)]


class Summaries:
    """Sums up sessions with ``summariser``, and without one from the person's own sentences.

    A model's sentence stands only when every word of content in it was said: see
    :mod:`bot.memory.support`. It gives way to ``traffic``.
    """

    def __init__(self, summariser: Summariser | None, traffic: ChatTraffic, ids: IdSource) -> None:
        self._summariser = summariser
        self._traffic = traffic
        self._ids = ids

    async def draft(
        self, turns: Sequence[Turn], *, job: CompactionJob, stated: Stated, name: str
    ) -> Episode | None:
        """The episode of one session; None when nothing in it is worth a summary.

        ``turns`` are of one conversation and audience, oldest first, without stale words. What
        facts have ``stated`` already is left to them. ``name`` is what the person is called.
        """
        turns = [turn for turn in turns if turn.text.strip()]
        if not turns:
            return None
        sentences, model = await self._written(turns, name), ""
        if sentences and self._summariser:
            model = self._summariser.model_name
        else:
            sentences = extract_summary(turns, stated.before(turns[0].audience))
        if not sentences:
            return None
        return Episode(
            id=EpisodeId(self._ids.new_id()),
            person_id=turns[0].person_id,
            conversation_id=turns[0].conversation_id,
            audience=turns[0].audience,
            first_number=turns[0].number,
            last_number=turns[-1].number,
            began_at=turns[0].received_at,
            ended_at=turns[-1].received_at,
            sentences=sentences,
            job_id=job.id,
            model=model,
        )

    async def _written(self, turns: Sequence[Turn], name: str) -> tuple[EpisodeSentence, ...]:
        """What stands of a model's summary: nothing without one, and when it fails."""
        summariser = self._summariser
        passages = [turn.text for turn in turns if not reads_like_injection(turn.text)]
        if summariser is None or not passages:
            return ()
        try:
            text = await self._traffic.undisturbed(
                lambda: summariser.summarise(passages, max_tokens=ASKED_TOKENS)
            )
        except EllieError as error:
            log.info("summary_not_written", model=summariser.model_name, error=type(error).__name__)
            return ()
        written = list(_sentences(text))
        kept = _kept(written, turns, name)
        log.info(
            "summary_checked", model=summariser.model_name, written=len(written), kept=len(kept)
        )
        return kept


def _sentences(text: str) -> Iterator[str]:
    """The whole sentences of what a model wrote, without bullets, each once."""
    seen: list[str] = []
    written = clean_text(text)
    for line in written.splitlines():
        body = _BULLET.sub("", line.strip())
        for span in sentence_spans(body):
            sentence = span.of(body)
            if not any(same_words(sentence, other) for other in seen):
                seen.append(sentence)
    if seen and not written.endswith(_END):
        seen.pop()  # it was cut off, and half a sentence may say the opposite of the whole
    yield from seen


def _kept(written: Sequence[str], turns: Sequence[Turn], name: str) -> tuple[EpisodeSentence, ...]:
    kept: list[EpisodeSentence] = []
    budget = budget_tokens(turns)
    for sentence in written:
        price = estimated_tokens(sentence)
        if len(kept) == MOST_SENTENCES or price > budget or not _is_plain(sentence):
            continue
        if turn_ids := cited(sentence, turns, name=name):
            kept.append(EpisodeSentence(text=sentence, turn_ids=turn_ids))
            budget -= price
    return tuple(kept)


def _is_plain(sentence: str) -> bool:
    """Whether a sentence is one that tells, and nothing that a prompt could take for more."""
    return (
        len(sentence) <= LONGEST_SENTENCE
        and not sentence.endswith(_QUESTION)
        and not _CONTROL.search(sentence)
        and not reads_like_injection(sentence)
    )
