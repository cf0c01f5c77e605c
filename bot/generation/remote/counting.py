"""How many tokens a text takes for a model whose tokenizer is elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import regex

from bot.domain.generation import ChatMessage

MESSAGE_TOKENS = 8
"""What a template writes around a message; between 3 and 6 with those of common models."""
PROMPT_TOKENS = 40
"""What a template writes once, a date or a system text of its own among it."""

_PIECES = regex.compile(
    r"(?P<word>[A-Za-z]+)|(?P<han>[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}])"
    r"|(?P<letter>\p{L}|\p{M})|(?P<digit>\p{N})|(?P<space> +)|(?P<blank>\s)|(?P<sign>.)",
    regex.DOTALL,
)
_LETTERS_PER_TOKEN = 5
_OF_CLASS = {
    "word": "latin",
    "digit": "latin",
    "space": "latin",
    "blank": "latin",
    "sign": "latin",
    "han": "han",
    "letter": "other",
    "picture": "other",
}

CONTROL_TOKENS = frozenset(
    {
        # Every family's own marks: which of them the server's model knows is not known here.
        *("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|im_sep|>"),
        *("<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>", "<|eom_id|>"),
        *("<|start_header_id|>", "<|end_header_id|>", "<|python_tag|>"),
        *("<|begin▁of▁sentence|>", "<|end▁of▁sentence|>", "<|User|>", "<|Assistant|>"),
        *("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>"),
        *("<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>", "<s>", "</s>", "<pad>", "<unk>"),
        *("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"),
        *("<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<|start|>", "<|message|>"),
        *("<|channel|>", "<|return|>", "<|call|>", "<|START_OF_TURN_TOKEN|>"),
        *("<|END_OF_TURN_TOKEN|>", "<|USER_TOKEN|>", "<|CHATBOT_TOKEN|>", "<|SYSTEM_TOKEN|>"),
        *("<think>", "</think>", "<tool_call>", "</tool_call>"),
    }
)


def units(text: str) -> dict[str, float]:
    """Tokens of ``text`` by a simple rule, apart for each class of characters.

    A token for five letters of a Latin word, for each digit, sign, line break and letter of any
    other script; three for what stands outside of the first plane, most of all pictures.
    """
    counted = dict.fromkeys(("latin", "han", "other"), 0.0)
    for match in _PIECES.finditer(text):
        kind, piece = match.lastgroup or "sign", match[0]
        if kind in {"sign", "letter", "digit"} and ord(piece) > 0x7F:  # noqa: PLR2004 - ASCII's end
            kind = "letter" if ord(piece) <= 0xFFFF else "picture"  # noqa: PLR2004 - first plane's end
        if kind == "word":
            amount = math.ceil(len(piece) / _LETTERS_PER_TOKEN)
        elif kind == "space":
            amount = 1 if len(piece) > 1 else 0  # a single one belongs to the word behind it
        else:
            amount = 3 if kind == "picture" else 1
        counted[_OF_CLASS[kind]] += amount
    return counted


CAUTION: Mapping[str, float] = {"latin": 1.3, "han": 1.7, "other": 1.7}
"""Tokens for each unit, when the server has no counter. Of the vocabularies of 30,000 tokens and
more that models have today few need more for plain text."""

SAMPLES: Mapping[str, tuple[str, ...]] = {
    "latin": (
        (
            "The quick brown fox jumps over the lazy dog, while nobody in particular is watching "
            "it. I moved to Lisbon in 2019; my sister's birthday is on 14 March, and she's "
            "allergic to hazelnuts. Could you recommend a restaurant that isn't expensive?"
        ),
        (
            "def area(radius: float) -> float:\n    return 3.14159 * radius ** 2\n\n"
            "https://example.org/a/b?c=d&e=f#g {'key': [1, 2.5, None]}"
        ),
    ),
    "han": (
        "我上个月搬到了里斯本，妹妹的生日是三月十四日，她对榛子过敏。附近有没有不太贵的餐馆可以推荐？",
        "来月、東京に引っ越します。妹は猫が好きです。안녕하세요, 오늘 날씨가 정말 좋네요.",
    ),
    "other": (
        "В прошлом месяце я переехал в Лиссабон, у сестры день рождения четырнадцатого марта.",  # noqa: RUF001 - Cyrillic
        "Ça fait déjà longtemps que je n'ai pas mangé à la crêperie près de l'église.",
        "🎉🙂👩‍💻🇵🇹 مرحبا، كيف حالك اليوم؟",
    ),
}
"""What a server's own counter is tried on, by the class of characters that it tells about."""

_MARGIN = 1.1


def measured_rates(counts: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """Tokens for each unit, from what a server counted in :data:`SAMPLES`, and a tenth more.

    What stands in a sample besides its own class is taken to cost what it does elsewhere.
    """
    rates: dict[str, float] = {}
    for name in ("latin", "han", "other"):
        found = []
        for text, tokens in zip(SAMPLES[name], counts[name], strict=True):
            counted = units(text)
            others = sum(
                amount * rates.get(other, 0.0) / _MARGIN
                for other, amount in counted.items()
                if other != name
            )
            found.append((tokens - others) / counted[name])
        rates[name] = max(max(found) * _MARGIN, 0.1)
    return rates


@dataclass(frozen=True, slots=True)
class EstimatingTokenizer:
    """Counts from above, by a rule, without asking anybody; see :func:`units`.

    Prompts are measured many times for each reply, so a server cannot be asked. With Qwen 2.5's
    tokenizer to compare, documents in English and Chinese and Python code are counted as 1.05 to
    1.5 times what they take with ``rates`` from a server's own counter, and as 1.4 to 2.2 times
    without. Text of an unusual kind may be counted short: the server then refuses a prompt that
    does not fit, and that is told as such.
    """

    context_tokens: int
    rates: Mapping[str, float] = field(default_factory=lambda: CAUTION)
    control_tokens: frozenset[str] = CONTROL_TOKENS

    def count_text(self, text: str) -> int:
        """Tokens of ``text`` on its own, rather too many than too few."""
        return math.ceil(sum(amount * self.rates[name] for name, amount in units(text).items()))

    def count_chat(self, messages: Sequence[ChatMessage]) -> int:
        """Tokens of a whole prompt, rather too many than too few."""
        inside = sum(self.count_text(message.content) + MESSAGE_TOKENS for message in messages)
        return inside + PROMPT_TOKENS
