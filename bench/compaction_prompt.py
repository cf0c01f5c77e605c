"""What a prompt holds of the evidence of a question, and what it costs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from compaction_play import Side, Stage, person_of
from recall_data import Question

from bot.domain.conversation import Scope
from bot.domain.episode import Episode
from bot.domain.fact import Fact, FactStatus
from bot.domain.generation import ChatMessage, Prompt
from bot.domain.identity import Person
from bot.domain.turn import TraceItem, Turn, TurnId
from bot.engine.memory_loader import MemoryLoader
from bot.engine.recall_cache import RecallCache
from bot.engine.stopwatch import Stopwatch
from bot.generation.loading import load_tokenizer
from bot.memory.sketchpad import heard_and_seen
from bot.memory.terms import terms
from bot.ports.generation import ChatTokenizer
from bot.prompt.assemble import PromptAssembler

MEMORY_TOKENS = 1500
CONTEXT_TOKENS = 4096
REPLY_TOKENS = 400
CHARACTERS_PER_TOKEN = 4
PER_MESSAGE = 5

KINDS = ("facts", "episodes", "loop", "beside")
_KIND_OF = {
    "fact": "facts",
    "episode": "episodes",
    "loop": "loop",
    "fresh": "beside",
    "recalled": "beside",
}
_WITH_WORDS = frozenset({1, 4})
"""The answers of these kinds of questions are words of their evidence; those of others are dates,
conclusions, or nothing."""

_OPENING = 40
"""So many characters of a sentence say that it is in the prompt."""


class GuessedTokens:
    """Counts a token for every four characters."""

    context_tokens = CONTEXT_TOKENS
    control_tokens: frozenset[str] = frozenset()

    def count_text(self, text: str) -> int:
        """A fourth of the characters."""
        return -(-len(text) // CHARACTERS_PER_TOKEN)

    def count_chat(self, messages: Sequence[ChatMessage]) -> int:
        """Of all messages, with what a template puts around them."""
        return sum(self.count_text(message.content) + PER_MESSAGE for message in messages)


def guessed_or_real(folder: Path | None) -> ChatTokenizer:
    """The tokenizer of the model in ``folder``; its weights are not loaded."""
    return GuessedTokens() if folder is None else load_tokenizer(folder, CONTEXT_TOKENS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one prompt held.

    ``share`` of the evidence is in it, ``verbatim`` is the share that is in it as whole turns.
    ``words`` is the share of the answer's words that are in it and not in the question; None where
    they need not be. ``covered`` are the tokens of the turns that the stable block stands for.
    """

    text: str
    category: int
    share: float
    verbatim: float
    words: float | None
    tokens: Mapping[str, int]
    covered: int
    missing: frozenset[str]

    @property
    def whole(self) -> bool:
        """Whether all of the evidence is in the prompt."""
        return not self.missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """All that is stored of a person."""

    person: Person
    turns: Sequence[Turn]
    facts: Sequence[Fact]
    episodes: Sequence[Episode]

    @classmethod
    async def of(cls, stage: Stage, side: Side) -> Self:
        """As it is now."""
        person = await person_of(stage, side)
        scope = Scope.in_private(person.id)
        async with stage.storage.unit_of_work() as work:
            return cls(
                person=person,
                turns=await work.turns.after(scope, 0),
                facts=await work.facts.of(scope, {FactStatus.ACTIVE}),
                episodes=await work.episodes.of(scope),
            )


