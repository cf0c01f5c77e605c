"""What those who manage a place add to the system text: how she is there, and in which languages.

It follows the fixed rules and stands before everything that is remembered. Each part is one line,
so that it cannot look like another part of the prompt, and control tokens in it are broken up.
It depends on nothing but the policy and the model, which lets the prefix cache hold it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from bot.domain.place_policy import PlacePolicy
from bot.domain.text import clean_text, shorten
from bot.ports.generation import ChatTokenizer
from bot.prompt import templates
from bot.prompt.languages import listed
from bot.prompt.sanitise import defuse

PLACE_TOKENS = 1800
"""At most so many tokens of what a place adds: all that may be decided, in Chinese too."""

PLACE_SHARE = 0.25
"""And at most this share of what a prompt has room for: a message must fit beside it."""

MOST_LANGUAGES = 8

_CHARACTERS_PER_TOKEN = 8
"""No usual text has more. What is longer than the budget could hold is not even counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceText:
    """The words of a policy that the model is given."""

    persona: str = ""
    system_text: str = ""
    languages: tuple[str, ...] = ()

    @classmethod
    def of(cls, policy: PlacePolicy) -> Self:
        """Those of ``policy``."""
        return cls(
            persona=policy.persona,
            system_text=policy.system_text,
            languages=policy.languages,
        )

    def lines(self, tokenizer: ChatTokenizer, *, room: int) -> tuple[str, ...]:
        """The lines that it adds to a system text, for a prompt of at most ``room`` tokens.

        Languages come out of the budget first: they are short, and half of them mean nothing. Then
        the text, which is likelier to be a rule than the persona is.
        """
        left = min(PLACE_TOKENS, int(room * PLACE_SHARE))
        written = {
            templates.PLACE_LANGUAGES: listed(self.languages, at_most=MOST_LANGUAGES),
            templates.PLACE_TEXT: self.system_text,
            templates.PLACE_PERSONA: self.persona,
        }
        found: dict[str, str] = {}
        for template, words in written.items():
            line = _fitting(template, words, tokenizer, left)
            left -= tokenizer.count_text(line) + 1 if line else 0
            found[template] = line
        order = (templates.PLACE_PERSONA, templates.PLACE_TEXT, templates.PLACE_LANGUAGES)
        return tuple(found[template] for template in order if found[template])


NO_PLACE_TEXT = PlaceText()


def _fitting(template: str, words: str, tokenizer: ChatTokenizer, tokens: int) -> str:
    """``words`` on one line in ``template``, cut to less than ``tokens``; maybe nothing."""
    line = " ".join(clean_text(words[: max(tokens, 0) * _CHARACTERS_PER_TOKEN]).split())
    if not line:
        return ""

    def written(characters: int) -> str:
        text = template.format(text=shorten(line, characters))
        return defuse(text, tokenizer.control_tokens)

    most = _largest(lambda n: tokenizer.count_text(written(n)) < tokens, len(line))
    return written(most) if most else ""


def _largest(fits: Callable[[int], bool], most: int) -> int:
    """The largest number up to ``most`` that fits; 0 when none does."""
    if fits(most):
        return most
    least = 0
    while most - least > 1:
        middle = (least + most) // 2
        if fits(middle):
            least = middle
        else:
            most = middle
    return least
