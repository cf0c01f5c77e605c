"""Summing up and translating with a model that chats, ahead of all background work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

import regex

from bot.domain.generation import (
    ChatMessage,
    FinishReason,
    GenerationRequest,
    GenerationResult,
    Prompt,
)
from bot.domain.tongues import Tongue
from bot.engine.generators import Generators
from bot.errors import EngineFailedError, PromptTooLongError
from bot.ports.condensing import Passage, Written
from bot.ports.generation import ChatTokenizer, Generator
from bot.ports.system import IdSource
from bot.prompt.rewording import summary_messages, translation_messages

SUMMARY_TOKENS = 300
"""The most that is written of one part, and of the whole."""

PART_TOKENS = 2500
"""A longer prompt is read in several: what stands in the middle of a long one is lost on small
models, and somebody else's reply may come in between two."""

MOST_PARTS = 12
"""What takes more is refused: nobody waits for that long."""

TRANSLATED_TOKENS = 1500
"""Of a text, at most: a translation takes as long to write as a reply of its length."""

LONGER_BY = 3
"""A translation may have so many times the tokens of its text: models know some languages by whole
words, and others letter by letter."""

_SPARE_TOKENS = 32
_MARKS_TOKENS = 6
"""For the marks around a passage, and for what tokens make of its neighbours."""
_SENTENCE = regex.compile(r"(?<=[.!?。！？；\n])")


class _Asking:
    """Asks a model that chats."""

    def __init__(self, generators: Generators, ids: IdSource, *, time_limit_seconds: float) -> None:
        """``time_limit_seconds`` is for each of the model's answers, waiting included."""
        self._generators = generators
        self._ids = ids
        self._time_limit_seconds = time_limit_seconds

    @property
    def model_name(self) -> str:
        """Which model writes where no place names another."""
        return self._generators.usual.model_name

    async def _answer(
        self,
        generator: Generator,
        tokenizer: ChatTokenizer,
        messages: tuple[ChatMessage, ...],
        max_tokens: int,
        asker: str,
    ) -> Written:
        """One answer to one prompt."""
        prompt = Prompt(messages=messages, tokens=tokenizer.count_chat(messages))
        request = GenerationRequest(
            id=self._ids.new_id(),
            prompt=prompt,
            max_tokens=max_tokens,
            time_limit_seconds=self._time_limit_seconds,
            asker=asker,
        )
        # Closing the stream, as when the caller is cancelled, stops the work.
        async with aclosing(generator.stream(request)) as events:
            async for event in events:
                if isinstance(event, GenerationResult):
                    return Written(
                        text=event.text.strip(),
                        tokens=prompt.tokens + event.tokens,
                        is_whole=event.finish_reason is FinishReason.STOP,
                    )
        raise EngineFailedError("The generator ended without a result.")


class ChatCondenser(_Asking):
    """Implements :class:`bot.ports.condensing.Condenser`."""

    async def condense(
        self, passages: Sequence[Passage], *, into: Tongue | None, asker: str, model: str = ""
    ) -> Written:
        """As the port says: part by part, and then one summary of the summaries."""
        generator, tokenizer = await self._generators.loaded(model)
        tokens, is_whole = 0, True
        lines = [passage for passage in passages if passage.text.strip()]
        most = min(SUMMARY_TOKENS, tokenizer.context_tokens // 4)
        before = MOST_PARTS + 1
        while lines:
            parts = _parts(lines, tokenizer, into, most)
            if len(parts) >= before:
                raise PromptTooLongError("The summaries of its parts do not become shorter.")
            before = len(parts)
            notes = []
            for part in parts:
                messages = summary_messages(part, tokenizer.control_tokens, into)
                written = await self._answer(generator, tokenizer, messages, most, asker)
                tokens += written.tokens
                is_whole = is_whole and written.is_whole
                notes.append(written.text)
            if len(parts) == 1:
                return Written(text=notes[0], tokens=tokens, is_whole=is_whole)
            lines = [Passage(text=note) for note in notes if note]
        return Written(text="", tokens=tokens)


class ChatTranslator(_Asking):
    """Implements :class:`bot.ports.translating.Translator`."""

    async def translate(self, text: str, *, into: Tongue, asker: str, model: str = "") -> Written:
        """As the port says, in one go."""
        if not text.strip():
            return Written(text="")
        generator, tokenizer = await self._generators.loaded(model)
        messages = translation_messages(text, tokenizer.control_tokens, into)
        read = tokenizer.count_text(text)
        left = tokenizer.context_tokens - tokenizer.count_chat(messages)
        if read > TRANSLATED_TOKENS or left < read + _SPARE_TOKENS:
            raise PromptTooLongError("The text is too long to be translated in one go.")
        most = min(LONGER_BY * read + _SPARE_TOKENS, left)
        written = await self._answer(generator, tokenizer, messages, most, asker)
        return replace(written, text=_without_marks(written.text, text))


def _parts(
    passages: Sequence[Passage], tokenizer: ChatTokenizer, into: Tongue | None, written: int
) -> list[list[Passage]]:
    """The passages in as many parts as it takes for each to be read in one go.

    Raises:
        PromptTooLongError: that are too many.
    """
    empty = summary_messages([Passage(text="")], tokenizer.control_tokens, into)
    room = min(PART_TOKENS, tokenizer.context_tokens - written) - tokenizer.count_chat(empty)

    def cost(passage: Passage) -> int:
        # Reading all of a part anew with each passage would take time that grows with its square.
        return tokenizer.count_text(f"{passage.speaker} {passage.text}") + _MARKS_TOKENS

    parts: list[list[Passage]] = []
    left = 0
    for passage in passages:
        for piece in _pieces(passage, lambda one: cost(one) <= room):
            if not parts or cost(piece) > left:
                parts.append([])
                left = room
            parts[-1].append(piece)
            left -= cost(piece)
            if len(parts) > MOST_PARTS:
                raise PromptTooLongError("That is too much to be summed up in one go.")
    return parts


def _pieces(passage: Passage, fits: Callable[[Passage], bool]) -> list[Passage]:
    """A passage in pieces that fit, cut at the end of a sentence where there is one."""
    if fits(passage):
        return [passage]
    text = passage.text
    if len(text) <= 1:
        raise PromptTooLongError("The model's window is too small to sum anything up.")
    middle = len(text) // 2
    ends = [found.start() for found in _SENTENCE.finditer(text) if 0 < found.start() < len(text)]
    if not ends:
        ends = [at for at, character in enumerate(text) if character.isspace() and at]
    cut = min(ends, key=lambda at: abs(at - middle), default=middle)
    halves = (replace(passage, text=text[:cut]), replace(passage, text=text[cut:]))
    return [piece for half in halves if half.text.strip() for piece in _pieces(half, fits)]


def _without_marks(translated: str, text: str) -> str:
    """A translation without the marks of the prompt, or quotation marks that its text lacks."""
    plain = translated.strip().removeprefix("««").removesuffix("»»").strip()
    for first, last in ('""', "“”", "«»"):
        is_quoted = len(plain) > 1 and plain[0] == first and plain[-1] == last
        if is_quoted and text.strip()[:1] != first:
            return plain[1:-1].strip()
    return plain
