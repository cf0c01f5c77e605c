"""Having a model write one reply, piece by piece, within its limits."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from bot.domain.generation import FinishReason, GenerationRequest, GenerationResult
from bot.domain.text import clean_text
from bot.domain.turn import Turn
from bot.engine.generators import Generators
from bot.engine.reply import Reply
from bot.engine.stopwatch import Stopwatch
from bot.errors import EngineFailedError, GenerationTimeoutError, NothingSaidError
from bot.ports.generation import ChatTokenizer, Generator
from bot.ports.system import Clock
from bot.prompt.assemble import Assembled


class ReplyWriter:
    """Waits for models and reads their streams into replies."""

    def __init__(
        self,
        generators: Generators,
        *,
        clock: Clock,
        reply_tokens: int,
        time_limit_seconds: float,
    ) -> None:
        self._generators = generators
        self._clock = clock
        self._reply_tokens = reply_tokens
        self._time_limit_seconds = time_limit_seconds

    async def loaded(self, model: str, reply: Reply) -> tuple[Generator, ChatTokenizer] | None:
        """The model of that name, once it is loaded; see :meth:`Generators.loaded`.

        None when the person stops the reply before that.

        Raises:
            GenerationTimeoutError: it was not loaded in time.
            ModelError: the usual model cannot be loaded.
        """
        waiting = asyncio.ensure_future(self._generators.loaded(model))
        reply.when_cancelled(waiting.cancel)
        try:
            done, _ = await asyncio.wait({waiting}, timeout=self._time_limit_seconds)
        finally:
            waiting.cancel()
        if not done:
            raise GenerationTimeoutError("The model was not loaded in time.")
        return None if waiting.cancelled() else waiting.result()

    async def write(
        self,
        generator: Generator,
        turn: Turn,
        assembled: Assembled,
        reply: Reply,
        *,
        variety: float,
        watch: Stopwatch,
    ) -> GenerationResult:
        """Write the reply to a turn.

        Raises:
            NothingSaidError: there is none.
            EllieError: whatever :meth:`Generator.stream` raises.
        """
        request = GenerationRequest(
            id=turn.id,
            prompt=assembled.prompt,
            max_tokens=self._reply_tokens,
            time_limit_seconds=self._time_limit_seconds,
            variety=variety,
            asker=turn.person_id,
        )
        # The generator knows the request from the stream's first step on, and nothing else runs
        # between this line and that step.
        reply.when_cancelled(lambda: generator.cancel(turn.id))
        began = self._clock.elapsed()
        async with aclosing(generator.stream(request)) as events:
            async for event in events:
                if isinstance(event, GenerationResult):
                    self._generators.metrics.reply_written(
                        prompt=assembled.prompt.tokens,
                        reused=event.reused_tokens,
                        written=event.tokens,
                    )
                    require_words(event)
                    return event
                if "first_token" not in watch.steps:
                    watch.note("first_token", self._clock.elapsed() - began)
                reply.write(event.text)
        raise EngineFailedError("The generator ended without a result.")


def require_words(result: GenerationResult) -> None:
    """Make sure that the person is not left with an empty message, unless they wanted no more."""
    if clean_text(result.text) or result.finish_reason is FinishReason.CANCELLED:
        return
    if result.finish_reason is FinishReason.LENGTH:
        raise NothingSaidError(
            f"The model wrote {result.tokens} tokens, and none of them was for the person: it was "
            "still thinking. ELLIE_THINKING_TOKENS gives it more, ELLIE_THINKING=off fewer to use."
        )
    raise NothingSaidError("The model ended its reply before the first word.")
