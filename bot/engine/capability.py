"""Chooses how messages are read beyond rules, by what the loaded model shows it can do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from bot.engine.chat_traffic import ChatTraffic
from bot.engine.model_extraction import ModelExtraction
from bot.errors import ScoringUnsupportedError
from bot.log import get_logger
from bot.memory.extraction.probe import Score, Tier, measured, samples, version
from bot.ports.probe_results import ProbeResults

log = get_logger(__name__)

_SAID_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""Any moment: no sample depends on its date."""


class Capability:
    """Which tier to use: the one that was set, or the one that does best on frozen samples.

    The probe runs once for a model's name and a version of the prompts; its result is kept in
    ``results``. A folder in which another model is put keeps the result of the earlier one until
    the results are removed.
    """

    def __init__(
        self,
        extraction: ModelExtraction,
        *,
        results: ProbeResults,
        traffic: ChatTraffic,
        chosen: Tier | None = None,
    ) -> None:
        self._extraction = extraction
        self._results = results
        self._traffic = traffic
        self._chosen = chosen
        self._cannot_judge = False

    def known(self) -> Tier | None:
        """The tier, if it was set or measured before; None when the model must be tried first."""
        if self._chosen is not None:
            return self._chosen
        return _tier_of(self._results.get(self._key()))

    async def tier(self) -> Tier:
        """The tier. The first time it may take minutes; it gives way to chat.

        Rules, until Ellie is started anew, when the model's engine cannot tell how likely a text
        is: whatever the model writes is judged by that before it is believed.

        Raises:
            EllieError: the model cannot be loaded or failed; nothing is kept.
        """
        if (known := self.known()) is not None:
            return known
        if self._cannot_judge:
            return Tier.RULES
        await self._extraction.ready()
        try:
            return await self._probed()
        except ScoringUnsupportedError as error:
            self._cannot_judge = True
            log.info("extraction_by_rules", reason=str(error))
            return Tier.RULES

    async def _probed(self) -> Tier:
        result: dict[str, str | float] = {}
        best, most = Tier.RULES, 0.0
        # A model that can write lists may still be better at judging sentences, so both are tried.
        for tier in (Tier.BULLETS, Tier.QUESTIONS):
            score = await self._score(tier)
            result[f"{tier}_precision"] = round(score.precision, 3)
            result[f"{tier}_coverage"] = round(score.coverage, 3)
            if score.suffices and score.worth > most:
                best, most = tier, score.worth
        result["tier"] = best.value
        self._results.put(self._key(), result)
        log.info("extraction_probed", model=self._extraction.model_name, **result)
        return best

    def _key(self) -> str:
        return f"{self._extraction.model_name} {version()}"

    async def _score(self, tier: Tier) -> Score:
        found = []
        for sample in samples():
            text = sample.text
            found.append(
                await self._traffic.undisturbed(
                    lambda text=text: self._extraction.find(tier, text, _SAID_AT)  # type: ignore[misc]
                )
            )
        return measured(samples(), found)


def _tier_of(result: Mapping[str, str | float] | None) -> Tier | None:
    try:
        return Tier(str((result or {})["tier"]))
    except (KeyError, ValueError):
        return None
