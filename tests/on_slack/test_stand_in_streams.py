"""Streams of the Slack stand-in: their limits, their life, and how they end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_stand_in import Message, SlackStandIn
from support.slack_app import client_of, refused


class Stage:
    """A thread in a channel, and the calls that write in it."""

    def __init__(self, slack: SlackStandIn) -> None:
        self.slack = slack
        self.team = slack.add_team("T1")
        self.ana = self.team.add_user("U1")
        self.hall = self.team.add_channel("C1", members=[self.ana])
        self.client: AsyncWebClient = client_of(slack, self.team)

    async def start(self, **arguments: Any) -> Message:
        root = await self.team.say(self.ana, self.hall, "question")
        who = {"recipient_user_id": "U1", "recipient_team_id": "T1"}
        await self.client.chat_startStream(channel="C1", thread_ts=root.ts, **(who | arguments))
        return self.hall.hers[-1]

    async def append(self, message: Message, text: str) -> None:
        await self.client.chat_appendStream(channel="C1", ts=message.ts, markdown_text=text)

    async def stop(self, message: Message, **arguments: Any) -> None:
        await self.client.chat_stopStream(channel="C1", ts=message.ts, **arguments)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with SlackStandIn() as slack:
        yield Stage(slack)


async def test_a_stream_grows_and_ends_with_blocks_and_metadata(stage: Stage) -> None:
    message = await stage.start(markdown_text="**one**")
    assert message.is_streaming
    await stage.append(message, " two")
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "below"}}]
    metadata = {"event_type": "reply", "event_payload": {}}
    await stage.stop(message, markdown_text=" three", blocks=blocks, metadata=metadata)

    assert not message.is_streaming
    assert message.shown_text == "**one** two three\nbelow"
    assert message.metadata == metadata
    states = [one.payload["event"].get("streaming_state") for one in stage.slack.deliveries]
    assert states == [None, "in_progress", None]
    change = stage.slack.deliveries[-1].payload["event"]["message"]
    assert change["streaming_state"] == "completed"


async def test_twelve_thousand_characters_fit_and_one_more_adds_nothing(stage: Stage) -> None:
    message = await stage.start(markdown_text="x" * 11_000)
    async with refused("msg_too_long"):
        await stage.append(message, "y" * 1_001)
    assert message.shown_text == "x" * 11_000
    await stage.append(message, "y" * 1_000)
    async with refused("msg_too_long"):
        await stage.stop(message, markdown_text="z")
    assert message.is_streaming
    await stage.stop(message)
    async with refused("msg_too_long"):
        await stage.start(markdown_text="x" * 12_001)
    assert len(stage.hall.hers) == 1


async def test_a_stream_lives_for_five_minutes(stage: Stage) -> None:
    message = await stage.start(markdown_text="slow")
    stage.slack.advance(299)
    await stage.append(message, "er")
    async with refused("streaming_state_conflict"):
        await stage.client.chat_update(channel="C1", ts=message.ts, text="other")
    stage.slack.advance(1)
    assert not message.is_streaming
    async with refused("message_not_in_streaming_state"):
        await stage.append(message, "more")
    async with refused("message_not_in_streaming_state"):
        await stage.stop(message)

    await stage.client.chat_update(channel="C1", ts=message.ts, text="the rest")
    assert message.shown_text == "the rest"


async def test_channels_need_a_recipient_and_direct_conversations_do_not(stage: Stage) -> None:
    async with refused("missing_recipient_user_id"):
        await stage.start(recipient_user_id=None)
    async with refused("missing_recipient_team_id"):
        await stage.start(recipient_team_id=None)
    dm = stage.team.dm(stage.ana)
    root = await stage.team.say(stage.ana, dm, "hi")
    await stage.client.chat_startStream(channel=dm.id, thread_ts=root.ts)
    assert dm.hers[0].is_streaming


async def test_text_and_chunks_are_not_mixed(stage: Stage) -> None:
    message = await stage.start(chunks=[{"type": "markdown_text", "text": "a"}])
    async with refused("streaming_mode_mismatch"):
        await stage.append(message, "b")
    task = {"type": "task_update", "id": "1", "title": "Look", "status": "in_progress"}
    await stage.client.chat_appendStream(channel="C1", ts=message.ts, chunks=[task])
    async with refused("invalid_chunks"):
        await stage.client.api_call(
            "chat.appendStream", json={"channel": "C1", "ts": message.ts, "chunks": [{}]}
        )


async def test_the_sdks_own_streamer_works(stage: Stage) -> None:
    root = await stage.team.say(stage.ana, stage.hall, "question")
    streamer = await stage.client.chat_stream(
        channel="C1",
        thread_ts=root.ts,
        recipient_user_id="U1",
        recipient_team_id="T1",
        buffer_size=4,
    )
    for word in ("one ", "two ", "three"):
        await streamer.append(markdown_text=word)
    await streamer.stop()

    assert [message.shown_text for message in stage.hall.hers] == ["one two three"]


async def test_the_stop_button_ends_the_streams_of_its_thread(stage: Stage) -> None:
    message = await stage.start(markdown_text="a")
    other = await stage.start(markdown_text="b")
    await stage.team.stop(stage.ana, stage.hall, message.root_ts)

    event = stage.slack.deliveries[-1].payload["event"]
    assert event["type"] == "agent_session_stopped"
    assert event["streaming_message_ts"] == [message.ts]
    assert other.is_streaming
    async with refused("stopped_by_user"):
        await stage.append(message, "more")
    async with refused("message_not_in_streaming_state"):
        await stage.stop(message)
    await stage.client.chat_update(channel="C1", ts=message.ts, text="stopped")


async def test_stopping_sets_the_sessions_status(stage: Stage) -> None:
    message = await stage.start(markdown_text="a")
    where = {"channel_id": "C1", "thread_ts": message.root_ts}
    await stage.client.agents_sessions_setStatus(**where, status="processing")
    await stage.stop(message)
    assert stage.team.status(stage.hall, message.root_ts) == "active"


async def test_a_deleted_stream_is_not_found(stage: Stage) -> None:
    message = await stage.start(markdown_text="a")
    await stage.team.delete(stage.ana, message)
    async with refused("message_not_found"):
        await stage.append(message, "b")


async def test_streams_of_others_are_not_hers(stage: Stage) -> None:
    message = await stage.team.say(stage.ana, stage.hall, "mine")
    async with refused("message_not_owned_by_app"):
        await stage.append(message, "b")
    answer = await stage.client.chat_postMessage(channel="C1", text="posted")
    with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
        await stage.client.chat_appendStream(channel="C1", ts=answer["ts"], markdown_text="b")
