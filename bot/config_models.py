"""Settings of models: which, where they are kept, how they compute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from platformdirs import user_cache_path
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from bot.config_choices import Extraction, Precision, Thinking


def setting(default: Any, description: str, *, example: str, **limits: Any) -> Any:
    """A field that carries what ``.env.example`` and error messages say about it."""
    return Field(default, description=description, examples=[example], **limits)


class ModelSettings(BaseSettings):
    """What the owner decides about models; a part of :class:`bot.config.Settings`."""

    models_dir: Path = setting(
        user_cache_path("ellie") / "models",
        "Folder for language models: several GB that can always be fetched again.",
        example="/models",
    )
    model: str = setting(
        "auto",
        "Language model: auto, a built-in alias (see `ellie models`), a hub id, a folder, a GGUF "
        "file, or the address of a server that speaks OpenAI's protocol, with # and the model's "
        "name on it behind.",
        example="ellie-small",
    )
    model_api_key: SecretStr | None = setting(
        None,
        "Key for the model server, if it wants one. It is sent to the server of ELLIE_MODEL, or "
        "when that is none, to the one of ELLIE_COMPACT_MODEL or the first of "
        "ELLIE_ALLOWED_MODELS, and to no other.",
        example="sk-…",
    )
    model_tokenizer: str = setting(
        "",
        "Whose tokenizer counts for the server of ELLIE_MODEL: a folder or an installed model. "
        "Without, tokens are estimated with care.",
        example="/models/qwen2.5-7b-tokenizer",
    )
    fallback_model: str = setting(
        "none",
        "Model on this machine that answers while the server of ELLIE_MODEL does not: none, a "
        "built-in alias, a hub id, a folder or a GGUF file. It is loaded when it is first needed.",
        example="ellie-small",
    )
    unsafe_models: bool = setting(
        False,
        "Also load weights in Python's pickle format from folders, where there are no safetensors. "
        "Such a file can run any program that its maker put into it.",
        example="true",
    )
    encoder: str = setting(
        "none",
        "Sentence encoder, which lets recall find memories by meaning too: none, auto, a built-in "
        "alias (ellie-encoder, English), a hub id or a folder.",
        example="ellie-encoder",
    )
    extraction: Extraction = setting(
        Extraction.AUTO,
        "Who finds facts in messages: rules alone, or beside them, after the reply, the language "
        "model by questions or by bullets. auto tries out what the model can do.",
        example="rules",
    )
    precision: Precision = setting(
        Precision.AUTO,
        "auto, int4, int8, bf16, mixed (bf16 weights, products of many rows in fp32: for "
        "processors without bf16 arithmetic) or fp32. auto takes int4 or int8 where the processor "
        "and the model allow it.",
        example="auto",
    )
    thinking: Thinking = setting(
        Thinking.OFF,
        "Whether a reasoning model thinks before it replies: off or on. Nobody sees what it "
        "thinks. Some cannot be stopped from it.",
        example="on",
    )
    thinking_tokens: Annotated[int, Field(ge=0, le=100_000)] = setting(
        1024,
        "How many tokens a model that thinks is given for that, beside those of the reply; at most "
        "a third of the window.",
        example="2048",
    )
    device: str = setting("auto", "auto, cpu or cuda.", example="cpu", pattern="^(auto|cpu|cuda)$")
    threads: Annotated[int, Field(ge=0, le=1024)] = setting(
        0, "Processor threads for the model; 0 means one for each core it may use.", example="4"
    )
    context_tokens: Annotated[int, Field(ge=512, le=1_000_000)] = setting(
        8192, "Longest prompt and reply together, in tokens.", example="8192"
    )
    kv_cache_tokens: Annotated[int, Field(ge=1024, le=10_000_000)] = setting(
        16384,
        "How many tokens of running and recent prompts the model keeps in memory (12 to 28 KB "
        "each with the built-in models).",
        example="16384",
    )
    compact_model: str = setting(
        "auto",
        "Who writes summaries of older conversations: none (the person's own sentences are "
        "chosen), chat (the language model), auto (the same, if it can), or a model of its own, "
        "which may be an encoder-decoder such as facebook/bart-large-cnn.",
        example="none",
    )
    see_model: str = setting(
        "none",
        "Who looks at pictures: none (they are known by their names), or a model that captions "
        "pictures or chats about them: a hub id or a folder.",
        example="HuggingFaceTB/SmolVLM-256M-Instruct",
    )
    see_seconds: Annotated[float, Field(ge=0, le=300)] = setting(
        20.0,
        "How many seconds a reply waits for what is to be seen on pictures. What takes longer is "
        "there for later replies.",
        example="20",
    )
    summarize_model: str = setting(
        "chat",
        "Who sums up when people ask for it (/summarize): chat (the language model), or a model of "
        "its own, which may be an encoder-decoder such as facebook/bart-large-cnn.",
        example="facebook/bart-large-cnn",
    )
    translate_model: str = setting(
        "chat",
        "Who translates when people ask for it (/translate): chat (the language model), or a model "
        "of its own, which may be an encoder-decoder such as facebook/m2m100_418M.",
        example="facebook/m2m100_418M",
    )
    allowed_models: str = setting(
        "",
        "Models that those who manage a server or workspace may choose from, with commas between "
        "them. Without any they cannot choose.",
        example="ellie-small,ellie-medium",
    )
    serve_api_key: SecretStr | None = setting(
        None,
        "Key that clients of `ellie serve-model` have to know. Without one it answers on this "
        "machine only.",
        example="a-long-random-word",
        min_length=8,
    )
