"""Functions compiled for this processor, and the threads that run them.

The compiler is llvmlite, a library: nothing has to be installed on the machine. Compiling takes
half a second. Functions run on torch's own OpenMP threads, since a second set of threads would
fight with those for the processor.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import torch

from bot.generation.cpu import (
    attention_code,
    exponential_code,
    lanes,
    piece_code,
    product_code,
    quantising_code,
)
from bot.generation.cpu.attention_code import AttentionShape

_NEEDED = ("avx512f", "avx512bw", "avx512vl", "avx512vnni")


@cache
def can_compile() -> bool:
    """Whether this processor has what the functions are made of."""
    try:
        features = llvm.get_host_cpu_features()
    except RuntimeError:  # there is no telling on this kind of processor
        return False
    return all(features.get(feature) for feature in _NEEDED)


@cache
def can_multiply_pairs() -> bool:
    """Whether the processor multiplies pairs of numbers in bf16."""
    return can_compile() and bool(llvm.get_host_cpu_features().get("avx512bf16"))


class Compiled:
    """The functions, by name. Kept for as long as the process lives."""

    def __init__(self, program: str) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        module = llvm.parse_assembly(program)
        module.verify()
        features = llvm.get_host_cpu_features().flatten()
        machine = llvm.Target.from_default_triple().create_target_machine(
            opt=3, cpu=llvm.get_host_cpu_name(), features=f"{features},-prefer-256-bit"
        )
        builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(3))
        builder.getModulePassManager().run(module, builder)
        self._engine = llvm.create_mcjit_compiler(module, machine)
        self._engine.finalize_object()
        self._team = _team(ctypes.CDLL)
        self._brief_team = _team(ctypes.PyDLL)
        self._addresses: dict[str, int] = {}

    def run(self, name: str, *arguments: int, brief: bool = False) -> None:
        """Run a function on every thread that torch computes with, and wait for all of them.

        The interpreter's lock is not held meanwhile, except by a ``brief`` one: getting the lock
        back from a busy event loop takes longer than that one takes.
        """
        address = self._addresses.get(name)
        if address is None:
            address = self._addresses[name] = int(self._engine.get_function_address(name))
        told = (ctypes.c_int64 * (len(arguments) + 1))(*arguments, 0)
        team = self._brief_team if brief else self._team
        team(address, ctypes.addressof(told), torch.get_num_threads())


@cache
def products() -> Compiled:
    """The functions that multiply; compiled when they are first asked for."""
    parts = [
        lanes.DECLARATIONS,
        product_code.DECLARATIONS,
        quantising_code.DECLARATIONS,
        exponential_code.CODE,
        quantising_code.quantising_code(),
    ]
    parts += [
        product_code.product_code(bits, rows)
        for bits in product_code.GROUP_BYTES
        for rows in range(1, product_code.MOST_ROWS + 1)
    ]
    return Compiled("\n".join(parts))


@cache
def attention(shape: AttentionShape) -> Compiled:
    """The functions of attention for heads of this shape."""
    parts = [lanes.DECLARATIONS, exponential_code.CODE, attention_code.attention_code(shape)]
    if attends_pieces(shape):
        parts += [piece_code.DECLARATIONS, piece_code.piece_code(shape)]
    return Compiled("\n".join(parts))


def attends_pieces(shape: AttentionShape) -> bool:
    """Whether there is a function of ours for pieces of prompts."""
    return can_multiply_pairs() and piece_code.can_attend(shape)


def _team(kind: type[ctypes.CDLL]) -> Callable[[int, int, int], None]:
    """What runs a function on so many threads at once, by a library opened as ``kind``."""
    path = _openmp()
    if path is None:
        return _Threads().run
    parallel: Any = kind(str(path)).GOMP_parallel
    parallel.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
    parallel.restype = None
    return lambda address, arguments, threads: parallel(address, arguments, threads, 0)


def _openmp() -> Path | None:
    """The OpenMP that came with torch, where it is GNU's."""
    folder = Path(torch.__file__).parent / "lib"
    return next(iter(sorted(folder.glob("libgomp*"))), None)


class _Threads:
    """Threads of our own, where torch's cannot be had."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._starting = threading.Lock()

    def run(self, address: int, arguments: int, threads: int) -> None:
        """Run the function on so many threads and wait for all of them."""
        function = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)
        with self._starting:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(thread_name_prefix="product")
        helping = [self._pool.submit(function, arguments) for _ in range(threads - 1)]
        function(arguments)
        for future in helping:
            future.result()
