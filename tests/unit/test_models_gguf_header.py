"""Nothing that a GGUF file claims is believed unless it fits into the file."""

from __future__ import annotations

import struct
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.gguf_files import GgufParts, number_entry, tensor, text_entry, word

from bot.errors import ModelCorruptError
from bot.generation.models.gguf_header import check_gguf

HUGE = (1 << 64) - 1


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "m.gguf"


def entry(kind: int, rest: bytes = b"") -> list[bytes]:
    return [word("x") + struct.pack("<I", kind) + rest]


def test_a_whole_file_passes(file: Path) -> None:
    for version in (2, 3):
        file.write_bytes(GgufParts(version=version).built())
        check_gguf(file)


def test_a_packed_type_takes_as_much_as_its_blocks(file: Path) -> None:
    q4_0 = 2  # 32 numbers in 18 bytes
    file.write_bytes(GgufParts(tensors=[tensor("w", 64, kind=q4_0)], weights=bytes(36)).built())
    check_gguf(file)
    file.write_bytes(GgufParts(tensors=[tensor("w", 64, kind=q4_0)], weights=bytes(35)).built())
    with pytest.raises(ModelCorruptError, match="cut short"):
        check_gguf(file)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (GgufParts(magic=b"GGML"), "does not begin like one"),
        (GgufParts(version=1), "version is 1"),
        (GgufParts(version=0), "version is 0"),
        (GgufParts(version=3 << 24), "version is"),  # written on a machine of the other kind
        (GgufParts(entry_count=HUGE), "more than any model"),
        (GgufParts(tensor_count=HUGE), "more than any model"),
        (GgufParts(entry_count=4), "is not known|ends inside|type"),
        (GgufParts(tensor_count=99), "ends inside|dimensions"),
        (GgufParts(entries=entry(8, struct.pack("<Q", HUGE))), "ends inside its header"),
        (GgufParts(entries=entry(9, struct.pack("<IQ", 8, HUGE))), "more words"),
        (GgufParts(entries=entry(9, struct.pack("<IQ", 10, HUGE))), "ends inside its header"),
        (GgufParts(entries=entry(9, struct.pack("<IQ", 9, 1))), "type 9"),
        (GgufParts(entries=entry(77)), "type 77"),
        (GgufParts(entries=[number_entry("general.alignment", 0)]), "alignment is 0"),
        (GgufParts(entries=[number_entry("general.alignment", 1 << 31)]), "alignment is"),
        (GgufParts(tensors=[tensor("w", 4, 5)]), "cut short"),
        (GgufParts(tensors=[tensor("w", 4, offset=64)]), "cut short"),
        (GgufParts(tensors=[tensor("w", 4, offset=HUGE)]), "cut short"),
        (GgufParts(tensors=[tensor("w", HUGE, HUGE)]), "cut short"),
        (GgufParts(tensors=[tensor("w", 1, 1, 1, 1, 1)]), "5 dimensions"),
        (GgufParts(tensors=[tensor("w", 4, kind=999)]), "type 999"),
        (GgufParts(tensors=[tensor("w", 31, kind=2)]), "fill their blocks"),
    ],
)
def test_what_does_not_fit_is_refused(file: Path, parts: GgufParts, message: str) -> None:
    file.write_bytes(parts.built())

    with pytest.raises(ModelCorruptError, match=message) as refused:
        check_gguf(file)

    assert str(file) in str(refused.value)
    assert "Download it again" in str(refused.value)


def test_a_file_that_is_cut_anywhere_is_refused(file: Path) -> None:
    whole = GgufParts().built()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(ModelCorruptError):
            check_gguf(file)


@given(at=st.integers(4, 200), noise=st.binary(min_size=1, max_size=40))
def test_noise_is_refused_or_passes_and_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, at: int, noise: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "noise.gguf"
    whole = GgufParts().built()
    file.write_bytes(whole[:at] + noise + whole[at + len(noise) :])

    with suppress(ModelCorruptError):
        check_gguf(file)


def test_a_list_without_end_takes_no_time(file: Path) -> None:
    endless = entry(9, struct.pack("<IQ", 8, 9_999_999))
    file.write_bytes(
        GgufParts(entries=[text_entry("a", "b"), *endless], weights=bytes(1 << 20)).built()
    )
    began = time.perf_counter()

    with pytest.raises(ModelCorruptError):
        check_gguf(file)

    assert time.perf_counter() - began < 2
