"""Whatever is said where nothing may be kept, no table has another row for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.again import wish
from support.databases import content, run
from support.dialog import Dialog, account, channel, direct, nod

from bot.domain.identity import Platform
from bot.domain.place_policy import USUAL_POLICY, MemoryMode, PlacePolicy
from bot.domain.shown import Shown
from bot.domain.surroundings import FileText, Surroundings
from bot.errors import EngineFailedError
from storage.database import open_storage
from storage.inmemory import InMemoryStorage

PEOPLE = (account("ana"), account("bea"), account("cy", Platform.DISCORD))
"""The first two are known already, the second one is incognito, and the third one is nobody yet."""

SENTENCES = (
    "My code is hush.",
    "Remember that my code is hush.",
    "Remember that my code is hush. What is it?",
    "记住我的密码是hush。",
    "Actually my name is Hush.",
    "I moved to Hush.",
    "Where do I live?",
    "fail",
    "hush " * 400,
    "🤫 hush",
    "",
)


@dataclass(frozen=True)
class Act:
    """Something that somebody does; ``event`` may be one that came before."""

    who: int
    sentence: int
    where: int
    what: str
    event: int


ACTS = st.builds(
    Act,
    who=st.integers(0, len(PEOPLE) - 1),
    sentence=st.integers(0, len(SENTENCES) - 1),
    where=st.integers(0, 2),
    what=st.sampled_from(["say", "say", "say", "show", "rename", "edit", "delete", "again"]),
    event=st.integers(0, 6),
)


def answer(prompt: str) -> str:
    if prompt.endswith("fail"):
        raise EngineFailedError("The engine broke.")
    return "Hush, I know."


async def act(dialog: Dialog, done: Act) -> None:
    who, text = PEOPLE[done.who], SENTENCES[done.sentence]
    tenant = who.tenant or channel().tenant
    if done.what == "rename":
        who = replace(who, display_name="Hush")
    where = direct(who)
    if done.where and who.tenant is not None:
        assert tenant is not None
        where = channel(("hall", "den")[done.where - 1], tenant=tenant)
    revisions, event = dialog.control.revisions, f"e{done.event}"
    if done.what == "edit":
        await revisions.edited(who.platform, event, text or "hush", place=where)
    elif done.what == "delete":
        await revisions.deleted(who.platform, event)
    elif done.what == "again":
        await (await dialog.engine.again(wish(None, who, where, event_key=event))).outcome()
    else:
        shown = (Shown(name="hush.png", caption="hush"),) if done.what == "show" else ()
        around = Surroundings(files=(FileText(name="hush.txt", text="hush"),))
        await dialog.say(text, who, where, event=event, shown=shown, surroundings=around)


async def known(dialog: Dialog, mode: MemoryMode) -> None:
    """Two people talk before the place stops to keep things."""
    dialog.rules.policy = USUAL_POLICY
    dialog.generator.answer = nod
    for who in PEOPLE[:2]:
        await dialog.say("I live in Porto.", who)
        await dialog.say("I like tea.", who, channel())
    await dialog.ask("/incognito on", PEOPLE[1])
    dialog.rules.policy = PlacePolicy(memory=mode)
    dialog.generator.answer = answer


async def adds_nothing(mode: MemoryMode, history: Sequence[Act], *, encoding: bool = False) -> None:
    storage = InMemoryStorage()
    dialog = Dialog(storage, encoding=encoding)
    await known(dialog, mode)
    before = repr(storage.state)
    for done in history:
        await act(dialog, done)
    assert repr(storage.state) == before


MODES = st.sampled_from([MemoryMode.OFF, MemoryMode.OPT_IN])
HISTORIES = st.lists(ACTS, min_size=1, max_size=12)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(MODES, HISTORIES, st.booleans())
def test_in_memory(mode: MemoryMode, history: list[Act], encoding: bool) -> None:
    asyncio.run(adds_nothing(mode, history, encoding=encoding))


EVERYTHING = tuple(
    Act(
        who=who, sentence=sentence, where=(sentence + who) % 3, what=what, event=10 * who + sentence
    )
    for who in range(len(PEOPLE))
    for sentence in range(len(SENTENCES))
    for what in ("say", "edit", "again", "show", "rename", "delete")
)


@pytest.mark.parametrize("mode", [MemoryMode.OFF, MemoryMode.OPT_IN])
async def test_everything_that_can_be_done_in_memory(mode: MemoryMode) -> None:
    await adds_nothing(mode, EVERYTHING)


@pytest.mark.parametrize("mode", [MemoryMode.OFF, MemoryMode.OPT_IN])
async def test_everything_that_can_be_done_on_sqlite(mode: MemoryMode, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ellie.db"
    async with open_storage(url) as storage:
        dialog = Dialog(storage)
        await known(dialog, mode)
        before = await run(url, content)
        assert len(before["turns"]) == 4
        for done in EVERYTHING:
            await act(dialog, done)
        assert await run(url, content) == before
    assert not _on_disk(tmp_path, b"hush")


def _on_disk(folder: Path, word: bytes) -> bool:
    return any(word in path.read_bytes().lower() for path in folder.iterdir())
