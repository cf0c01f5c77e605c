"""How every compiled function begins (LLVM): with what it is told, and what is counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

POINTER, WHOLE, REAL = "ptr", "i64", "double"
"""The kinds of arguments; each has eight bytes."""

ADDRESS = "address"
"""An argument that the function changes: what it is told is where that lies, ``%at_{name}``."""


def opening(name: str, arguments: Mapping[str, str], first: str = "") -> Iterator[str]:
    """The head of a function that is told ``arguments``, by name, each of its kind.

    Behind them lies a 0, ``%counter``, that all threads count with: who adds to it takes the next
    piece of work. ``first`` stands before everything else.
    """
    yield f"define void @{name}(ptr %arguments) {{"
    yield "entry:"
    if first:
        yield first
    for index, (argument, kind) in enumerate(arguments.items()):
        yield f"  %at_{argument} = getelementptr i64, ptr %arguments, i64 {index}"
        if kind != ADDRESS:
            yield f"  %{argument} = load {kind}, ptr %at_{argument}"
    yield f"  %counter = getelementptr i64, ptr %arguments, i64 {len(arguments)}"


def units(head: str) -> str:
    """Each thread takes one of ``%units`` after the other, as ``%unit``; ``head`` looks at it."""
    return f"""\
  br label %claim
claim:
  %unit = atomicrmw add ptr %counter, i64 1 monotonic
  %any = icmp ult i64 %unit, %units
  br i1 %any, label %work, label %done
done:
  ret void
work:
{head}"""
