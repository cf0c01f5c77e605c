"""Threads that compute beside the chat and have to leave it the processor.

torch keeps one number of threads for the process and copies it into each thread at that thread's
first product. Setting it in one thread therefore changes it for every thread that begins later,
unless it is set back, from another thread, before one does.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

import torch

NICENESS = 5
"""A third of the processor time that the chat's threads get where both want it. No less: a thread
that waits long for the processor may hold what the event loop needs."""

_number = threading.Lock()


def compute_with(threads: int) -> None:
    """Let this thread and those that begin later use so many threads for a product."""
    with _number:
        torch.set_num_threads(threads)


def compute_quietly() -> None:
    """Let this thread compute alone and, where the system can, behind everybody else."""
    with _number:
        others = torch.get_num_threads()
        torch.set_num_threads(1)
        restore = threading.Thread(target=torch.set_num_threads, args=(others,))
        restore.start()
        restore.join()
    if sys.platform == "linux":  # elsewhere the whole process would step back
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
