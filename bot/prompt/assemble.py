"""From working memory and the newest message to the prompt, within an exact token budget.

The order serves the prefix cache: what changes least comes first. Instructions, facts and the
digest of earlier conversations open the prompt, the conversation's latest turns follow, and only
the last message holds what is different every time: what stands around the question, what bears on
it, and what the person says now.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from datetime import datetime

import regex

from bot.domain.episode import Episode
from bot.domain.fact import Fact
from bot.domain.generation import ChatMessage, Prompt, Role
from bot.domain.memory import WorkingMemory
from bot.domain.shown import Shown
from bot.domain.surroundings import ALONE, Surroundings
from bot.domain.turn import TraceItem, Turn
from bot.errors import PromptTooLongError
from bot.memory.executive import Costs, Selection, select
from bot.memory.self_question import asks_about_self
from bot.memory.sketchpad import described, heard_and_seen
from bot.ports.generation import ChatTokenizer
from bot.prompt import templates
from bot.prompt.around import (
    FILE_TOKENS,
    NOTHING_AROUND,
    SAID_TOKENS,
    SHARE,
    Around,
    look_around,
)
from bot.prompt.place import NO_PLACE_TEXT, PlaceText
from bot.prompt.sanitise import defuse, quoted, spoken_name

_HAN = regex.compile(r"\p{Han}")

MESSAGE_OVERHEAD_TOKENS = 8
"""Allowance for what a chat template puts around a message. The sum is checked exactly after."""

EARLIER_REPLY_CHARACTERS = 2000
"""Of a reply that is to be replaced, the model is shown so much."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """A prompt that fits, and the account of what was considered for it."""

    prompt: Prompt
    items: tuple[TraceItem, ...]


@dataclass(frozen=True, slots=True)
class _Newest:
    """The newest message, what stands around it, and what was replied to it before, if anything.

    With ``is_seen`` it holds what is to be seen on a picture, which may be what is asked about.
    """

    text: str
    is_seen: bool = False
    around: Around = NOTHING_AROUND
    earlier_reply: str = ""


class PromptAssembler:
    """Builds prompts for one model.

    ``memory_tokens`` bounds what memory may take and ``reply_tokens`` is kept free for the reply.
    ``place`` is what those who manage a place add to the system text.
    """

    def __init__(
        self,
        tokenizer: ChatTokenizer,
        *,
        memory_tokens: int,
        reply_tokens: int,
        place: PlaceText = NO_PLACE_TEXT,
    ) -> None:
        self._tokenizer = tokenizer
        self._memory_tokens = memory_tokens
        self._room = tokenizer.context_tokens - reply_tokens
        self._control = tokenizer.control_tokens
        self._place = place.lines(tokenizer, room=self._room)

    def assemble(
        self,
        memory: WorkingMemory,
        text: str,
        shown: tuple[Shown, ...] = (),
        surroundings: Surroundings = ALONE,
    ) -> Assembled:
        """The prompt in which ``text`` is the newest message, whole, with what was ``shown``.

        ``surroundings`` have a bounded share of their own and no say in what is recalled. When
        ``memory`` has an earlier reply, the model is shown it and asked for another.

        Raises:
            PromptTooLongError: ``text`` alone does not fit; memory is never the reason.
        """
        name = spoken_name(_name_of(memory), self._control)
        said = _Newest(described(text, shown), is_seen=any(one.description for one in shown))
        newest = self._newest(name, said, memory.earlier_reply, surroundings)
        bare = self._write(name, Selection(), newest)
        budget = min(self._memory_tokens, self._room - bare.tokens)
        costs = self._costs()
        while budget > 0:
            selection = select(memory, text, budget, costs)
            prompt = self._write(name, selection, newest)
            overshoot = max(prompt.tokens - self._room, prompt.tokens - bare.tokens - budget)
            if overshoot <= 0:
                return Assembled(prompt, selection.items + self._note(selection, newest))
            budget -= overshoot
        nothing = select(memory, text, 0, costs)
        return Assembled(bare, nothing.items + self._note(Selection(), newest))

    def _newest(
        self, name: str, alone: _Newest, earlier_reply: str, surroundings: Surroundings
    ) -> _Newest:
        """The newest message with as much around it as fits beside it."""
        taken = self._write(name, Selection(), alone).tokens
        if taken > self._room:
            raise PromptTooLongError(
                f"The message takes about {taken} tokens; there is room for {self._room}."
            )
        again = replace(alone, earlier_reply=earlier_reply[:EARLIER_REPLY_CHARACTERS])
        with_reply = self._write(name, Selection(), again).tokens
        if with_reply <= self._room:
            alone, taken = again, with_reply
        free = int((self._room - taken) * SHARE) if surroundings != ALONE else 0
        budget = min(free, SAID_TOKENS + FILE_TOKENS)
        while budget > 0:
            around = look_around(
                surroundings, name or templates.NAMELESS, self._tokenizer, tokens=budget
            )
            among = replace(alone, around=around)
            overshoot = self._write(name, Selection(), among).tokens - taken - free
            if overshoot <= 0:
                return among
            budget -= overshoot
        return alone

    def rewrite(self, memory: WorkingMemory, selection: Selection, text: str) -> Prompt:
        """The prompt with exactly the parts of ``selection``, however long it gets."""
        name = spoken_name(_name_of(memory), self._control)
        return self._write(name, selection, _Newest(text))

    def _note(self, selection: Selection, newest: _Newest) -> tuple[TraceItem, ...]:
        if not _is_unknown(selection, newest):
            return ()
        tokens = self._tokenizer.count_text(templates.NOTHING_KNOWN)
        return (TraceItem(kind="note", item_id="nothing-known", tokens=tokens, included=True),)

    def _costs(self) -> Costs:
        # Counted once each: the executive asks again when it accounts for its choice.
        count = functools.cache(self._tokenizer.count_text)
        return Costs(
            fact=lambda fact: count(self._fact_line(fact)) + 1,
            turn=lambda turn: (
                count(f"{self._safe(heard_and_seen(turn))}\n{self._safe(turn.reply)}")
                + 2 * MESSAGE_OVERHEAD_TOKENS
            ),
            recalled=lambda turn: count(self._recalled_line(turn)) + 1,
            episode=lambda episode: count(self._episode_line(episode)) + 1,
        )

    def _write(self, name: str, selection: Selection, newest: _Newest) -> Prompt:
        messages = [ChatMessage(Role.SYSTEM, self._system(name, selection))]
        for turn in selection.loop:
            messages.append(ChatMessage(Role.USER, self._safe(heard_and_seen(turn))))
            messages.append(ChatMessage(Role.ASSISTANT, self._safe(turn.reply)))
        messages.append(ChatMessage(Role.USER, self._last_message(name, selection, newest)))
        if newest.earlier_reply:
            again = templates.AGAIN_IN_CHINESE if _HAN.search(newest.text) else templates.AGAIN
            messages.append(ChatMessage(Role.ASSISTANT, self._safe(newest.earlier_reply)))
            messages.append(ChatMessage(Role.USER, again))
        return Prompt(messages=tuple(messages), tokens=self._tokenizer.count_chat(messages))

    def _last_message(self, name: str, selection: Selection, newest: _Newest) -> str:
        who = name or templates.NAMELESS
        blocks = list(newest.around.blocks)
        if selection.recalled or selection.beside:
            header = templates.RECALLED_HEADER.format(name=who)
            lines = [self._fact_line(fact) for fact in selection.beside]
            # Oldest first: later words about the same thing stand nearer to the question.
            hits = sorted(
                selection.recalled, key=lambda hit: (hit.turn.received_at, hit.turn.number)
            )
            lines += [self._recalled_line(hit.turn) for hit in hits]
            blocks.append("\n".join([header, *lines]))
        blocks.append(self._safe(newest.text))
        if _is_unknown(selection, newest):
            in_chinese = _HAN.search(newest.text)
            note = templates.NOTHING_KNOWN_IN_CHINESE if in_chinese else templates.NOTHING_KNOWN
            blocks.append(note.format(name=who))
        return "\n\n".join(blocks)

    def _system(self, name: str, selection: Selection) -> str:
        lines = [templates.SYSTEM.format(name=name) if name else templates.SYSTEM_WITHOUT_NAME]
        if self._place:
            lines += ["", *self._place]
        who = name or templates.NAMELESS
        if selection.facts:
            lines += ["", templates.FACTS_HEADER.format(name=who)]
            lines += [self._fact_line(fact) for fact in selection.facts]
        if selection.episodes:
            lines += ["", templates.EPISODES_HEADER.format(name=who)]
            lines += [self._episode_line(episode) for episode in selection.episodes]
        return "\n".join(lines)

    def _fact_line(self, fact: Fact) -> str:
        text = quoted(fact.text, self._control, characters=templates.EXCERPT_CHARACTERS)
        return templates.QUOTE.format(text=text)

    def _episode_line(self, episode: Episode) -> str:
        return self._dated_line(episode.began_at, episode.text)

    def _recalled_line(self, turn: Turn) -> str:
        return self._dated_line(turn.received_at, heard_and_seen(turn))

    def _dated_line(self, moment: datetime, words: str) -> str:
        text = quoted(words, self._control, characters=templates.EXCERPT_CHARACTERS)
        return templates.DATED_QUOTE.format(date=templates.DATE.format(moment=moment), text=text)

    def _safe(self, text: str) -> str:
        return defuse(text, self._control)


def _is_unknown(selection: Selection, newest: _Newest) -> bool:
    """Whether somebody asks what they never told, and nobody else says around it."""
    return (
        not selection.knows_answer
        and asks_about_self(newest.text)
        and not newest.is_seen
        and not newest.around.may_answer(newest.text)
    )


def _name_of(memory: WorkingMemory) -> str:
    """What the person wants to be called: what they said, or else the platform's name for them."""
    told = [fact.value for fact in memory.facts if fact.slot == "name" and fact.value]
    return told[-1] if told else memory.person.display_name
