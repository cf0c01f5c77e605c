"""The tokenizer of an encoder-decoder that chats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.domain.generation import ChatMessage
from bot.generation.likelihood import ReplyTokens
from bot.generation.tokenizer import HfChatTokenizer


class Seq2SeqChatTokenizer(HfChatTokenizer):
    """Prompts are read by the encoder alone, so a reply takes nothing from their room.

    ``window`` is what the encoder reads. Callers, who take ``reply_tokens`` off the window that
    they are told of, are told of one that is larger by those.
    """

    def __init__(
        self,
        tokenizer: Any,
        *,
        window: int,
        reply_tokens: int,
        end_token_ids: Sequence[int],
        may_think: bool = False,
        thinking_tokens: int = 0,
    ) -> None:
        self._window = window
        super().__init__(
            tokenizer,
            context_tokens=window + reply_tokens,
            end_token_ids=end_token_ids,
            may_think=may_think,
            thinking_tokens=thinking_tokens,
        )

    @property
    def context_tokens(self) -> int:
        """How many tokens prompt and reply may take together; thinking takes none of them."""
        return self._context_tokens

    def room_for_prompt(self, max_tokens: int) -> int:  # noqa: ARG002 - the base class's
        """How long a prompt may be, whatever is replied to it."""
        return self._window

    def encode_reply(self, messages: Sequence[ChatMessage], reply: str) -> ReplyTokens:
        """See the base class; here a reply begins a text of its own."""
        prompt = self._encode(self._format.prompt_before_words(messages))
        return ReplyTokens(prompt, self.backend.encode(reply, add_special_tokens=False).ids)

    def _encode(self, text: str) -> list[int]:
        return self.backend.encode(text, add_special_tokens=not self.has_template).ids
