"""What only the terminal has: leaving, showing a file, exporting into a folder."""

from __future__ import annotations

import asyncio
import json
import stat
import struct
from pathlib import Path

import pytest
from support.console import Terminal, until

from adapters.console.commands import Export, Quit, Show, parse_console_command
from adapters.console.files import look_at, picture_of, write_files
from adapters.console.rendering import rendered
from bot.commands.reply import CommandReply, ReplyFile, Row, Section
from bot.errors import UsageError

LONG = "a" * 300
"""No file system takes a name of so many characters."""


@pytest.mark.parametrize("line", ["/quit", "/exit", " /QUIT ", "/ exit\n"])
def test_leaving(line: str) -> None:
    assert isinstance(parse_console_command(line), Quit)


@pytest.mark.parametrize(
    ("line", "path", "caption"),
    [
        ("/show bike.png", "bike.png", ""),
        ("/show bike.png my new bike", "bike.png", "my new bike"),
        ("/show 'my bike.png' it is red", "my bike.png", "it is red"),
        ('/show "my bike.png"', "my bike.png", ""),
        ("/SHOW bike.png", "bike.png", ""),
    ],
)
def test_a_file_is_shown_with_its_caption(line: str, path: str, caption: str) -> None:
    assert parse_console_command(line) == Show(Path(path), caption)


@pytest.mark.parametrize("line", ["/show", "/show  ", "/show 'half"])
def test_a_file_that_is_not_named(line: str) -> None:
    assert parse_console_command(line) == Show(None)


def test_home_is_where_it_always_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    shown, export = parse_console_command("/show ~/a.png"), parse_console_command("/export ~/x")
    assert shown == Show(Path("/home/ana/a.png"))
    assert isinstance(export, Export)
    assert export.folder == Path("/home/ana/x")


@pytest.mark.parametrize(
    ("line", "folder"),
    [
        ("/memory export backup", "backup"),
        ("/export to '/tmp/my data'", "/tmp/my data"),
        ("/导出 备份", "备份"),
    ],
)
def test_an_export_may_name_a_folder(line: str, folder: str) -> None:
    export = parse_console_command(line)
    assert isinstance(export, Export)
    assert export.folder == Path(folder)
    assert export.invocation.command.name == "memory export"


@pytest.mark.parametrize(
    "line",
    [
        "/help",
        "/memory show",
        "/memory export",
        "/export json",
        "show me",
        "//quit",
        "quit",
        "",
        "/",
    ],
)
def test_everything_else_is_for_others_to_understand(line: str) -> None:
    assert parse_console_command(line) is None


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def test_an_export_is_written_for_this_account_alone(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.generator.enqueue("Hi!")

    screen = await terminal.talk("good morning", f"/memory export {tmp_path}")

    data, page = files_in(tmp_path)
    assert (data.name, page.name) == ("ellie-export-2026-03-04.json", "ellie-export-2026-03-04.md")
    assert json.loads(data.read_text("utf-8"))["turns"][0]["text"] == "good morning"
    assert "> good morning" in page.read_text("utf-8")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (data, page)} == {0o600}
    assert [line.strip() for line in screen.of("answer")] == [str(data), str(page)]


