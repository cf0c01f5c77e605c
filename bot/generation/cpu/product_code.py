"""The program text (LLVM) that multiplies packed weights with quantised rows.

A product of few rows is bound by how fast weights come from memory, one of many rows by arithmetic.
Both are served by one loop: a block of 16 outputs is read once, as one stream of bytes, and meets
up to eight rows while it is in registers. ``vpdpbusd`` multiplies 64 pairs of bytes and adds them
up in fours: 16 lanes, one for each output, with four neighbouring inputs each.

Layout of a packed weight, block after block of 16 outputs, in each group after group of 32 inputs:

- 4 bits: 4 pieces of 64 bytes. Byte ``4·j + t`` of piece ``c`` holds the weight of output ``j`` and
  input ``8·c + t`` in its low half and of input ``8·c + 4 + t`` in its high half. Then 16 scales
  and 16 offsets, in fp16. A weight is ``scale · q + offset``, with q from 0 to 15.
- 6 bits: 4 pieces like those, for the lower four bits of all weights. Then 2 pieces of 64 bytes
  with the upper two: byte ``4·j + t`` of piece ``c`` holds those of output ``j`` and the inputs
  ``16·c + 4·i + t``, for ``i`` from 0 to 3, the first in its lowest bits. Then 16 scales, in fp16.
  A weight is ``scale · (q - 32)``, with q from 0 to 63.
- 8 bits: 8 pieces of 64 bytes. Byte ``4·j + t`` of piece ``c`` belongs to output ``j`` and input
  ``4·c + t``. Then 16 scales, in fp16. A weight is ``scale · (q - 128)``, with q from 1 to 255.

A quantised row has int8 inputs, for each span of four groups a scale, and for each group the sum of
its inputs. (Scales of the rows in every group would be one multiplication more for every eight of
the products, where a prompt is read.)
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.generation.cpu.lanes import FLOATS, FMA, INTS, spread
from bot.generation.cpu.opening_code import POINTER, WHOLE, opening

OUTPUTS = 16
"""Outputs in a block, one for each lane."""

GROUP = 32
"""Inputs that share a scale."""

SPAN = 4
"""Groups that share a scale in a quantised row; the last span may have fewer."""

MOST_ROWS = 8
"""Rows that meet a block at once: what 32 registers hold."""

HALF_BYTE, SIX_BITS, BYTE = 4, 6, 8
"""The bits that a weight may have. They are as many pieces of 64 bytes for a group in a block."""

GROUP_BYTES = {HALF_BYTE: 256 + 32 + 32, SIX_BITS: 384 + 32, BYTE: 512 + 32}
"""Bytes of a group in a block, scales included."""

MIDDLE = {SIX_BITS: 32, BYTE: 128}
"""The number that stands for 0, where there is no offset."""

_CLAIM = 8
"""Blocks that a thread takes at a time. Whoever is faster takes more."""

_AHEAD = 24
"""Groups that are fetched from memory ahead of use."""

_LOW_HALVES = f"splat (i32 {0x0F0F0F0F})"
_UPPER_TWO_OF_SIX = f"splat (i32 {0x30303030})"

DECLARATIONS = """
declare <16 x i32> @llvm.x86.avx512.vpdpbusd.512(<16 x i32>, <16 x i32>, <16 x i32>)
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
"""

ARGUMENTS = {
    **dict.fromkeys(("q", "x", "scales", "sums", "out"), POINTER),
    **dict.fromkeys(("groups", "blocks", "tiles", "width"), WHOLE),
}
"""What a product is told, each in eight bytes. ``x``, ``scales`` and ``sums`` are the rows,
``tiles`` how many times the function's number of rows there are, and ``width`` how many outputs a
row of ``out`` has room for. Then comes a 0, which says which block is next while it runs."""


def product_name(bits: int, rows: int) -> str:
    """The function's name."""
    return f"product{bits}_{rows}"


def product_code(bits: int, rows: int) -> str:
    """The text of a function that multiplies weights of ``bits`` with ``rows`` rows at a time."""
    return "\n".join(_lines(bits, rows))


