"""What the model is asked, and what it answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Role(StrEnum):
    """Who speaks in a prompt."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a prompt."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """The messages of one request, and how many tokens the model reads them as, exactly."""

    messages: tuple[ChatMessage, ...]
    tokens: int


class Priority(IntEnum):
    """Who goes first when requests wait: the lower value."""

    CHAT = 0
    BACKGROUND = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """One call of the model.

    ``time_limit_seconds`` counts from submission, waiting included. ``asker`` is who waits for it,
    in whatever words tell people apart; of several, none is kept waiting by all of another's.

    ``variety`` is 0 or more. At 0 the likeliest token is taken each time, and the same prompt gives
    the same reply. Above 0 it is the temperature at which tokens are drawn from the likeliest ones:
    at 1 each comes as often as the model finds it likely, below 1 the likelier ones come more often
    than that, and far above 1 a reply falls apart.
    """

    id: str
    prompt: Prompt
    max_tokens: int
    time_limit_seconds: float
    priority: Priority = Priority.CHAT
    variety: float = 0.0
    asker: str = ""


class FinishReason(StrEnum):
    """Why the model stopped."""

    STOP = "stop"
    """It said all it wanted to."""
    LENGTH = "length"
    """It reached ``max_tokens``."""
    TIME_LIMIT = "time_limit"
    """The time limit passed while it was writing."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the reply: whole grapheme clusters, never empty."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationResult:
    """The whole reply. ``text`` equals all deltas joined.

    ``reused_tokens`` of the prompt did not have to be read, as far as the engine tells.
    """

    text: str
    finish_reason: FinishReason
    tokens: int
    reused_tokens: int = 0


GenerationEvent = TextDelta | GenerationResult
"""What a generation yields: any number of deltas, then exactly one result."""
