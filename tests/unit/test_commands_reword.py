"""Summaries and translations as commands: of one's own words, counted, and kept nowhere."""

from __future__ import annotations

import asyncio

import pytest
from support.administering import Office
from support.commanding import Desk, text_of
from support.engine import settle
from support.rewording import commands_of, done, enqueue, said_to

from bot.commands.dispatch import Commands
from bot.commands.reply import ReplyKind
from bot.errors import (
    EllieError,
    EngineFailedError,
    GenerationTimeoutError,
    GeneratorBusyError,
    LanguageError,
    ModelError,
    PromptTooLongError,
)
from bot.ports.condensing import Passage, Written

LONG = "We met on Monday and decided to paint the kitchen yellow. " * 3


async def test_what_was_said_here_is_summed_up_in_order() -> None:
    desk = Desk()
    await desk.say("I moved to Porto.", "How nice!")
    await desk.say("My dog is Rex.", "Hello Rex.")
    enqueue(desk, "They moved to Porto.\nTheir dog is Rex.")

    first = await desk.ask("/summarize")
    shown = await done(first)

    assert text_of(first) == "I am reading 2 messages …"
    assert desk.condenser.asked == [
        (
            Passage(text="I moved to Porto.", speaker="User"),
            Passage(text="How nice!", speaker="Ellie"),
            Passage(text="My dog is Rex.", speaker="User"),
            Passage(text="Hello Rex.", speaker="Ellie"),
        )
    ]
    assert shown.title == "Summary"
    assert shown.lines == ("They moved to Porto.", "Their dog is Rex.")
    assert "About 2 messages, all of what you said to me here." in text_of(shown)
    assert shown.private


@pytest.mark.parametrize(
    "line", ["/summarize 2", "/summarise last 2 messages", "/总结 最近2条消息"]
)
async def test_only_the_latest_messages_are_summed_up_when_asked(line: str) -> None:
    desk = Desk()
    for number in range(4):
        await desk.say(f"Message {number}.", "")
    enqueue(desk, "Two things.")

    shown = await done(await desk.ask(line))

    assert said_to(desk) == ["Message 2.", "Message 3."]
    assert "older ones" in text_of(shown) or "更早的" in text_of(shown)


async def test_a_text_is_summed_up_instead() -> None:
    desk = Desk()
    await desk.say("I moved to Porto.")
    enqueue(desk, "They paint.")

    first = await desk.ask(f"/summarize {LONG}\n\nThe end of it.")
    shown = await done(first)

    assert said_to(desk) == [LONG, "The end of it."]
    assert text_of(shown) == "Summary\nThey paint."


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/summarize too short", "That is short already."),
        ("/summarize 0", "I can sum up 1 to 200 messages."),
        ("/summarize 201", "I can sum up 1 to 200 messages."),
        ("/summarize", "There is nothing to sum up"),
        ("/translate", "Into which language?"),
        ("/translate German", "There is no reply of mine here yet."),
        ("/translate Klingon hello", "I know no language called “Klingon”."),
        ("/translate good morning", "Begin with its name or code"),
        ("/翻译 早上好", "我不知道叫“早上好”的语言"),
        ("/总结", "没有可以总结的内容"),
    ],
)
async def test_what_cannot_be_done_is_said_clearly(line: str, sentence: str) -> None:
    reply = await Desk().ask(line)

    assert reply.kind is ReplyKind.REFUSED
    assert sentence in text_of(reply)
    assert reply.more is None


async def test_nothing_of_a_summary_or_a_translation_is_stored() -> None:
    desk = Desk()
    await desk.say("I moved to Porto.", "How nice!")
    before = await desk.turns(), await desk.facts()
    enqueue(desk, "My name is Eve and I live in Rome.", "Ich heiße Eve.")

    await done(await desk.ask("/summarize"))
    await done(await desk.ask("/translate German My name is Eve."))

    assert (await desk.turns(), await desk.facts()) == before
    assert "Eve" not in repr(desk.storage.state)


async def test_asking_makes_nobody_known() -> None:
    desk = Desk()
    desk.translator._texts.append("Guten Morgen.")

    await done(await desk.ask("/translate de good morning"))
    await desk.ask("/summarize")

    assert await desk.person() is None
    assert not desk.storage.state.conversations


async def test_a_text_is_translated() -> None:
    desk = Desk()
    enqueue(desk, "Guten\n\nMorgen.")

    first = await desk.ask("/translate into German: good\n\nmorning")
    shown = await done(first)

    assert text_of(first) == "I am translating into German …"
    assert desk.translator.asked == [("good\n\nmorning", "de")]
    assert shown.title == "In German"
    assert shown.lines == ("Guten", "", "Morgen.")


async def test_without_a_text_the_latest_reply_is_translated() -> None:
    desk = Desk()
    await desk.say("Hello!", "How nice to see you.")
    await desk.say("…", "")
    enqueue(desk, "Wie schön, dich zu sehen.")

    await done(await desk.ask("/translate German"))

    assert desk.translator.asked == [("How nice to see you.", "de")]


@pytest.mark.parametrize("fact", [{"slot": "mother tongue"}, {"topic": "speaks"}])
async def test_without_a_language_it_is_the_persons_own(fact: dict[str, str]) -> None:
    desk = Desk()
    turn = await desk.say("Hello!", "How nice to see you.")
    await desk.learn("I speak Portuguese.", turn, value="Portuguese", **fact)
    enqueue(desk, "Que bom.")

    await done(await desk.ask("/translate", locale="de"))

    assert desk.translator.asked[0][1] == "pt"


