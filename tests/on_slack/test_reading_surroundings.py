"""What is read around a message on Slack: only what helps, and only what may be told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from support.slack_reading import DIRECT, HER, HOURS, ME, NOW, OPEN, WORKSPACE, Desk, share, stamp
from support.slack_reading import said as message_of

from adapters.slack.attached import SlackFile
from adapters.slack.events import SlackMessage
from adapters.slack.files import Files
from adapters.slack.places import Place
from adapters.slack.reading import Read, inbound
from bot.domain.conversation import Visibility
from bot.domain.surroundings import Utterance

ROOT = stamp(-100)
IN_THREAD: dict[str, Any] = {"thread_ts": ROOT, "parent_user_id": "U2"}


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def read(
    desk: Desk,
    message: SlackMessage | None = None,
    *,
    place: Place = OPEN,
    limit: int = 10,
    seconds: float = 5.0,
) -> Read:
    asked = message or message_of("and?")
    return await desk.reader.read_for(asked, place=place, limit=limit, seconds=seconds)


async def around(desk: Desk, message: SlackMessage | None = None, **more: Any) -> list[Utterance]:
    return list((await read(desk, message, **more)).surroundings.said)


async def told(desk: Desk, message: SlackMessage | None = None, **more: Any) -> list[str]:
    return [f"{one.speaker}: {one.text}" for one in await around(desk, message, **more)]


def questions(desk: Desk) -> list[str]:
    return [asked for asked in desk.slack.asked if not asked.startswith("users.info")]


async def test_what_people_said_before_is_told_oldest_first(desk: Desk) -> None:
    desk.slack.says("U1", "tea or coffee?", -20)
    desk.slack.says("U2", "tea &amp; <https://a.example|cake>", -10)
    desk.slack.says("U1", f"{HER} make a note", 0)
    said = await around(desk, message_of(f"{HER} make a note"))
    assert [f"{one.speaker}: {one.text}" for one in said] == [
        "Ana: tea or coffee?",
        "Ben: tea & cake (https://a.example)",
    ]
    assert said[0].said_at.timestamp() == NOW - 20
    assert not any(one.pointed_at or one.by_ellie for one in said)


async def test_only_the_last_ones_are_told(desk: Desk) -> None:
    for number in range(8):
        desk.slack.says("U2", f"line {number}", number - 20)
        desk.slack.says(ME, "noted", number - 19.5, bot_id="B0ELLIE")
    assert await told(desk, limit=3) == ["Ben: line 5", "Ben: line 6", "Ben: line 7"]
    replies = message_of("and?", **IN_THREAD)
    for number in range(8):
        desk.slack.says("U2", f"reply {number}", number - 20.5, **IN_THREAD)
    assert await told(desk, replies, limit=2) == ["Ben: reply 6", "Ben: reply 7"]


async def test_nothing_is_read_where_nothing_is_wanted(desk: Desk) -> None:
    desk.slack.says("U2", "tea", -100)
    for message in (message_of("and?"), message_of("and?", **IN_THREAD)):
        assert await told(desk, message, limit=0) == []
    assert desk.slack.asked == []


async def test_old_talk_is_no_context_but_what_a_thread_stands_under_is(desk: Desk) -> None:
    desk.slack.says("U2", "good night", -13 * HOURS)
    desk.slack.says("U2", "good morning", -11 * HOURS)
    assert await told(desk) == ["Ben: good morning"]
    root = stamp(-13 * HOURS)
    desk.slack.says("U2", "an old reply", -12.5 * HOURS, thread_ts=root)
    desk.slack.says("U2", "a new reply", -1 * HOURS, thread_ts=root)
    reply = message_of("and?", thread_ts=root)
    for desk.slack.omits_root in (False, True):
        assert await told(desk, reply) == ["Ben: good night", "Ben: a new reply"]


async def test_what_comes_later_is_not_told(desk: Desk) -> None:
    desk.slack.says("U2", "too late", 5)
    desk.slack.says("U2", "too late", 5, **IN_THREAD)
    assert await told(desk) == []
    assert await told(desk, message_of("and?", **IN_THREAD)) == []


async def test_programs_and_notices_are_not_told(desk: Desk) -> None:
    desk.slack.says("", "now playing", -9, subtype="bot_message", bot_id="B2", username="Jukebox")
    desk.slack.says("U3", "posted by an app", -8, bot_id="B3")
    desk.slack.says("USLACKBOT", "You should know", -7)
    desk.slack.says("U2", "has joined", -6, subtype="channel_join")
    desk.slack.says("U2", "nobody sees this", -5, hidden=True)
    desk.slack.says("U2", "waves", -4, subtype="me_message")
    assert await told(desk) == ["Ben: waves"]


async def test_a_thread_stands_under_its_first_message_and_beside_nothing(desk: Desk) -> None:
    desk.slack.says("U2", "who wants tea?", -100)
    desk.slack.says("U2", "not in the thread", -50)
    desk.slack.says("U1", "green?", -40, **IN_THREAD)
    desk.slack.says("U2", "anyone?", -30, **IN_THREAD)
    reply = message_of("me", **IN_THREAD)
    assert await told(desk, reply) == ["Ben: who wants tea?", "Ana: green?", "Ben: anyone?"]
    assert await told(desk) == ["Ben: who wants tea?", "Ben: not in the thread"]


async def test_who_writes_in_a_thread_for_the_first_time_means_what_it_stands_under(
    desk: Desk,
) -> None:
    desk.slack.says("U2", "who wants tea?", -100)
    reply = message_of("me", **IN_THREAD)
    assert [one.pointed_at for one in await around(desk, reply)] == [True]
    desk.slack.says("U2", "anyone?", -30, **IN_THREAD)
    assert [one.pointed_at for one in await around(desk, reply)] == [True, False]
    desk.slack.says("U1", "green?", -20, **IN_THREAD)
    assert not any(one.pointed_at for one in await around(desk, reply))


async def test_nobody_points_at_their_own_words(desk: Desk) -> None:
    desk.slack.says("U1", "who wants tea?", -100)
    [root] = await around(desk, message_of("me", thread_ts=ROOT, parent_user_id="U1"))
    assert not root.pointed_at


async def test_what_a_program_says_may_be_asked_about_below_it(desk: Desk) -> None:
    alarm = [{"title": "Disk full", "text": "on `db1`"}]
    desk.slack.says(
        "", "", -100, subtype="bot_message", bot_id="B2", username="Alarms", attachments=alarm
    )
    [root] = await around(desk, message_of(f"{HER} what is this?", thread_ts=ROOT))
    assert (root.speaker, root.text) == ("Alarms", "[embed: Disk full: on `db1`]")
    assert root.pointed_at


async def test_a_long_thread_is_read_to_its_end(desk: Desk) -> None:
    desk.slack.page = 3
    desk.slack.says("U2", "start", -100)
    for number in range(7):
        desk.slack.says("U2", f"line {number}", number - 50, **IN_THREAD)
    reply = message_of("and?", **IN_THREAD)
    assert await told(desk, reply, limit=2) == ["Ben: start", "Ben: line 5", "Ben: line 6"]
    assert questions(desk) == [f"conversations.replies {ROOT}"] * 4
    for number in range(7):
        desk.slack.says("U2", f"more {number}", number - 40, **IN_THREAD)
    desk.slack.asked.clear()
    assert await told(desk, reply, limit=1) == ["Ben: start", "Ben: more 1"]
    assert len(questions(desk)) == 4


async def test_her_answers_to_others_are_not_told(desk: Desk) -> None:
    hers: dict[str, Any] = {"thread_ts": ROOT, "parent_user_id": ME, "bot_id": "B0ELLIE"}
    desk.slack.says(ME, "Good morning!", -100, bot_id="B0ELLIE")
    desk.slack.says("U2", "which Friday?", -50, thread_ts=ROOT, parent_user_id=ME)
    desk.slack.says(ME, "The next one.", -40, **hers)
    first = message_of("which Friday?", -50, user="U2", thread_ts=ROOT, parent_user_id=ME)
    [root] = await around(desk, first)
    assert (root.speaker, root.text) == ("Ellie", "Good morning!")
    assert (root.by_ellie, root.pointed_at) == (True, True)
    later = message_of("what is this?", thread_ts=ROOT, parent_user_id=ME)
    assert await told(desk, later) == ["Ben: which Friday?"]


async def test_who_was_first_is_not_guessed_where_not_everything_was_read(desk: Desk) -> None:
    root = stamp(-13 * HOURS)
    desk.slack.says(ME, "Your appointment is on Friday.", -13 * HOURS, bot_id="B0ELLIE")
    desk.slack.says("U2", "which Friday?", -12.5 * HOURS, thread_ts=root, parent_user_id=ME)
    later = message_of("what is this?", thread_ts=root, parent_user_id=ME)
    assert await told(desk, later) == []


async def test_in_direct_messages_only_words_of_her_own_accord_are_told(desk: Desk) -> None:
    desk.slack.says("U1", "I like tea", -200)
    assert await told(desk, message_of("and cake", channel_type="im"), place=DIRECT) == []
    own = message_of("and cake", channel_type="im", thread_ts=ROOT, parent_user_id="U1")
    assert await told(desk, own, place=DIRECT) == []
    assert questions(desk) == []
    desk.slack.says(ME, "Good morning!", -100, bot_id="B0ELLIE")
    reply = message_of("morning", channel_type="im", thread_ts=ROOT, parent_user_id=ME)
    for limit in (10, 0):
        [root] = await around(desk, reply, place=DIRECT, limit=limit)
        assert (root.text, root.by_ellie, root.pointed_at) == ("Good morning!", True, True)


async def test_forwarded_words_are_pointed_at_and_nobodys_own(desk: Desk) -> None:
    message = message_of(
        "what now?",
        channel_type="im",
        attachments=[
            share("ask <@U1> in <#C1|>"),
            share("On Friday.", author_id=ME, author_name="ellie"),
            share(
                "",
                author_id="U404",
                author_name="Zoe",
                ts=None,
                files=[{"id": "F1", "name": "a.txt", "mode": "external"}],
            ),
            share("", fallback=""),
        ],
    )
    by_ben, by_her, by_zoe = await around(desk, message, place=DIRECT)
    assert (by_ben.speaker, by_ben.text) == ("Ben", "ask @Ana in #general")
    assert by_ben.said_at.timestamp() == NOW - 500
    assert (by_her.speaker, by_her.by_ellie) == ("Ellie", True)
    assert (by_zoe.speaker, by_zoe.text) == ("Zoe", "[file: a.txt]")
    assert by_zoe.said_at == message.sent_at
    assert all(one.pointed_at for one in (by_ben, by_her, by_zoe))


async def test_what_others_show_is_told_by_name(desk: Desk) -> None:
    cat = {"id": "F1", "name": "cat.png", "mode": "hosted"}
    desk.slack.says("U2", "my cat", -9, subtype="file_share", files=[cat])
    desk.slack.says("U2", "", -8, attachments=[share("I like tea", author_id="U1")])
    assert await told(desk) == [
        "Ben: my cat\n[file: cat.png]",
        "Ben: [forwarded message]\nI like tea",
    ]


async def test_people_of_one_name_are_told_apart(desk: Desk) -> None:
    desk.slack.says("U1", "one", -9)
    for number, name in enumerate(["Ana", "ａna", "Ellie"]):
        desk.slack.person(f"U1{number}", name)
        desk.slack.says(f"U1{number}", f"words {number}", number - 8)
    assert await told(desk) == [
        "Ana: one",
        "Ana (2): words 0",
        "ａna (3): words 1",
        "Ellie (2): words 2",
    ]


async def test_people_from_elsewhere_are_told_as_such(desk: Desk) -> None:
    desk.slack.person("U9", "Ana", team_id="T9", is_stranger=True)
    desk.slack.says("U9", "hello <@U9>", -9)
    desk.slack.says("U8", "bye", -8, user_profile={"display_name": "Zoe"})
    assert await told(desk) == ["Ana (external): hello @Ana", "Zoe: bye"]


async def test_without_names_there_is_someone(desk: Desk) -> None:
    desk.slack.broken = {"users.info"}
    desk.slack.says("U2", "tea", -9)
    desk.slack.says("U3", "coffee", -8)
    # Whoever asks keeps the name that others would have.
    assert await told(desk) == ["someone (2): tea", "someone (3): coffee"]


@pytest.mark.parametrize("method", ["conversations.history", "conversations.replies"])
async def test_what_cannot_be_read_is_left_out(desk: Desk, method: str) -> None:
    desk.slack.broken = {method}
    desk.slack.says("U2", "tea", -100)
    message = message_of(
        "and?",
        attachments=[share("I like tea")],
        **(IN_THREAD if method.endswith("replies") else {}),
    )
    assert await told(desk, message) == ["Ben: I like tea"]


async def test_a_root_that_is_gone_takes_nothing_along(desk: Desk) -> None:
    desk.slack.says(
        "USLACKBOT",
        "This message was deleted.",
        -100,
        subtype="tombstone",
        hidden=True,
        thread_ts=ROOT,
    )
    desk.slack.says("U2", "anyone?", -30, **IN_THREAD)
    assert await told(desk, message_of("and?", **IN_THREAD)) == ["Ben: anyone?"]


async def test_reading_takes_no_longer_than_allowed(desk: Desk) -> None:
    desk.slack.hanging = {"conversations.history", "conversations.replies", "users.info"}
    loop = asyncio.get_running_loop()
    began = loop.time()
    message = message_of("look", attachments=[share("I like tea")])
    assert await told(desk, message, seconds=0.05) == ["Ben: I like tea"]
    assert loop.time() - began < 1


async def test_what_was_read_in_time_counts(desk: Desk) -> None:
    desk.slack.says("U2", "start", -100)
    desk.slack.says("U2", "anyone?", -30, **IN_THREAD)
    await desk.people.several(["U1", "U2"])
    desk.slack.omits_root = True
    desk.slack.hanging = {"conversations.history"}
    reply = message_of("and?", **IN_THREAD)
    assert await told(desk, reply, seconds=0.05) == ["Ben: anyone?"]
    desk.slack.hanging = {"users.info"}
    desk.people.forget("U2")
    assert await told(desk, reply, seconds=0.05) == ["someone: start", "someone: anyone?"]


async def test_files_are_read_beside_the_words_and_those_that_were_forwarded_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def words(_: Files, file: SlackFile, *rest: object) -> bytes | None:
        return None if file.id == "F3" else file.name.encode()

    monkeypatch.setattr(Files, "_downloaded", words)

    def file(file_id: str, name: str) -> dict[str, Any]:
        url = f"https://files.slack.com/{name}"
        return {"id": file_id, "name": name, "mode": "hosted", "size": 3, "url_private": url}

    forwarded = share("", files=[file("F2", "theirs.txt"), file("F3", "gone.txt")])
    mine = [file("F1", "mine.txt")]
    message = message_of("look", subtype="file_share", files=mine, attachments=[forwarded])
    result = await read(desk, message, place=DIRECT)
    assert [shown.name for shown in result.seen.shown] == ["mine.txt"]
    assert [file.text for file in result.surroundings.files] == ["mine.txt", "theirs.txt"]
    assert [remark.split(";")[0] for remark in result.remarks] == ["I couldn't download gone.txt"]


async def test_hardly_anybody_is_asked_about_for_one_message(desk: Desk) -> None:
    crowd = " ".join(f"<@U{number}> <#C{number}>" for number in range(100, 200))
    await desk.reader.words_of(message_of(f"{HER} {crowd}"))
    asked = [question.split()[0] for question in desk.slack.asked]
    assert (asked.count("users.info"), asked.count("conversations.info")) == (30, 30)
    assert f"users.info {ME}" not in desk.slack.asked
    assert "users.info U1" in desk.slack.asked


async def test_a_question_about_a_message_has_that_message_alone(desk: Desk) -> None:
    message = message_of(
        "see <@U1>", user="U2", files=[{"id": "F1", "name": "a.txt", "mode": "hosted"}]
    )
    result = await desk.reader.read_about(message, "what is this?", asker_id="U1")
    [about] = result.surroundings.said
    assert (about.speaker, about.text) == ("Ben", "see @Ana\n[file: a.txt]")
    assert (about.pointed_at, about.by_ellie) == (True, False)
    assert result.seen.shown == ()
    assert len(result.remarks) == 1
    hers = message_of("On Friday.", user=ME, bot_id="B0ELLIE")
    [about] = (await desk.reader.read_about(hers, "when?", asker_id="U1")).surroundings.said
    assert (about.speaker, about.by_ellie) == ("Ellie", True)
    empty = message_of("", user="U2")
    assert (await desk.reader.read_about(empty, "?", asker_id="U1")).surroundings.said == ()


async def test_a_message_for_the_engine_has_all_of_it(desk: Desk) -> None:
    desk.slack.says("U2", "who wants tea?", -100)
    message = message_of(f"{HER} me", **IN_THREAD)
    place = await desk.places.get("C1", channel_type="channel")
    author = desk.people.identity_of(await desk.people.get("U1"))
    taken = inbound(
        message,
        await desk.reader.words_of(message),
        await read(desk, message, place=place),
        author=author,
        place=place,
        workspace=WORKSPACE,
    )
    assert taken.event_key == f"T1:C1:{stamp(0)}"
    assert (taken.text, taken.author.display_name) == ("me", "Ana")
    assert taken.conversation.thread_id == ROOT
    assert taken.conversation.visibility is Visibility.PUBLIC
    assert taken.received_at == message.sent_at
    assert [one.text for one in taken.surroundings.said] == ["who wants tea?"]