class Prompts:
    """Builds the prompts that one person would get, without storing anything.

    ``answers`` are those of the questions, by their text.
    """

    def __init__(
        self, stored: Stored, stage: Stage, answers: Mapping[str, str], tokenizer: ChatTokenizer
    ) -> None:
        self._stored = stored
        self._clock = stage.clock
        self._answers = answers
        self._loader = MemoryLoader(stage.storage, RecallCache())
        self._assembler = PromptAssembler(
            tokenizer, memory_tokens=MEMORY_TOKENS, reply_tokens=REPLY_TOKENS
        )
        self._names = {turn.id: turn.event_key.partition("/")[2] for turn in stored.turns}
        self._costs = {
            turn.id: tokenizer.count_text(f"{heard_and_seen(turn)}\n{turn.reply}")
            for turn in stored.turns
        }
        self._facts = {str(fact.id): fact for fact in stored.facts}
        self._episodes = {str(episode.id): episode for episode in stored.episodes}
        self.known = frozenset(self._names.values())
        """The data's ids of everything that was said."""
        self.word_for_word = sum(self._costs.values())
        """Tokens of all turns, with their replies."""

    async def ask(self, question: Question, *, at: datetime) -> Asked:
        """The prompt for a question that is asked the next day."""
        last = self._stored.turns[-1]
        turn = Turn(
            id=TurnId("question"),
            person_id=last.person_id,
            conversation_id=last.conversation_id,
            audience=last.audience,
            event_key="question",
            number=last.number + 1,
            text=question.text,
            received_at=at + timedelta(days=1),
        )
        memory = await self._loader.load(self._stored.person, turn, Stopwatch(self._clock))
        assembled = self._assembler.assemble(memory, question.text)
        included = [item for item in assembled.items if item.included]
        words = _words_of(assembled.prompt, question.text)
        held = self._held(included, {"loop", "recalled"}, words)
        found = held | self._held(included, {"fact", "fresh", "episode"}, words)
        tokens = dict.fromkeys(KINDS, 0)
        for item in included:
            if item.kind in _KIND_OF:
                tokens[_KIND_OF[item.kind]] += item.tokens
        missing = question.evidence - found
        return Asked(
            text=question.text,
            category=question.category,
            share=1 - len(missing) / len(question.evidence),
            verbatim=len(question.evidence & held) / len(question.evidence),
            words=self._share_of_answer(question, words),
            tokens=tokens,
            covered=self._covered(included),
            missing=frozenset(missing),
        )

    def _held(
        self, included: Sequence[TraceItem], kinds: Collection[str], prompt: str
    ) -> frozenset[str]:
        """The data's ids of turns that items of these kinds hold."""
        ids: set[TurnId | None] = set()
        for item in included:
            if item.kind not in kinds:
                continue
            if item.kind in {"loop", "recalled"}:
                ids.add(TurnId(item.item_id))
            elif fact := self._facts.get(item.item_id):
                ids.update(evidence.turn_id for evidence in fact.evidence)
            elif episode := self._episodes.get(item.item_id):
                for sentence in episode.sentences:
                    if _plain(sentence.text)[:_OPENING] in prompt:
                        ids.update(sentence.turn_ids)
        return frozenset(self._names[id_] for id_ in ids if id_ in self._names)

    def _covered(self, included: Sequence[TraceItem]) -> int:
        """Tokens of all turns that the block's facts quote and its episodes are about."""
        ids: set[TurnId | None] = set()
        for item in included:
            if item.kind == "fact":
                ids.update(evidence.turn_id for evidence in self._facts[item.item_id].evidence)
            elif item.kind == "episode":
                episode = self._episodes[item.item_id]
                numbers = range(episode.first_number, episode.last_number + 1)
                ids.update(turn.id for turn in self._stored.turns if turn.number in numbers)
        return sum(cost for id_, cost in self._costs.items() if id_ in ids)

    def _share_of_answer(self, question: Question, prompt: str) -> float | None:
        wanted = set(terms(self._answers.get(question.text, ""))) - set(terms(question.text))
        if question.category not in _WITH_WORDS or not wanted:
            return None
        return len(wanted.intersection(terms(prompt))) / len(wanted)


def _words_of(prompt: Prompt, question: str) -> str:
    """All of the prompt but the question."""
    text = "\n".join(message.content for message in prompt.messages)
    return _plain(text.removesuffix(question))


def _plain(text: str) -> str:
    return " ".join(text.replace('"', "'").replace("“", "'").replace("”", "'").split())