def _lines(bits: int, rows: int) -> Iterator[str]:
    bytes_ = GROUP_BYTES[bits]
    yield from opening(product_name(bits, rows), ARGUMENTS)
    yield f"""\
  %block_bytes = mul i64 %groups, {bytes_}
  %inputs = mul i64 %groups, {GROUP}
  %tile_inputs = mul i64 %inputs, {rows}
  %tile_groups = mul i64 %groups, {rows}
  %more_groups = add i64 %groups, {SPAN - 1}
  %spans = udiv i64 %more_groups, {SPAN}
  %tile_spans = mul i64 %spans, {rows}
  %tile_outputs = mul i64 %width, {rows}
  br label %claim
claim:
  %first = atomicrmw add ptr %counter, i64 {_CLAIM} monotonic
  %end = add i64 %first, {_CLAIM}
  %beyond = icmp ugt i64 %end, %blocks
  %last = select i1 %beyond, i64 %blocks, i64 %end
  %any = icmp ult i64 %first, %blocks
  br i1 %any, label %block, label %done
block:
  %b = phi i64 [ %first, %claim ], [ %next_b, %next_block ]
  %from_q = mul i64 %b, %block_bytes
  %block_q = getelementptr i8, ptr %q, i64 %from_q
  %n = mul i64 %b, {OUTPUTS}
  %block_out = getelementptr float, ptr %out, i64 %n
  br label %tile
tile:
  %t = phi i64 [ 0, %block ], [ %next_t, %store ]
  %from_x = mul i64 %t, %tile_inputs
  %tile_x = getelementptr i8, ptr %x, i64 %from_x
  %from_scale = mul i64 %t, %tile_spans
  %tile_scales = getelementptr float, ptr %scales, i64 %from_scale
  %from_sum = mul i64 %t, %tile_groups
  %tile_sums = getelementptr float, ptr %sums, i64 %from_sum
  %from_out = mul i64 %t, %tile_outputs
  %tile_out = getelementptr float, ptr %block_out, i64 %from_out
  br label %span
span:
  %s = phi i64 [ 0, %tile ], [ %next_s, %span_end ]"""
    for row in range(rows):
        yield f"  %sum{row} = phi {FLOATS} [ zeroinitializer, %tile ], [ %total{row}, %span_end ]"
    yield f"""\
  %begin = mul i64 %s, {SPAN}
  %far = add i64 %begin, {SPAN}
  %too_far = icmp ugt i64 %far, %groups
  %stop = select i1 %too_far, i64 %groups, i64 %far
  br label %group
group:
  %g = phi i64 [ %begin, %span ], [ %next_g, %group ]"""
    for row in range(rows):
        yield f"  %part{row} = phi {FLOATS} [ zeroinitializer, %span ], [ %whole{row}, %group ]"
    yield f"  %from_g = mul i64 %g, {bytes_}"
    yield "  %group_q = getelementptr i8, ptr %block_q, i64 %from_g"
    for offset in range(0, bytes_, 64):
        yield f"  %ahead{offset} = getelementptr i8, ptr %group_q, i64 {_AHEAD * bytes_ + offset}"
        yield f"  call void @llvm.prefetch.p0(ptr %ahead{offset}, i32 0, i32 0, i32 1)"
    yield from _dots(bits, rows)
    yield from _scaled(bits, rows)
    yield """\
  %next_g = add i64 %g, 1
  %more_g = icmp ult i64 %next_g, %stop
  br i1 %more_g, label %group, label %span_end
span_end:"""
    for row in range(rows):
        yield from _of_row("scales", "spans", "s", row)
        yield (
            f"  %total{row} = {FMA}({FLOATS} %whole{row}, {FLOATS} %scales{row}_all, "
            f"{FLOATS} %sum{row})"
        )
    yield """\
  %next_s = add i64 %s, 1
  %more_s = icmp ult i64 %next_s, %spans
  br i1 %more_s, label %span, label %store
store:"""
    for row in range(rows):
        yield f"  %from_o{row} = mul i64 %width, {row}"
        yield f"  %to{row} = getelementptr float, ptr %tile_out, i64 %from_o{row}"
        yield f"  store {FLOATS} %total{row}, ptr %to{row}, align 4"
    yield """\
  %next_t = add i64 %t, 1
  %more_t = icmp ult i64 %next_t, %tiles
  br i1 %more_t, label %tile, label %next_block
next_block:
  %next_b = add i64 %b, 1
  %more_b = icmp ult i64 %next_b, %last
  br i1 %more_b, label %block, label %claim
done:
  ret void
}"""


