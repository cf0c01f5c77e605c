"""The program text (LLVM) of attention for a piece of a prompt, in products of pairs in bf16.

Rows of a piece follow each other in one sequence and mostly see the same tokens, so a few of them,
with all query heads that share a key head, go over keys and values together: each pair of keys or
values that is brought into a register meets up to twelve rows. ``vdpbf16ps`` multiplies and adds
two neighbours at once, in fp32 sums. Scores stay in memory that each thread has for itself, small
enough for its cache, and a row's blocks end where the last of its tile ends: what nobody may see is
not computed.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.generation.cpu.attention_code import BLOCK, AttentionShape
from bot.generation.cpu.lanes import FLOATS, spread
from bot.generation.cpu.opening_code import ADDRESS, POINTER, WHOLE, opening, units
from bot.generation.cpu.softmax_code import softmax

ATTEND_PIECE = "attend_piece"

ARGUMENTS = {
    **dict.fromkeys(("queries", "keys", "values", "scores", "out"), POINTER),
    **dict.fromkeys(("capacity", "start", "count", "width"), WHOLE),
    "slot": ADDRESS,
}
"""What it is told, each in eight bytes, and then a 0 that says which unit is next.

``queries`` are bf16, of shape (rows, query heads, dimensions); ``keys`` and ``values`` are where
those of the layer begin, in a sequence with room for ``capacity`` tokens. The first row is token
number ``start``. ``scores`` has shape (threads, rows of a tile, ``width``), and ``slot`` is 0:
the thread that comes next takes that part of it.
"""

_MOST_ROWS = 12
"""Rows of a tile, or as many as share a key head."""

_MOST_SUMS = 24
"""Sums that are kept in registers at once, out of 32 registers."""

_PAIRS = "<32 x bfloat>"
_MULTIPLY = f"call {FLOATS} @llvm.x86.avx512bf16.dpbf16ps.512"
_WOVEN = ", ".join(f"i32 {lane + half}" for lane in range(BLOCK) for half in (0, BLOCK))
"""Two vectors of 16 as 16 pairs."""

DECLARATIONS = f"""
declare {FLOATS} @llvm.x86.avx512bf16.dpbf16ps.512({FLOATS}, {_PAIRS}, {_PAIRS})
"""


def can_attend(shape: AttentionShape) -> bool:
    """Whether all heads that share a key head fit into registers together."""
    return shape.shared <= _MOST_SUMS


def tile_rows(shape: AttentionShape) -> int:
    """How many rows of scores a thread keeps: some tokens, with the heads that share a key."""
    return _tokens(shape) * shape.shared


def _tokens(shape: AttentionShape) -> int:
    return max(1, _MOST_ROWS // shape.shared)


def piece_code(shape: AttentionShape) -> str:
    """The text of the function."""
    return "\n".join(_lines(shape))


def _lines(shape: AttentionShape) -> Iterator[str]:
    tokens, size, rows = _tokens(shape), shape.dimensions, tile_rows(shape)
    yield from opening(ATTEND_PIECE, ARGUMENTS, f"  %inverses = alloca [{rows} x float]")
    yield f"""\
  %mine = atomicrmw add ptr %at_slot, i64 1 monotonic
  %of_a_thread = mul i64 %width, {rows}
  %from_mine = mul i64 %mine, %of_a_thread
  %head_scores = getelementptr float, ptr %scores, i64 %from_mine
  %more_rows = add i64 %count, {tokens - 1}
  %tiles = udiv i64 %more_rows, {tokens}
  %units = mul i64 %tiles, {shape.key_heads}
  %last_row = sub i64 %count, 1
  %head_room = mul i64 %capacity, {size}"""
    yield units("  %head = udiv i64 %unit, %tiles\n  %tile = urem i64 %unit, %tiles")
    yield f"""\
  %first = mul i64 %tile, {tokens}
  %from_head = mul i64 %head, %head_room
  %head_keys = getelementptr bfloat, ptr %keys, i64 %from_head
  %head_values = getelementptr bfloat, ptr %values, i64 %from_head
  %in_row = mul i64 %head, {shape.shared * size}"""
    for token in range(tokens):
        # Behind the last row comes the last row again: what it writes is the same.
        yield f"""\
  %next_row{token} = add i64 %first, {token}
  %too_far{token} = icmp ugt i64 %next_row{token}, %last_row
  %row{token} = select i1 %too_far{token}, i64 %last_row, i64 %next_row{token}
  %before{token} = add i64 %start, %row{token}
  %length{token} = add i64 %before{token}, 1
  %from_row{token} = mul i64 %row{token}, {shape.query_heads * size}
  %from{token} = add i64 %from_row{token}, %in_row
  %queries{token} = getelementptr bfloat, ptr %queries, i64 %from{token}
  %out{token} = getelementptr float, ptr %out, i64 %from{token}"""
    yield f"""\
  %short = add i64 %length{tokens - 1}, {BLOCK - 1}
  %blocks = udiv i64 %short, {BLOCK}
  br label %block"""
    yield from _scores(size, tokens, shape.shared)
    yield from softmax(rows, in_pairs=True)
    yield from _mixed(size, tokens, shape.shared)
    yield "}"


def _scores(size: int, tokens: int, shared: int) -> Iterator[str]:
    """Products of queries and keys; what is not seen gets -inf."""
    rows = tokens * shared
    yield f"""\
