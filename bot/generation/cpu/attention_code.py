"""The program text (LLVM) of attention for rows that each see their own past.

A row is one token of one reply: it has a place in a sequence, and the keys and values of that
sequence lie in memory of its own, in bf16. Keys lie in blocks of 16 tokens, dimension after
dimension, so that one load holds the same dimension of 16 tokens; values lie token after token.
Several query heads share a key head, and each key and value is read once for all of them.

Two functions:

- ``place``: turns queries and keys by their position (rotary embedding; Su et al., 2021), scales
  queries, and puts keys and values where they belong;
- ``attend``: softmax(queries · keys) · values, one key head of a row at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.generation.cpu.lanes import FLOATS, FMA, LANES, constant, spread
from bot.generation.cpu.opening_code import POINTER, WHOLE, opening, units
from bot.generation.cpu.softmax_code import softmax

BLOCK = LANES
"""Tokens in a block of keys."""

_MOST_SUMS = 24
"""Sums that are kept in registers at once, out of 32 registers."""


@dataclass(frozen=True, slots=True)
class AttentionShape:
    """Heads of queries and of keys (the first a multiple of the second), and dimensions of each.

    ``dimensions`` is a multiple of 32.
    """

    query_heads: int
    key_heads: int
    dimensions: int

    @property
    def shared(self) -> int:
        """Query heads for each key head."""
        return self.query_heads // self.key_heads


PLACE, ATTEND = "place", "attend"

PLACE_ARGUMENTS = {
    **dict.fromkeys(
        ("rows", "cosines", "sines", "queries", "keys", "values", "positions", "capacity"), POINTER
    ),
    "count": WHOLE,
}
ATTEND_ARGUMENTS = {
    **dict.fromkeys(("queries", "keys", "values", "lengths", "scores", "out", "capacity"), POINTER),
    **dict.fromkeys(("width", "count"), WHOLE),
}
"""What the functions are told, each in eight bytes, and then a 0 that says which unit is next.

``keys`` and ``values`` point to one address for each row: where its sequence's keys or values of
this layer begin. ``capacity`` points to each sequence's room, in tokens. ``positions`` are the
rows' own places, ``lengths`` how many tokens each sees, itself included.
"""


def attention_code(shape: AttentionShape) -> str:
    """The text of the two functions."""
    return "\n".join((*_place(shape), *_attend(shape)))


def _opening(
    name: str, arguments: Mapping[str, str], units_per_row: int, first: str = ""
) -> Iterator[str]:
    """A function whose threads take one unit after another; ``%unit`` is what to do now."""
    yield from opening(name, arguments, first)
    yield f"  %units = mul i64 %count, {units_per_row}"
    yield units(
        f"  %row = udiv i64 %unit, {units_per_row}\n  %head = urem i64 %unit, {units_per_row}"
    )


def _of_row(name: str, kind: str = "i64") -> str:
    return (
        f"  %at_row_{name} = getelementptr i64, ptr %{name}, i64 %row\n"
        f"  %row_{name} = load {kind}, ptr %at_row_{name}"
    )


def _place(shape: AttentionShape) -> Iterator[str]:
    size, half = shape.dimensions, shape.dimensions // 2
    heads = shape.query_heads + 2 * shape.key_heads
    yield from _opening(PLACE, PLACE_ARGUMENTS, heads)
    yield _of_row("positions")
    yield _of_row("capacity")
    yield f"""\
  %from = mul i64 %unit, {size}
  %in = getelementptr float, ptr %rows, i64 %from
  %from_angle = mul i64 %row, {half}
  %cosine = getelementptr float, ptr %cosines, i64 %from_angle
  %sine = getelementptr float, ptr %sines, i64 %from_angle
  %is_query = icmp ult i64 %head, {shape.query_heads}
  br i1 %is_query, label %query, label %no_query
