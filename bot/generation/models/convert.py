"""GGUF files unpacked into safetensors, once, because loading a GGUF takes minutes every time.

``python -m bot.generation.models.convert GGUF FOLDER NAME`` is the child process that does it: a
conversion takes gigabytes of memory, which the system gets back when the child ends.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from bot.errors import ModelCorruptError, ModelError
from bot.generation.models import child, disk
from bot.generation.models.gguf_header import check_gguf
from bot.generation.models.progress import Cancelled, Progress

_QUIET = {
    "HF_HUB_OFFLINE": "1",  # everything is in the file; a stray look-up would only delay
    "TRANSFORMERS_VERBOSITY": "error",
    "TQDM_DISABLE": "1",
}
_MEMORY_PER_GGUF_BYTE = 6  # measured on 4-bit files, which unpack to about 3.5 times their size
_OUT_OF_MEMORY = ("MemoryError", "can't allocate memory", "not enough memory")


class Convert(Protocol):
    """Turns a GGUF file into a folder that transformers loads."""

    def __call__(
        self, gguf: Path, folder: Path, *, name: str, progress: Progress, cancelled: Cancelled
    ) -> None:
        """Write safetensors weights (bfloat16), configuration and tokenizer into ``folder``.

        Raises:
            ModelCorruptError: the file is not what it says, or cannot be a chat model: it has no
                end token.
            DiskFullError: the disk filled up.
            ModelError: the conversion failed, or memory ran out.
            ModelFetchError: ``cancelled`` was set.
        """


def convert_gguf(
    gguf: Path, folder: Path, *, name: str, progress: Progress, cancelled: Cancelled
) -> None:
    """Convert in a child process; see ``Convert``."""
    weights_bytes = done = 0

    def on_message(key: str, value: object) -> None:
        nonlocal weights_bytes
        if key == "weights_bytes" and isinstance(value, int):
            weights_bytes = value

    def on_tick() -> None:
        nonlocal done
        written = min(disk.folder_bytes(folder), weights_bytes)
        if written > done:
            done = written
            progress.advance(done, weights_bytes)

    check_gguf(gguf)
    progress.stage(f"Converting {name}")
    child.run_module(
        "bot.generation.models.convert",
        [str(gguf), str(folder), name],
        progress,
        cancelled,
        env=_QUIET,
        on_message=on_message,
        on_tick=on_tick,
        died=lambda ended: _explained(ended, gguf, folder, name),
    )
    if weights_bytes > done:
        progress.advance(weights_bytes, weights_bytes)


def _explained(ended: child.Ended, gguf: Path, folder: Path, name: str) -> ModelError:
    text = "\n".join(ended.stderr)
    if disk.says_full(text):
        return disk.disk_full(name, folder)
    # 137 is how a shell or a container reports the same signal.
    if ended.exit_code in {-signal.SIGKILL, 128 + signal.SIGKILL} or any(
        sign in text for sign in _OUT_OF_MEMORY
    ):
        needed = _MEMORY_PER_GGUF_BYTE * gguf.stat().st_size
        return ModelError(
            f"{name} could not be converted: the system stopped it, most likely because memory ran "
            f"out. It takes about {disk.gigabytes(needed)} of free memory, once. Close other "
            "programs or choose a smaller model, then try again; nothing has to be fetched twice."
        )
    return ModelError(
        f"{name} could not be converted ({ended.last_words}, exit code {ended.exit_code}). The "
        "installed version of transformers may not know this kind of GGUF file; choose another."
    )


def _work(arguments: Sequence[str]) -> str:
    """The child's part. Each step is a stage, because transformers reports no useful numbers."""
    gguf, folder, name = Path(arguments[0]), Path(arguments[1]), arguments[2]
    child.tell(stage=f"Converting {name}: reading the vocabulary")
    import torch  # noqa: PLC0415  # only the child pays for these imports
    from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415
    from transformers.utils.quantization_config import GgufConfig  # noqa: PLC0415

    # What lies beside the file is no part of it, and may be anybody's.
    tokenizer: Any = AutoTokenizer.from_pretrained(
        str(gguf.parent), gguf_file=gguf.name, local_files_only=True, trust_remote_code=False
    )
    require_chat(tokenizer, name)
    child.tell(stage=f"Converting {name}: unpacking the weights")
    model: Any = AutoModelForCausalLM.from_pretrained(
        str(gguf.parent),
        gguf_file=gguf.name,
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(dequantize=True),
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
    )
    child.tell(
        stage=f"Converting {name}: writing the weights",
        weights_bytes=sum(tensor.nbytes for tensor in model.parameters()),
    )
    model.save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    for weights in folder.glob("*.safetensors"):
        # The library makes them private; the store may be shared, so all files get one mode.
        weights.chmod((folder / "config.json").stat().st_mode)
    return "converted"


def require_chat(tokenizer: Any, name: str) -> None:
    """Make sure that a model can end its turn. One without a chat template is given a dialogue.

    Raises:
        ModelCorruptError: it cannot.
    """
    if tokenizer.eos_token is None:
        raise ModelCorruptError(
            f"{name} has no end-of-text token, so its replies would never end. Choose another one."
        )


if __name__ == "__main__":
    child.serve(_work)
