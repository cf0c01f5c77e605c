"""A transformer that reads a text and makes one vector of what it read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

from bot.errors import ModelError
from bot.generation.loading import only_safetensors, silence_libraries
from bot.generation.models.encoders import EncoderDescription
from bot.generation.quiet_threads import compute_quietly
from bot.ports.encoding import Vectors


class SentenceModel:
    """A model in memory. Used from one thread."""

    def __init__(
        self, model: Any, tokenizer: Tokenizer, *, pad_token_id: int, pools_first: bool, limit: int
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._pad_token_id = pad_token_id
        self._pools_first = pools_first
        tokenizer.no_padding()
        tokenizer.enable_truncation(limit)

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        return int(self._model.config.hidden_size)

    def split(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of each text, cut to what the model can read."""
        # One by one: the batched call takes every core. Halves of surrogate pairs are no text.
        return [
            self._tokenizer.encode(text.encode("utf-8", "replace").decode()).ids for text in texts
        ]

    def encode(self, texts: Sequence[Sequence[int]]) -> Vectors:
        """One vector of length 1 for each text, given as its tokens."""
        longest = max(len(text) for text in texts)
        ids = torch.full((len(texts), longest), self._pad_token_id)
        mask = torch.zeros((len(texts), longest), dtype=torch.long)
        for row, text in enumerate(texts):
            ids[row, : len(text)] = torch.tensor(text)
            mask[row, : len(text)] = 1
        with torch.inference_mode():
            states = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
            pooled = states[:, 0] if self._pools_first else masked_mean(states, mask)
            vectors: Vectors = functional.normalize(pooled, dim=1).numpy()
        return vectors


def masked_mean(states: Tensor, mask: Tensor) -> Tensor:
    """The mean over a text's own tokens, leaving out what only fills its row up.

    Shapes: (texts, tokens, d), (texts, tokens) with 1 for own tokens → (texts, d).
    """
    weights = mask.unsqueeze(2).to(states.dtype)
    return (states * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)


def load_sentence_model(
    folder: Path, description: EncoderDescription, *, allow_pickled: bool = False
) -> SentenceModel:
    """Load an encoder from a folder of safetensors, for the calling thread. Blocks for seconds.

    Raises:
        ModelError: it cannot be loaded.
    """
    silence_libraries()
    compute_quietly()
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        model: Any = AutoModel.from_pretrained(
            folder,
            dtype=torch.float32,
            attn_implementation="sdpa",
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=only_safetensors(allow_pickled),
        )
    except Exception as error:  # the library lets through whatever its parts raise
        raise ModelError(
            f"The encoder in {folder} cannot be loaded: {error}. It must be a folder with a "
            "sentence encoder as transformers saves it (config.json, *.safetensors, "
            "tokenizer.json)."
        ) from error
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if not isinstance(backend, Tokenizer):
        raise ModelError(f"The encoder in {folder} has no tokenizer.json. Choose another one.")
    return SentenceModel(
        model,
        backend,
        pad_token_id=tokenizer.pad_token_id or 0,
        pools_first=description.pools_first,
        limit=min(description.most_tokens, tokenizer.model_max_length),
    )
