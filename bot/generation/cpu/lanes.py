"""Words of the compiler's language for 16 numbers at once."""

from __future__ import annotations

import struct
from collections.abc import Iterator

LANES = 16
"""Numbers in a register of 64 bytes."""

FLOATS = f"<{LANES} x float>"
INTS = f"<{LANES} x i32>"
FMA = f"call {FLOATS} @llvm.fma.v{LANES}f32"

DECLARATIONS = f"""
declare {FLOATS} @llvm.fma.v16f32({FLOATS}, {FLOATS}, {FLOATS})
declare {FLOATS} @llvm.roundeven.v16f32({FLOATS})
declare {FLOATS} @llvm.maxnum.v16f32({FLOATS}, {FLOATS})
declare {FLOATS} @llvm.minnum.v16f32({FLOATS}, {FLOATS})
declare float @llvm.vector.reduce.fmax.v16f32({FLOATS})
declare float @llvm.vector.reduce.fadd.v16f32(float, {FLOATS})
"""


def constant(value: float) -> str:
    """A constant as LLVM wants it: the bits of the double that the float is."""
    single = struct.unpack("f", struct.pack("f", value))[0]
    return "0x" + struct.pack(">d", single).hex().upper()


def spread(name: str, kind: str = "float") -> Iterator[str]:
    """``%{name}`` in all lanes, as ``%{name}_all``."""
    yield f"  %{name}_one = insertelement <16 x {kind}> poison, {kind} %{name}, i64 0"
    yield (
        f"  %{name}_all = shufflevector <16 x {kind}> %{name}_one, <16 x {kind}> poison, "
        "<16 x i32> zeroinitializer"
    )
