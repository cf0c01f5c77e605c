"""What Ellie sees of images and files on Slack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from support.slack_reading import FakeSlack

from adapters.attached_files import MAX_FILES, TEXT_FILE_BYTES, Seen
from adapters.slack.attached import SlackFile
from adapters.slack.files import Files, literal_line
from bot.domain.shown import Shown
from bot.domain.surroundings import FileText


@dataclass
class Shelf:
    """Slack's files, on a server that wants to see the token."""

    slack: FakeSlack
    contents: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    never: asyncio.Event = field(default_factory=asyncio.Event)

    def file(self, name: str, content: bytes, **more: Any) -> SlackFile:
        self.contents[name] = content
        told = {"id": f"F{name}", "name": name, "size": len(content), **more}
        return SlackFile(**{"url": f"{self.slack.base_url[:-4]}files/{name}", **told})

    async def look(self, *files: SlackFile, words: str = "look", seconds: float = 5.0) -> Seen:
        client: Any = self.slack
        return await Files(client).look_at(files, words, seconds=seconds)

    async def hand_out(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self.asked.append(name)
        self.headers.append(request.headers)
        assert request.headers["Authorization"] == "Bearer xoxb-secret"
        if name in self.answers:
            return web.Response(**self.answers[name])
        if name == "slow.txt":
            await self.never.wait()
        if name == "endless.txt":
            response = web.StreamResponse()
            await response.prepare(request)
            with suppress(ConnectionError):
                while not self.never.is_set():
                    await response.write(b"a" * 65_536)
            return response
        return web.Response(body=self.contents[name], content_type="application/octet-stream")


@pytest.fixture
async def shelf() -> AsyncIterator[Shelf]:
    slack = FakeSlack()
    made = Shelf(slack)
    app = web.Application()
    app.router.add_get("/files/{name}", made.hand_out)
    async with TestServer(app) as server:
        slack.base_url = str(server.make_url("/api/"))
        yield made
        made.never.set()


async def test_a_message_without_files_shows_nothing(shelf: Shelf) -> None:
    assert await shelf.look() == Seen()


async def test_the_words_of_a_text_file_enter_the_turn(shelf: Shelf) -> None:
    seen = await shelf.look(shelf.file("list.txt", "面包 and milk\r\n\tand tea\n".encode()))
    assert seen.files == (FileText(name="list.txt", text="面包 and milk\n\tand tea"),)
    [shown] = seen.shown
    assert shown.media_type == "text/plain"
    assert shown.description == "text file, 2 lines, begins: 面包 and milk and tea"
    assert seen.remarks == ()


async def test_a_picture_is_known_by_what_slack_measured(shelf: Shelf) -> None:
    picture = shelf.file(
        "dog.jpg",
        b"\xff\xd8\xff",
        media_type="image/jpeg",
        width=1024,
        height=768,
        alt_text="Biscuit asleep",
    )
    seen = await shelf.look(picture)
    assert seen.shown == (
        Shown(
            name="dog.jpg",
            media_type="image/jpeg",
            size=3,
            width=1024,
            height=768,
            alt_text="Biscuit asleep",
        ),
    )
    assert shelf.asked == []


async def test_a_file_is_what_its_content_says(shelf: Shelf) -> None:
    seen = await shelf.look(
        shelf.file("innocent.txt", b"PK\x03\x04\0\0words", media_type="text/plain"),
        shelf.file("photo.png", b"I am words", media_type="image/png"),
    )
    assert [shown.media_type for shown in seen.shown] == ["application/zip", "text/plain"]
    assert [file.text for file in seen.files] == ["I am words"]


async def test_a_large_file_is_not_downloaded(shelf: Shelf) -> None:
    book = shelf.file("book.txt", b"words", media_type="text/plain", size=TEXT_FILE_BYTES + 1)
    seen = await shelf.look(book)
    assert seen.remarks == ("book.txt is too large for me to read; I only know its name.",)
    assert shelf.asked == []


@pytest.mark.parametrize("told", [5, None])
async def test_no_more_is_downloaded_than_allowed_whatever_slack_said(
    shelf: Shelf, told: int | None
) -> None:
    seen = await shelf.look(shelf.file("book.txt", b"a" * 5_000_000, size=told))
    assert seen.files == ()
    assert seen.remarks == ("book.txt is too large for me to read; I only know its name.",)
    assert [shown.size for shown in seen.shown] == [told]


async def test_too_many_files_are_known_by_name(shelf: Shelf) -> None:
    files = [shelf.file(f"{number}.txt", b"words") for number in range(MAX_FILES + 2)]
    seen = await shelf.look(*files)
    assert [shown.name for shown in seen.shown] == [file.name for file in files]
    assert len(seen.files) == len(shelf.asked) == MAX_FILES
    assert seen.remarks == ("I looked into the first 10 files only.",)


async def test_a_file_that_lies_elsewhere_is_known_by_name(shelf: Shelf) -> None:
    sheet = shelf.file(
        "sheet", b"", media_type="application/vnd.google-apps.spreadsheet", is_external=True
    )
    seen = await shelf.look(sheet)
    assert [shown.media_type for shown in seen.shown] == ["application/vnd.google-apps.spreadsheet"]
    assert (seen.files, seen.remarks, shelf.asked) == ((), (), [])


async def test_the_token_goes_to_slack_alone(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    async def noted(_: Files, file: SlackFile, session: object, most_bytes: int) -> bytes:
        tried.append(file.url)
        return b"words"

    monkeypatch.setattr(Files, "_downloaded", noted)
    port = shelf.slack.base_url.split(":")[2].split("/")[0]
    good = [
        "https://files.slack.com/files-pri/T1-F1/a.txt",
        "https://slack.com/a.txt",
        f"http://127.0.0.1:{port}/files/a.txt",
    ]
    bad = [
        "http://files.slack.com/a.txt",
        "https://files.slack.com:8443/a.txt",
        "https://files.slack.com.evil.example/a.txt",
        "https://evilslack.com/a.txt",
        "https://files.slack.com@evil.example/a.txt",
        "https://me:you@files.slack.com/a.txt",
        f"http://me@127.0.0.1:{port}/files/a.txt",
        "http://127.0.0.1:1/a.txt",
        "https://drive.google.com/a.txt",
        "//files.slack.com/a.txt",
        "file:///etc/passwd",
        "/etc/passwd",
        "http://[",
        "",
    ]
    for url in (*good, *bad):
        await shelf.look(SlackFile(id="F1", name="a.txt", url=url))
    assert tried == good


async def test_a_slack_of_its_own_has_files_of_its_own(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def words(*_: object) -> bytes:
        return b"words"

    monkeypatch.setattr(Files, "_downloaded", words)
    shelf.slack.base_url = "https://slack-gov.com/api/"
    seen = await shelf.look(SlackFile(id="F1", name="a.txt", url="https://files.slack-gov.com/a"))
    assert [file.text for file in seen.files] == ["words"]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 302, "headers": {"Location": "https://evil.example/files"}},
        {"status": 302, "headers": {"Location": "/files/other.txt"}},
        {"status": 403},
        {"status": 404},
        {"text": "<html>Sign in", "content_type": "text/html"},
    ],
)
async def test_what_slack_does_not_hand_out_is_told(shelf: Shelf, answer: dict[str, Any]) -> None:
    note, other = shelf.file("a.txt", b"words"), shelf.file("other.txt", b"other")
    shelf.answers["a.txt"] = answer
    seen = await shelf.look(note)
    assert seen.files == ()
    assert seen.remarks == (
        "I couldn't download a.txt; I only know its name. Please send it again.",
    )
    assert shelf.asked == ["a.txt"]  # a redirection is not followed
    assert len((await shelf.look(note, other)).files) == 1


