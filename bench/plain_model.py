"""The baseline of other benchmarks: transformers' own ``generate``, as its guide shows it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM


@cache
def plain_model(folder: Path) -> Any:
    """The model in ``folder``, in bf16, as ``from_pretrained`` loads it."""
    return AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.bfloat16, local_files_only=True, trust_remote_code=False
    ).eval()