async def test_of_several_spoken_languages_none_is_the_persons_own() -> None:
    desk = Desk()
    turn = await desk.say("Hello!", "How nice to see you.")
    for value in ("Portuguese", "Dutch"):
        await desk.learn(f"I speak {value}.", turn, value=value, topic="speaks")
    enqueue(desk, "Wie schön.")

    assert "Into which language?" in text_of(await desk.ask("/translate"))
    await done(await desk.ask("/translate", locale="de-DE"))  # what the platform knows

    assert desk.translator.asked[0][1] == "de"


async def test_a_language_told_directly_is_not_known_in_a_channel() -> None:
    office = Office()
    turn = await office.desk.say("I speak Portuguese.", "Nice.")
    await office.desk.learn("I speak Portuguese.", turn, value="Portuguese", topic="speaks")
    await office.say("Hello!")

    assert "Into which language?" in text_of(await office.ask("/translate"))


async def test_whoever_asks_in_chinese_gets_chinese() -> None:
    desk = Desk()
    await desk.say("I moved to Porto.", "How nice!")
    enqueue(desk, "搬到了波尔图。")

    shown = await done(await desk.ask("/总结"))

    assert desk.condenser.into[0] is not None
    assert desk.condenser.into[0].code == "zh"
    assert shown.title == "总结"


async def test_the_language_of_a_text_to_work_on_is_not_that_of_the_answer() -> None:
    desk = Desk()
    enqueue(desk, "Good morning.")

    shown = await done(await desk.ask("/translate English 早上好"))

    assert shown.title == "In English"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PromptTooLongError("x"), "too long for me to translate in one go"),
        (LanguageError("x"), "does not write German"),
        (GenerationTimeoutError("x"), "That took too long"),
        (GeneratorBusyError("x"), "Too many people"),
        (EngineFailedError("x"), "The model failed"),
        (ModelError("x"), "The model failed"),
    ],
)
async def test_a_model_that_fails_is_a_sentence(error: EllieError, sentence: str) -> None:
    desk = Desk()
    enqueue(desk, error)

    shown = await done(await desk.ask("/translate German good morning"))

    assert shown.kind is ReplyKind.REFUSED
    assert sentence in text_of(shown)
    assert "x" not in shown.lines


async def test_a_summary_of_too_much_says_so() -> None:
    desk = Desk()
    enqueue(desk, PromptTooLongError("x"))

    shown = await done(await desk.ask(f"/summarize {LONG}"))

    assert "more than I can sum up at once" in text_of(shown)


async def test_what_had_to_stop_early_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()

    async def half(*_: object, **__: object) -> Written:
        return Written(text="Half of", is_whole=False)

    monkeypatch.setattr(desk.translator, "translate", half)
    shown = await done(await desk.ask("/translate German good morning"))

    assert text_of(shown) == "In German\nHalf of\nI had to stop before the end."


async def test_an_empty_answer_is_no_answer() -> None:
    desk = Desk()
    enqueue(desk, "")

    shown = await done(await desk.ask("/translate German good morning"))

    assert shown.kind is ReplyKind.REFUSED


class Waiting:
    """A translator that is at work until it is told to go on."""

    model_name = "waiting"

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.cancelled = 0

    async def translate(self, text: str, **_: object) -> Written:
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Written(text=text)


async def test_one_thing_at_a_time_for_each_person_and_again_after_it_was_stopped() -> None:
    desk = Desk()
    waiting = desk.translator = Waiting()  # type: ignore[assignment]
    desk.commands = commands_of(desk)
    begun = await desk.ask("/translate German one")
    late = await desk.ask("/translate German two")
    working = asyncio.ensure_future(done(begun))
    await settle()

    assert "still working" in text_of(await desk.ask("/translate German three"))
    assert "still working" in text_of(await done(late))
    others = asyncio.ensure_future(done(await desk.ask("/translate German four", "ben")))
    await settle()
    working.cancel()
    await asyncio.wait({working})

    assert waiting.cancelled == 1
    waiting.go.set()
    assert text_of(await others) == "In German\nfour"
    assert text_of(await done(await desk.ask("/translate German five"))) == "In German\nfive"


async def test_what_takes_too_long_is_stopped() -> None:
    desk = Desk()
    waiting = desk.translator = Waiting()  # type: ignore[assignment]
    desk.commands = commands_of(desk, time_limit_seconds=0.01)

    shown = await done(await desk.ask("/translate German one"))

    assert "That took too long" in text_of(shown)
    assert waiting.cancelled == 1


async def test_without_models_the_commands_say_so() -> None:
    desk = Desk()
    desk.commands = Commands(desk.control, clock=desk.clock)

    assert "I cannot do that here." in text_of(await desk.ask("/translate German hi"))


@pytest.mark.parametrize(
    "phrase",
    [
        "Can you summarise our conversation so far?",
        "please sum up this chat",
        "总结一下我们的对话",
    ],
)
async def test_plain_sentences_ask_for_a_summary(phrase: str) -> None:
    desk = Desk()
    await desk.say("I moved to Porto.")
    enqueue(desk, "Porto.")

    assert (await done(await desk.ask(phrase))).title in ("Summary", "总结")


def test_a_question_about_summaries_is_talk() -> None:
    for talk in ("summarize the war of 1812", "how do I sum up a column?", "translate this"):
        assert Desk().commands.understand(talk) is None
