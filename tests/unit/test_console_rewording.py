"""Summaries and translations in the terminal, with Ctrl-C to stop them."""

from __future__ import annotations

import signal

from support.console import Terminal

from bot.errors import EngineFailedError


async def test_a_conversation_is_summed_up_and_a_text_translated() -> None:
    terminal = Terminal()
    terminal.generator.enqueue("How nice!", "The user moved to Porto.", "Guten Morgen.")

    screen = await terminal.talk(
        "I moved to Porto.", "/summarize", "/translate German good morning"
    )

    assert screen.of("answer")[0] == "I am reading 1 message …"
    assert "The user moved to Porto." in screen.of("answer")[1]
    assert "In German" in screen.of("answer")[3]
    assert "Guten Morgen." in screen.of("answer")[3]
    assert 'User: "I moved to Porto."\nEllie: "How nice!"' in terminal.prompts()[1]
    assert [(turn.text, turn.reply) for turn in terminal.turns()] == [
        ("I moved to Porto.", "How nice!")
    ]


async def test_it_can_be_stopped_and_asked_for_again() -> None:
    terminal = Terminal()
    terminal.generator.enqueue("never", "Guten Morgen.")
    terminal.generator.hold()

    def stop() -> None:
        signal.raise_signal(signal.SIGINT)

    # The first is stopped by the signal while the model is held.
    terminal.generator.likelihood = lambda *_: 0.0
    import asyncio

    chat = terminal.session("/translate German one", "/translate German two")
    running = asyncio.create_task(chat.run())
    while not terminal.generator.requests:  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0)
    stop()
    terminal.generator.release()
    await running

    assert "(stopped)" in terminal.screen.of("remark")
    assert "Guten Morgen." in terminal.screen.of("answer")[-1]


async def test_a_model_that_breaks_is_a_sentence_and_the_session_goes_on() -> None:
    terminal = Terminal()
    terminal.generator.enqueue(EngineFailedError("The engine broke."), "Guten Morgen.")

    screen = await terminal.talk("/translate German one", "/translate German two")

    assert "The model failed on that." in screen.of("remark")[0]
    assert "Guten Morgen." in screen.of("answer")[-1]
