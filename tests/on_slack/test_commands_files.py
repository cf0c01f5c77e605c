"""Exports go into the direct messages with the person, wherever they asked for them."""

from __future__ import annotations

import json

import pytest
from support.slack_commands import Office, office

from adapters.slack.command_files import FileWay
from adapters.slack.command_texts import ENGLISH
from bot.commands.reply import ReplyFile


async def files_of(here: Office) -> list[tuple[str, bytes]]:
    direct = here.team.dm(here.ana)
    return [(file.name, file.content) for message in direct.hers for file in message.files]


async def test_an_export_of_a_channel_is_sent_directly_and_the_asker_is_told() -> None:
    async with office() as here:
        await here.learn("Likes tea.")
        await here.slash("memory export")
        files = dict(await files_of(here))
        [name] = [name for name in files if name.endswith(".json")]
        assert "Likes tea." in json.dumps(json.loads(files[name]))
        assert any(name.endswith(".md") for name in files)
        assert "I sent you the files in our direct messages." in here.last()
        assert not here.general.hers


async def test_directly_the_files_stand_under_the_answer() -> None:
    async with office() as here:
        await here.learn("Likes tea.")
        direct = here.team.dm(here.ana)
        said = await here.say("/memory export json", channel=direct)
        assert [name[-5:] for name, _ in await files_of(here)] == [".json"]
        assert all(message.thread_ts == said.ts for message in direct.hers)
        assert "direct messages" not in "".join(m.shown_text for m in direct.hers)


@pytest.mark.parametrize("is_known", [True, False])
async def test_without_the_permission_it_is_said(is_known: bool) -> None:
    scopes = frozenset({"chat:write"}) if is_known else frozenset[str]()
    async with office(scopes=scopes) as here:
        await here.learn("Likes tea.")
        here.slack.fail("files.getUploadURLExternal", "missing_scope")
        await here.slash("memory export")
        assert "“files:write” is missing" in here.last()
        assert not await files_of(here)
        tried = here.slack.calls_of("files.getUploadURLExternal")
        assert bool(tried) is not is_known


@pytest.mark.parametrize(
    "method", ["conversations.open", "files.getUploadURLExternal", "files.completeUploadExternal"]
)
async def test_what_slack_refuses_is_said(method: str) -> None:
    async with office() as here:
        await here.learn("Likes tea.")
        here.slack.fail(method, "internal_error")
        await here.slash("memory export")
        assert "Slack didn't take the files" in here.last()


async def test_a_file_that_is_too_big_is_named_and_the_others_are_sent() -> None:
    async with office() as here:

        async def find_channel() -> str:
            return here.team.dm(here.ana).id

        way = FileWay(
            client=here.client,
            workspace=here.workspace,
            find_channel=find_channel,
            limit=1_000_000,
        )
        small = ReplyFile(name="a.json", media_type="application/json", content=b"{}")
        big = ReplyFile(name="b.json", media_type="application/json", content=b"x" * 2_000_001)
        said = await way.send([small, big], ENGLISH)
        assert said[0] == ENGLISH.files_sent
        assert said[1].startswith("b.json has 2 MB, and Slack takes 1 MB.")
        assert await files_of(here) == [("a.json", b"{}")]
        assert (await way.send([big], ENGLISH))[0].startswith("b.json")
