"""A prompt for models that come without a chat template: a dialogue, as any book would print it."""

from __future__ import annotations

from collections.abc import Sequence

import regex

from bot.domain.generation import ChatMessage, Role

SPEAKERS = {Role.SYSTEM: "System", Role.USER: "User", Role.ASSISTANT: "Assistant"}

STOP_STRINGS = tuple(f"\n{name}:" for name in SPEAKERS.values())
"""Where the model goes on with the dialogue by itself, and its reply is over."""

_SPEAKS = regex.compile(rf"^(?=(?:{'|'.join(SPEAKERS.values())}):)", regex.MULTILINE)


def plain_prompt(messages: Sequence[ChatMessage]) -> str:
    """What is written in place of a template, up to where the assistant's next words begin."""
    lines = [_line(message) for message in messages]
    return "\n".join([*lines, f"{SPEAKERS[Role.ASSISTANT]}:"])


def _line(message: ChatMessage) -> str:
    # Whoever writes "Assistant: yes" on a line of its own must not speak for her.
    said = _SPEAKS.sub(" ", message.content.strip())
    if message.role is Role.SYSTEM:
        return f"{said}\n"
    return f"{SPEAKERS[message.role]}: {said}"
