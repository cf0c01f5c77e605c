"""How much memory the C library has given out: what a leak adds to, and fragmentation does not."""

from __future__ import annotations

import ctypes


class _Account(ctypes.Structure):
    """What glibc's ``mallinfo2`` returns, see its manual page."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        )
    ]


def allocated_megabytes() -> float:
    """Given out by ``malloc`` and not freed; 0 where the C library is not glibc 2.33 or later.

    The resident size of a process also holds what was freed and not returned to the system, which
    grows by megabytes at no fault of the code under test.
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        return 0.0
    libc.mallinfo2.restype = _Account
    account = libc.mallinfo2()
    return float(account.uordblks + account.hblkhd) / 1e6
