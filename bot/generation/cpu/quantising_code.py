"""The program text (LLVM) that turns rows of numbers into int8.

Each span of 128 inputs is divided by 1/127 of its largest magnitude and rounded. Kept beside it are
that scale, and for each group of 32 inputs the sum of the whole numbers, which weights with an
offset need. llama.cpp has one scale for 256 inputs (its ``Q8_K``); 128 divides more widths.

What comes before a product in a decoder is done on the way: nothing (``plain``), the RMS norm of a
row (``normed``; Zhang and Sennrich, 2019), or a gate (``gated``: silu(gate) · up; Shazeer, 2020).
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.generation.cpu.opening_code import POINTER, REAL, WHOLE, opening
from bot.generation.cpu.product_code import SPAN

PLAIN, NORMED, GATED = "plain", "normed", "gated"

ARGUMENTS = {
    **dict.fromkeys(("rows", "x", "scales", "sums"), POINTER),
    **dict.fromkeys(("groups", "count"), WHOLE),
    "weight": POINTER,
    "epsilon": REAL,
}
"""What each is told, in eight bytes: fp32 inputs, what becomes of them, groups in a row and rows;
of a norm its weight and, as the bits of a double, what keeps it from dividing by 0. A gated row has
twice the inputs, all gates first; what is to be quantised takes the place of the gates. Then comes
a 0, which says which row is next while it runs."""

DECLARATIONS = """
declare <32 x float> @llvm.fabs.v32f32(<32 x float>)
declare <32 x float> @llvm.maxnum.v32f32(<32 x float>, <32 x float>)
declare float @llvm.vector.reduce.fmax.v32f32(<32 x float>)
declare float @llvm.sqrt.f32(float)
declare <32 x float> @llvm.roundeven.v32f32(<32 x float>)
declare i32 @llvm.vector.reduce.add.v32i32(<32 x i32>)
"""

_ALL = "<32 x i32> zeroinitializer"


def quantising_code() -> str:
    """The text of the three functions."""
    return "\n".join(line for name in (PLAIN, NORMED, GATED) for line in _function(name))


def _function(name: str) -> Iterator[str]:
    """Row after row, and in it span after span, twice: for the largest, and to be written."""
    yield from opening(name, ARGUMENTS)
    yield f"""\
  %inputs = mul i64 %groups, 32
  %more_groups = add i64 %groups, {SPAN - 1}
  %spans = udiv i64 %more_groups, {SPAN}
  br label %claim
claim:
  %row = atomicrmw add ptr %counter, i64 1 monotonic
  %any = icmp ult i64 %row, %count
  br i1 %any, label %start, label %done
start:
  %row_groups = mul i64 %row, %groups
  %row_spans = mul i64 %row, %spans
  %row_inputs = mul i64 %row, %inputs
  %from_row = mul i64 %row_inputs, {2 if name == GATED else 1}
  %in = getelementptr float, ptr %rows, i64 %from_row"""
    if name == NORMED:
        yield from _inverse_size()
    else:
        yield "  br label %ready"
        yield "ready:"
    yield f"""\
  br label %span
span:
  %s = phi i64 [ 0, %ready ], [ %next_s, %written ]
  %begin = mul i64 %s, {SPAN}
  %far = add i64 %begin, {SPAN}
  %beyond = icmp ugt i64 %far, %groups
  %end = select i1 %beyond, i64 %groups, i64 %far
  br label %look
look:
  %seen = phi i64 [ %begin, %span ], [ %next_seen, %look ]
  %most = phi <32 x float> [ zeroinitializer, %span ], [ %more_most, %look ]"""
    yield from _gated() if name == GATED else _values("seen", is_normed=name == NORMED)
    yield """\
  %sizes = call <32 x float> @llvm.fabs.v32f32(<32 x float> %values_seen)
  %more_most = call <32 x float> @llvm.maxnum.v32f32(<32 x float> %most, <32 x float> %sizes)
  %next_seen = add i64 %seen, 1
  %more_seen = icmp ult i64 %next_seen, %end
  br i1 %more_seen, label %look, label %scaled
scaled:"""
    yield f"""\
  %largest = call nnan float @llvm.vector.reduce.fmax.v32f32(<32 x float> %more_most)
  %none = fcmp ole float %largest, 0x39B0000000000000
  %scale_raw = fdiv float %largest, 127.0
  %scale = select i1 %none, float 0.0, float %scale_raw
  %many_raw = fdiv float 127.0, %largest
  %many = select i1 %none, float 0.0, float %many_raw
  %many_one = insertelement <32 x float> poison, float %many, i64 0
  %many_all = shufflevector <32 x float> %many_one, <32 x float> poison, {_ALL}
  %span_of_all = add i64 %row_spans, %s
  %scale_to = getelementptr float, ptr %scales, i64 %span_of_all
  store float %scale, ptr %scale_to
  br label %write
