"""The program text (LLVM) of e to the power of 16 numbers.

``x = n·ln 2 + r`` with a whole n; e^r is a polynomial (Cephes, Moshier 1989; off by less
than 2e-7 of the result), and 2^n goes into the exponent's bits.
"""

from __future__ import annotations

from bot.generation.cpu.lanes import FLOATS, FMA, constant

EXPONENTIAL = "exponential"

_COEFFICIENTS = (
    1.9875691500e-4,
    1.3981999507e-3,
    8.3334519073e-3,
    4.1665795894e-2,
    1.6666665459e-1,
    5.0000001201e-1,
)


def _code() -> str:

    def all_of(value: float) -> str:
        return f"{FLOATS} splat (float {constant(value)})"

    lines = [f"define internal {FLOATS} @{EXPONENTIAL}({FLOATS} %x) alwaysinline {{"]
    say = lines.append
    say(f"  %low = call {FLOATS} @llvm.maxnum.v16f32({FLOATS} %x, {all_of(-87.0)})")
    say(f"  %in = call {FLOATS} @llvm.minnum.v16f32({FLOATS} %low, {all_of(88.0)})")
    say(f"  %ln = {FMA}({FLOATS} %in, {all_of(1.44269504088896341)}, {all_of(0.0)})")
    say(f"  %n = call {FLOATS} @llvm.roundeven.v16f32({FLOATS} %ln)")
    say(f"  %r1 = {FMA}({FLOATS} %n, {all_of(-0.693359375)}, {FLOATS} %in)")
    say(f"  %r = {FMA}({FLOATS} %n, {all_of(2.12194440e-4)}, {FLOATS} %r1)")
    last = all_of(_COEFFICIENTS[0])
    for index, coefficient in enumerate(_COEFFICIENTS[1:]):
        say(f"  %s{index} = {FMA}({last}, {FLOATS} %r, {all_of(coefficient)})")
        last = f"{FLOATS} %s{index}"
    say(f"  %square = fmul {FLOATS} %r, %r")
    say(f"  %high = {FMA}({last}, {FLOATS} %square, {FLOATS} %r)")
    say(f"  %e = fadd {FLOATS} %high, splat (float 1.0)")
    say(f"  %whole = fptosi {FLOATS} %n to <16 x i32>")
    say("  %biased = add <16 x i32> %whole, splat (i32 127)")
    say("  %bits = shl <16 x i32> %biased, splat (i32 23)")
    say(f"  %power = bitcast <16 x i32> %bits to {FLOATS}")
    say(f"  %result = fmul {FLOATS} %e, %power")
    say(f"  ret {FLOATS} %result")
    say("}")
    return "\n".join(lines)


CODE = _code()