async def test_a_page_that_is_meant_to_be_one_is_read(shelf: Shelf) -> None:
    page = shelf.file("page.html", b"<p>words", media_type="text/html")
    shelf.answers["page.html"] = {"text": "<p>words", "content_type": "text/html"}
    assert [file.text for file in (await shelf.look(page)).files] == ["<p>words"]


async def test_a_download_that_hangs_is_given_up_in_the_persons_language(shelf: Shelf) -> None:
    slow, quick = shelf.file("slow.txt", b"a"), shelf.file("quick.txt", b"b")
    seen = await shelf.look(slow, quick, words="你看", seconds=0.2)
    assert [shown.name for shown in seen.shown] == ["slow.txt", "quick.txt"]
    assert [file.text for file in seen.files] == ["b"]
    assert seen.remarks == ("我没能下载 slow.txt，只知道它的名字。请再发一次。",)


async def test_slack_is_asked_about_files_of_which_it_told_nothing(shelf: Shelf) -> None:
    known = shelf.file("plan.txt", b"words")
    shelf.slack.files["F1"] = {
        "id": "F1",
        "name": "plan.txt",
        "mimetype": "text/plain",
        "size": 5,
        "mode": "hosted",
        "url_private": known.url,
    }
    seen = await shelf.look(SlackFile(id="F1", must_ask=True))
    assert [(file.name, file.text) for file in seen.files] == [("plan.txt", "words")]
    assert shelf.slack.asked == ["files.info F1"]


