"""A transformers tokenizer behind the port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jinja2 import TemplateError
from tokenizers import Tokenizer

from bot.domain.generation import ChatMessage, Role
from bot.errors import ModelError
from bot.generation.likelihood import ReplyTokens


class HfChatTokenizer:
    """Measures and encodes prompts with a model's own chat template.

    Raises:
        ModelError: when the model has no chat template, no fast tokenizer or no end token; such a
            model was not trained to chat.
    """

    def __init__(
        self, tokenizer: Any, *, context_tokens: int, end_token_ids: Sequence[int]
    ) -> None:
        if not getattr(tokenizer, "chat_template", None):
            raise ModelError(
                "This model has no chat template, so it was not trained to chat. "
                "Choose an instruction-tuned model, for example ELLIE_MODEL=ellie-small."
            )
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if not isinstance(backend, Tokenizer):
            raise ModelError(
                "This model's tokenizer has no `tokenizer.json`. Choose a model that has one, "
                "for example ELLIE_MODEL=ellie-small."
            )
        self._tokenizer = tokenizer
        self.backend: Tokenizer = backend
        self._context_tokens = context_tokens
        added = tokenizer.added_tokens_decoder
        self._control_tokens = frozenset(
            {token.content for token in added.values()} | set(tokenizer.all_special_tokens)
        )
        # Any special token ends a reply: none of them can be part of what somebody says.
        special = {token_id for token_id, token in added.items() if token.special}
        self.end_token_ids = sorted(special | {i for i in end_token_ids if i >= 0})
        if not self.end_token_ids:
            raise ModelError("This model's tokenizer has no end token, so no reply would ever end.")
        self._takes_system = self._accepts_system_role()

    @property
    def context_tokens(self) -> int:
        """How many tokens prompt and reply may take together."""
        return self._context_tokens

    @property
    def control_tokens(self) -> frozenset[str]:
        """Every string that the tokenizer would turn into a token of its own meaning."""
        return self._control_tokens

    def count_text(self, text: str) -> int:
        """Tokens of ``text`` on its own."""
        return len(self.backend.encode(text, add_special_tokens=False).ids)

    def count_chat(self, messages: Sequence[ChatMessage]) -> int:
        """Tokens of the prompt, template and generation header included."""
        return len(self.encode_chat(messages))

    def encode_chat(self, messages: Sequence[ChatMessage]) -> list[int]:
        """The prompt as the model reads it."""
        text: str = self._render(messages if self._takes_system else _fold_system(messages))
        return self.backend.encode(text, add_special_tokens=False).ids

    def encode_reply(self, messages: Sequence[ChatMessage], reply: str) -> ReplyTokens:
        """A prompt as the model reads it, and ``reply`` as the model would write it after it."""
        text = self._render(messages if self._takes_system else _fold_system(messages))
        prompt = self.backend.encode(text, add_special_tokens=False).ids
        whole = self.backend.encode(text + reply, add_special_tokens=False).ids
        if whole[: len(prompt)] == prompt:
            return ReplyTokens(prompt, whole[len(prompt) :])
        # Side by side, the prompt's last token and the reply's first became another one. The model
        # starts from the prompt's own tokens, so it would have written the reply by itself.
        return ReplyTokens(prompt, self.backend.encode(reply, add_special_tokens=False).ids)

    def _render(self, messages: Sequence[ChatMessage]) -> str:
        rendered: str = self._tokenizer.apply_chat_template(
            [{"role": message.role.value, "content": message.content} for message in messages],
            tokenize=False,
            add_generation_prompt=True,
        )
        return rendered

    def _accepts_system_role(self) -> bool:
        probe = (ChatMessage(Role.SYSTEM, "Be kind."), ChatMessage(Role.USER, "Hello"))
        try:
            return "Be kind." in self._render(probe)
        except TemplateError:
            return False


def _fold_system(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """For templates without a system role: its text opens the first user message instead."""
    system = "\n\n".join(m.content for m in messages if m.role is Role.SYSTEM)
    rest = [m for m in messages if m.role is not Role.SYSTEM]
    for index, message in enumerate(rest):
        if system and message.role is Role.USER:
            rest[index] = ChatMessage(Role.USER, f"{system}\n\n{message.content}")
            break
    return rest
