"""Which model answers where."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs
from support.dialog import ANA, HALL, Dialog, Nodding
from support.engine import settle

from bot.domain.conversation import Scope
from bot.domain.place_policy import PlacePolicy
from bot.domain.surroundings import FileText, Surroundings, Utterance
from bot.engine.generators import Generators
from bot.engine.on_demand import OnDemandGenerator
from bot.engine.reply import ReplyStatus
from bot.errors import ModelError
from bot.ports.generation import ChatTokenizer
from bot.ports.scripted import WordTokenizer


class Named(Nodding):
    """A model that says its name, and counts words in its own way."""

    def __init__(self, name: str, *, broken: bool = False) -> None:
        super().__init__(lambda _: f"I am {name}.")
        self._name = name
        self._broken = broken
        self.cancelled: list[str] = []
        self.closed = 0

    @property
    def model_name(self) -> str:
        return self._name

    async def tokenizer(self) -> ChatTokenizer:
        if self._broken:
            raise ModelError("There is no such file.")
        return await super().tokenizer()

    def cancel(self, request_id: str) -> None:
        self.cancelled.append(request_id)
        super().cancel(request_id)

    async def close(self) -> None:
        self.closed += 1
        await super().close()


class Models(Dialog):
    """A dialog with a usual model, and others that places may choose."""

    def __init__(self, **others: Named) -> None:
        self.others = others
        super().__init__()

    def restart(self) -> None:
        super().restart()
        self.usual = Named("usual")
        self.engine._generators.usual = self.usual
        self.engine._generators._others = dict(self.others)

    async def answered_by(self, name: str) -> str:
        self.rules.policy = PlacePolicy(model=name)
        return (await self.say("Who are you?", ANA, HALL)).text

    async def models(self) -> Sequence[str]:
        person = await self.person()
        assert person is not None
        async with self.storage.unit_of_work() as work:
            traces = await work.traces.of(Scope.in_private(person.id))
        return [trace.model for trace in traces]


async def test_a_place_has_the_model_that_it_chose() -> None:
    dialog = Models(small=Named("small"), large=Named("large"))

    answers = [await dialog.answered_by(name) for name in ("", "small", "LARGE", "usual")]

    assert answers == ["I am usual.", "I am small.", "I am large.", "I am usual."]
    assert await dialog.models() == ["usual", "small", "large", "usual"]


async def test_prompts_are_counted_by_the_model_that_gets_them() -> None:
    small = Named("small")
    small._tokenizer = WordTokenizer(200)
    dialog = Models(small=small)
    for number in range(30):
        await dialog.say(f"I like tea number {number}, and coffee as well.", ANA, HALL)

    await dialog.answered_by("small")
    await dialog.answered_by("")

    assert small.requests[-1].prompt.tokens <= 150 < dialog.usual.requests[-1].prompt.tokens


async def test_a_reply_is_stopped_at_the_model_that_writes_it() -> None:
    small = Named("small")
    dialog = Models(small=small)
    dialog.rules.policy = PlacePolicy(model="small")
    small.hold()
    reply = await dialog.engine.handle(dialog.message("Hi!", ANA, HALL))
    await asyncio.wait_for(small.asked.wait(), 5)

    reply.cancel()

    assert small.cancelled == [reply.turn_id]
    assert not dialog.usual.cancelled
    small.release()
    await reply.outcome()
    await settle()


@pytest.mark.parametrize("wanted", ["gone", "broken"])
async def test_what_cannot_be_had_is_the_usual_model_and_one_warning(wanted: str) -> None:
    dialog = Models(broken=Named("broken", broken=True))

    with capture_logs() as logs:
        answers = [await dialog.answered_by(wanted) for _ in range(3)]

    assert answers == ["I am usual."] * 3
    warnings = [entry for entry in logs if entry["log_level"] == "warning"]
    assert [entry["event"] for entry in warnings] == ["model_not_available"]
    assert warnings[0]["model"] == wanted


async def test_the_usual_model_failing_is_a_failure() -> None:
    dialog = Models()
    dialog.usual._broken = True

    assert (await dialog.say("Hi!")).status is ReplyStatus.FAILED


async def test_others_load_when_they_are_first_used_and_are_closed_once() -> None:
    started: list[str] = []

    class Loading(Named):
        def start(self) -> None:
            started.append(self.model_name)

    usual, small = Loading("usual"), Loading("small")
    lazy = OnDemandGenerator(small)
    found = Generators(usual, {"small": lazy, "Little": lazy, "standard": usual})

    assert found.called("little") is lazy
    assert found.called("standard") is usual
    assert found.written_by("small") is lazy
    assert found.written_by("gone") is None
    assert started == []
    generator, _ = await found.loaded("small")
    assert generator is lazy
    assert started == ["small"]
    await found.close_others()
    assert (usual.closed, small.closed) == (0, 1)


AROUND = Surroundings(
    said=(Utterance(speaker="Bea", text="The train is at nine.", said_at=Dialog().clock.now()),),
    files=(FileText(name="plan.txt", text="The bus is at ten."),),
)


async def test_what_others_say_is_left_out_where_it_may_not_be_read() -> None:
    dialog = Dialog()

    async def prompt(**policy: Any) -> str:
        dialog.rules.policy = PlacePolicy(**policy)
        return await dialog.prompt_for("When?", ANA, HALL, surroundings=AROUND)

    assert "The train is at nine." in await prompt()
    silent = await prompt(reads_context=False)
    assert "The train is at nine." not in silent
    # What came with the message is not what others said around it.
    assert "The bus is at ten." in silent


def test_every_model_forgets_once_whatever_it_is_called() -> None:
    usual, small, other, writer = (Named(name) for name in ("usual", "small", "other", "writer"))
    others = {"small": small, "little": small, "standard": usual, "other": OnDemandGenerator(other)}

    Generators(usual, others, beside=[writer]).forget("ana")

    assert [model.forgotten for model in (usual, small, other, writer)] == [["ana"]] * 4