query:
  %row_queries = mul i64 %row, {shape.query_heads * size}
  %in_row = mul i64 %head, {size}
  %to_query = add i64 %row_queries, %in_row
  %query_out = getelementptr float, ptr %queries, i64 %to_query"""
    scale = f"splat (float {constant(float(size) ** -0.5)})"
    for lane in range(0, half, BLOCK):
        yield from _turned(f"q{lane}", lane, half)
        for part, offset in (("a", 0), ("b", half)):
            yield f"  %q{lane}{part}s = fmul {FLOATS} %q{lane}{part}, {scale}"
            yield (f"  %q{lane}{part}t = getelementptr float, ptr %query_out, i64 {lane + offset}")
            yield f"  store {FLOATS} %q{lane}{part}s, ptr %q{lane}{part}t, align 4"
    yield f"""\
  br label %claim
no_query:
  %other = sub i64 %head, {shape.query_heads}
  %is_key = icmp ult i64 %other, {shape.key_heads}
  br i1 %is_key, label %key, label %value
key:
{_of_row("keys", "ptr")}
  %key_room = mul i64 %row_capacity, {size}
  %key_head = mul i64 %other, %key_room
  %block = udiv i64 %row_positions, {BLOCK}
  %lane = urem i64 %row_positions, {BLOCK}
  %from_block = mul i64 %block, {size * BLOCK}
  %in_head = add i64 %from_block, %lane
  %to_key = add i64 %key_head, %in_head
  %key_out = getelementptr bfloat, ptr %row_keys, i64 %to_key"""
    for lane in range(0, half, BLOCK):
        yield from _turned(f"k{lane}", lane, half)
        for part, offset in (("a", 0), ("b", half)):
            short = f"k{lane}{part}h"
            yield f"  %{short} = fptrunc {FLOATS} %k{lane}{part} to <16 x bfloat>"
            for one in range(BLOCK):
                place = (lane + offset + one) * BLOCK
                yield f"  %{short}{one} = extractelement <16 x bfloat> %{short}, i64 {one}"
                yield f"  %{short}{one}t = getelementptr bfloat, ptr %key_out, i64 {place}"
                yield f"  store bfloat %{short}{one}, ptr %{short}{one}t, align 2"
    yield f"""\
  br label %claim
value:
  %value_index = sub i64 %other, {shape.key_heads}
{_of_row("values", "ptr")}
  %value_room = mul i64 %row_capacity, {size}
  %value_head = mul i64 %value_index, %value_room
  %in_values = mul i64 %row_positions, {size}
  %to_value = add i64 %value_head, %in_values
  %value_out = getelementptr bfloat, ptr %row_values, i64 %to_value"""
    for lane in range(0, size, BLOCK):
        yield f"  %v{lane}p = getelementptr float, ptr %in, i64 {lane}"
        yield f"  %v{lane} = load {FLOATS}, ptr %v{lane}p, align 4"
        yield f"  %v{lane}h = fptrunc {FLOATS} %v{lane} to <16 x bfloat>"
        yield f"  %v{lane}t = getelementptr bfloat, ptr %value_out, i64 {lane}"
        yield f"  store <16 x bfloat> %v{lane}h, ptr %v{lane}t, align 2"
    yield "  br label %claim\n}"


def _turned(name: str, lane: int, half: int) -> Iterator[str]:
    """16 dimensions and the 16 that belong to them, turned: ``%{name}a`` and ``%{name}b``."""
    for part, offset in (("x", lane), ("y", lane + half)):
        yield f"  %{name}{part}p = getelementptr float, ptr %in, i64 {offset}"
        yield f"  %{name}{part} = load {FLOATS}, ptr %{name}{part}p, align 4"
    for part in ("cosine", "sine"):
        yield f"  %{name}{part}p = getelementptr float, ptr %{part}, i64 {lane}"
        yield f"  %{name}{part} = load {FLOATS}, ptr %{name}{part}p, align 4"
    yield f"  %{name}xc = fmul {FLOATS} %{name}x, %{name}cosine"
    yield f"  %{name}ys = fmul {FLOATS} %{name}y, %{name}sine"
    yield f"  %{name}a = fsub {FLOATS} %{name}xc, %{name}ys"
    yield f"  %{name}yc = fmul {FLOATS} %{name}y, %{name}cosine"
    yield f"  %{name}xs = fmul {FLOATS} %{name}x, %{name}sine"
    yield f"  %{name}b = fadd {FLOATS} %{name}yc, %{name}xs"


def _attend(shape: AttentionShape) -> Iterator[str]:
    size, shared = shape.dimensions, shape.shared
    inverse = f"  %inverses = alloca [{shared} x float]"
    yield from _opening(ATTEND, ATTEND_ARGUMENTS, shape.key_heads, inverse)
    yield from _scores(size, shared)
    yield from softmax(shared)
    yield from _mixed(size, shared)
    yield "}"


def _scores(size: int, shared: int) -> Iterator[str]:
    """Products of queries and keys, into memory of this unit; what is not seen gets -inf."""
    yield f"""\
{_of_row("lengths")}
{_of_row("capacity")}
{_of_row("keys", "ptr")}
{_of_row("values", "ptr")}
  %key_room = mul i64 %row_capacity, {size}
  %from_keys = mul i64 %head, %key_room
  %head_keys = getelementptr bfloat, ptr %row_keys, i64 %from_keys
  %from_queries = mul i64 %unit, {shared * size}
  %head_queries = getelementptr float, ptr %queries, i64 %from_queries
  %score_room = mul i64 %width, {shared}
  %from_scores = mul i64 %unit, %score_room
  %head_scores = getelementptr float, ptr %scores, i64 %from_scores
  %short = add i64 %row_lengths, {BLOCK - 1}
  %blocks = udiv i64 %short, {BLOCK}
  br label %block
