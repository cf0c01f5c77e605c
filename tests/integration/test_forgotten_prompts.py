"""When memory is erased, the models forget what they read for that person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.dialog import ANA, Dialog, Nodding, account, direct
from support.random_model import engine_of, running, save_random_model

import bot.app
import bot.role_models
from bot.app import running_app
from bot.config import Settings
from bot.config_choices import Extraction
from bot.domain.identity import Platform
from bot.domain.message import InboundMessage
from bot.domain.place_policy import MemoryMode, PlacePolicy
from bot.engine.incognito import passer_by_id
from bot.engine.revisions import Revised
from bot.generation.cpu.engine import PackedEngine
from bot.generation.cpu.sequences import common_beginning
from bot.generation.loading import LoadOptions, load_model
from bot.local_models import ModelRole

BEA = account("bea")


async def id_of(dialog: Dialog) -> str:
    person = await dialog.person()
    assert person is not None
    return person.id


async def told(dialog: Dialog) -> str:
    """Somebody has said something twice; their id."""
    await dialog.say("I live in Porto. My dog is called Biscuit.", event="told")
    await dialog.say("How are you?")
    assert dialog.generator.forgotten == []
    return await id_of(dialog)


@pytest.mark.parametrize("what", ["1", "Biscuit", "everything"])
async def test_whatever_is_forgotten(what: str) -> None:
    dialog = Dialog()
    ana = await told(dialog)

    await dialog.agree(f"/memory forget {what}")

    assert ana in dialog.generator.forgotten


@pytest.mark.parametrize("after", ["", "I live in Porto."])
async def test_a_message_that_is_deleted_or_edited(after: str) -> None:
    dialog = Dialog()
    ana = await told(dialog)

    revisions = dialog.control.revisions
    if after:
        assert await revisions.edited(Platform.SLACK, "told", after) is Revised.CHANGED
    else:
        assert await revisions.deleted(Platform.SLACK, "told")

    assert dialog.generator.forgotten == [ana]


async def test_a_reply_that_was_written_meanwhile() -> None:
    dialog = Dialog()
    ana = await told(dialog)
    dialog.generator.asked.clear()
    dialog.generator.hold()
    reply = await dialog.engine.handle(dialog.message("What is my dog called?"))
    await dialog.generator.asked.wait()
    await dialog.agree("/memory forget everything")
    before = list(dialog.generator.forgotten)
    dialog.generator.release()
    await reply.outcome()

    assert dialog.generator.forgotten == [*before, ana]


async def test_an_incognito_conversation_once_it_ends() -> None:
    dialog = Dialog()
    ana = await told(dialog)
    await dialog.ask("/incognito on")
    await dialog.say("My fish is ill.")
    assert dialog.generator.forgotten == []

    await dialog.ask("/incognito off")

    assert dialog.generator.forgotten == [ana]


async def test_a_message_that_is_deleted_where_nothing_is_stored() -> None:
    dialog = Dialog(policy=PlacePolicy(memory=MemoryMode.OFF))
    await dialog.say("My fish is ill.", event="told")

    assert await dialog.control.revisions.deleted(Platform.SLACK, "told")

    assert dialog.generator.forgotten == [passer_by_id(ANA)]


async def test_what_was_said_where_nothing_is_stored() -> None:
    dialog = Dialog(policy=PlacePolicy(memory=MemoryMode.OFF))
    await dialog.say("My fish is ill.")

    await dialog.control.forgetting.forget_everything(ANA)

    assert passer_by_id(ANA) in dialog.generator.forgotten


async def test_talk_that_is_stored_ends_what_was_not() -> None:
    dialog = Dialog(policy=PlacePolicy(memory=MemoryMode.OFF))
    await dialog.say("My fish is ill.")
    dialog.rules.policy = PlacePolicy()
    await dialog.say("My fish is well.")

    assert dialog.generator.forgotten == [passer_by_id(ANA)]


async def test_whoever_became_part_of_another_person() -> None:
    dialog = Dialog()
    ana = await told(dialog)
    await dialog.say("I like tea.", BEA)
    other = await dialog.person(BEA)
    assert other is not None
    dialog.later(hours=2)

    await dialog.link(ANA, BEA)

    left = await id_of(dialog)
    assert dialog.generator.forgotten == [ana if left == other.id else other.id]


async def test_every_model_of_an_ellie_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[str, Nodding] = {}

    def generator(_: object, name: str, *__: object) -> Nodding:
        made[name] = Nodding(lambda _: "Yes.")
        return made[name]

    for module in (bot.app, bot.role_models):
        monkeypatch.setattr(module, "local_generator", generator)
    models: dict[str, Any] = {
        name: (name, tmp_path / name) for name in ("compact", "allowed", "summarize", "fallback")
    }
    settings = Settings(
        data_dir=tmp_path / "data", models_dir=tmp_path / "models", extraction=Extraction.RULES
    )
    for name, folder in models.values():
        folder.mkdir()
        (folder / "config.json").write_text(f'{{"model_type": "qwen2", "name": "{name}"}}')
    async with running_app(
        settings,
        model="usual",
        folder=tmp_path / "usual",
        compact=models["compact"],
        allowed={"other": models["allowed"]},
        roles={ModelRole.SUMMARIZE: models["summarize"]},
        fallback=models["fallback"],
    ) as app:
        message = InboundMessage(
            event_key="told",
            author=ANA,
            conversation=direct(ANA),
            text="I live in Porto.",
            received_at=app.clock.now(),
        )
        await (await app.engine.handle(message)).outcome()
        await app.control.forgetting.forget_everything(ANA)

    assert set(made) == {"usual", *models}
    assert all(passer_by_id(ANA) in model.forgotten for model in made.values())
    assert all(len(set(model.forgotten)) == 2 for model in made.values())


@pytest.mark.model
@pytest.mark.timeout(180)
@pytest.mark.parametrize("packable", [True, False], ids=["packed", "batched"])
async def test_a_real_model_has_nothing_left_of_who_had_everything_forgotten(
    tmp_path: Path, packable: bool
) -> None:
    save_random_model(tmp_path, packable=packable, positions=8192)
    options = LoadOptions(context_tokens=8192, kv_cache_tokens=16384)
    dialog = Dialog(context_tokens=8192, memory_tokens=1000)
    async with running(lambda: load_model(tmp_path, options)) as model:
        dialog.generators.usual = model
        await model.tokenizer()
        engine = engine_of(model)
        read = noted(engine)
        await dialog.say("I live in Porto.")
        await dialog.say("I live in Lagos.", BEA)
        ana, bea = [person.id for who in (ANA, BEA) if (person := await dialog.person(who))]
        assert known_tokens(engine, read[ana]) > len(read[ana]) - 32

        assert "are erased" in await dialog.agree("/memory forget everything")
        # The next message is read after that, when it is done.
        await dialog.say("I live in Lagos, as I said.", BEA)

        assert known_tokens(engine, read[ana]) <= common_beginning(read[ana], read[bea])
        if isinstance(engine, PackedEngine):
            assert {kept.asker for kept in engine.store._kept} == {bea}


def noted(engine: Any) -> dict[str, list[int]]:
    """The latest prompt of everybody, from now on."""
    read: dict[str, list[int]] = {}
    submit = engine.submit

    def submitted(name: str, ids: list[int], *, asker: str, **options: Any) -> None:
        read[asker] = ids
        submit(name, ids, asker=asker, **options)

    engine.submit = submitted
    return read


def known_tokens(engine: Any, prompt: list[int]) -> int:
    """How much of a prompt would not have to be read again."""
    if isinstance(engine, PackedEngine):
        return engine.store._best(prompt)[1]
    (allocator,) = engine._manager.batch_processor.cache.cache_allocators.values()
    return len(allocator.match_prefix_blocks(prompt)) * allocator.tokens_per_page
