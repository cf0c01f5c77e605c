"""What a model is asked when two precisions of it are compared: prompts as a turn makes them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from support.memory import fact, memory

from bot.domain.generation import ChatMessage
from bot.ports.generation import ChatTokenizer
from bot.prompt.assemble import PromptAssembler

SLOTS = {"I work as a beekeeper.": ("job", "beekeeper"), "I live in Tromsø.": ("city", "Tromsø")}
"""What extraction would have made of some of them: without it Ellie says she does not know."""

FACTS = (
    "My dog is called Biscuit.",
    "I work as a beekeeper.",
    "I live in Tromsø.",
    "I am allergic to walnuts.",
    "My sister Clara plays the bassoon.",
    "My birthday is on 14 March.",
    "My favourite colour is turquoise.",
    "I drive an old green Volvo.",
    "I am learning Portuguese.",
    "My favourite dish is mushroom risotto.",
    "我养了一只猫，名字叫豆包。",
    "我妹妹在昆明当老师。",
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question about one of the facts, and what a right answer says, in any of these words."""

    text: str
    words: tuple[str, ...]

    def is_answered_by(self, reply: str) -> bool:
        """Whether one of the words stands in it: as a word of its own where words have spaces."""
        return any(re.search(_alone(word), reply, re.IGNORECASE) for word in self.words)


def _alone(word: str) -> str:
    return rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word)


QUESTIONS = (
    Question("What is my dog called?", ("Biscuit",)),
    Question("What do I work as?", ("beekeeper",)),
    Question("Where do I live?", ("Tromsø", "Tromso")),
    Question("What am I allergic to?", ("walnuts", "walnut")),
    Question("Which instrument does my sister Clara play?", ("bassoon",)),
    Question("When is my birthday?", ("14 March", "March 14", "March 14th", "14th of March")),
    Question("What is my favourite colour?", ("turquoise",)),
    Question("What car do I drive?", ("Volvo",)),
    Question("Which language am I learning?", ("Portuguese",)),
    Question("What is my favourite dish?", ("risotto",)),
    Question("我的猫叫什么名字？", ("豆包",)),
    Question("我妹妹在哪里当老师？", ("昆明",)),
)

CHAT = (
    "I had a long day. Tell me something that makes me smile.",
    "给我讲一个关于月亮的小故事。",
    "What could one cook on a cold evening?",
    "Write a short birthday greeting for my sister.",
    "今天下雨了，在家做什么好呢？",
    "Explain in simple words why the sky is blue.",
    "Recommend a book about bees and say why it is good.",
    "How do I say good morning in the language I am learning?",
    "请用一句话介绍我。",
    "Give me three tips for a walk in the snow with my dog.",
    "My car does not start. What should I check first?",
    "做番茄炒蛋要哪几步？",
)


def chat_prompts(tokenizer: ChatTokenizer) -> list[tuple[ChatMessage, ...]]:
    """A prompt for each of the questions and then of the rest, with all facts in it."""
    assembler = PromptAssembler(tokenizer, memory_tokens=1500, reply_tokens=200)
    told = [(n, text, *SLOTS.get(text, (None, None))) for n, text in enumerate(FACTS, start=1)]
    known = memory(facts=[fact(n, text, slot=slot, value=value) for n, text, slot, value in told])
    texts = [question.text for question in QUESTIONS] + list(CHAT)
    return [assembler.assemble(known, text).prompt.messages for text in texts]
