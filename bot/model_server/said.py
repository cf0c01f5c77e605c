"""Answers in the shape that OpenAI's clients read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.generation import FinishReason, GenerationResult

DONE = b"data: [DONE]\n\n"


def event(payload: Mapping[str, Any]) -> bytes:
    """One event of a stream."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return f"data: {text}\n\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What all pieces of one answer have in common. ``created`` is in seconds since 1970."""

    id: str
    model: str
    created: int
    prompt_tokens: int

    def whole(self, result: GenerationResult) -> dict[str, Any]:
        """The answer to a request without a stream."""
        message = {"role": "assistant", "content": result.text}
        return {
            **self._head("chat.completion"),
            "choices": [{"index": 0, "message": message, "finish_reason": finish(result)}],
            "usage": self._usage(result),
        }

    def opening(self) -> dict[str, Any]:
        """The first piece of a stream, which says who speaks."""
        return self._chunk({"role": "assistant", "content": ""}, None)

    def delta(self, text: str) -> dict[str, Any]:
        """The next piece of text."""
        return self._chunk({"content": text}, None)

    def ending(self, result: GenerationResult) -> dict[str, Any]:
        """The piece that says why there are no more."""
        return self._chunk({}, finish(result))

    def usage(self, result: GenerationResult) -> dict[str, Any]:
        """The last piece, for clients that asked for it."""
        return {
            **self._head("chat.completion.chunk"),
            "choices": [],
            "usage": self._usage(result),
        }

    def _chunk(self, delta: Mapping[str, str], reason: str | None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return {**self._head("chat.completion.chunk"), "choices": [choice]}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def _usage(self, result: GenerationResult) -> dict[str, int]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": result.tokens,
            "total_tokens": self.prompt_tokens + result.tokens,
        }


def finish(result: GenerationResult) -> str:
    """Why a reply ended, in OpenAI's two words: it was over, or it was cut."""
    return "stop" if result.finish_reason is FinishReason.STOP else "length"