def _dots(bits: int, rows: int) -> Iterator[str]:
    """The products of one group, in whole numbers: ``%dot{row}`` for each row."""
    yield f"  %k = mul i64 %g, {GROUP}"
    for row in range(rows):
        yield f"  %row{row} = mul i64 %inputs, {row}"
        yield f"  %in{row} = add i64 %row{row}, %k"
        yield f"  %x{row} = getelementptr i8, ptr %tile_x, i64 %in{row}"
    dots = ["zeroinitializer"] * rows
    for four in range(GROUP // 4):
        yield from _four(bits, four)
        for row in range(rows):
            at = f"{row}_{four}"
            yield f"  %from{at} = getelementptr i8, ptr %x{row}, i64 {4 * four}"
            yield f"  %four{at} = load i32, ptr %from{at}, align 4"
            yield from spread(f"four{at}", "i32")
            yield (
                f"  %dot{at} = call {INTS} @llvm.x86.avx512.vpdpbusd.512({INTS} {dots[row]}, "
                f"{INTS} %w{four}, {INTS} %four{at}_all)"
            )
            dots[row] = f"%dot{at}"
    for row in range(rows):
        yield f"  %real{row} = sitofp {INTS} {dots[row]} to {FLOATS}"


def _four(bits: int, four: int) -> Iterator[str]:
    """The weights of four neighbouring inputs and all outputs, a byte each: ``%w{four}``."""
    if bits == BYTE:
        yield from _piece(four, f"w{four}")
        return
    low = f"w{four}" if bits == HALF_BYTE else f"low{four}"
    piece, is_high = divmod(four, 2)
    if is_high:
        yield f"  %down{piece} = lshr {INTS} %halves{piece}, splat (i32 4)"
        yield f"  %{low} = and {INTS} %down{piece}, {_LOW_HALVES}"
    else:
        yield from _piece(piece, f"halves{piece}")
        yield f"  %{low} = and {INTS} %halves{piece}, {_LOW_HALVES}"
    if bits == SIX_BITS:
        piece, field = divmod(four, 4)
        if field == 0:
            yield from _piece(HALF_BYTE + piece, f"uppers{piece}")
        way, by = ("lshr", 2 * field - 4) if field > 1 else ("shl", 4 - 2 * field)
        yield f"  %moved{four} = {way} {INTS} %uppers{piece}, splat (i32 {by})"
        yield f"  %upper{four} = and {INTS} %moved{four}, {_UPPER_TWO_OF_SIX}"
        yield f"  %w{four} = or {INTS} %low{four}, %upper{four}"


def _piece(number: int, name: str) -> Iterator[str]:
    """64 bytes of the group."""
    yield f"  %piece{number} = getelementptr i8, ptr %group_q, i64 {64 * number}"
    yield f"  %{name} = load {INTS}, ptr %piece{number}, align 1"


def _scaled(bits: int, rows: int) -> Iterator[str]:
    """The sums of a span with one group more: ``%whole{row}`` for each row, but for its scale."""
    yield f"  %scales_at = getelementptr i8, ptr %group_q, i64 {64 * bits}"
    yield "  %scale16 = load <16 x half>, ptr %scales_at, align 1"
    yield f"  %scale = fpext <16 x half> %scale16 to {FLOATS}"
    if bits == HALF_BYTE:
        yield f"  %offsets_at = getelementptr i8, ptr %group_q, i64 {64 * bits + 32}"
        yield "  %offset16 = load <16 x half>, ptr %offsets_at, align 1"
        yield f"  %offset = fpext <16 x half> %offset16 to {FLOATS}"
    else:
        yield f"  %offset = fmul {FLOATS} %scale, splat (float {-MIDDLE[bits]}.0)"
    for row in range(rows):
        yield from _of_row("sums", "groups", "g", row)
        yield (f"  %more{row} = {FMA}({FLOATS} %real{row}, {FLOATS} %scale, {FLOATS} %part{row})")
        yield (
            f"  %whole{row} = {FMA}({FLOATS} %offset, {FLOATS} %sums{row}_all, {FLOATS} %more{row})"
        )


def _of_row(name: str, width: str, index: str, row: int) -> Iterator[str]:
    """Of the numbers ``name``, so many for each row, the one of ``row``: ``%{name}{row}_all``."""
    yield f"  %before_{name}{row} = mul i64 %{width}, {row}"
    yield f"  %at_{name}{row} = add i64 %before_{name}{row}, %{index}"
    yield f"  %{name}{row}_at = getelementptr float, ptr %tile_{name}, i64 %at_{name}{row}"
    yield f"  %{name}{row} = load float, ptr %{name}{row}_at, align 4"
    yield from spread(f"{name}{row}", "float")
