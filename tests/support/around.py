"""Prompts with something around the newest message."""

from __future__ import annotations

from support.memory import NOON, memory

from bot.domain.surroundings import FileText, Surroundings, Utterance
from bot.ports.scripted import WordTokenizer
from bot.prompt.assemble import PromptAssembler


def said(speaker: str, text: str, **rest: bool) -> Utterance:
    return Utterance(speaker=speaker, text=text, said_at=NOON, **rest)


def around(*utterances: Utterance, files: tuple[FileText, ...] = ()) -> Surroundings:
    return Surroundings(said=utterances, files=files)


def assembler(context: int = 4000, memory_tokens: int = 500) -> PromptAssembler:
    return PromptAssembler(WordTokenizer(context), memory_tokens=memory_tokens, reply_tokens=50)


def newest(surroundings: Surroundings, text: str = "What now?", name: str = "Ana") -> str:
    prompt = assembler().assemble(memory(name=name), text, (), surroundings).prompt
    return prompt.messages[-1].content


def quotes(content: str) -> list[str]:
    return [line for line in content.splitlines() if line.startswith("- ")]
