"""The program text (LLVM) that turns rows of numbers into int8, group by group.

Each group of 32 inputs is divided by 1/127 of its largest magnitude and rounded. Kept beside it are
that scale and the sum of what the whole numbers stand for, which weights with an offset need.

What comes before a product in a decoder is done on the way: nothing (``plain``), the RMS norm of a
row (``normed``; Zhang and Sennrich, 2019), or a gate (``gated``: silu(gate) · up; Shazeer, 2020).
"""

from __future__ import annotations

from collections.abc import Iterator

PLAIN, NORMED, GATED = "plain", "normed", "gated"

ARGUMENTS = ("rows", "x", "scales", "sums", "groups", "count", "weight", "epsilon")
"""What each is told, in eight bytes: fp32 inputs, what becomes of them, groups in a row and rows;
of a norm its weight and, as the bits of a double, what keeps it from dividing by 0. A gated row has
twice the inputs, all gates first. Then comes a 0, which says what is next while it runs."""

DECLARATIONS = """
declare <32 x float> @llvm.fabs.v32f32(<32 x float>)
declare float @llvm.vector.reduce.fmax.v32f32(<32 x float>)
declare float @llvm.sqrt.f32(float)
declare <32 x float> @llvm.roundeven.v32f32(<32 x float>)
declare i32 @llvm.vector.reduce.add.v32i32(<32 x i32>)
"""

_AT_ONCE = 64
"""Groups that a thread takes at a time, where groups do not depend on each other."""

_ALL = "<32 x i32> zeroinitializer"

_POINTERS = {"rows", "x", "scales", "sums", "weight"}


def quantising_code() -> str:
    """The text of the three functions."""
    return "\n".join((*_grouped(PLAIN), *_grouped(GATED), *_normed()))


def _opening(name: str) -> Iterator[str]:
    yield f"define void @{name}(ptr %arguments) {{"
    yield "entry:"
    for index, argument in enumerate(ARGUMENTS):
        kind = {"epsilon": "double"}.get(argument, "ptr" if argument in _POINTERS else "i64")
        yield f"  %at_{argument} = getelementptr i64, ptr %arguments, i64 {index}"
        yield f"  %{argument} = load {kind}, ptr %at_{argument}"
    yield f"  %counter = getelementptr i64, ptr %arguments, i64 {len(ARGUMENTS)}"


def _grouped(name: str) -> Iterator[str]:
    """Groups on their own, some at a time."""
    yield from _opening(name)
    yield f"""\
  %all = mul i64 %groups, %count
  br label %claim
claim:
  %first = atomicrmw add ptr %counter, i64 {_AT_ONCE} monotonic
  %end = add i64 %first, {_AT_ONCE}
  %beyond = icmp ugt i64 %end, %all
  %last = select i1 %beyond, i64 %all, i64 %end
  %any = icmp ult i64 %first, %all
  br i1 %any, label %group, label %done
group:
  %g = phi i64 [ %first, %claim ], [ %next, %group ]
  %k = mul i64 %g, 32"""
    if name == PLAIN:
        yield "  %from = getelementptr float, ptr %rows, i64 %k"
        yield "  %values = load <32 x float>, ptr %from, align 4"
    else:
        yield """\
  %row = udiv i64 %g, %groups
  %in_row = urem i64 %g, %groups
  %double = mul i64 %row, 2
  %row_groups = mul i64 %double, %groups
  %gate_group = add i64 %row_groups, %in_row
  %up_group = add i64 %gate_group, %groups
  %gate_k = mul i64 %gate_group, 32
  %up_k = mul i64 %up_group, 32"""
        for half in range(2):
            yield f"""\
  %gk{half} = add i64 %gate_k, {16 * half}
  %uk{half} = add i64 %up_k, {16 * half}
  %gp{half} = getelementptr float, ptr %rows, i64 %gk{half}
  %up{half} = getelementptr float, ptr %rows, i64 %uk{half}
  %gate{half} = load <16 x float>, ptr %gp{half}, align 4
  %upper{half} = load <16 x float>, ptr %up{half}, align 4
  %minus{half} = fneg <16 x float> %gate{half}
  %e{half} = call <16 x float> @exponential(<16 x float> %minus{half})
  %under{half} = fadd <16 x float> %e{half}, splat (float 1.0)
  %silu{half} = fdiv <16 x float> %gate{half}, %under{half}
  %product{half} = fmul <16 x float> %silu{half}, %upper{half}"""
        lanes = ", ".join(f"i32 {lane}" for lane in range(32))
        yield (
            "  %values = shufflevector <16 x float> %product0, <16 x float> %product1, "
            f"<32 x i32> <{lanes}>"
        )
    yield from _quantised()
    yield """\
  %next = add i64 %g, 1
  %more = icmp ult i64 %next, %last
  br i1 %more, label %group, label %claim
done:
  ret void
}"""


