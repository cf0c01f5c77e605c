"""How likely a model finds replies, for models that read a text in one go or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from bot.generation.likelihood import ReplyTokens


class WholeReading:
    """Finds the log-likelihood of each reply after its prompt, one text in each piece.

    Implements :class:`bot.generation.engine_surface.Reading`.
    """

    def __init__(self, model: Any, texts: Sequence[ReplyTokens]) -> None:
        self._model = model
        self._texts = list(texts)
        self._scores = [0.0] * len(texts)
        # An empty reply needs no reading: it is certain.
        self._left = [index for index, text in enumerate(texts) if text.reply]

    @property
    def done(self) -> bool:
        """Whether everything is read."""
        return not self._left

    @property
    def scores(self) -> tuple[float, ...]:
        """Natural logarithms, in the order of the texts; right once it is :attr:`done`."""
        return tuple(self._scores)

    def read_piece(self) -> None:
        """Read the next text. Only while nothing else uses the model."""
        index = self._left[-1]
        text = self._texts[index]
        with torch.no_grad():
            logits = self._logits(text)[0, -len(text.reply) :]
        told = torch.tensor(text.reply, device=logits.device)
        chances = torch.log_softmax(logits.float(), dim=1)
        self._scores[index] = float(chances.gather(1, told.unsqueeze(1)).sum())
        self._left.pop()

    def _logits(self, text: ReplyTokens) -> torch.Tensor:
        """What the model expects, the last rows of which are for the reply's tokens.

        What follows the last token is of no interest, so that one is never read.
        """
        config = self._model.config
        if not config.is_encoder_decoder:
            return self._forward(input_ids=self._row([*text.prompt, *text.reply[:-1]]))
        start = self._decoder_start()
        return self._forward(
            input_ids=self._row(text.prompt),
            attention_mask=torch.ones_like(self._row(text.prompt)),
            decoder_input_ids=self._row([*start, *text.reply[:-1]]),
        )

    def _forward(self, **inputs: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self._model(**inputs, use_cache=False).logits
        return logits

    def _row(self, tokens: Sequence[int]) -> torch.Tensor:
        return torch.tensor([list(tokens)], device=self._model.device)

    def _decoder_start(self) -> list[int]:
        """What the decoder has written before a reply: as ``generate`` has it."""
        told = self._model.generation_config
        start = told.decoder_start_token_id
        if start is None:
            start = self._model.config.get_text_config(decoder=True).bos_token_id
        return [start] if told.forced_bos_token_id is None else [start, told.forced_bos_token_id]