block:
  %b = phi i64 [ 0, %work ], [ %next_b, %store ]
  %from_block = mul i64 %b, {size * BLOCK}
  %block_keys = getelementptr bfloat, ptr %head_keys, i64 %from_block
  br label %pair
pair:
  %d = phi i64 [ 0, %block ], [ %next_d, %pair ]"""
    for row in range(rows):
        yield f"  %sum{row} = phi {FLOATS} [ zeroinitializer, %block ], [ %new{row}, %pair ]"
    yield f"""\
  %from_d = mul i64 %d, {BLOCK}
  %at_two = getelementptr bfloat, ptr %block_keys, i64 %from_d
  %two_keys = load {_PAIRS}, ptr %at_two, align 2
  %key = shufflevector {_PAIRS} %two_keys, {_PAIRS} poison, <32 x i32> <{_WOVEN}>"""
    for row in range(rows):
        token, head = divmod(row, shared)
        yield f"  %in_query{row} = add i64 %d, {head * size}"
        yield f"  %at{row} = getelementptr bfloat, ptr %queries{token}, i64 %in_query{row}"
        yield from _pair(f"query{row}", f"at{row}")
        yield (
            f"  %new{row} = {_MULTIPLY}({FLOATS} %sum{row}, {_PAIRS} %key, {_PAIRS} %query{row})"
        )
    yield f"""\
  %next_d = add i64 %d, 2
  %more_d = icmp ult i64 %next_d, {size}
  br i1 %more_d, label %pair, label %store