async def test_an_export_goes_where_the_program_was_started(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    terminal.generator.enqueue("Hi!")

    await terminal.talk("good morning", "export my data")

    assert len(files_in(tmp_path)) == 2


async def test_a_folder_that_cannot_be_written_gives_a_sentence(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.generator.enqueue("Hi!", "Still here.")

    screen = await terminal.talk("hi", f"/memory export {tmp_path / 'none'}", "still there?")

    assert screen.of("remark")[-1] == f"{tmp_path / 'none'} is not a folder."
    assert screen.of("reply")[-1] == "Still here."
    assert terminal.all_answered


@pytest.mark.parametrize(
    ("line", "remark"),
    [
        ("/show ~nosuchuser/a.png", "There is no file ~nosuchuser/a.png."),
        ("/memory export ~nosuchuser/x", "~nosuchuser/x is not a folder."),
        (f"/show {LONG}", f"I can't read {LONG}: File name too long."),
        (f"/memory export {LONG}", f"I can't write to {LONG}: File name too long."),
    ],
)
async def test_a_path_that_cannot_be_gives_a_sentence(
    terminal: Terminal, line: str, remark: str
) -> None:
    terminal.generator.enqueue("Hi!", "Still here.")

    screen = await terminal.talk("hi", line, "still there?")

    assert screen.of("remark")[-1] == remark
    assert screen.of("reply")[-1] == "Still here."


def test_no_file_is_ever_overwritten(tmp_path: Path) -> None:
    file = ReplyFile(name="a.json", media_type="application/json", content=b"new")
    (tmp_path / "a.json").write_text("old")

    assert write_files([file], tmp_path) == [tmp_path / "a-2.json"]
    assert write_files([file], tmp_path) == [tmp_path / "a-3.json"]
    assert (tmp_path / "a.json").read_text() == "old"


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + b"\x08\x02"


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0" * 20


def jpeg(width: int, height: int) -> bytes:
    comment = b"\xff\xfe" + struct.pack(">H", 12) + b"0123456789"
    return b"\xff\xd8" + comment + b"\xff\xc2" + struct.pack(">HBHH", 11, 8, height, width)


@pytest.mark.parametrize(("name", "make"), [("a.png", png), ("a.gif", gif), ("a.jpg", jpeg)])
def test_the_size_of_an_image_is_read_from_its_header(
    tmp_path: Path, name: str, make: object
) -> None:
    path = tmp_path / name
    path.write_bytes(make(640, 480))  # type: ignore[operator]

    shown = look_at(path, "my bike")

    assert (shown.width, shown.height) == (640, 480)
    assert (shown.name, shown.caption) == (name, "my bike")
    assert shown.media_type.startswith("image/")
    assert shown.size == path.stat().st_size


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\xff\xd8AAAA", jpeg(1, 1)[:-3]]
)
@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_a_damaged_image_has_no_size(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    assert look_at(path, "").width is None


def test_a_file_of_any_kind_can_be_shown(tmp_path: Path) -> None:
    path = tmp_path / "notes.xyz123"
    path.write_bytes(png(1, 1))

    shown = look_at(path, "")

    assert shown.media_type == "application/octet-stream"
    assert (shown.width, shown.height) == (None, None)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no file"):
        look_at(tmp_path / "none.png", "")
    with pytest.raises(UsageError, match="There is no file"):
        look_at(tmp_path, "")


async def test_what_is_shown_reaches_ellie(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "bike.png"
    path.write_bytes(png(640, 480))
    terminal.generator.enqueue("A fine bike.", "No words?")

    screen = await terminal.talk(f"/show {path} look at this", f"/show {path}", "/show", "/show no")

    first, second = terminal.turns()
    assert first.text == "look at this"
    assert first.shown[0].name == "bike.png"
    assert first.shown[0].width == 640
    assert second.text == ""
    assert screen.of("reply") == ["A fine bike.", "No words?"]
    assert screen.of("remark")[-2:] == [
        "Which file? For example /show photo.png my new bike",
        "There is no file no.",
    ]


def test_rows_stand_under_each_other() -> None:
    reply = CommandReply(
        title="T",
        lines=("line",),
        sections=(
            Section(
                title="S",
                rows=(
                    Row(label="#1", text="one\ntwo", marks=("pinned",), notes=("note",)),
                    Row(label="#10", text="three"),
                    Row(label="x" * 40, text="long"),
                    Row(label="狗", text="wide"),
                ),
            ),
            Section(rows=(Row(text="bare", notes=("note",)),)),
        ),
        closing=("end",),
    )

    assert rendered(reply).splitlines() == [
        "T",
        "line",
        "S:",
        "  #1   one  [pinned]",
        "       two",
        "       note",
        "  #10  three",
        "  " + "x" * 40,
        "      long",
        "  狗   wide",
        "  bare",
        "    note",
        "end",
    ]


async def test_a_whole_session_in_chinese(terminal: Terminal) -> None:
    terminal.generator.enqueue("你好！")

    screen = await terminal.talk("早上好", "你记得我什么？", "/忘记 一切", "是", "/帮助")

    shown, helped = screen.of("answer")
    assert "我保存着你的1条消息和我的回复。" in shown
    assert "在终端里" in helped
    assert screen.of("remark")[-2].endswith("输入 yes 或“是”继续。")
    assert screen.of("remark")[-1].startswith("完成")
    assert terminal.turns() == []


async def test_why_shows_the_table_first_and_influence_after_it(terminal: Terminal) -> None:
    terminal.generator.enqueue("Nice.", "In Porto.")

    screen = await terminal.talk("I live in Porto.", "Where do I live?", "/why")

    first, second = screen.of("answer")[-2:]
    assert "I live in Porto." in first
    assert "influence" not in first
    assert "influence" in second


async def test_ctrl_c_stops_measuring_and_not_the_program(terminal: Terminal) -> None:
    terminal.generator.enqueue("Nice.", "In Porto.", "Bye.")
    began = asyncio.Event()

    async def forever(*_: object) -> tuple[float, ...]:
        began.set()
        await asyncio.Event().wait()
        raise AssertionError

    terminal.generator.score = forever  # type: ignore[method-assign]
    chat = terminal.session("I live in Porto.", "Where do I live?", "/why", "bye")
    running = asyncio.create_task(chat.run())
    await until(began.is_set)
    chat._interrupt()
    await running

    assert "(stopped)" in terminal.screen.of("remark")
    assert terminal.screen.of("reply")[-1] == "Bye."


async def test_everybody_is_told_once_what_is_kept(terminal: Terminal) -> None:
    terminal.generator.enqueue("Hi!", "Yes?", "Again.")

    first = await terminal.talk("good morning", "hello")
    second = await terminal.talk("good evening")

    (told,) = first.introductions
    assert "/privacy" in told
    assert second.introductions == []


@pytest.mark.parametrize("line", ["What do you know about me?", "undo that", "forget about Tom"])
async def test_a_plain_sentence_that_is_a_command_is_no_message(
    terminal: Terminal, line: str
) -> None:
    await terminal.talk(line)

    assert terminal.turns() == []


async def test_a_picture_can_be_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "bike.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n1234")
    shown = look_at(path, "my bike")
    [picture] = picture_of(path, shown)
    assert picture.shown == shown
    assert await picture.read(12) == path.read_bytes()
    assert await picture.read(11) is None
    path.unlink()
    assert await picture.read(12) is None


def test_what_is_no_picture_is_not_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    assert picture_of(path, look_at(path, "")) == ()
