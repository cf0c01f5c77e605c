"""Chance in the choice of tokens, for the requests that asked for it and for no others.

The engine takes the token with the highest score. Where variety is wanted, one of the likeliest is
drawn by chance and its score is lifted above all others; where it is not, no score is touched,
whoever is in the batch beside it.

The draw adds Gumbel noise to the scores and takes the highest sum, which chooses each token with
just the probability that softmax gives it (Gumbel, 1954). So no probabilities are computed over the
whole vocabulary, and nothing has to wait for a graphics processor to answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessorList
from transformers.generation.continuous_batching.cb_logits_processors import (
    ContinuousBatchingLogitsProcessor,
    ContinuousBatchingLogitsProcessorList,
)

LIKELIEST = 40
"""Tokens that chance may choose from. Behind them lie tens of thousands that are each unlikely and
together are not: a word from there derails a small model."""


class Variety(ContinuousBatchingLogitsProcessor):
    """Lifts a token drawn by chance, in the rows of requests submitted with ``variety`` above 0.

    ``chance`` is where chance comes from: torch's own generator when None, which alone may be used
    in a recorded CUDA graph.
    """

    # How the library finds the processor that a request's keyword is meant for.
    supported_kwargs: dict[str, type] = {"variety": float}  # noqa: RUF012 - the base class's
    ignored_kwargs: tuple[str, ...] = ()

    def __init__(self, chance: torch.Generator | None = None) -> None:
        self._chance = chance

    def fill_defaults(self, int32_tensor: Tensor) -> None:
        """No variety: all bits of 0.0 are 0."""
        int32_tensor.zero_()

    def prepare_tensor_args(self, requests_with_new_token: Sequence[Any]) -> Tensor:
        """The variety of each request, in the order of the rows, as the bits of 32-bit floats."""
        wanted = [
            request.state.logit_processor_kwargs.get("variety", 0.0)
            for request in requests_with_new_token
        ]
        return torch.tensor(wanted, dtype=torch.float32).view(torch.int32)

    def __call__(self, scores: Tensor, tensor_arg: Tensor) -> Tensor:
        """Change ``scores``, of shape (rows, vocabulary), in place and return them."""
        variety = tensor_arg[: scores.shape[0]].view(torch.float32).unsqueeze(1)
        varied = variety > 0
        # Almost every step has no such row. Only a processor can find out without being waited for,
        # and only there is the little that follows worth saving.
        if scores.device.type == "cpu" and not bool(varied.any()):
            return scores
        # Rows without variety are divided by 0; what is drawn for them is not used.
        chosen = _drawn(scores, variety, self._chance)
        lifted = torch.full_like(variety, torch.inf).where(varied, scores.gather(1, chosen))
        return scores.scatter_(1, chosen, lifted)


def drawn(scores: Tensor, variety: float, chance: torch.Generator | None = None) -> int:
    """One token for ``scores`` of shape (vocabulary): the likeliest, or one drawn with variety."""
    if variety <= 0:
        return int(scores.argmax())
    return int(_drawn(scores.unsqueeze(0), torch.tensor([[variety]]), chance))


def _drawn(scores: Tensor, variety: Tensor, chance: torch.Generator | None) -> Tensor:
    """A token for each row of ``scores``; ``variety`` and the result have shape (rows, 1)."""
    top, tokens = scores.topk(min(LIKELIEST, scores.shape[1]), dim=1)
    gumbel = -torch.empty_like(top).exponential_(generator=chance).log()
    return tokens.gather(1, (top / variety + gumbel).argmax(dim=1, keepdim=True))


def variety_per_request() -> ContinuousBatchingLogitsProcessorList:
    """What a manager of continuous batching needs so that its requests may ask for variety."""
    processors = ContinuousBatchingLogitsProcessorList(LogitsProcessorList([Variety()]))
    # A row of arguments in every batch. The library counts those of processors that it made itself.
    processors.tensors_required = 1
    return processors
