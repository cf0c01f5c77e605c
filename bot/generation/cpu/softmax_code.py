"""The part of attention's program text (LLVM) that turns scores into shares."""

from __future__ import annotations

from collections.abc import Iterator

from bot.generation.cpu.exponential_code import EXPONENTIAL
from bot.generation.cpu.lanes import FLOATS, LANES, spread


def softmax(rows: int, *, in_pairs: bool = False) -> Iterator[str]:
    """Scores become e to the power of what they are below the largest; ``%inverses``, 1 / sum.

    ``in_pairs``: in bf16, each row's from where its scores began.
    """
    power = f"  store {FLOATS} %e, ptr %e_at, align 4"
    if in_pairs:
        power = f"""\
  %e16 = fptrunc {FLOATS} %e to <16 x bfloat>
  %e16_at = getelementptr bfloat, ptr %h_scores, i64 %et
  store <16 x bfloat> %e16, ptr %e16_at, align 2"""
    yield f"""\
softmax:
  %h = phi i64 [ 0, %store ], [ %next_h, %summed ]
  %from_h = mul i64 %h, %width
  %h_scores = getelementptr float, ptr %head_scores, i64 %from_h
  br label %largest
largest:
  %lb = phi i64 [ 0, %softmax ], [ %next_lb, %largest ]
  %peak = phi {FLOATS} [ splat (float 0xFFF0000000000000), %softmax ], [ %higher, %largest ]
  %lt = mul i64 %lb, {LANES}
  %l_at = getelementptr float, ptr %h_scores, i64 %lt
  %l = load {FLOATS}, ptr %l_at, align 4
  %higher = call {FLOATS} @llvm.maxnum.v16f32({FLOATS} %l, {FLOATS} %peak)
  %next_lb = add i64 %lb, 1
  %more_lb = icmp ult i64 %next_lb, %blocks
  br i1 %more_lb, label %largest, label %highest
highest:
  %top = call nnan float @llvm.vector.reduce.fmax.v16f32({FLOATS} %higher)
{chr(10).join(spread("top"))}
  br label %power
power:
  %eb = phi i64 [ 0, %highest ], [ %next_eb, %power ]
  %so_far = phi {FLOATS} [ zeroinitializer, %highest ], [ %and_more, %power ]
  %et = mul i64 %eb, {LANES}
  %e_at = getelementptr float, ptr %h_scores, i64 %et
  %raw = load {FLOATS}, ptr %e_at, align 4
  %below = fsub {FLOATS} %raw, %top_all
  %e = call {FLOATS} @{EXPONENTIAL}({FLOATS} %below)
{power}
  %and_more = fadd {FLOATS} %so_far, %e
  %next_eb = add i64 %eb, 1
  %more_eb = icmp ult i64 %next_eb, %blocks
  br i1 %more_eb, label %power, label %summed
summed:
  %all = call reassoc float @llvm.vector.reduce.fadd.v16f32(float 0.0, {FLOATS} %and_more)
  %inverse = fdiv float 1.0, %all
  %inverse_at = getelementptr float, ptr %inverses, i64 %h
  store float %inverse, ptr %inverse_at
  %next_h = add i64 %h, 1
  %more_h = icmp ult i64 %next_h, {rows}
  br i1 %more_h, label %softmax, label %mix"""
