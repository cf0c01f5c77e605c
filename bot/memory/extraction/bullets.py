"""Tier 2: a model lists what a message says about its writer, freely; what it quotes is kept.

The model is free to reason in its own words and is bound late: models of this size lose content
when they have to write a strict format. Each line must quote the message. A quote that is not found
there is dropped, which also catches invented facts and parrotted examples; of what is found, the
message's own sentence is kept, not the model's wording. Small models list small talk too, so what
they quote still has to pass the question of tier 1, with a lower threshold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import regex

from bot.domain.generation import ChatMessage, Role
from bot.memory.extraction.statements import Statement

MAX_TOKENS = 160
"""Of one answer: room for about six bullets. A longer answer is babble."""

ATTEMPTS = 2
"""A model that answers twice with nothing that can be used has nothing to say."""

_SYSTEM = (
    "You read one message from a chat. List what lasting facts the user states about themselves: "
    "who they are, home, family, pets, work, health, habits, tastes, possessions, plans. One per "
    "line, each with the exact words of the message in double quotes. Leave out moods, small "
    "talk, questions, other people's affairs and what matters only today. Write NONE if there are "
    "no such facts."
)
_EXAMPLES = (
    (
        "Sorry for the late answer, I slept badly. On Tuesdays I teach the cello to children.",
        '- They teach the cello: "On Tuesdays I teach the cello to children."',
    ),
    ("I just had lunch. What a mess this kitchen is!", "NONE"),
    ("我对猫毛过敏，不过今天还好。", "- 对猫毛过敏：“我对猫毛过敏”"),
)
_REMINDER = (
    "That does not quote the message. Copy the exact words of the message in double quotes, one "
    "fact per line, or write NONE."
)
_BULLET = regex.compile(r"^\s*(?:[-*•·\u2013]|\d{1,2}[.)、])?\s*")
_QUOTED = regex.compile(r"\"([^\"\n]+)\"|“([^”\n]+)”|「([^」\n]+)」|『([^』\n]+)』")
_NONE = regex.compile(r"\W*(?:none|no (?:lasting )?facts?|没有|无)\W*", regex.IGNORECASE)
_ENDS = " .,;:!?\"'。，；：！？、…"
_SAME = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u300c": '"', "\u300d": '"'}
_INSIDE_WORD = regex.compile(r"(?:(?!\p{Han})[\p{L}\p{N}]){2}")
_ENOUGH = regex.compile(r"[\p{L}\p{N}'’]+[^\p{L}\p{N}]+[\p{L}\p{N}]|(?:\p{Han}\P{L}?){4}")
"""Two words, or four Chinese characters: less is found anywhere and says nothing."""


def bullet_request(message: str, refused: str = "") -> tuple[ChatMessage, ...]:
    """The messages that ask for the facts of ``message``; ``refused`` is an answer without use."""
    messages = [ChatMessage(Role.SYSTEM, _SYSTEM)]
    for example, answer in _EXAMPLES:
        messages.append(ChatMessage(Role.USER, _wrapped(example)))
        messages.append(ChatMessage(Role.ASSISTANT, answer))
    messages.append(ChatMessage(Role.USER, _wrapped(message)))
    if refused:
        messages.append(ChatMessage(Role.ASSISTANT, refused))
        messages.append(ChatMessage(Role.USER, _REMINDER))
    return tuple(messages)


def _wrapped(message: str) -> str:
    return f"Message:\n{message}"


def says_none(answer: str) -> bool:
    """Whether the model says that there is nothing to list."""
    return not answer.strip() or bool(_NONE.fullmatch(answer.strip().splitlines()[0]))


def quotes(answer: str) -> tuple[str, ...]:
    """What the lines of an answer quote; one without quotation marks counts as a quote itself."""
    return tuple(dict.fromkeys(_quotes(answer)))


def _quotes(answer: str) -> Iterator[str]:
    for line in answer.splitlines():
        body = _BULLET.sub("", line).strip()
        if not body or _NONE.fullmatch(body):
            continue
        quoted = ["".join(found.groups("")) for found in _QUOTED.finditer(body)]
        yield from quoted or [body]


def verified(
    said: Sequence[str], message: str, open_statements: Sequence[Statement]
) -> tuple[Statement, ...]:
    """The statements of ``message`` that ``said`` quotes word for word, in order, once each.

    White space, case and the shape of quotation marks may differ, nothing else. A quote within one
    sentence chooses that sentence; one that reaches over several does not say which of them it
    means, and chooses none.
    """
    plain, places = _plain(message)
    chosen = []
    for statement in open_statements:
        spans = [span for quote in said for span in _found(quote, plain)]
        if any(
            statement.start <= places[start] and places[end - 1] < statement.end
            for start, end in spans
        ):
            chosen.append(statement)
    return tuple(chosen)


def _found(quote: str, plain: str) -> Iterator[tuple[int, int]]:
    wanted = _plain(quote)[0].strip(_ENDS)
    if not _ENOUGH.search(wanted):
        return
    start = plain.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        if not (_cuts_a_word(plain, start) or _cuts_a_word(plain, end)):
            yield start, end
        start = plain.find(wanted, start + 1)


def _cuts_a_word(text: str, place: int) -> bool:
    return bool(0 < place < len(text) and _INSIDE_WORD.fullmatch(text[place - 1 : place + 1]))


def _plain(text: str) -> tuple[str, list[int]]:
    """``text`` without differences that do not matter, and the place of each character in it."""
    plain: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        same = " " if character.isspace() else _SAME.get(character, character).casefold()
        if same == " " and plain[-1:] == [" "]:
            continue
        plain.extend(same)
        places.extend([place] * len(same))
    return "".join(plain), places