block:
  %b = phi i64 [ 0, %work ], [ %next_b, %store ]
  %from_block = mul i64 %b, {size * BLOCK}
  %block_keys = getelementptr bfloat, ptr %head_keys, i64 %from_block
  br label %dimension
dimension:
  %d = phi i64 [ 0, %block ], [ %next_d, %dimension ]"""
    for head in range(shared):
        yield (
            f"  %sum{head} = phi {FLOATS} [ zeroinitializer, %block ], [ %new{head}, %dimension ]"
        )
    yield f"""\
  %from_d = mul i64 %d, {BLOCK}
  %at_key = getelementptr bfloat, ptr %block_keys, i64 %from_d
  %key16 = load <16 x bfloat>, ptr %at_key, align 2
  %key = fpext <16 x bfloat> %key16 to {FLOATS}"""
    for head in range(shared):
        yield f"  %in_query{head} = add i64 %d, {head * size}"
        yield f"  %at_query{head} = getelementptr float, ptr %head_queries, i64 %in_query{head}"
        yield f"  %one{head} = load float, ptr %at_query{head}, align 4"
        yield from spread(f"one{head}")
        yield (f"  %new{head} = {FMA}({FLOATS} %key, {FLOATS} %one{head}_all, {FLOATS} %sum{head})")
    yield f"""\
  %next_d = add i64 %d, 1
  %more_d = icmp ult i64 %next_d, {size}
  br i1 %more_d, label %dimension, label %store
store:
  %token = mul i64 %b, {BLOCK}
  %left = sub i64 %row_lengths, %token
  %left_one = insertelement <16 x i64> poison, i64 %left, i64 0
  %left_all = shufflevector <16 x i64> %left_one, <16 x i64> poison, <16 x i32> zeroinitializer
  %seen = icmp ult <16 x i64> <{", ".join(f"i64 {lane}" for lane in range(BLOCK))}>, %left_all"""
    for head in range(shared):
        yield (
            f"  %told{head} = select <16 x i1> %seen, {FLOATS} %new{head}, "
            f"{FLOATS} splat (float 0xFFF0000000000000)"
        )
        yield f"  %from_head{head} = mul i64 %width, {head}"
        yield f"  %in_scores{head} = add i64 %from_head{head}, %token"
        yield f"  %at_score{head} = getelementptr float, ptr %head_scores, i64 %in_scores{head}"
        yield f"  store {FLOATS} %told{head}, ptr %at_score{head}, align 4"
    yield """\
  %next_b = add i64 %b, 1
  %more_b = icmp ult i64 %next_b, %blocks
  br i1 %more_b, label %block, label %softmax"""


def _mixed(size: int, shared: int) -> Iterator[str]:
    """Values weighted by what the scores became, some dimensions at a time."""
    lanes = size // BLOCK
    together = max(1, min(lanes, _MOST_SUMS // shared))
    while lanes % together:
        together -= 1
    yield f"""\
