"""Prompts of exact lengths, made of a public-domain text, as a chat model reads them."""

from __future__ import annotations

import itertools
import string
from collections.abc import Callable, Sequence
from pathlib import Path

from generation_job import Asked

from bot.domain.generation import ChatMessage, Role
from bot.generation.loading import load_tokenizer
from bot.generation.tokenizer import HfChatTokenizer

TEXT = Path(__file__).parent / "texts" / "alice.txt"
TASK = (
    "Now write a novel of twenty long chapters about a lighthouse keeper. Begin with chapter one:"
)
"""Replies that neither end early nor repeat their prompt."""

FILLER = " and"
"""A word that is one token in every tokenizer that was looked at; it makes lengths exact."""


class PromptMaker:
    """Makes prompts that have nothing in common with those that it made before."""

    def __init__(self, folder: Path, context_tokens: int) -> None:
        self._tokenizer: HfChatTokenizer = load_tokenizer(folder, context_tokens)
        self._words = TEXT.read_text().split()
        self._numbers = itertools.count(1)

    def cold(self, tokens: int) -> Asked:
        """A prompt of exactly ``tokens`` that begins like no other one."""
        number = next(self._numbers)
        begins = (number * 97) % len(self._words)
        words = [*self._words[begins:], *self._words[:begins]] * 4

        def write(text: str) -> list[ChatMessage]:
            # The number comes first: a prefix cache has nothing that it could use.
            return [
                ChatMessage(Role.SYSTEM, f"{number} is the number of this reader. Be thorough."),
                ChatMessage(Role.USER, f"{text}\n\n{TASK}"),
            ]

        return self._asked(write(self._fit(words, lambda text: self._count(write(text)), tokens)))

    def returning(self, total: int, new: int, rounds: int) -> tuple[Asked, list[Asked]]:
        """A prompt, and more that share all but their last ``new`` tokens with it."""
        openings = [
            f"{letter} is the letter of all" for letter in string.ascii_uppercase[: rounds + 1]
        ]

        def write(system: str, text: str) -> list[ChatMessage]:
            return [ChatMessage(Role.SYSTEM, system), ChatMessage(Role.USER, text)]

        def shared(system: str) -> int:
            one, other = (self._ids(write(system, opening)) for opening in openings[:2])
            return next(n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)

        system = self._fit(self._words * 4, shared, total - new)
        words = ["are", "what", "I", "like", "to", "hear", "about", *self._words]

        def of(opening: str) -> Asked:
            fitted = self._fit(
                words, lambda text: self._count(write(system, f"{opening} {text}")), total
            )
            return self._asked(write(system, f"{opening} {fitted}"))

        return of(openings[0]), [of(opening) for opening in openings[1:]]

    def crowd(self, people: Sequence[int], tokens: int) -> list[Asked]:
        """A prompt for everybody in groups of these sizes, one group after the other."""
        return [self.cold(tokens) for _ in range(sum(people))]

    def _fit(self, words: Sequence[str], count: Callable[[str], int], tokens: int) -> str:
        """As many words as bring ``count`` to ``tokens``, exactly."""
        least, most = 1, len(words)
        while most - least > 1:
            middle = (least + most) // 2
            if count(" ".join(words[:middle])) <= tokens:
                least = middle
            else:
                most = middle
        for fewer in range(least, max(0, least - 9), -1):
            # A filler may part what was one token, so not every number of words can be filled up.
            text = " ".join(words[:fewer])
            text += FILLER * (tokens - count(text))
            if count(text) == tokens:
                return text
        raise SystemExit(f"No prompt has exactly {tokens} tokens in this tokenizer.")

    def _ids(self, messages: Sequence[ChatMessage]) -> list[int]:
        return self._tokenizer.encode_chat(messages)

    def _count(self, messages: Sequence[ChatMessage]) -> int:
        return len(self._ids(messages))

    def _asked(self, messages: Sequence[ChatMessage]) -> Asked:
        return Asked([(m.role.value, m.content) for m in messages], self._ids(messages))
