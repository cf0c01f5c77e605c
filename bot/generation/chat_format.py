"""How a conversation becomes the text that a model reads, and how that model then replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import TemplateError

from bot.domain.generation import ChatMessage, Role
from bot.generation.plain_prompt import STOP_STRINGS, plain_prompt
from bot.generation.reply_text import ReplyStyle
from bot.generation.thinking import CHANNEL_MARKS, PAIRS

_SAID = "Hello"


class ChatFormat:
    """A model's own chat template, or the plain dialogue for models without one.

    ``may_think``: a model that can be told whether to think is told to; otherwise it is told not
    to. ``thinking_tokens`` are for models that think all the same, and for those told to.
    """

    def __init__(
        self, tokenizer: Any, *, may_think: bool = False, thinking_tokens: int = 0
    ) -> None:
        self._tokenizer = tokenizer
        template = getattr(tokenizer, "chat_template", None)
        self.has_template = bool(template)
        self._template = str(template or "")
        self._words: dict[int, str] = {
            token_id: token.content for token_id, token in tokenizer.added_tokens_decoder.items()
        }
        self._may_think = may_think
        self.has_channels = self.has_template and {"<|channel|>", "<|message|>"} <= set(
            self._words.values()
        )
        self._takes_system = not self.has_template or self._accepts_system_role()
        prompt_end = self.prompt([ChatMessage(Role.USER, _SAID)]).rpartition(_SAID)[2]
        self._prompt_end = prompt_end
        self._opened = _left_open(prompt_end)
        self._thinking_tokens = thinking_tokens if self._will_think(prompt_end) else 0

    @property
    def thinking_tokens(self) -> int:
        """What each reply needs beside its words; 0 for a model that does not think."""
        return self._thinking_tokens

    def prompt(self, messages: Sequence[ChatMessage]) -> str:
        """The text that the model goes on with."""
        if not self._takes_system:
            messages = _fold_system(messages)
        return self._render(messages)

    def prompt_before_words(self, messages: Sequence[ChatMessage]) -> str:
        """The text after which a model would write words at once, having thought enough."""
        text = self.prompt(messages)
        if self._opened:
            return f"{text.rstrip()}\n{PAIRS[self._opened]}\n\n"
        if self.has_channels and "<|message|>" not in self._prompt_end:
            return f"{text}<|channel|>final<|message|>"
        return text

    def style(self, end_token_ids: Sequence[int], *, keeps_lines: bool = True) -> ReplyStyle:
        """How this model replies. ``keeps_lines``: its tokens know where a line ends."""
        stops = () if self.has_template else STOP_STRINGS
        if not keeps_lines:  # a line break reads as a space, and so does the one that would stop it
            stops = (*stops, *(f" {string.strip()}" for string in stops))
        return ReplyStyle(
            end_token_ids=frozenset(end_token_ids),
            marks=self.marks(),
            opened=self._opened,
            prompt_end=self._prompt_end,
            thinks=self._knows_thinking(),
            thinking_tokens=self._thinking_tokens,
            has_channels=self.has_channels,
            stop_strings=stops,
            begins_with_space=not self.has_template,
        )

    def marks(self) -> Mapping[int, str]:
        """Tokens that stand between thinking and speaking, and so never end a reply."""
        wanted = {*PAIRS, *PAIRS.values(), *(CHANNEL_MARKS if self.has_channels else ())}
        return {token_id: word for token_id, word in self._words.items() if word in wanted}

    def _render(self, messages: Sequence[ChatMessage], *, think: bool | None = None) -> str:
        if not self.has_template:
            return plain_prompt(messages)
        think = self._may_think if think is None else think
        told: dict[str, Any] = {"enable_thinking": think, "thinking": think}
        if self.has_channels and not think:
            told["reasoning_effort"] = "low"  # less is not to be had
        rendered: str = self._tokenizer.apply_chat_template(
            [{"role": message.role.value, "content": message.content} for message in messages],
            tokenize=False,
            add_generation_prompt=True,
            **told,
        )
        return rendered

    def _accepts_system_role(self) -> bool:
        probe = (ChatMessage(Role.SYSTEM, "Be kind."), ChatMessage(Role.USER, _SAID))
        try:
            return "Be kind." in self._render(probe)
        except TemplateError:
            return False

    def _knows_thinking(self) -> bool:
        return self.has_channels or any(
            tag in self._template or tag in self._words.values() for tag in PAIRS
        )

    def _will_think(self, prompt_end: str) -> bool:
        """Whether replies begin with thinking, told what they are."""
        if self._opened or self.has_channels:
            return True
        if not self._knows_thinking() or any(close in prompt_end for close in PAIRS.values()):
            return False
        question = [ChatMessage(Role.USER, _SAID)]
        can_be_told = self._render(question, think=True) != self._render(question, think=False)
        return self._may_think or not can_be_told


def _left_open(prompt_end: str) -> str:
    """The tag of the block of thinking that a prompt ends in, or nothing."""
    return next(
        (
            tag
            for tag, close in PAIRS.items()
            if tag in prompt_end and prompt_end.rfind(tag) > prompt_end.rfind(close)
        ),
        "",
    )


def _fold_system(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """For templates without a system role: its text opens the first user message instead."""
    system = "\n\n".join(m.content for m in messages if m.role is Role.SYSTEM)
    rest = [m for m in messages if m.role is not Role.SYSTEM]
    for index, message in enumerate(rest):
        if system and message.role is Role.USER:
            rest[index] = ChatMessage(Role.USER, f"{system}\n\n{message.content}")
            break
    return rest
