"""The models that answer: the usual one, and those that a place may have in its stead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.errors import GenerationError, ModelError
from bot.log import get_logger
from bot.ports.generation import ChatTokenizer, Generator
from bot.ports.metrics import Metrics, NoMetrics

log = get_logger(__name__)


class Generators:
    """Finds the model that a policy names. What cannot be had is the usual one, and logged once."""

    def __init__(
        self,
        usual: Generator,
        others: Mapping[str, Generator] | None = None,
        metrics: Metrics | None = None,
        *,
        beside: Sequence[Generator] = (),
    ) -> None:
        """``others`` by the names that policies call them by; each loads when it is first used.

        ``beside`` are those that do other work and answer nobody; whoever made them closes them.
        """
        self.usual = usual
        self.metrics = metrics or NoMetrics()
        self._others = {name.casefold(): other for name, other in (others or {}).items()}
        self._beside = tuple(beside)
        self._missed: set[str] = set()

    def called(self, name: str) -> Generator:
        """The model of that name, also while it is not loaded; the usual one for an empty name."""
        wanted = name.strip().casefold()
        if not wanted or wanted == self.usual.model_name.casefold():
            return self.usual
        found = self._others.get(wanted)
        if found is None:
            self._miss(wanted, "unknown")
        return self.usual if found is None or wanted in self._missed else found

    def written_by(self, model_name: str) -> Generator | None:
        """The model whose replies have that name in their traces, if there is one."""
        known = (self.usual, *self._others.values())
        return next((model for model in known if model.model_name == model_name), None)

    async def loaded(self, name: str) -> tuple[Generator, ChatTokenizer]:
        """The model of that name and its tokenizer, once it is loaded; see :meth:`called`.

        One that cannot be loaded is not tried again before Ellie is started anew.

        Raises:
            ModelError: the usual model cannot be loaded.
        """
        generator = self.called(name)
        if generator is not self.usual:
            try:
                return generator, await generator.tokenizer()
            except (ModelError, GenerationError) as error:
                self._miss(name.strip().casefold(), str(error))
        return self.usual, await self.usual.tokenizer()

    def forget(self, asker: str) -> None:
        """Have every model forget what it read for somebody; see :meth:`Generator.forget`."""
        known = (self.usual, *self._others.values(), *self._beside)
        for generator in {id(model): model for model in known}.values():
            generator.forget(asker)

    async def close_others(self) -> None:
        """Stop and free all but the usual one, as far as they were loaded."""
        for other in {id(model): model for model in self._others.values()}.values():
            if other is not self.usual:
                await other.close()

    def _miss(self, wanted: str, reason: str) -> None:
        if wanted not in self._missed:
            self._missed.add(wanted)
            log.warning("model_not_available", model=wanted, reason=reason)
