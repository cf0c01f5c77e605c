"""Stand-ins for a language model: a generator that says what it is told, and a word counter."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence

from bot.domain.generation import (
    ChatMessage,
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    GenerationResult,
    Prompt,
    TextDelta,
)
from bot.errors import GenerationTimeoutError, PromptTooLongError
from bot.ports.generation import ChatTokenizer


class WordTokenizer:
    """Counts a token for every word, and three for every message."""

    control_tokens = frozenset({"<|im_start|>", "<|im_end|>"})

    def __init__(self, context_tokens: int = 2000) -> None:
        self.context_tokens = context_tokens

    def count_text(self, text: str) -> int:
        """Words in ``text``."""
        return len(text.split())

    def count_chat(self, messages: Sequence[ChatMessage]) -> int:
        """Words in all messages and three more for each."""
        return sum(self.count_text(message.content) + 3 for message in messages)


def words_missing(prompt: Prompt, reply: str) -> float:
    """A likelihood for tests: a reply is the likelier, the more of its words the prompt holds."""
    known = {word for message in prompt.messages for word in message.content.split()}
    return -float(sum(word not in known for word in reply.split()))


class ScriptedGenerator:
    """Answers with the queued replies in order, word by word, and keeps every request it saw.

    A queued exception is raised instead. With an empty queue a request is an error: a test that
    generates more than it planned fails. Set :attr:`hold` to keep requests from beginning, or
    ``hold_after`` words into the reply. Replies are scored with :attr:`likelihood`.
    """

    model_name = "scripted"

    def __init__(self, *replies: str | Exception, tokenizer: ChatTokenizer | None = None) -> None:
        self._replies: deque[str | Exception] = deque(replies)
        self._tokenizer = tokenizer or WordTokenizer()
        self._cancelled: dict[str, asyncio.Event] = {}
        self.requests: list[GenerationRequest] = []
        self.go = asyncio.Event()
        self.go.set()
        self.hold_after = 0
        self.likelihood: Callable[[Prompt, str], float] = words_missing
        self.scored: list[tuple[Prompt, str]] = []
        self.forgotten: list[str] = []

    def enqueue(self, *replies: str | Exception) -> None:
        """Add replies to say."""
        self._replies.extend(replies)

    def hold(self, *, after_words: int = 0) -> None:
        """Let requests wait, ``after_words`` into their reply, until :meth:`release`."""
        self.go.clear()
        self.hold_after = after_words

    def release(self) -> None:
        """Let held requests go on."""
        self.go.set()

    def start(self) -> None:
        """There is nothing to load."""

    async def close(self) -> None:
        """There is nothing to free."""

    async def tokenizer(self) -> ChatTokenizer:
        """The word counter."""
        return self._tokenizer

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        """Say the next reply."""
        cancelled = self._cancelled[request.id] = asyncio.Event()
        try:
            self.requests.append(request)
            if request.prompt.tokens + request.max_tokens > self._tokenizer.context_tokens:
                raise PromptTooLongError("The prompt does not fit.")
            if not self._replies:
                raise AssertionError("a reply was generated that no test planned")
            reply = self._replies.popleft()
            if isinstance(reply, Exception):
                raise reply
            text, words = "", reply.split(" ")
            reason = FinishReason.STOP
            for index, word in enumerate(words):
                if index == self.hold_after and not await self._released(request, cancelled):
                    if not text and not cancelled.is_set():
                        raise GenerationTimeoutError("No word was written in time.")
                    reason = (
                        FinishReason.CANCELLED if cancelled.is_set() else FinishReason.TIME_LIMIT
                    )
                    break
                delta = word if index == 0 else f" {word}"
                text += delta
                yield TextDelta(delta)
            yield GenerationResult(text=text, finish_reason=reason, tokens=len(text.split()))
        finally:
            del self._cancelled[request.id]

    async def score(self, prompts: Sequence[Prompt], reply: str) -> tuple[float, ...]:
        """Ask :attr:`likelihood`, and keep what was asked in :attr:`scored`."""
        return tuple([self._score(prompt, reply) for prompt in prompts])

    async def compare(self, prompt: Prompt, replies: Sequence[str]) -> tuple[float, ...]:
        """As :meth:`score`, the other way round."""
        return tuple([self._score(prompt, reply) for reply in replies])

    def cancel(self, request_id: str) -> None:
        """End a held request."""
        if event := self._cancelled.get(request_id):
            event.set()

    def forget(self, asker: str) -> None:
        """Keep in :attr:`forgotten` who was to be; nothing else that is read here is kept."""
        self.forgotten.append(asker)

    def _score(self, prompt: Prompt, reply: str) -> float:
        self.scored.append((prompt, reply))
        return self.likelihood(prompt, reply)

    async def _released(self, request: GenerationRequest, cancelled: asyncio.Event) -> bool:
        """Wait for the release; False when the request was cancelled or its time was up first."""
        waits = [asyncio.create_task(event.wait()) for event in (self.go, cancelled)]
        try:
            await asyncio.wait(
                waits,
                timeout=request.time_limit_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            for wait in waits:
                wait.cancel()
        return self.go.is_set() and not cancelled.is_set()
