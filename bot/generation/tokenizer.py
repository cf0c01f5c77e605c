"""A transformers tokenizer behind the port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tokenizers import Tokenizer

from bot.domain.generation import ChatMessage
from bot.errors import ModelError
from bot.generation.chat_format import ChatFormat
from bot.generation.likelihood import ReplyTokens
from bot.generation.reply_text import ReplyStyle, ReplyText

MOST_THINKING = 3
"""Thinking takes at most one part in so many of the window."""


class HfChatTokenizer:
    """Measures and encodes prompts with a model's own chat template, or without one as a dialogue.

    ``may_think`` and ``thinking_tokens``: see :class:`ChatFormat`.

    Raises:
        ModelError: when the model has no fast tokenizer or no end token.
    """

    def __init__(
        self,
        tokenizer: Any,
        *,
        context_tokens: int,
        end_token_ids: Sequence[int],
        may_think: bool = False,
        thinking_tokens: int = 0,
    ) -> None:
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if not isinstance(backend, Tokenizer):
            raise ModelError(
                "This model's tokenizer has no `tokenizer.json`. Choose a model that has one, "
                "for example ELLIE_MODEL=ellie-small."
            )
        self.backend: Tokenizer = backend
        self._format = ChatFormat(
            tokenizer,
            may_think=may_think,
            thinking_tokens=min(thinking_tokens, context_tokens // MOST_THINKING),
        )
        self._context_tokens = context_tokens
        added = tokenizer.added_tokens_decoder
        self._control_tokens = frozenset(
            {token.content for token in added.values()} | set(tokenizer.all_special_tokens)
        )
        # Any special token ends a reply: none of them can be part of what somebody says.
        special = {token_id for token_id, token in added.items() if token.special}
        special -= self._format.marks().keys()
        self.end_token_ids = sorted(special | {i for i in end_token_ids if i >= 0})
        if not self.end_token_ids:
            raise ModelError("This model's tokenizer has no end token, so no reply would ever end.")
        self._style = self._format.style(self.end_token_ids, keeps_lines=self._keeps_lines())
        self._before_plain = [] if self.has_template else self._first_tokens()

    @property
    def has_template(self) -> bool:
        """Whether the model has a chat template of its own."""
        return self._format.has_template

    @property
    def context_tokens(self) -> int:
        """How many tokens prompt and reply may take together, beside what the model thinks."""
        return self._context_tokens - self.thinking_tokens

    @property
    def thinking_tokens(self) -> int:
        """What a reply takes beside its words."""
        return self._format.thinking_tokens

    @property
    def style(self) -> ReplyStyle:
        """How the model replies."""
        return self._style

    @property
    def control_tokens(self) -> frozenset[str]:
        """Every string that the tokenizer would turn into a token of its own meaning."""
        return self._control_tokens

    def room_for_prompt(self, max_tokens: int) -> int:
        """How long a prompt may be before a reply of ``max_tokens``."""
        return self.context_tokens - max_tokens

    def count_text(self, text: str) -> int:
        """Tokens of ``text`` on its own."""
        return len(self.backend.encode(text, add_special_tokens=False).ids)

    def count_chat(self, messages: Sequence[ChatMessage]) -> int:
        """Tokens of the prompt, template and generation header included."""
        return len(self.encode_chat(messages))

    def encode_chat(self, messages: Sequence[ChatMessage]) -> list[int]:
        """The prompt as the model reads it."""
        return self._encode(self._format.prompt(messages))

    def encode_reply(self, messages: Sequence[ChatMessage], reply: str) -> ReplyTokens:
        """A prompt as the model reads it, and ``reply`` as the model would write it after it.

        A model that thinks has done so with nothing thought.
        """
        text = self._format.prompt_before_words(messages)
        if not self.has_template:
            reply = f" {reply}" if reply else ""
        prompt = self._encode(text)
        whole = self._encode(text + reply)
        if whole[: len(prompt)] == prompt:
            return ReplyTokens(prompt, whole[len(prompt) :])
        # Side by side, the prompt's last token and the reply's first became another one. The model
        # starts from the prompt's own tokens, so it would have written the reply by itself.
        return ReplyTokens(prompt, self.backend.encode(reply, add_special_tokens=False).ids)

    def reply_text(self, max_tokens: int) -> ReplyText:
        """What reads a reply of at most ``max_tokens`` tokens of words."""
        return ReplyText(self.backend, self._style, max_tokens=max_tokens)

    def _encode(self, text: str) -> list[int]:
        ids = self.backend.encode(text, add_special_tokens=False).ids
        return [*self._before_plain, *ids]

    def _first_tokens(self) -> list[int]:
        """What the tokenizer puts before a text. A chat template says it by itself."""
        alone = self.backend.encode("a", add_special_tokens=False).ids
        whole = self.backend.encode("a", add_special_tokens=True).ids
        return next(
            (
                whole[:start]
                for start in range(len(whole))
                if whole[start : start + len(alone)] == alone
            ),
            [],
        )

    def _keeps_lines(self) -> bool:
        ids = self.backend.encode("a\nb", add_special_tokens=False).ids
        return "\n" in self.backend.decode(ids)
