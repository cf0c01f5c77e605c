"""Made-up wheels and a made-up converter."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.generation.models.catalogue import BuiltInModel, WheelPart
from bot.generation.models.progress import Cancelled, Progress
from bot.generation.models.pull import Tools
from bot.generation.models.sources import BuiltIn
from bot.generation.models.store import ModelStore

PIECES = [b"GGUF" + b"one" * 1000, b"two" * 1000, b"three" * 100]


MODEL = BuiltInModel(
    name="toy",
    description="A toy.",
    licence="MIT",
    parts=tuple(
        WheelPart(f"toy-part{n}", "1.0", f"toy_part{n}/data/part{n:02}.bin", len(piece))
        for n, piece in enumerate(PIECES, start=1)
    ),
    sha256=hashlib.sha256(b"".join(PIECES)).hexdigest(),
    installed_bytes=20_000,
)


TOY = BuiltIn(MODEL)


class Steps:
    """Remembers each stage and its numbers."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, list[tuple[int, int]]]] = []

    @property
    def texts(self) -> list[str]:
        return [text for text, _ in self.stages]

    def stage(self, text: str) -> None:
        self.stages.append((text, []))

    def advance(self, done_bytes: int, total_bytes: int) -> None:
        self.stages[-1][1].append((done_bytes, total_bytes))


def write_wheel(folder: Path, part: WheelPart, piece: bytes) -> None:
    """A wheel as pip wants it: the data, and the three files of its ``dist-info``."""
    package, info = part.path.split("/")[0], f"{part.path.split('/')[0]}-{part.version}.dist-info"
    files = {
        part.path: piece,
        f"{info}/METADATA": (
            f"Metadata-Version: 2.1\nName: {part.project}\nVersion: {part.version}\n"
            "Requires-Dist: does-not-exist-anywhere\n"
        ).encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()},\n"
        for name, data in files.items()
    )
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{package}-{part.version}-py3-none-any.whl", "w") as archive:
        for name, data in {**files, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(name, data)


def fake_convert(
    gguf: Path, folder: Path, *, name: str, progress: Progress, cancelled: Cancelled
) -> None:
    """Write a loadable-looking model whose weights are the GGUF file's bytes."""
    progress.stage(f"Converting {name}")
    data = gguf.read_bytes()
    header = json.dumps(
        {"w": {"dtype": "U8", "shape": [len(data)], "data_offsets": [0, len(data)]}}
    ).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + data)
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer.json").write_text("{}")


def copy_wheel(requirement: str, scratch: Path, **_: Any) -> Path:
    """Stands in for pip where pip is not the point: it takes a second for each wheel."""
    project = requirement.partition("==")[0].replace("-", "_")
    (wheel,) = Path(os.environ["PIP_FIND_LINKS"]).glob(f"{project}-*.whl")
    return Path(shutil.copy(wheel, scratch))


REAL_PIP = Tools(convert=fake_convert)


FAKE = replace(REAL_PIP, download=copy_wheel)


def forbidden(*_: Any, **__: Any) -> Any:
    raise AssertionError("this must not be needed")


NOTHING = Tools(download=forbidden, convert=forbidden, fetch_from_hub=forbidden)


class Recorder:
    """Fetches wheels and remembers which."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, requirement: str, scratch: Path, **rest: Any) -> Path:
        self.asked.append(requirement)
        return copy_wheel(requirement, scratch, **rest)


def left_over(store: ModelStore) -> list[str]:
    """Everything that is in the store besides models and locks."""
    work = store.root / ".partial"
    return [str(path.relative_to(work)) for path in work.rglob("*") if path.is_file()]