@pytest.mark.parametrize("trouble", ["refused", "hanging", "deleted"])
async def test_a_file_of_which_slack_tells_nothing_has_no_name(shelf: Shelf, trouble: str) -> None:
    if trouble == "hanging":
        shelf.slack.hanging = {"files.info"}
    if trouble == "deleted":
        shelf.slack.files["F1"] = {"id": "F1", "mode": "tombstone"}
    seen = await shelf.look(SlackFile(id="F1", must_ask=True), seconds=0.1)
    assert [shown.name for shown in seen.shown] == ["file"]
    assert len(seen.remarks) == 1


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("笔记.txt", "笔记.txt"),
        ("a\u202etxt.exe", "atxt.exe"),
        ("", "file"),
    ],
)
async def test_names_are_harmless(shelf: Shelf, raw: str, name: str) -> None:
    file = shelf.file("a.txt", b"words")
    renamed = SlackFile(id="F1", name=raw, url=file.url)
    assert [shown.name for shown in (await shelf.look(renamed)).shown] == [name]


async def test_a_name_in_a_remark_is_no_markup(shelf: Shelf) -> None:
    shelf.answers["bad"] = {"status": 404}
    url = shelf.file("bad", b"").url
    evil = SlackFile(id="F1", name="[gift](https:evil.example) <!here> **a**", url=url)
    [remark] = (await shelf.look(evil)).remarks
    assert remark.startswith(
        "I couldn't download \\[gift\\](https:evil.example) \\<\\!here\\> \\*\\*a\\*\\*; I only"
    )
    assert literal_line("a\nb") == "a b"


async def test_the_clients_own_session_is_used_and_left_open(shelf: Shelf) -> None:
    async with aiohttp.ClientSession(headers={"X-Lasting": "yes"}) as session:
        shelf.slack.session = session
        assert (await shelf.look(shelf.file("a.txt", b"words"))).files
        assert shelf.headers[-1].get("X-Lasting") == "yes"
        assert not session.closed
    assert (await shelf.look(shelf.file("a.txt", b"words"))).files
    assert "X-Lasting" not in shelf.headers[-1]


async def test_a_file_that_never_ends_is_left(shelf: Shelf) -> None:
    endless = shelf.file("endless.txt", b"a", size=5)
    seen = await shelf.look(endless, seconds=30)
    assert seen.remarks == ("endless.txt is too large for me to read; I only know its name.",)


async def test_a_picture_is_fetched_whole_when_somebody_looks_and_not_before(shelf: Shelf) -> None:
    large = b"\x89PNG\r\n\x1a\n" + b"a" * (TEXT_FILE_BYTES * 2)
    file = shelf.file("dog.png", large, media_type="image/png", width=640, height=480)
    [picture] = (await shelf.look(file)).pictures
    assert shelf.asked == []
    assert await picture.read(len(large)) == large
    assert shelf.asked == ["dog.png"]


@pytest.mark.parametrize("told", [None, 2])
async def test_of_a_picture_no_more_is_fetched_than_wanted(shelf: Shelf, told: int | None) -> None:
    more = {"media_type": "image/png", "width": 640, "height": 480, "size": told}
    file = shelf.file("dog.png", b"a" * 100, **more)
    endless = shelf.file("endless.txt", b"", **more)
    for one in (file, endless):
        [picture] = (await shelf.look(one)).pictures
        assert await picture.read(99) is None
    sized = shelf.file("dog.png", b"a" * 100, **{**more, "size": 100})
    shelf.asked.clear()
    [picture] = (await shelf.look(sized)).pictures
    assert await picture.read(99) is None
    assert shelf.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "<!DOCTYPE html><title>Sign in</title>", "content_type": "text/html"},
        {"status": 302, "headers": {"Location": "https://slack.com/"}},
        {"status": 404},
    ],
)
async def test_a_page_in_place_of_a_picture_is_none(
    shelf: Shelf, answer: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    file = shelf.file("dog.png", b"", media_type="image/png", width=640, height=480)
    shelf.answers["dog.png"] = answer
    [picture] = (await shelf.look(file)).pictures
    assert await picture.read(1000) is None
    assert "xoxb-secret" not in "".join(capsys.readouterr())


async def test_a_picture_elsewhere_is_nobodys_to_fetch(shelf: Shelf) -> None:
    more = {"media_type": "image/png", "width": 640, "height": 480}
    drive = shelf.file("dog.png", b"a", is_external=True, url="https://drive.google.com/x", **more)
    assert (await shelf.look(drive)).pictures == ()
