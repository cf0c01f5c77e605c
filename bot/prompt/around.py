"""What stands around a message, as quoted data in front of it.

It is the words of others, so it may inform and must not instruct. Each utterance is one quoted line
behind the name of its speaker, each line of a file has a mark before it, and control tokens are
broken up: nothing in it can look like a part of the prompt. Small models are gullible all the same.
So sentences of others that read like an order to Ellie are left out, with a gap where they stood:
attempts to change her instructions, and standing wishes about how she answers ("from now on
…"), which only the person she talks with may have. Of files, only the former are left out: a style
guide is full of wishes, and somebody may want to hear what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.domain.surroundings import FileText, Surroundings, Utterance
from bot.domain.text import clean_text
from bot.memory.asked import topic_words, touches
from bot.memory.cutting import sentence_spans
from bot.memory.extraction.instructions import instruction
from bot.memory.quarantine import reads_like_injection
from bot.ports.generation import ChatTokenizer
from bot.prompt import templates
from bot.prompt.sanitise import defuse, quoted, speaker_name

SAID_TOKENS = 600
"""At most so many tokens of what people said. No prefix cache holds them: the model reads them
anew, and the person waits."""

FILE_TOKENS = 800
"""And of all files together."""

SHARE = 0.5
"""Of the room beside the newest message at most this share goes to what is around it."""

SAID_CHARACTERS = 300
"""An utterance is shortened to this."""

POINTED_AT_CHARACTERS = 1600
"""And one that the person points at, to this."""

_SHORTEST = 40
"""Characters: a quote or a file that would have to be cut below this stays out."""

_READ_MORE = 2
"""Times as much of an utterance is looked at: what is left out makes room for what follows."""

_CHARACTERS_PER_TOKEN = 8
"""No usual text has more. What is longer than the budget could hold is not even counted."""


@dataclass(frozen=True, slots=True)
class Around:
    """What was chosen of the surroundings: blocks of lines, in the order of the prompt."""

    blocks: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    """What was said in them, with the speakers."""
    is_meant: bool = False
    """Whether there is something that the person points at or sent themselves."""

    def may_answer(self, question: str) -> bool:
        """Whether the answer to ``question`` may stand in it, for all that can be seen quickly."""
        topic = topic_words(question)
        return self.is_meant or any(touches(words, topic) for words in self.words)


NOTHING_AROUND = Around()


def look_around(
    surroundings: Surroundings, name: str, tokenizer: ChatTokenizer, *, tokens: int
) -> Around:
    """Choose at most about ``tokens`` worth: what is pointed at, then files, then what came last.

    ``name`` is what the prompt calls the person.
    """
    return _Choice(name, tokenizer, tokens).of(surroundings)


class _Choice:
    """What is still to be spent, and what was bought."""

    def __init__(self, name: str, tokenizer: ChatTokenizer, tokens: int) -> None:
        self._name = name
        self._count = tokenizer.count_text
        self._control = tokenizer.control_tokens
        self._left = tokens
        self._words: list[str] = []

    def of(self, surroundings: Surroundings) -> Around:
        before = self._left
        meant = [said for said in surroundings.said if said.pointed_at]
        others = [said for said in surroundings.said if not said.pointed_at]
        pointed_at = self._said(meant, templates.POINTED_AT_HEADER, SAID_TOKENS)
        left_for_others = SAID_TOKENS - (before - self._left)
        files = self._files(surroundings.files)
        around = self._said(others, templates.AROUND_HEADER, left_for_others)
        # What matters most stands nearest to the newest message.
        blocks = tuple(filter(None, (around, *files, pointed_at)))
        return Around(blocks, tuple(self._words), is_meant=bool(files or pointed_at))

    def _said(self, utterances: Sequence[Utterance], header: str, at_most: int) -> str:
        header = header.format(name=self._name)
        budget = min(at_most, self._left) - self._count(header) - 1
        lines: list[str] = []
        for said in reversed(utterances):
            line = self._line(said, budget)
            if not line:
                continue
            budget -= self._count(line) + 1
            if budget < 0:
                break
            lines.append(line)
            self._words.append(line)
        if not lines:
            return ""
        block = defuse("\n".join([header, *reversed(lines)]), self._control)
        self._left -= self._count(block) + 1
        return block

    def _line(self, said: Utterance, budget: int) -> str:
        speaker = templates.ELLIE if said.by_ellie else speaker_name(said.speaker, self._control)
        shown = POINTED_AT_CHARACTERS if said.pointed_at else SAID_CHARACTERS
        text = _without_orders(said.text[: shown * _READ_MORE])
        if not text:
            return templates.LEFT_OUT.format(speaker=speaker) if said.pointed_at else ""

        def written(characters: int) -> str:
            quote = quoted(text, self._control, characters=characters)
            return templates.SAID_QUOTE.format(speaker=speaker, text=quote)

        if not said.pointed_at:
            return written(SAID_CHARACTERS)
        most = min(len(text), POINTED_AT_CHARACTERS)
        characters = self._fitting(written, most, budget)
        return written(characters) if characters >= min(most, _SHORTEST) else ""

    def _files(self, files: Iterable[FileText]) -> tuple[str, ...]:
        left = min(FILE_TOKENS, self._left)
        blocks = []
        for file in files:
            block = self._file(file, left)
            if block:
                price = self._count(block) + 1
                left -= price
                self._left -= price
                blocks.append(block)
        return tuple(blocks)

    def _file(self, file: FileText, budget: int) -> str:
        whole = clean_text(file.text)
        beginning = whole[: max(budget, 0) * _CHARACTERS_PER_TOKEN]
        text = "\n".join(_without_injections(beginning.splitlines()))
        label = quoted(clean_text(file.name), self._control, characters=80)

        def written(characters: int) -> str:
            is_whole = file.is_whole and beginning == whole and characters >= len(text)
            header = templates.FILE_HEADER if is_whole else templates.FILE_HEADER_OF_PART
            lines = [
                templates.FILE_LINE.format(line=line).rstrip()
                for line in text[:characters].splitlines()
            ]
            block = "\n".join([header.format(file=label, name=self._name), *lines])
            return defuse(block, self._control)

        characters = self._fitting(written, len(text), budget)
        return written(characters) if characters >= max(1, min(len(text), _SHORTEST)) else ""

    def _fitting(self, written: Callable[[int], str], most: int, budget: int) -> int:
        """How many characters, at most ``most``, cost no more than ``budget`` when written."""
        if self._count(written(most)) < budget:
            return most
        least = 0
        while most - least > 1:
            middle = (least + most) // 2
            if self._count(written(middle)) < budget:
                least = middle
            else:
                most = middle
        return least


def _without_orders(text: str) -> str:
    """``text`` on one line without sentences that read like orders to Ellie; maybe nothing."""
    line = " ".join(clean_text(text).split())
    kept: list[str] = []
    for span in sentence_spans(line):
        sentence = span.of(line).strip()
        if not reads_like_injection(sentence) and instruction(sentence) is None:
            kept.append(sentence)
        elif kept[-1:] != [templates.GAP]:
            kept.append(templates.GAP)
    left = " ".join(kept)
    is_nothing = not left.strip(f"{templates.GAP} ")
    return "" if is_nothing or reads_like_injection(left) else left


def _without_injections(lines: Sequence[str]) -> list[str]:
    bad = {number for number, line in enumerate(lines) if reads_like_injection(line)}
    for number in range(len(lines) - 1):
        # One that is broken over two lines is as bad as any.
        together = f"{lines[number]} {lines[number + 1]}"
        if not bad & {number, number + 1} and reads_like_injection(together):
            bad |= {number, number + 1}
    return [templates.GAP if number in bad else line for number, line in enumerate(lines)]
