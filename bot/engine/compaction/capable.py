"""Summaries by the chat model, if the probe showed that it can write lists of what was said."""

from __future__ import annotations

from collections.abc import Sequence

from bot.engine.capability import Capability
from bot.memory.extraction.probe import Tier
from bot.ports.summarising import Summariser


class SummariserIfCapable:
    """Asks ``summariser`` when the model's tier is that of free text, and else writes nothing.

    Without a summary the person's own sentences are chosen, which a model that cannot even list
    what a message says would only make worse.
    """

    def __init__(self, summariser: Summariser, capability: Capability) -> None:
        self._summariser = summariser
        self._capability = capability

    @property
    def model_name(self) -> str:
        """The model that is asked, if it is."""
        return self._summariser.model_name

    async def summarise(self, passages: Sequence[str], *, max_tokens: int) -> str:
        """As :meth:`~bot.ports.summarising.Summariser.summarise`; empty without the ability."""
        if await self._capability.tier() is not Tier.BULLETS:
            return ""
        return await self._summariser.summarise(passages, max_tokens=max_tokens)
