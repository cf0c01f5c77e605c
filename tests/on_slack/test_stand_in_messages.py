"""Messages of the Slack stand-in: posting, changing, reading, and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_stand_in import Channel, SlackStandIn, Team, User
from support.slack_app import client_of, refused


class Place:
    """A workspace with one person and one public channel."""

    def __init__(self, slack: SlackStandIn) -> None:
        self.slack = slack
        self.team: Team = slack.add_team("T1")
        self.ana: User = self.team.add_user("U1", name="ana", real_name="Ana", locale="fr-FR")
        self.hall: Channel = self.team.add_channel("C1", name="hall", members=[self.ana])
        self.client: AsyncWebClient = client_of(slack, self.team)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with SlackStandIn() as slack:
        yield Place(slack)


async def test_a_post_is_stored_as_sent_and_told_back_as_the_bots(place: Place) -> None:
    answer = await place.client.chat_postMessage(channel="C1", text="a &amp; <b>")

    [message] = place.hall.hers
    assert (answer["ts"], message.text) == (message.ts, "a &amp; <b>")
    event = place.slack.deliveries[0].payload["event"]
    assert (event["bot_id"], event["user"]) == (place.team.bot_id, place.team.bot_user_id)
    assert "subtype" not in event


async def test_replies_go_into_the_thread_of_the_root(place: Place) -> None:
    root = await place.team.say(place.ana, place.hall, "root")
    reply = await place.team.say(place.ana, place.hall, "reply", thread_ts=root.ts)
    await place.client.chat_postMessage(channel="C1", text="hers", thread_ts=reply.ts)

    assert [message.text for message in place.hall.thread(root.ts)] == ["root", "reply", "hers"]
    event = place.slack.deliveries[-1].payload["event"]
    assert (event["thread_ts"], event["parent_user_id"]) == (root.ts, "U1")
    async with refused("thread_not_found"):
        await place.client.chat_postMessage(channel="C1", text="lost", thread_ts="1.000001")


async def test_the_same_client_msg_id_posts_once(place: Place) -> None:
    place.slack.drop("chat.postMessage")
    post = {"channel": "C1", "text": "once", "client_msg_id": "k"}
    with pytest.raises(aiohttp.ClientError):
        await place.client.chat_postMessage(**post)
    answer = await place.client.chat_postMessage(**post)

    [message] = place.hall.hers
    assert answer["ts"] == message.ts


async def test_a_dropped_call_may_or_may_not_have_had_its_effect(place: Place) -> None:
    for text, after_effect in (("lost", False), ("done", True)):
        place.slack.drop("chat.postMessage", after_effect=after_effect)
        with pytest.raises(aiohttp.ClientError):
            await place.client.chat_postMessage(channel="C1", text=text)

    assert [message.text for message in place.hall.hers] == ["done"]


async def test_an_update_with_text_alone_removes_the_blocks(place: Place) -> None:
    blocks = [{"type": "markdown", "text": "**old**"}]
    answer = await place.client.chat_postMessage(channel="C1", text="t", blocks=blocks)
    [message] = place.hall.hers
    assert message.shown_text == "**old**"
    await place.client.chat_update(channel="C1", ts=answer["ts"], text="new")

    assert (message.shown_text, message.blocks) == ("new", [])
    change = place.slack.deliveries[-1].payload["event"]
    assert change["subtype"] == "message_changed"
    assert change["previous_message"]["blocks"][0]["text"] == "**old**"
    assert change["message"]["text"] == "new"


async def test_metadata_stays_through_updates_and_is_read_on_demand(place: Place) -> None:
    metadata = {"event_type": "reply", "event_payload": {"turn": "1"}}
    answer = await place.client.chat_postMessage(channel="C1", text="t", metadata=metadata)
    await place.client.chat_update(channel="C1", ts=answer["ts"], text="u")

    plain = await place.client.conversations_history(channel="C1")
    full = await place.client.conversations_history(channel="C1", include_all_metadata=True)
    assert "metadata" not in plain["messages"][0]
    assert full["messages"][0]["metadata"] == metadata


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"text": "a", "markdown_text": "b"}, "markdown_text_conflict"),
        ({"channel": "C404", "text": "a"}, "channel_not_found"),
        ({"channel": "C2", "text": "a"}, "not_in_channel"),
        ({"channel": "G1", "text": "a"}, "channel_not_found"),
        ({"channel": "C3", "text": "a"}, "is_archived"),
        ({"text": "a", "metadata": {"event_type": 1}}, "invalid_metadata_format"),
    ],
)
async def test_what_cannot_be_posted(place: Place, arguments: dict[str, Any], error: str) -> None:
    place.team.add_channel("C2", bot_is_member=False)
    place.team.add_channel("G1", bot_is_member=False, is_private=True)
    place.team.add_channel("C3", is_archived=True)
    async with refused(error):
        await place.client.api_call("chat.postMessage", json={"channel": "C1", **arguments})
    assert place.hall.messages == []


async def test_only_her_own_messages_can_be_changed(place: Place) -> None:
    message = await place.team.say(place.ana, place.hall, "mine")
    async with refused("cant_update_message"):
        await place.client.chat_update(channel="C1", ts=message.ts, text="hers")
    async with refused("cant_delete_message"):
        await place.client.chat_delete(channel="C1", ts=message.ts)
    async with refused("message_not_found"):
        await place.client.chat_update(channel="C1", ts="1.000001", text="nobody's")
    answer = await place.client.chat_postMessage(channel="C1", text="short")
    async with refused("msg_too_long"):
        await place.client.chat_update(channel="C1", ts=answer["ts"], text="x" * 4_001)


async def test_a_deleted_root_with_replies_leaves_a_tombstone(place: Place) -> None:
    root = await place.team.say(place.ana, place.hall, "root")
    reply = await place.team.say(place.ana, place.hall, "reply", thread_ts=root.ts)
    await place.team.delete(place.ana, root)

    change = place.slack.deliveries[-1].payload["event"]
    assert change["subtype"] == "message_changed"
    assert change["message"]["subtype"] == "tombstone"
    thread = await place.client.conversations_replies(channel="C1", ts=root.ts)
    assert [message.get("subtype") for message in thread["messages"]] == ["tombstone", None]
    await place.team.delete(place.ana, reply)
    gone = place.slack.deliveries[-1].payload["event"]
    assert (gone["subtype"], gone["deleted_ts"]) == ("message_deleted", reply.ts)
    assert gone["previous_message"]["text"] == "reply"


async def test_an_edit_is_told_with_what_was_before_and_a_preview_is_no_edit(place: Place) -> None:
    message = await place.team.say(place.ana, place.hall, "befor")
    await place.team.edit(place.ana, message, "before")
    event = place.slack.deliveries[-1].payload["event"]
    assert event["message"]["edited"]["user"] == "U1"
    assert (event["previous_message"]["text"], event["message"]["text"]) == ("befor", "before")

    other = await place.team.say(place.ana, place.hall, "https://example.com")
    await place.team.unfurl(other, {"title": "Example"})
    event = place.slack.deliveries[-1].payload["event"]
    assert "edited" not in event["message"]
    assert event["message"]["attachments"] == [{"title": "Example"}]


async def test_histories_come_in_pages_without_what_is_in_threads(place: Place) -> None:
    roots = [await place.team.say(place.ana, place.hall, f"{n}") for n in range(5)]
    for n in range(3):
        await place.team.say(place.ana, place.hall, f"r{n}", thread_ts=roots[0].ts)

    first = await place.client.conversations_history(channel="C1", limit=3)
    cursor = first["response_metadata"]["next_cursor"]
    second = await place.client.conversations_history(channel="C1", limit=3, cursor=cursor)
    texts = [message["text"] for message in first["messages"] + second["messages"]]
    assert texts == ["4", "3", "2", "1", "0"]
    assert second["messages"][1]["reply_count"] == 3
    before = await place.client.conversations_history(channel="C1", latest=roots[1].ts)
    assert [message["text"] for message in before["messages"]] == ["0"]
    thread = await place.client.conversations_replies(channel="C1", ts=roots[0].ts, limit=2)
    assert [message["text"] for message in thread["messages"]] == ["0", "r0", "r1"]
    assert thread["has_more"]
    async with refused("thread_not_found"):
        await place.client.conversations_replies(channel="C1", ts="1.000001")


async def test_files_need_the_token_and_forwards_carry_their_text(place: Place) -> None:
    message = await place.team.say(place.ana, place.hall, "see", files=[("a.txt", b"words")])
    event = place.slack.deliveries[-1].payload["event"]
    [file] = event["files"]
    assert (event["subtype"], file["size"], file["mimetype"]) == ("file_share", 5, "text/plain")
    async with aiohttp.ClientSession() as session:
        bearer = {"Authorization": f"Bearer {place.team.bot_token}"}
        async with session.get(file["url_private_download"], headers=bearer) as answer:
            assert await answer.read() == b"words"
        async with session.get(file["url_private_download"]) as answer:
            assert answer.content_type == "text/html"

    await place.team.say(place.ana, place.team.dm(place.ana), "this?", forwards=message)
    [shared] = place.slack.deliveries[-1].payload["event"]["attachments"]
    assert (shared["text"], shared["author_id"], shared["is_share"]) == ("see", "U1", True)


async def test_files_of_the_app_are_uploaded_and_shown(place: Place) -> None:
    root = await place.team.say(place.ana, place.hall, "export")
    await place.client.files_upload_v2(
        channel="C1", thread_ts=root.ts, filename="memory.json", content="{}", title="Memory"
    )

    [message] = place.hall.hers
    assert (message.thread_ts, message.files[0].content) == (root.ts, b"{}")
    assert message.files[0].title == "Memory"


async def test_people_are_described_with_where_they_come_from(place: Place) -> None:
    stranger = place.team.add_user("U9", name="eve", team_id="T9", is_admin=True)
    shared = place.team.add_channel("C9", members=[stranger], is_ext_shared=True)
    ana = (await place.client.users_info(user="U1", include_locale=True))["user"]
    eve = (await place.client.users_info(user="U9"))["user"]
    assert (ana["team_id"], ana["locale"], ana["real_name"]) == ("T1", "fr-FR", "Ana")
    assert (eve["team_id"], eve["is_stranger"]) == ("T9", False)
    assert "locale" not in eve
    await place.team.say(stranger, shared, "hello")
    body = place.slack.deliveries[-1].payload
    assert body["is_ext_shared_channel"]
    assert body["event"]["user_team"] == "T9"
    assert body["team_id"] == "T1"
    async with refused("user_not_found"):
        await place.client.users_info(user="U404")


async def test_private_messages_are_in_no_history(place: Place) -> None:
    await place.client.chat_postEphemeral(channel="C1", user="U1", text="psst")

    assert [whisper.text for whisper in place.team.ephemerals(place.ana)] == ["psst"]
    history = await place.client.conversations_history(channel="C1")
    assert history["messages"] == []
    outsider = place.team.add_user("U2")
    async with refused("user_not_in_channel"):
        await place.client.chat_postEphemeral(channel="C1", user=outsider.id, text="psst")


async def test_statuses_end_after_two_minutes_or_with_a_message(place: Place) -> None:
    root = await place.team.say(place.ana, place.hall, "think")
    where = {"channel_id": "C1", "thread_ts": root.ts}
    await place.client.assistant_threads_setStatus(**where, status="is thinking")
    assert place.team.status(place.hall, root.ts) == "is thinking"
    place.slack.advance(120)
    assert place.team.status(place.hall, root.ts) == ""
    await place.client.assistant_threads_setStatus(**where, status="is thinking")
    await place.client.chat_postMessage(channel="C1", thread_ts=root.ts, text="done")
    assert place.team.status(place.hall, root.ts) == ""

    await place.client.agents_sessions_setStatus(**where, status="processing", title="Thinking")
    await place.client.agents_sessions_rename(**where, title="Thoughts")
    session = place.team.session(place.hall, root.ts)
    assert session
    assert (session.status, session.title) == ("processing", "Thoughts")


async def test_ordered_troubles_befall_the_next_calls(place: Place) -> None:
    place.slack.fail("chat.postMessage", "restricted_action", when=lambda a: a["text"] == "no")
    place.slack.status_code("chat.postMessage", 503)
    with pytest.raises(Exception, match="503"):
        await place.client.chat_postMessage(channel="C1", text="yes")
    await place.client.chat_postMessage(channel="C1", text="yes")
    async with refused("restricted_action"):
        await place.client.chat_postMessage(channel="C1", text="no")
    place.slack.limit("chat.postMessage", retry_after=7)
    async with refused("ratelimited") as caught:
        await place.client.chat_postMessage(channel="C1", text="yes")
    assert caught.value.response.headers["Retry-After"] == "7"
    assert [message.text for message in place.hall.hers] == ["yes"]


async def test_a_held_call_waits_until_it_is_released(place: Place) -> None:
    place.slack.hold("chat.postMessage")
    work = place.slack.spawn(place.client.chat_postMessage(channel="C1", text="at last"))
    await place.slack.until(lambda: place.slack.calls_of("chat.postMessage"))
    assert place.hall.hers == []
    place.slack.release("chat.postMessage")
    await work
    assert len(place.hall.hers) == 1
