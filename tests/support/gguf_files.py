"""GGUF files made by hand, to be damaged at will."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

F32 = 0


def word(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def text_entry(name: str, value: str) -> bytes:
    return word(name) + struct.pack("<I", 8) + word(value)


def number_entry(name: str, value: int) -> bytes:
    return word(name) + struct.pack("<II", 4, value)


def words_entry(name: str, values: list[str]) -> bytes:
    return (
        word(name) + struct.pack("<IIQ", 9, 8, len(values)) + b"".join(word(one) for one in values)
    )


def tensor(name: str, *sizes: int, kind: int = F32, offset: int = 0) -> bytes:
    shape = struct.pack("<I", len(sizes)) + b"".join(struct.pack("<Q", size) for size in sizes)
    return word(name) + shape + struct.pack("<IQ", kind, offset)


@dataclass
class GgufParts:
    """A small file of the format; what it claims can be set to anything."""

    magic: bytes = b"GGUF"
    version: int = 3
    entries: list[bytes] = field(
        default_factory=lambda: [
            text_entry("general.architecture", "llama"),
            number_entry("general.alignment", 32),
            words_entry("tokenizer.ggml.tokens", ["a", "b", "你"]),
        ]
    )
    tensors: list[bytes] = field(default_factory=lambda: [tensor("weight", 4, 4)])
    weights: bytes = bytes(64)
    entry_count: int | None = None
    tensor_count: int | None = None

    def built(self) -> bytes:
        counts = (
            len(self.tensors) if self.tensor_count is None else self.tensor_count,
            len(self.entries) if self.entry_count is None else self.entry_count,
        )
        head = self.magic + struct.pack("<IQQ", self.version, *counts)
        head += b"".join(self.entries) + b"".join(self.tensors)
        return head + bytes(-len(head) % 32) + self.weights
