"""An encoder-decoder that reads what somebody said and writes a summary of it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from bot.config_choices import Precision
from bot.errors import ModelError, PromptTooLongError
from bot.generation.brake import Brake
from bot.generation.loading import only_safetensors, silence_libraries
from bot.generation.models.summarisers import SummariserDescription, describe_summariser
from bot.generation.precision import choose_precision, make_mixed
from bot.generation.quiet_threads import compute_quietly
from bot.generation.written import whole_sentences
from bot.ports.condensing import Written

BEAMS = 2
"""Texts that are followed at once; the best one is kept. Each costs the time of one."""

UNREPEATED = 3
"""So many tokens in a row are never written twice: summarisers like to go round in circles."""

LEAST_WRITTEN_TOKENS = 24
"""A summary of one part is given at least so many tokens: about one sentence."""

MOST_PARTS = 24
"""Of what is read whole: more would take minutes, and nobody waits for that."""

PART_WRITTEN_TOKENS = 120
"""Of a summary of one part, for somebody who waits for it."""


class Seq2SeqModel:
    """A model in memory. Used from one thread."""

    def __init__(self, model: Any, tokenizer: Any, description: SummariserDescription) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._prefix = description.prefix
        self._window = min(description.most_read, tokenizer.model_max_length)
        self._most_written = description.most_written
        self._brake = Brake.on(model)

    def summarise(self, passages: Sequence[str], *, max_tokens: int, stop: threading.Event) -> str:
        """A few sentences about ``passages``, in at most ``max_tokens`` tokens.

        What does not fit the model's window is read in several parts, each with a share of the
        tokens; where that leaves too little for each, the oldest parts are left out.

        Raises:
            StoppedError: ``stop`` was set; it comes within one layer's work.
        """
        self._brake.stop = stop
        parts = self._parts([_readable(passage) for passage in passages if passage.strip()])
        parts = parts[-max(1, max_tokens // LEAST_WRITTEN_TOKENS) :]
        written = [self._write(part, max_tokens // len(parts)) for part in parts]
        return "\n".join(text for text in written if text)

    def condense(self, passages: Sequence[str], *, stop: threading.Event) -> Written:
        """A few sentences about each part of ``passages``, none of which is left out or cut.

        Raises:
            PromptTooLongError: there are too many parts.
            StoppedError: ``stop`` was set; it comes within one layer's work.
        """
        self._brake.stop = stop
        readable = [_readable(passage) for passage in passages if passage.strip()]
        parts = self._parts([piece for passage in readable for piece in self._pieces(passage)])
        if len(parts) > MOST_PARTS:
            raise PromptTooLongError("That is too much to be summed up in one go.")
        written = [self._write(part, PART_WRITTEN_TOKENS) for part in parts]
        tokens = sum(len(self._tokens(text, whole=False)) for text in (*parts, *written))
        return Written(text="\n".join(text for text in written if text), tokens=tokens)

    def _pieces(self, passage: str) -> list[str]:
        """A passage in pieces that fit the window, cut between words where there are any."""
        room = self._window - len(self._tokens(self._prefix, whole=True))
        if len(passage) <= 1 or len(self._tokens(f"\n{passage}", whole=False)) <= room:
            return [passage]
        middle = len(passage) // 2
        space = passage.rfind(" ", 1, middle)
        cut = space if space > 0 else middle
        halves = (passage[:cut].strip(), passage[cut:].strip())
        return [piece for half in halves if half for piece in self._pieces(half)]

    def _parts(self, passages: Sequence[str]) -> list[str]:
        """The passages, one on a line, in as many parts as it takes for each to fit the window."""
        room = self._window - len(self._tokens(self._prefix, whole=True))
        parts: list[list[str]] = []
        left = 0
        for passage in passages:
            needed = len(self._tokens(f"\n{passage}", whole=False))
            if not parts or needed > left:
                parts.append([])
                left = room
            parts[-1].append(passage)
            left -= needed
        return ["\n".join(part) for part in parts]

    def _write(self, text: str, max_tokens: int) -> str:
        most = min(max_tokens, self._most_written or max_tokens)
        ids = torch.tensor([self._tokens(self._prefix + text, whole=True)])
        ids = ids.to(self._model.device)
        with torch.inference_mode():
            (written,) = self._model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                do_sample=False,
                num_beams=BEAMS,
                num_return_sequences=1,
                early_stopping=True,
                length_penalty=1.0,
                no_repeat_ngram_size=UNREPEATED,
                min_length=0,
                min_new_tokens=None,
                max_new_tokens=most,
            ).tolist()
        said: str = self._tokenizer.decode(written, skip_special_tokens=True)
        said = said.replace("<n>", "\n").strip()  # how Pegasus writes a new line
        # The first token only starts the decoder.
        return whole_sentences(said) if len(written) > most else said

    def _tokens(self, text: str, *, whole: bool) -> list[int]:
        """The tokens of ``text``, as a ``whole`` input cut at the window, or as a piece of one.

        What people wrote never becomes a token with a meaning of its own, such as ``</s>``.
        """
        ids: list[int] = self._tokenizer(
            text,
            add_special_tokens=whole,
            split_special_tokens=True,
            truncation=whole,
            max_length=self._window if whole else None,
        )["input_ids"]
        return ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What an encoder-decoder is loaded for, as an error says it.

    ``variable`` is the setting that named it, and ``instead`` what else that could be. One for a
    ``quiet`` purpose leaves the processor to others: nobody waits for it.
    """

    task: str
    variable: str
    instead: str
    quiet: bool = False