def _normed() -> Iterator[str]:
    """Whole rows, since a row's norm concerns all of it."""
    yield from _opening(NORMED)
    yield f"""\
  %small = fptrunc double %epsilon to float
  %pieces = mul i64 %groups, 2
  %inputs = mul i64 %groups, 32
  %width = uitofp i64 %inputs to float
  br label %claim
claim:
  %row = atomicrmw add ptr %counter, i64 1 monotonic
  %any = icmp ult i64 %row, %count
  br i1 %any, label %start, label %done
start:
  %from_row = mul i64 %row, %inputs
  %in = getelementptr float, ptr %rows, i64 %from_row
  %row_groups = mul i64 %row, %groups
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
  br i1 %more_pieces, label %square, label %root
root:
  %total = call reassoc float @llvm.vector.reduce.fadd.v16f32(float 0.0, <16 x float> %more_squares)
  %mean = fdiv float %total, %width
  %above = fadd float %mean, %small
  %size = call float @llvm.sqrt.f32(float %above)
  %inverse = fdiv float 1.0, %size
  %inverse_one = insertelement <32 x float> poison, float %inverse, i64 0
  %inverse_all = shufflevector <32 x float> %inverse_one, <32 x float> poison, {_ALL}
  br label %group
group:
  %in_row = phi i64 [ 0, %root ], [ %next, %group ]
  %g = add i64 %row_groups, %in_row
  %k = mul i64 %g, 32
  %k_in_row = mul i64 %in_row, 32
  %from = getelementptr float, ptr %in, i64 %k_in_row
  %raw = load <32 x float>, ptr %from, align 4
  %weight_at = getelementptr float, ptr %weight, i64 %k_in_row
  %weights = load <32 x float>, ptr %weight_at, align 4
  %unit = fmul <32 x float> %raw, %inverse_all
  %values = fmul <32 x float> %unit, %weights"""
    yield from _quantised()
    yield """\
  %next = add i64 %in_row, 1
  %more = icmp ult i64 %next, %groups
  br i1 %more, label %group, label %claim
done:
  ret void
}"""


def _quantised() -> Iterator[str]:
    """Group ``%g`` of ``%values``, which begins at input ``%k``, is written."""
    yield f"""\
  %sizes = call <32 x float> @llvm.fabs.v32f32(<32 x float> %values)
  %largest = call nnan float @llvm.vector.reduce.fmax.v32f32(<32 x float> %sizes)
  %none = fcmp ole float %largest, 0x39B0000000000000
  %scale_raw = fdiv float %largest, 127.0
  %scale = select i1 %none, float 0.0, float %scale_raw
  %many_raw = fdiv float 127.0, %largest
  %many = select i1 %none, float 0.0, float %many_raw
  %many_one = insertelement <32 x float> poison, float %many, i64 0
  %many_all = shufflevector <32 x float> %many_one, <32 x float> poison, {_ALL}
  %exact = fmul <32 x float> %values, %many_all
  %round = call <32 x float> @llvm.roundeven.v32f32(<32 x float> %exact)
  %whole = fptosi <32 x float> %round to <32 x i32>
  %short = trunc <32 x i32> %whole to <32 x i8>
  %to = getelementptr i8, ptr %x, i64 %k
  store <32 x i8> %short, ptr %to, align 1
  %number = call i32 @llvm.vector.reduce.add.v32i32(<32 x i32> %whole)
  %number_real = sitofp i32 %number to float
  %sum = fmul float %number_real, %scale
  %scale_to = getelementptr float, ptr %scales, i64 %g
  store float %scale, ptr %scale_to
  %sum_to = getelementptr float, ptr %sums, i64 %g
  store float %sum, ptr %sum_to"""