mix:
  %from_values = mul i64 %head, %key_room
  %head_values = getelementptr bfloat, ptr %row_values, i64 %from_values
  %from_out = mul i64 %unit, {shared * size}
  %head_out = getelementptr float, ptr %out, i64 %from_out"""
    for head in range(shared):
        yield f"  %inverse_at{head} = getelementptr float, ptr %inverses, i64 {head}"
        yield f"  %inverse{head} = load float, ptr %inverse_at{head}"
        yield from spread(f"inverse{head}")
    yield "  br label %part0"
    parts = lanes // together
    for part in range(parts):
        p = f"p{part}_"
        yield f"part{part}:"
        yield f"  br label %token{part}"
        yield f"token{part}:"
        yield f"  %{p}t = phi i64 [ 0, %part{part} ], [ %{p}next, %token{part} ]"
        sums = [(head, lane) for head in range(shared) for lane in range(together)]
        for head, lane in sums:
            yield (
                f"  %{p}sum{head}_{lane} = phi {FLOATS} [ zeroinitializer, %part{part} ], "
                f"[ %{p}new{head}_{lane}, %token{part} ]"
            )
        yield f"  %{p}from = mul i64 %{p}t, {size}"
        yield f"  %{p}in = add i64 %{p}from, {part * together * BLOCK}"
        for lane in range(together):
            yield f"  %{p}at{lane} = add i64 %{p}in, {lane * BLOCK}"
            yield (f"  %{p}ptr{lane} = getelementptr bfloat, ptr %head_values, i64 %{p}at{lane}")
            yield f"  %{p}v{lane}h = load <16 x bfloat>, ptr %{p}ptr{lane}, align 2"
            yield f"  %{p}v{lane} = fpext <16 x bfloat> %{p}v{lane}h to {FLOATS}"
        for head in range(shared):
            yield f"  %{p}row{head} = mul i64 %width, {head}"
            yield f"  %{p}share_at{head} = add i64 %{p}row{head}, %{p}t"
            yield (
                f"  %{p}share_ptr{head} = getelementptr float, ptr %head_scores, "
                f"i64 %{p}share_at{head}"
            )
            yield f"  %{p}share{head} = load float, ptr %{p}share_ptr{head}, align 4"
            yield from spread(f"{p}share{head}")
            for lane in range(together):
                yield (
                    f"  %{p}new{head}_{lane} = {FMA}({FLOATS} %{p}v{lane}, "
                    f"{FLOATS} %{p}share{head}_all, {FLOATS} %{p}sum{head}_{lane})"
                )
        yield f"  %{p}next = add i64 %{p}t, 1"
        yield f"  %{p}more = icmp ult i64 %{p}next, %row_lengths"
        yield f"  br i1 %{p}more, label %token{part}, label %store{part}"
        yield f"store{part}:"
        for head, lane in sums:
            offset = head * size + (part * together + lane) * BLOCK
            done = f"{p}done{head}_{lane}"
            yield f"  %{p}to{head}_{lane} = getelementptr float, ptr %head_out, i64 {offset}"
            yield f"  %{done} = fmul {FLOATS} %{p}new{head}_{lane}, %inverse{head}_all"
            yield f"  store {FLOATS} %{done}, ptr %{p}to{head}_{lane}, align 4"
        yield f"  br label {'%claim' if part == parts - 1 else f'%part{part + 1}'}"
