"""The program text (LLVM) of e to the power of 16 numbers.

``x = n·ln 2 + r`` with a whole n; e^r is a polynomial (Cephes, Moshier 1989; off by less
than 2e-7 of the result), and 2^n goes into the exponent's bits.
"""

from __future__ import annotations

import struct

EXPONENTIAL = "exponential"

_COEFFICIENTS = (
    1.9875691500e-4,
    1.3981999507e-3,
    8.3334519073e-3,
    4.1665795894e-2,
    1.6666665459e-1,
    5.0000001201e-1,
)


def constant(value: float) -> str:
    """A constant as LLVM wants it: the bits of the double that the float is."""
    single = struct.unpack("f", struct.pack("f", value))[0]
    return "0x" + struct.pack(">d", single).hex().upper()


def _code() -> str:
    floats = "<16 x float>"
    fma = f"call {floats} @llvm.fma.v16f32"

    def all_of(value: float) -> str:
        return f"{floats} splat (float {constant(value)})"

    lines = [f"define internal {floats} @{EXPONENTIAL}({floats} %x) alwaysinline {{"]
    say = lines.append
    say(f"  %low = call {floats} @llvm.maxnum.v16f32({floats} %x, {all_of(-87.0)})")
    say(f"  %in = call {floats} @llvm.minnum.v16f32({floats} %low, {all_of(88.0)})")
    say(f"  %ln = {fma}({floats} %in, {all_of(1.44269504088896341)}, {all_of(0.0)})")
    say(f"  %n = call {floats} @llvm.roundeven.v16f32({floats} %ln)")
    say(f"  %r1 = {fma}({floats} %n, {all_of(-0.693359375)}, {floats} %in)")
    say(f"  %r = {fma}({floats} %n, {all_of(2.12194440e-4)}, {floats} %r1)")
    last = all_of(_COEFFICIENTS[0])
    for index, coefficient in enumerate(_COEFFICIENTS[1:]):
        say(f"  %s{index} = {fma}({last}, {floats} %r, {all_of(coefficient)})")
        last = f"{floats} %s{index}"
    say(f"  %square = fmul {floats} %r, %r")
    say(f"  %high = {fma}({last}, {floats} %square, {floats} %r)")
    say(f"  %e = fadd {floats} %high, splat (float 1.0)")
    say(f"  %whole = fptosi {floats} %n to <16 x i32>")
    say("  %biased = add <16 x i32> %whole, splat (i32 127)")
    say("  %bits = shl <16 x i32> %biased, splat (i32 23)")
    say(f"  %power = bitcast <16 x i32> %bits to {floats}")
    say(f"  %result = fmul {floats} %e, %power")
    say(f"  ret {floats} %result")
    say("}")
    return "\n".join(lines)


DECLARATIONS = """
declare <16 x float> @llvm.fma.v16f32(<16 x float>, <16 x float>, <16 x float>)
declare <16 x float> @llvm.roundeven.v16f32(<16 x float>)
declare <16 x float> @llvm.maxnum.v16f32(<16 x float>, <16 x float>)
declare <16 x float> @llvm.minnum.v16f32(<16 x float>, <16 x float>)
"""

CODE = _code()