COMPACTING = Purpose(
    task="write summaries", variable="ELLIE_COMPACT_MODEL", instead="none", quiet=True
)
SUMMING_UP = Purpose(task="sum up", variable="ELLIE_SUMMARIZE_MODEL", instead="chat")
TRANSLATING = Purpose(task="translate", variable="ELLIE_TRANSLATE_MODEL", instead="chat")


def load_seq2seq(
    folder: Path,
    *,
    precision: Precision,
    device: str,
    allow_pickled: bool = False,
    purpose: Purpose = COMPACTING,
) -> Seq2SeqModel:
    """Load an encoder-decoder from a folder of safetensors, for the calling thread alone.

    Blocks for seconds. For a quiet purpose, the thread leaves the processor to others from then on.

    Raises:
        ModelError: it cannot be loaded, or is no encoder-decoder.
        ModelCorruptError: its configuration cannot be read.
    """
    description = describe_summariser(folder, purpose.variable)
    model, tokenizer = load_parts(
        folder, precision=precision, device=device, allow_pickled=allow_pickled, purpose=purpose
    )
    return Seq2SeqModel(model, tokenizer, description)


def load_parts(
    folder: Path, *, precision: Precision, device: str, allow_pickled: bool, purpose: Purpose
) -> tuple[Any, Any]:
    """The model and the tokenizer in a folder; otherwise as :func:`load_seq2seq`.

    Raises:
        ModelError: they cannot be loaded.
    """
    silence_libraries()
    if purpose.quiet:
        compute_quietly()
    # The model that chats has been refused a GPU that is not there.
    place = torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")
    chosen = choose_precision(precision, place)
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        model: Any = AutoModelForSeq2SeqLM.from_pretrained(
            folder,
            dtype=torch.float32 if chosen is Precision.FP32 else torch.bfloat16,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=only_safetensors(allow_pickled),
        )
        model.to(place)
        if chosen is Precision.MIXED:
            make_mixed(model)
    except Exception as error:  # the library lets through whatever its parts raise
        reason = str(error).partition("\n")[0].rstrip(".")
        raise ModelError(
            f"The model in {folder} cannot be loaded to {purpose.task}: {reason}. It must be a "
            "folder with an encoder-decoder as transformers saves it (config.json, *.safetensors, "
            f"tokenizer.json). Choose another {purpose.variable}, or {purpose.instead}."
        ) from error
    return model.eval(), tokenizer


def _readable(text: str) -> str:
    """On one line, and without halves of surrogate pairs, which are no text."""
    return " ".join(text.encode("utf-8", "replace").decode().split())
