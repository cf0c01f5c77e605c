"""What there is to choose from in settings."""

from __future__ import annotations

from enum import StrEnum


class Precision(StrEnum):
    """How the model's weights are stored and multiplied; see ``docs/models.md``."""

    AUTO = "auto"
    INT4 = "int4"
    INT8 = "int8"
    BF16 = "bf16"
    MIXED = "mixed"
    FP32 = "fp32"


class Extraction(StrEnum):
    """Who finds facts in messages; see ``bot/memory/extraction/probe.py``."""

    AUTO = "auto"
    RULES = "rules"
    QUESTIONS = "questions"
    BULLETS = "bullets"


class Thinking(StrEnum):
    """Whether a model that can be told so thinks before it replies."""

    OFF = "off"
    ON = "on"


class LogFormat(StrEnum):
    """How log lines look."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """The least severe log lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
