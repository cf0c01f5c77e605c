"""`/chat` with a file: what of it is read, what is remembered, and what is said about it."""

from __future__ import annotations

import struct
from pathlib import Path

from support.town import town

from adapters.discord.attachments import TEXT_FILE_BYTES
from bot.domain.shown import Shown

BEGINS = "The house has many rooms."
NOTES = f"{BEGINS}\n" + "It is a long list of rooms.\n" * 40 + "The wifi opens with swordfish."
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 640, 480) + bytes(40)


async def test_a_text_file_is_read_for_this_answer_alone(tmp_path: Path) -> None:
    async with town(tmp_path, "It says so.", "I see it no more.") as t:
        notes = ("notes.txt", NOTES.encode())
        await t.ana.slash(t.hall, "chat", text="what does it say?", file=notes)
        [prompt] = t.ellie.prompts()
        assert all(line in prompt for line in NOTES.splitlines())
        assert "notes.txt" in prompt
        assert t.said() == ["> what does it say?\nIt says so."]

        await t.ana.slash(t.hall, "chat", text="and now?")
        assert "swordfish" not in t.ellie.prompts()[1]


async def test_of_a_text_file_an_outline_is_remembered_and_no_more(tmp_path: Path) -> None:
    async with town(tmp_path, "It says so.") as t:
        notes = ("notes.txt", NOTES.encode())
        await t.ana.slash(t.hall, "chat", text="what does it say?", file=notes)
        [turn] = t.ellie.turns()
        assert turn.text == "what does it say?"
        [shown] = turn.shown
        assert (shown.name, shown.media_type, shown.size) == ("notes.txt", "text/plain", len(NOTES))
        assert shown.description.startswith(f"text file, 42 lines, begins: {BEGINS}")
        assert len(shown.description) <= 200
        assert "swordfish" not in repr(t.ellie.state)
        assert t.ellie.facts() == []


async def test_about_a_file_that_is_too_large_a_remark_stands_above_the_answer(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, "What is it about?") as t:
        book = ("book.txt", b"a" * (TEXT_FILE_BYTES + 1))
        await t.ana.slash(t.hall, "chat", text="read this", file=book)
        remark = "book.txt is too large for me to read; I only know its name."
        assert t.said() == [f"> read this\n-# {remark}\nWhat is it about?"]
        assert "book.txt" in t.ellie.prompts()[0]
        assert "aaaa" not in t.ellie.prompts()[0]
        [turn] = t.ellie.turns()
        assert [shown.name for shown in turn.shown] == ["book.txt"]
        assert "too large" not in repr(t.ellie.state)


async def test_the_remark_stays_above_while_the_answer_is_written(tmp_path: Path) -> None:
    async with town(tmp_path, "one two") as t:
        t.ellie.generator.hold(after_words=1)
        book = ("书.txt", b"a" * (TEXT_FILE_BYTES + 1))
        await t.ana.slash(t.hall, "chat", text="读一下这本书", file=book)
        await t.env.advance_time(60)
        heading = "> 读一下这本书\n-# 书.txt 太大，我读不了，只知道它的名字。"
        assert t.said() == [f"{heading}\none"]
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(60)
        assert t.said()[0].startswith(f"{heading}\none two")


async def test_an_image_goes_to_the_sketchpad(tmp_path: Path) -> None:
    async with town(tmp_path, "Nice.", "You showed me dog.png.") as t:
        result = await t.ana.slash(t.hall, "chat", text="look, my dog", file=("dog.png", PNG))
        assert result.acknowledged
        assert t.said() == ["> look, my dog\nNice."]
        [turn] = t.ellie.turns()
        picture = Shown(
            name="dog.png", media_type="image/png", size=len(PNG), width=640, height=480
        )
        assert turn.shown == (picture,)

        await t.ana.slash(t.hall, "chat", text="what did I show you?")
        assert "picture dog.png" in t.ellie.prompts()[1]


async def test_a_file_works_in_direct_messages(tmp_path: Path) -> None:
    async with town(tmp_path, "It says so.") as t:
        notes = ("notes.txt", NOTES.encode())
        await t.ana.user.slash("chat", text="what does it say?", file=notes)
        assert "swordfish" in t.ellie.prompts()[0]
        assert "swordfish" not in repr(t.ellie.state)
        [message] = t.said(t.ana.user.dm_channel)
        assert message.endswith("It says so.")
