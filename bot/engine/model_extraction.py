"""Asks the model what a message tells about its writer, one message at a time, in the background.

Changes nothing: what it finds is spans of the message, and whoever asked decides what becomes of
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from datetime import datetime

from bot.domain.fact import FactKind
from bot.domain.generation import (
    ChatMessage,
    GenerationRequest,
    GenerationResult,
    Priority,
    Prompt,
)
from bot.memory.extraction import bullets, questions
from bot.memory.extraction.candidate import Candidate
from bot.memory.extraction.probe import Tier
from bot.memory.extraction.sentences import READ_AT_MOST
from bot.memory.extraction.statements import LONGEST_STATEMENT, Statement, packaged, statements
from bot.ports.generation import ChatTokenizer, Generator
from bot.ports.system import IdSource
from bot.prompt.sanitise import defuse, quoted

TIME_LIMIT_SECONDS = 300.0
"""For one answer, waiting included. Nobody waits for it."""


class ModelExtraction:
    """Finds statements that rules do not. Every method may raise what a generator raises."""

    def __init__(self, generator: Generator, ids: IdSource) -> None:
        self._generator = generator
        self._ids = ids

    @property
    def model_name(self) -> str:
        """Which model is asked."""
        return self._generator.model_name

    async def ready(self) -> None:
        """Wait until the model is loaded."""
        await self._generator.tokenizer()

    async def find(
        self, tier: Tier, text: str, said_at: datetime, known: Sequence[Candidate] = ()
    ) -> tuple[Candidate, ...]:
        """What ``text`` states, apart from the sentences in which ``known`` was found.

        The model is not asked when no sentence is left that may state something.
        """
        spans = [(candidate.start, candidate.end) for candidate in known]
        asked = [s for s in statements(text) if not s.overlaps(spans)]
        if not asked or tier is Tier.RULES:
            return ()
        tokenizer = await self._generator.tokenizer()
        if tier is Tier.QUESTIONS:
            chosen = await self._by_questions(asked, tokenizer, least=questions.LEAST_MARGIN)
        else:
            quoted_ones = await self._by_bullets(text, asked, tokenizer)
            chosen = await self._by_questions(
                quoted_ones, tokenizer, least=questions.LEAST_AGREEMENT
            )
        found = []
        for statement, confidence in chosen:
            kind = await self._kind(statement, tokenizer)
            found.append(packaged(statement, kind, said_at, confidence=confidence))
        return tuple(found)

    async def _by_questions(
        self, asked: Sequence[Statement], tokenizer: ChatTokenizer, *, least: float
    ) -> list[tuple[Statement, float]]:
        chosen = []
        for statement in asked:
            sentence = _as_data(statement, tokenizer)
            scores = await self._score(questions.invitations(), sentence, tokenizer)
            if questions.margin(scores, tokenizer.count_text(sentence)) >= least:
                chosen.append((statement, questions.confidence(scores)))
        return chosen

    async def _by_bullets(
        self, text: str, asked: Sequence[Statement], tokenizer: ChatTokenizer
    ) -> tuple[Statement, ...]:
        message = defuse(text[:READ_AT_MOST], tokenizer.control_tokens)
        refused = ""
        for _ in range(bullets.ATTEMPTS):
            answer = await self._write(bullets.bullet_request(message, refused), tokenizer)
            if bullets.says_none(answer):
                break
            if chosen := bullets.verified(bullets.quotes(answer), text, asked):
                return chosen
            refused = defuse(answer, tokenizer.control_tokens)
        return ()

    async def _kind(self, statement: Statement, tokenizer: ChatTokenizer) -> FactKind:
        sentence = _as_data(statement, tokenizer)
        scores = await self._score(questions.kind_invitations(), sentence, tokenizer)
        return questions.likeliest_kind(scores)

    async def _score(
        self, requests: Sequence[Sequence[ChatMessage]], answer: str, tokenizer: ChatTokenizer
    ) -> tuple[float, ...]:
        prompts = [_prompt(messages, tokenizer) for messages in requests]
        return await self._generator.score(prompts, answer)

    async def _write(self, messages: Sequence[ChatMessage], tokenizer: ChatTokenizer) -> str:
        request = GenerationRequest(
            id=self._ids.new_id(),
            prompt=_prompt(messages, tokenizer),
            max_tokens=bullets.MAX_TOKENS,
            time_limit_seconds=TIME_LIMIT_SECONDS,
            priority=Priority.BACKGROUND,
        )
        async with aclosing(self._generator.stream(request)) as events:
            async for event in events:
                if isinstance(event, GenerationResult):
                    return event.text
        return ""


def _as_data(statement: Statement, tokenizer: ChatTokenizer) -> str:
    return quoted(statement.text, tokenizer.control_tokens, characters=LONGEST_STATEMENT)


def _prompt(messages: Sequence[ChatMessage], tokenizer: ChatTokenizer) -> Prompt:
    return Prompt(messages=tuple(messages), tokens=tokenizer.count_chat(messages))