store:
  %token = mul i64 %b, {BLOCK}"""
    for token in range(tokens):
        yield f"  %left{token} = sub i64 %length{token}, %token"
        yield f"  %left_one{token} = insertelement <16 x i64> poison, i64 %left{token}, i64 0"
        yield (
            f"  %left_all{token} = shufflevector <16 x i64> %left_one{token}, <16 x i64> poison, "
            "<16 x i32> zeroinitializer"
        )
        # Of a whole block behind a row's last token nothing is left, or less than nothing.
        lanes = ", ".join(f"i64 {lane}" for lane in range(BLOCK))
        yield f"  %seen{token} = icmp slt <16 x i64> <{lanes}>, %left_all{token}"
    for row in range(rows):
        yield (
            f"  %told{row} = select <16 x i1> %seen{row // shared}, {FLOATS} %new{row}, "
            f"{FLOATS} splat (float 0xFFF0000000000000)"
        )
        yield f"  %from_scores{row} = mul i64 %width, {row}"
        yield f"  %in_scores{row} = add i64 %from_scores{row}, %token"
        yield f"  %at_score{row} = getelementptr float, ptr %head_scores, i64 %in_scores{row}"
        yield f"  store {FLOATS} %told{row}, ptr %at_score{row}, align 4"
    yield """\
  %next_b = add i64 %b, 1
  %more_b = icmp ult i64 %next_b, %blocks
  br i1 %more_b, label %block, label %softmax"""


def _mixed(size: int, tokens: int, shared: int) -> Iterator[str]:
    """Values weighted by what the scores became, some dimensions at a time."""
    rows, lanes = tokens * shared, size // BLOCK
    together = max(1, min(lanes, _MOST_SUMS // rows))
    while lanes % together:
        together -= 1
    parts = lanes // together
    sums = [(row, lane) for row in range(rows) for lane in range(together)]
    yield "mix:"
    yield f"  %seen_tokens = mul i64 %blocks, {BLOCK}"
    for row in range(rows):
        yield f"  %inverse_at{row} = getelementptr float, ptr %inverses, i64 {row}"
        yield f"  %inverse{row} = load float, ptr %inverse_at{row}"
        yield from spread(f"inverse{row}")
        yield f"  %from_shares{row} = mul i64 %width, {row}"
        yield f"  %shares{row} = getelementptr float, ptr %head_scores, i64 %from_shares{row}"
    yield "  br label %part0"
    for part in range(parts):
        p = f"p{part}_"
        yield f"part{part}:"
        yield f"  br label %token{part}"
        yield f"token{part}:"
        yield f"  %{p}t = phi i64 [ 0, %part{part} ], [ %{p}next, %token{part} ]"
        for row, lane in sums:
            yield (
                f"  %{p}sum{row}_{lane} = phi {FLOATS} [ zeroinitializer, %part{part} ], "
                f"[ %{p}new{row}_{lane}, %token{part} ]"
            )
        yield f"  %{p}from = mul i64 %{p}t, {size}"
        for lane in range(together):
            for one, offset in (("a", 0), ("b", size)):
                at = f"{p}{one}{lane}"
                dimension = (part * together + lane) * BLOCK
                yield f"  %{at}i = add i64 %{p}from, {offset + dimension}"
                yield f"  %{at}p = getelementptr bfloat, ptr %head_values, i64 %{at}i"
                yield f"  %{at} = load <16 x bfloat>, ptr %{at}p, align 2"
            yield (
                f"  %{p}value{lane} = shufflevector <16 x bfloat> %{p}a{lane}, "
                f"<16 x bfloat> %{p}b{lane}, <32 x i32> <{_WOVEN}>"
            )
        for row in range(rows):
            yield f"  %{p}at{row} = getelementptr bfloat, ptr %shares{row}, i64 %{p}t"
            yield from _pair(f"{p}share{row}", f"{p}at{row}")
            for lane in range(together):
                yield (
                    f"  %{p}new{row}_{lane} = {_MULTIPLY}({FLOATS} %{p}sum{row}_{lane}, "
                    f"{_PAIRS} %{p}value{lane}, {_PAIRS} %{p}share{row})"
                )
        yield f"  %{p}next = add i64 %{p}t, 2"
        yield f"  %{p}more = icmp ult i64 %{p}next, %seen_tokens"
        yield f"  br i1 %{p}more, label %token{part}, label %store{part}"
        yield f"store{part}:"
        for row, lane in sums:
            token, head = divmod(row, shared)
            offset = head * size + (part * together + lane) * BLOCK
            done = f"{p}done{row}_{lane}"
            yield f"  %{p}to{row}_{lane} = getelementptr float, ptr %out{token}, i64 {offset}"
            yield f"  %{done} = fmul {FLOATS} %{p}new{row}_{lane}, %inverse{row}_all"
            yield f"  store {FLOATS} %{done}, ptr %{p}to{row}_{lane}, align 4"
        yield f"  br label {'%claim' if part == parts - 1 else f'%part{part + 1}'}"


def _pair(name: str, at: str) -> Iterator[str]:
    """Two neighbours in memory, as 16 equal pairs: ``%{name}``."""
    yield f"  %{name}_two = load i32, ptr %{at}, align 2"
    yield from spread(f"{name}_two", "i32")
    yield f"  %{name} = bitcast <16 x i32> %{name}_two_all to {_PAIRS}"
