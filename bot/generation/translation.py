"""An encoder-decoder that says a text in another language."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import regex
import torch

from bot.config_choices import Precision
from bot.domain.tongues import Tongue, find_tongue
from bot.errors import LanguageError, PromptTooLongError
from bot.generation.brake import Brake
from bot.generation.models.translators import (
    TranslationWay,
    TranslatorDescription,
    describe_translator,
)
from bot.generation.seq2seq import TRANSLATING, load_parts
from bot.ports.condensing import Written

BEAMS = 2
"""Texts that are followed at once; the best one is kept. Each costs the time of one."""

MOST_LINES = 40
"""Of a text: each is translated by itself, and nobody waits for more."""

LONGER_BY = 3
"""A line's translation may have so many times its tokens."""

_SPARE_TOKENS = 16
_MBART_CODE = regex.compile(r"(?P<code>[a-z]{2})_[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What stands around the tokens of a line, and what the translation begins with."""

    before: tuple[int, ...]
    prefix: str
    first: int | None


class TranslationModel:
    """A model in memory. Used from one thread."""

    def __init__(self, model: Any, tokenizer: Any, description: TranslatorDescription) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._description = description
        self._window = min(description.most_read, tokenizer.model_max_length)
        self._brake = Brake.on(model)

    def translate(
        self, text: str, *, source: Tongue | None, into: Tongue, stop: threading.Event
    ) -> Written:
        """``text`` in another language, line by line. ``source`` is None when it is not known.

        Raises:
            LanguageError: the model does not write that language.
            PromptTooLongError: a line does not fit the model's window, or there are too many.
            StoppedError: ``stop`` was set; it comes within one layer's work.
        """
        self._brake.stop = stop
        asked = self._asked(source, into)
        lines = text.encode("utf-8", "replace").decode().splitlines()
        read = [self._read(line, asked) if line.strip() else [] for line in lines]
        if max(map(len, read), default=0) > self._window or sum(map(bool, read)) > MOST_LINES:
            raise PromptTooLongError("The text is too long to be translated in one go.")
        written = [self._write(ids, asked) if ids else ("", 0, True) for ids in read]
        return Written(
            text="\n".join(line for line, _, _ in written).strip(),
            tokens=sum(map(len, read)) + sum(count for _, count, _ in written),
            is_whole=all(is_whole for _, _, is_whole in written),
        )

    def _asked(self, source: Tongue | None, into: Tongue) -> _Asked:
        way, read = self._description.way, source or _ENGLISH
        if way is TranslationWay.PAIR:
            if self._description.into == into:
                return _Asked((), "", None)
            for code in (into.three_letters, into.code, f"{into.three_letters}_{into.flores[4:]}"):
                if (mark := self._token(f">>{code}<<")) is not None:
                    return _Asked((mark,), "", None)
        elif way is TranslationWay.TOKENS:
            first = self._token_of(into)
            if first is not None:
                before = self._token_of(read)
                return _Asked(() if before is None else (before,), "", first)
        elif (mark := self._token(f"<2{into.code}>")) is not None:
            return _Asked((mark,), "", None)
        elif prefix := self._description.prefixes.get((read.code, into.code)):
            return _Asked((), prefix, None)
        elif not self._description.prefixes:
            return _Asked((), f"translate {read.english} to {into.english}: ", None)
        raise LanguageError(f"The model does not translate into {into.english}.")

    def _token_of(self, tongue: Tongue) -> int | None:
        """The token that stands for a language: of M2M100, of NLLB, or of mBART."""
        for name in (f"__{tongue.code}__", tongue.flores):
            if (token := self._token(name)) is not None:
                return token
        for name in sorted(self._tokenizer.get_vocab()):
            if (found := _MBART_CODE.fullmatch(name)) and find_tongue(found["code"]) == tongue:
                return self._token(name)
        return None

    def _token(self, name: str) -> int | None:
        token = self._tokenizer.convert_tokens_to_ids(name)
        return None if token is None or token == self._tokenizer.unk_token_id else int(token)

    def _read(self, line: str, asked: _Asked) -> list[int]:
        # What people wrote never becomes a token with a meaning of its own, such as </s>.
        ids: list[int] = self._tokenizer(
            asked.prefix + line, add_special_tokens=False, split_special_tokens=True
        )["input_ids"]
        return [*asked.before, *ids, self._tokenizer.eos_token_id]

    def _write(self, ids: Sequence[int], asked: _Asked) -> tuple[str, int, bool]:
        most = LONGER_BY * len(ids) + _SPARE_TOKENS
        if self._description.most_written is not None:
            most = min(most, self._description.most_written - 1)
        given = torch.tensor([list(ids)]).to(self._model.device)
        with torch.inference_mode():
            (written,) = self._model.generate(
                input_ids=given,
                attention_mask=torch.ones_like(given),
                forced_bos_token_id=asked.first,
                do_sample=False,
                num_beams=BEAMS,
                num_return_sequences=1,
                early_stopping=True,
                length_penalty=1.0,
                no_repeat_ngram_size=0,  # what a text repeats, its translation repeats
                min_length=0,
                min_new_tokens=None,
                max_new_tokens=most,
            ).tolist()
        said: str = self._tokenizer.decode(written, skip_special_tokens=True)
        # The first token only starts the decoder.
        is_whole = len(written) <= most or written[-1] == self._tokenizer.eos_token_id
        return said.strip(), len(written) - 1, is_whole


_ENGLISH = next(filter(None, [find_tongue("en")]))
"""What a text is taken to be in when nothing tells."""


def load_translator(
    folder: Path, *, name: str, precision: Precision, device: str, allow_pickled: bool = False
) -> TranslationModel:
    """Load a translator from a folder of safetensors, for the calling thread alone.

    Blocks for seconds.

    Raises:
        ModelError: it cannot be loaded, or is none that is known to translate.
        ModelCorruptError: its configuration cannot be read.
    """
    description = describe_translator(folder, name)
    model, tokenizer = load_parts(
        folder,
        precision=precision,
        device=device,
        allow_pickled=allow_pickled,
        purpose=TRANSLATING,
    )
    return TranslationModel(model, tokenizer, description)