write:
  %g = phi i64 [ %begin, %scaled ], [ %next_g, %write ]"""
    yield from _values("g", is_normed=name == NORMED)
    yield """\
  %exact = fmul <32 x float> %values_g, %many_all
  %round = call <32 x float> @llvm.roundeven.v32f32(<32 x float> %exact)
  %whole = fptosi <32 x float> %round to <32 x i32>
  %short = trunc <32 x i32> %whole to <32 x i8>
  %k_of_all = add i64 %row_inputs, %k_g
  %to = getelementptr i8, ptr %x, i64 %k_of_all
  store <32 x i8> %short, ptr %to, align 1
  %number = call i32 @llvm.vector.reduce.add.v32i32(<32 x i32> %whole)
  %sum = sitofp i32 %number to float
  %g_of_all = add i64 %row_groups, %g
  %sum_to = getelementptr float, ptr %sums, i64 %g_of_all
  store float %sum, ptr %sum_to
  %next_g = add i64 %g, 1
  %more_g = icmp ult i64 %next_g, %end
  br i1 %more_g, label %write, label %written
written:
  %next_s = add i64 %s, 1
  %more_s = icmp ult i64 %next_s, %spans
  br i1 %more_s, label %span, label %claim
done:
  ret void
}"""


def _inverse_size() -> Iterator[str]:
    """What the norm multiplies a row with: ``%inverse_all``."""
    yield f"""\
  %small = fptrunc double %epsilon to float
  %pieces = mul i64 %groups, 2
  %width = uitofp i64 %inputs to float
  br label %square
square:
  %piece = phi i64 [ 0, %start ], [ %next_piece, %square ]
  %squares = phi <16 x float> [ zeroinitializer, %start ], [ %more_squares, %square ]
  %piece_k = mul i64 %piece, 16
  %piece_at = getelementptr float, ptr %in, i64 %piece_k
  %piece_values = load <16 x float>, ptr %piece_at, align 4
  %squared = fmul <16 x float> %piece_values, %piece_values
  %more_squares = fadd <16 x float> %squares, %squared
  %next_piece = add i64 %piece, 1
  %more_pieces = icmp ult i64 %next_piece, %pieces
  br i1 %more_pieces, label %square, label %ready
ready:
  %total = call reassoc float @llvm.vector.reduce.fadd.v16f32(float 0.0, <16 x float> %more_squares)
  %mean = fdiv float %total, %width
  %above = fadd float %mean, %small
  %size = call float @llvm.sqrt.f32(float %above)
  %inverse = fdiv float 1.0, %size
  %inverse_one = insertelement <32 x float> poison, float %inverse, i64 0
  %inverse_all = shufflevector <32 x float> %inverse_one, <32 x float> poison, {_ALL}"""


def _values(group: str, *, is_normed: bool) -> Iterator[str]:
    """What is to be quantised of a group, as ``%values_{group}``; it begins at ``%k_{group}``."""
    read = "raw" if is_normed else "values"
    yield f"""\
  %k_{group} = mul i64 %{group}, 32
  %from_{group} = getelementptr float, ptr %in, i64 %k_{group}
  %{read}_{group} = load <32 x float>, ptr %from_{group}, align 4"""
    if is_normed:
        yield f"""\
  %weight_at_{group} = getelementptr float, ptr %weight, i64 %k_{group}
  %weights_{group} = load <32 x float>, ptr %weight_at_{group}, align 4
  %unit_{group} = fmul <32 x float> %raw_{group}, %inverse_all
  %values_{group} = fmul <32 x float> %unit_{group}, %weights_{group}"""


def _gated() -> Iterator[str]:
    """A group of gates and what they let through: ``%values_seen``, which replaces the gates."""
    yield "  %gate_k = mul i64 %seen, 32"
    yield "  %up_k = add i64 %gate_k, %inputs"
    for half in range(2):
        yield f"""\
  %gk{half} = add i64 %gate_k, {16 * half}
  %uk{half} = add i64 %up_k, {16 * half}
  %gp{half} = getelementptr float, ptr %in, i64 %gk{half}
  %up{half} = getelementptr float, ptr %in, i64 %uk{half}
  %gate{half} = load <16 x float>, ptr %gp{half}, align 4
  %upper{half} = load <16 x float>, ptr %up{half}, align 4
  %minus{half} = fneg <16 x float> %gate{half}
  %e{half} = call <16 x float> @exponential(<16 x float> %minus{half})
  %under{half} = fadd <16 x float> %e{half}, splat (float 1.0)
  %silu{half} = fdiv <16 x float> %gate{half}, %under{half}
  %product{half} = fmul <16 x float> %silu{half}, %upper{half}
  store <16 x float> %product{half}, ptr %gp{half}, align 4"""
    lanes = ", ".join(f"i32 {lane}" for lane in range(32))
    yield (
        "  %values_seen = shufflevector <16 x float> %product0, <16 x float> %product1, "
        f"<32 x i32> <{lanes}>"
    )
