"""What has to go when a person asks to forget something, so that nothing brings it back.

A fact alone is not enough: the sentence that taught it would be recalled, and so would Ellie's
replies that repeat it. Nothing here is erased yet; people see the plan first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.episode import Episode, EpisodeId, EpisodeSentence
from bot.domain.fact import Fact, FactId, FactSource, FactStatus
from bot.domain.shown import Shown
from bot.domain.turn import Turn, TurnId
from bot.memory.cutting import (
    Span,
    Words,
    places,
    same_words,
    search_terms,
    sentence_spans,
    without,
)
from bot.memory.support import is_supported


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCut:
    """What to take out of one turn: sentences of the person, of Ellie, and things shown.

    ``kept`` are quotes of facts that stay: of a sentence that is cut, they remain.
    """

    turn: Turn
    said: tuple[str, ...] = ()
    replied: tuple[str, ...] = ()
    shown: tuple[Shown, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def turn_id(self) -> TurnId:
        """Of which turn."""
        return self.turn.id

    def is_within(self, other: TurnCut | None) -> bool:
        """Whether ``other`` takes all of this out as well."""
        if other is None:
            return not (self.said or self.replied or self.shown)
        return (
            all(any(words in wider for wider in other.said) for words in self.said)
            and all(any(words in wider for wider in other.replied) for words in self.replied)
            and set(self.shown) <= set(other.shown)
        )

    def text_of(self, turn: Turn) -> str:
        """What the person said in ``turn``, without the cut sentences."""
        return without(
            turn.text,
            _spans(turn.text, self.said),
            lambda span: " ".join(quote for quote in self.kept if quote in span.of(turn.text)),
        )

    def reply_of(self, turn: Turn) -> str:
        """The reply in ``turn``, without the cut sentences."""
        return without(turn.reply, _spans(turn.reply, self.replied))

    def shown_of(self, turn: Turn) -> tuple[Shown, ...]:
        """What was shown in ``turn``, without what is cut."""
        return tuple(shown for shown in turn.shown if shown not in self.shown)


def rewritten(cut: TurnCut) -> Turn:
    """The turn as the cut leaves it."""
    turn = cut.turn
    return replace(turn, text=cut.text_of(turn), reply=cut.reply_of(turn), shown=cut.shown_of(turn))


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeCut:
    """Which sentences to take out of a summary."""

    episode: Episode
    gone: tuple[EpisodeSentence, ...]

    @property
    def left(self) -> tuple[EpisodeSentence, ...]:
        """The sentences that stay."""
        return tuple(s for s in self.episode.sentences if s not in self.gone)

    def is_within(self, other: EpisodeCut | None) -> bool:
        """Whether ``other`` takes all of this out as well."""
        return other is not None and set(self.gone) <= set(other.gone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What a person asked to forget: a fact, or what holds all of the words.

    It finds nothing when it names neither.
    """

    fact_id: FactId | None = None
    words: str = ""

    def sweep(self, facts: Sequence[Fact]) -> Sweep:
        """Begin to look for it.

        Words that carry no topic ("my", "the", 的) are not looked for. Nothing goes when no other
        words are left.
        """
        wanted = search_terms(self.words)
        targets = [
            fact
            for fact in facts
            if fact.id == self.fact_id or any(Words(text).hold(wanted) for text in _texts(fact))
        ]
        return Sweep(targets, facts, wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetPlan:
    """The facts to erase and the sentences to cut, and what they were found by."""

    sought: Sought = Sought()
    facts: tuple[Fact, ...] = ()
    cuts: tuple[TurnCut, ...] = ()
    episodes: tuple[EpisodeCut, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.facts or self.cuts or self.episodes)

    @property
    def sentence_count(self) -> int:
        """How many sentences and shown things go, those of summaries included."""
        turns = sum(len(cut.said) + len(cut.replied) + len(cut.shown) for cut in self.cuts)
        return turns + sum(len(cut.gone) for cut in self.episodes)

    def is_within(self, other: ForgetPlan) -> bool:
        """Whether all that goes here goes with ``other`` too."""
        cuts = {cut.turn_id: cut for cut in other.cuts}
        episodes: Mapping[EpisodeId, EpisodeCut] = {cut.episode.id: cut for cut in other.episodes}
        return (
            {fact.id for fact in self.facts} <= {fact.id for fact in other.facts}
            and all(cut.is_within(cuts.get(cut.turn_id)) for cut in self.cuts)
            and all(cut.is_within(episodes.get(cut.episode.id)) for cut in self.episodes)
        )


class Sweep:
    """Looks through facts, turns and episodes for what is to be forgotten.

    The ``targets`` go, what each said before the person edited it, facts that were made one with
    it or say the same, and every sentence that tells of them or holds all the terms in ``wanted``.
    """

    def __init__(
        self, targets: Sequence[Fact], facts: Sequence[Fact], wanted: Collection[str] = ()
    ) -> None:
        self._wanted = frozenset(wanted)
        self._matters: list[_Matter] = []
        for fact in targets:
            self._take(fact, facts)
        for fact in facts:
            if any(_goes_with(matter, fact) for matter in self._matters):
                self._take(fact, facts)
        going = {matter.fact.id for matter in self._matters}
        self._staying = [fact for fact in facts if fact.id not in going]

    def _take(self, fact: Fact, facts: Sequence[Fact]) -> None:
        if any(matter.fact.id == fact.id for matter in self._matters):
            return
        self._matters.append(_Matter(fact))
        for other in facts:
            if _was_once(fact, other) or _is_merged(fact, other) or _is_merged(other, fact):
                self._take(other, facts)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All facts that go, by number."""
        facts = (matter.fact for matter in self._matters)
        return tuple(sorted(facts, key=lambda fact: fact.number))

    def cut(self, turn: Turn) -> TurnCut | None:
        """What has to be taken out of a turn; None when nothing has."""
        quotes = [
            span
            for matter in self._matters
            for evidence in matter.fact.evidence
            if evidence.turn_id == turn.id
            for span in places(turn.text, evidence.quote)
        ]
        things = {
            shown: f"{shown.name} {shown.alt_text} {shown.caption} {shown.description}"
            for shown in turn.shown
        }
        # Most turns have nothing to do with it, and one look at the whole of each tells.
        whole = "\n".join([turn.text, turn.reply, *things.values()])
        if not (self._matters or self._wanted) or not (quotes or self._names(whole)):
            return None
        said = [
            span.of(turn.text)
            for span in sentence_spans(turn.text)
            if any(span.overlaps(quote) for quote in quotes) or self._tells(span.of(turn.text))
        ]
        replies = [span.of(turn.reply) for span in sentence_spans(turn.reply)]
        cut = TurnCut(
            turn=turn,
            said=tuple(said),
            replied=tuple(sentence for sentence in replies if self._names(sentence)),
            shown=tuple(shown for shown, words in things.items() if self._names(words)),
            kept=_kept(turn, said, self._staying),
        )
        if turn.reply and said and not cut.text_of(turn):
            # An answer to words that nobody said any more would still tell of them.
            return TurnCut(turn=turn, said=cut.said, replied=(turn.reply,), shown=cut.shown)
        return cut if cut.said or cut.replied or cut.shown else None

    def cut_episode(
        self,
        episode: Episode,
        left: Mapping[TurnId, Turn],
        touched: Collection[TurnId],
        *,
        name: str = "",
    ) -> EpisodeCut | None:
        """What has to be taken out of a summary; None when nothing has.

        ``left`` are the turns as they will be, ``touched`` those of them that lose words; ``name``
        is what the person is called.
        """
        if not (self._matters or self._wanted):
            return None
        unsupported = without_support(episode, left, touched, name=name)
        gone = [s for s in episode.sentences if s in unsupported or self._names(s.text)]
        return EpisodeCut(episode=episode, gone=tuple(gone)) if gone else None

    def names_in_reply(self, turn: Turn) -> tuple[str, ...]:
        """The sentences of a reply that give it away, unless the person spoke of it in that turn.

        What they said themselves, Ellie may repeat.
        """
        if not self._matters or not self._names(turn.reply) or self._names(turn.text):
            return ()
        sentences = [span.of(turn.reply) for span in sentence_spans(turn.reply)]
        return tuple(sentence for sentence in sentences if self._names(sentence))

    def _tells(self, text: str) -> bool:
        words = Words(text)
        return words.hold(self._wanted) or any(m.told_in(words) for m in self._matters)

    def _names(self, text: str) -> bool:
        words = Words(text)
        return words.hold(self._wanted) or any(m.named_in(words) for m in self._matters)


def without_support(
    episode: Episode,
    left: Mapping[TurnId, Turn],
    touched: Collection[TurnId],
    *,
    name: str = "",
) -> tuple[EpisodeSentence, ...]:
    """The sentences of a summary that cite a touched turn, and that nothing says any more."""
    return tuple(
        sentence
        for sentence in episode.sentences
        if not set(touched).isdisjoint(sentence.turn_ids)
        and not is_supported(sentence, left, name=name)
    )


class _Matter:
    """What one fact is about, as terms to look for."""

    def __init__(self, fact: Fact) -> None:
        self.fact = fact
        self._all = search_terms(fact.text)
        self._value = search_terms(fact.value or "")
        self._rest = self._all - self._value

    def told_in(self, words: Words) -> bool:
        """Whether a text tells it: the value and something of what it is the value of."""
        if not self._value:
            return words.hold(self._all)
        if not words.hold(self._value):
            return False
        return not self._rest or any(words.hold({term}) for term in self._rest)

    def named_in(self, words: Words) -> bool:
        """Whether a text gives it away: the value alone, unless that is a mere 5 or 42."""
        if any(len(term) > 2 or not term.isascii() for term in self._value):  # noqa: PLR2004
            return words.hold(self._value)
        return self.told_in(words)

    def same_as(self, other: Fact) -> bool:
        """Whether another fact states the same."""
        if same_words(self.fact.text, other.text):
            return True
        property_of = self.fact.slot or self.fact.topic
        return (
            property_of is not None
            and property_of == (other.slot or other.topic)
            and self.fact.value is not None
            and other.value is not None
            and same_words(self.fact.value, other.value)
        )


def _was_once(fact: Fact, earlier: Fact) -> bool:
    """Whether the person edited ``earlier`` into ``fact``.

    An edit corrects what was never right; a value that was overwritten in the conversation was
    true in its time, and is another matter.
    """
    return fact.source is FactSource.COMMAND and earlier.state.superseded_by == fact.id


def _is_merged(fact: Fact, into: Fact) -> bool:
    return fact.status is FactStatus.MERGED and fact.state.superseded_by == into.id


def _goes_with(matter: _Matter, fact: Fact) -> bool:
    """Whether ``fact`` would still say what is forgotten, by itself or in a quote."""
    if matter.same_as(fact):
        return True
    own = {(evidence.turn_id, evidence.quote) for evidence in matter.fact.evidence}
    for evidence in fact.evidence:
        words = Words(evidence.quote)
        if matter.told_in(words):
            return True
        shares = any(
            turn_id is not None
            and turn_id == evidence.turn_id
            and (quote in evidence.quote or evidence.quote in quote)
            for turn_id, quote in own
        )
        if shares and matter.named_in(words):
            return True
    return False


def _kept(turn: Turn, said: Sequence[str], staying: Sequence[Fact]) -> tuple[str, ...]:
    quotes = {
        evidence.quote
        for fact in staying
        for evidence in fact.evidence
        if evidence.turn_id == turn.id and any(evidence.quote in sentence for sentence in said)
    }
    # A quote inside another one stays with it.
    outer = [q for q in quotes if not any(q != other and q in other for other in quotes)]
    return tuple(sorted(outer, key=turn.text.find))


def _texts(fact: Fact) -> list[str]:
    return [fact.text, *(evidence.quote for evidence in fact.evidence)]


def _spans(text: str, cut: Collection[str]) -> list[Span]:
    if text in cut:
        return [Span(0, len(text))]
    return [span for span in sentence_spans(text) if span.of(text) in cut]
