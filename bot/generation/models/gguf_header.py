"""What a GGUF file says about itself, checked before any library reads it.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Everything in the header is
a claim of whoever made the file: how many entries there are, how long each is, where the weights
lie. Nothing is believed that does not fit into the file.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ModelCorruptError

MAGIC = b"GGUF"
_VERSIONS = frozenset({2, 3})
_MOST_ENTRIES = 100_000
"""Of metadata, and of tensors. The largest models have some thousands."""
_MOST_WORDS = 10_000_000
"""Of all lists of words together. The largest vocabularies have some hundred thousands."""
_MOST_DIMENSIONS = 4
_ALIGNMENT = "general.alignment"
_USUAL_ALIGNMENT = 32
_LARGEST_ALIGNMENT = 1 << 20

_WORD, _LIST, _UINT32 = 8, 9, 4
_BYTES: Mapping[int, int] = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""How long values of the other types are."""


def check_gguf(file: Path) -> None:
    """Make sure that the header is one, and that all it tells of is in the file.

    Reads the header alone: well under a second for the largest vocabularies.

    Raises:
        ModelCorruptError: says what is wrong and what to do.
        OSError: the file cannot be read.
    """
    with file.open("rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            raise _damaged(file, "it does not begin like one")
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            try:
                _check(_Header(content, len(MAGIC), _block_sizes()))
            except _UnfitError as error:
                raise _damaged(file, str(error)) from error


class _UnfitError(Exception):
    """Why a header is not believed."""


@dataclass(slots=True)
class _Header:
    """Reads on from ``at``, and never beyond the end of the file."""

    content: mmap.mmap
    at: int
    block_sizes: Mapping[int, tuple[int, int]]
    words: int = 0

    def skip(self, count: int) -> int:
        """Go on by so many bytes; where they begin."""
        begin = self.at
        if count > len(self.content) - begin:
            raise _UnfitError("it ends inside its header")
        self.at += count
        return begin

    def number(self, form: str) -> int:
        """The next number, of a form that ``struct`` knows."""
        found: int = struct.unpack_from(f"<{form}", self.content, self.skip(struct.calcsize(form)))[
            0
        ]
        return found

    def uint32(self) -> int:
        """The next number of 4 bytes."""
        return self.number("I")

    def uint64(self) -> int:
        """The next number of 8 bytes."""
        return self.number("Q")

    def word(self) -> bytes:
        """The next word."""
        count = self.uint64()
        begin = self.skip(count)
        return self.content[begin : begin + count]

    def skip_words(self, count: int) -> None:
        """Go on by so many words."""
        self.words += count
        if self.words > _MOST_WORDS:
            raise _UnfitError("it claims to hold more words than any model knows")
        for _ in range(count):
            self.skip(self.uint64())


def _check(header: _Header) -> None:
    version = header.uint32()
    if version not in _VERSIONS:
        raise _UnfitError(f"its version is {version}, and Ellie reads 2 and 3")
    tensors, entries = header.uint64(), header.uint64()
    if max(tensors, entries) > _MOST_ENTRIES:
        raise _UnfitError("it claims to hold more than any model does")
    alignment = _USUAL_ALIGNMENT
    for _ in range(entries):
        name, kind = header.word(), header.uint32()
        if name == _ALIGNMENT.encode() and kind == _UINT32:
            alignment = header.uint32()
        else:
            _skip_value(header, kind)
    if not 1 <= alignment <= _LARGEST_ALIGNMENT:
        raise _UnfitError(f"its alignment is {alignment}")
    ends = [_end_of_tensor(header) for _ in range(tensors)]
    begin = -(-header.at // alignment) * alignment
    if begin + max(ends, default=0) > len(header.content):
        raise _UnfitError("its weights do not all lie in the file: it was cut short")


def _skip_value(header: _Header, kind: int) -> None:
    if kind == _WORD:
        header.skip_words(1)
    elif kind == _LIST:
        inner, count = header.uint32(), header.uint64()
        if inner == _WORD:
            header.skip_words(count)
        else:
            header.skip(_bytes(inner) * count)
    else:
        header.skip(_bytes(kind))


def _bytes(kind: int) -> int:
    if kind not in _BYTES:
        raise _UnfitError(f"its metadata has values of type {kind}, which is none")
    return _BYTES[kind]


def _end_of_tensor(header: _Header) -> int:
    """Where a tensor's weights end, counted from where all weights begin."""
    header.word()
    dimensions = header.uint32()
    if dimensions > _MOST_DIMENSIONS:
        raise _UnfitError(f"it has weights of {dimensions} dimensions")
    numbers = 1
    for _ in range(dimensions):
        numbers *= header.uint64()
    kind, offset = header.uint32(), header.uint64()
    sizes = header.block_sizes.get(kind)
    if sizes is None:
        raise _UnfitError(f"it has weights of type {kind}, which is not known")
    numbers_of_block, bytes_of_block = sizes
    if numbers % numbers_of_block:
        raise _UnfitError("its weights do not fill their blocks")
    return offset + numbers // numbers_of_block * bytes_of_block


def _block_sizes() -> Mapping[int, tuple[int, int]]:
    """How many numbers each type of weights packs into how many bytes."""
    from gguf.constants import GGML_QUANT_SIZES  # noqa: PLC0415  # only who has a GGUF file pays

    return {int(kind): sizes for kind, sizes in GGML_QUANT_SIZES.items()}


def _damaged(file: Path, why: str) -> ModelCorruptError:
    return ModelCorruptError(
        f"The GGUF file {file} cannot be used: {why}. Download it again, from somebody you trust."
    )
