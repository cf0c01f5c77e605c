"""What Slack's payloads about messages say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from support.slack_reading import TEAM, body_of, event_of, said, share, stamp

from adapters.slack.attached import Forwarded, SlackFile
from adapters.slack.events import (
    SlackMessage,
    deletion_in,
    edit_in,
    message_in,
    moment_of,
    read_back,
)

HOSTED = {
    "id": "F1",
    "name": "plan.txt",
    "title": "The plan",
    "mimetype": "text/plain",
    "size": 12,
    "mode": "hosted",
    "url_private": "https://files.slack.com/files-pri/T1-F1/plan.txt",
    "url_private_download": "https://files.slack.com/files-pri/T1-F1/download/plan.txt",
}


def changed(now: dict[str, Any], before: dict[str, Any], **more: Any) -> dict[str, Any]:
    for message in (now, before):
        message.setdefault("type", "message")
        message.setdefault("user", "U1")
        message.setdefault("ts", stamp(0))
    event = {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "channel": "C1",
        "channel_type": "channel",
        "ts": stamp(9),
        "message": now,
        "previous_message": before,
        **more,
    }
    return body_of(event)


EDIT = {"user": "U1", "ts": stamp(9)}


def test_a_message_keeps_its_id_time_and_place() -> None:
    message = said("hello", at=0.25)
    assert message.event_key == f"T1:C1:{stamp(0.25)}"
    assert message.sent_at == datetime(2023, 11, 14, 22, 13, 20, 250_000, UTC)
    assert (message.team_id, message.channel_id, message.user_id) == (TEAM, "C1", "U1")
    assert (message.root_ts, message.is_in_thread) == (message.ts, False)


def test_a_reply_stands_under_its_root_and_a_root_under_nothing() -> None:
    reply = said("yes", at=5, thread_ts=stamp(0), parent_user_id="U2")
    assert (reply.root_ts, reply.is_in_thread, reply.parent_user_id) == (stamp(0), True, "U2")
    root = said("tea?", thread_ts=stamp(0))
    assert (root.root_ts, root.is_in_thread) == (stamp(0), False)
    assert not said("odd", thread_ts="nonsense").is_in_thread


def test_a_mention_is_told_twice_and_is_one_message() -> None:
    mention = message_in(body_of(event_of("hi", type="app_mention", channel_type=None)))
    assert mention is not None
    assert mention.channel_type == ""
    assert mention.event_key == said("hi").event_key


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message"])
def test_what_people_write_in_other_ways_is_written_by_them(subtype: str) -> None:
    assert said("hello", subtype=subtype).subtype == subtype


@pytest.mark.parametrize(
    "event",
    [
        event_of("joined", subtype="channel_join"),
        event_of("words", subtype="bot_message", bot_id="B2"),
        event_of("words", subtype="message_changed"),
        event_of("words", subtype="message_deleted"),
        event_of("words", subtype="huddle_thread"),
        event_of("words", type="reaction_added"),
        event_of("words", ts="soon"),
        event_of("words", ts=None),
        event_of("words", channel=None),
        {},
    ],
)
def test_other_events_are_no_message(event: dict[str, Any]) -> None:
    assert message_in(body_of(event)) is None
    assert message_in({}) is None


def test_the_workspace_is_the_one_that_the_event_was_sent_to() -> None:
    theirs = {"team_id": "T2", "context_team_id": "T3"}
    granted = {"authorizations": [{"team_id": "T1", "user_id": "U0ELLIE"}]}
    for more, expected in (
        ({**theirs, **granted}, "T1"),
        (theirs, "T3"),
        ({"team_id": "T2"}, "T2"),
    ):
        message = message_in({**body_of(event_of("hi")), **more})
        assert message is not None
        assert message.team_id == expected
    whole_org = {"authorizations": [{"team_id": None}], **theirs}
    message = message_in({**body_of(event_of("hi")), **whole_org})
    assert message is not None
    assert message.team_id == "T3"


def test_people_of_other_organisations_are_told_with_where_they_come_from() -> None:
    event = event_of(
        "hi",
        team="T1",
        user_team="T9",
        source_team="T9",
        user_profile={"display_name": "", "real_name": "Zoe", "name": "z"},
    )
    message = message_in(body_of(event, is_ext_shared_channel=True))
    assert message is not None
    assert (message.user_team_id, message.user_name) == ("T9", "Zoe")
    assert message.is_ext_shared
    assert not said("hi").is_ext_shared
    assert said("hi", team="T1").user_team_id == "T1"


def test_files_are_told_as_far_as_slack_tells() -> None:
    drive = {"id": "F2", "name": "sheet", "mode": "external", "external_type": "gdrive"}
    theirs = {"id": "F3", "mode": "file_access", "file_access": "check_file_info"}
    photo = {**HOSTED, "id": "F4", "original_w": 640, "original_h": 480, "alt_txt": "a cat"}
    gone = [{"id": "F5", "mode": "tombstone"}, {"id": "F6", "mode": "hidden_by_limit"}, {}, None]
    message = said("", subtype="file_share", files=[HOSTED, drive, theirs, photo, *gone])
    hosted, external, unknown, measured = message.files
    assert hosted == SlackFile(
        id="F1",
        name="plan.txt",
        media_type="text/plain",
        size=12,
        url="https://files.slack.com/files-pri/T1-F1/download/plan.txt",
    )
    assert external.is_external
    assert unknown.must_ask
    assert (measured.width, measured.height, measured.alt_text) == (640, 480, "a cat")
    snippet = {"id": "F7", "title": "Untitled", "mode": "snippet", "url_private": "https://a/"}
    [untitled] = said("", files=[snippet]).files
    assert (untitled.name, untitled.url) == ("Untitled", "https://a/")


def test_forwarded_messages_are_told_apart_from_what_programs_show() -> None:
    message = said(
        "look",
        attachments=[
            share("tea &amp; cake"),
            share("", files=[HOSTED]),
            {"title": "Song", "text": "by somebody", "pretext": "Now"},
            {"fallback": "only this"},
            {"image_url": "https://a/"},
        ],
    )
    first, second = message.forwarded
    assert first == Forwarded(
        text="tea &amp; cake", author_id="U2", author_name="Ben", ts=stamp(-500)
    )
    assert (second.text, [file.name for file in second.files]) == ("", ["plan.txt"])
    assert message.embedded == ("Now: Song: by somebody", "only this")


def test_an_edit_has_the_new_words_and_the_old() -> None:
    edit = edit_in(changed({"text": "coffee", "edited": EDIT}, {"text": "tea"}))
    assert edit is not None
    assert (edit.message.text, edit.before.text) == ("coffee", "tea")
    assert edit.message.event_key == said().event_key
    assert edit.message.channel_type == "channel"
    assert not edit.message.is_hidden


def test_a_file_that_is_taken_out_is_an_edit() -> None:
    now = {"text": "look", "edited": EDIT, "subtype": "file_share"}
    assert edit_in(changed(now, {"text": "look", "files": [HOSTED]})) is not None


@pytest.mark.parametrize(
    ("now", "before"),
    [
        ({"text": "see <https://a>", "attachments": [{}]}, {"text": "see <https://a>"}),
        # Edited before, and now a link got its preview.
        ({"text": "tea", "edited": EDIT, "attachments": [{}]}, {"text": "tea", "edited": EDIT}),
        ({"text": "tea", "thread_ts": stamp(0), "reply_count": 1}, {"text": "tea"}),
        ({"text": "now", "edited": EDIT, "bot_id": "B2"}, {"text": "then"}),
        ({"text": "now", "edited": {"user": "U2", "ts": stamp(9)}}, {"text": "then"}),
        ({"text": "now", "edited": {"ts": stamp(9)}, "user": ""}, {"text": "then", "user": ""}),
        ({"text": "now"}, {"text": "then"}),
        ({"text": "now", "edited": EDIT, "subtype": "bot_message"}, {"text": "then"}),
        ({"text": "now", "edited": EDIT, "subtype": "tombstone"}, {"text": "then"}),
        ({"text": "now", "edited": EDIT, "ts": "never"}, {"text": "then"}),
    ],
)
def test_other_changes_are_no_edit(now: dict[str, Any], before: dict[str, Any]) -> None:
    body = changed(now, before)
    assert edit_in(body) is None
    assert message_in(body) is None


def test_other_events_are_no_edit_and_no_deletion() -> None:
    for body in ({}, body_of({}), body_of(event_of("hello")), body_of({"type": "app_mention"})):
        assert edit_in(body) is None
        assert deletion_in(body) is None


def test_a_deletion_names_the_message_that_is_no_more() -> None:
    event = event_of(
        subtype="message_deleted",
        hidden=True,
        deleted_ts=stamp(0),
        ts=stamp(9),
        previous_message={"ts": stamp(0), "user": "U1", "text": "oops"},
    )
    deleted = deletion_in(body_of(event))
    assert deleted is not None
    assert deleted.event_key == said("oops").event_key
    del event["deleted_ts"]
    assert deletion_in(body_of(event)) == deleted
    assert edit_in(body_of(event)) is None
    assert message_in(body_of(event)) is None


def test_a_tombstone_is_a_deletion() -> None:
    grave = {
        "subtype": "tombstone",
        "user": "USLACKBOT",
        "text": "This message was deleted.",
        "hidden": True,
        "thread_ts": stamp(0),
    }
    body = changed(grave, {"text": "oops", "thread_ts": stamp(0)})
    deleted = deletion_in(body)
    assert deleted is not None
    assert deleted.event_key == said("oops").event_key
    assert edit_in(body) is None
    edited = changed({"text": "now", "edited": EDIT}, {"text": "then"})
    assert deletion_in(edited) is None


def test_a_message_is_read_back_as_it_was_told() -> None:
    def back(**more: Any) -> SlackMessage | None:
        raw = event_of("hello", thread_ts=stamp(-60), parent_user_id="U2")
        del raw["channel"], raw["channel_type"]
        return read_back({**raw, **more}, team_id=TEAM, channel_id="C1", channel_type="channel")

    assert back() == said("hello", thread_ts=stamp(-60), parent_user_id="U2")
    program = back(subtype="bot_message", bot_id="B2", username="Jukebox", user=None)
    assert program is not None
    assert (program.user_name, program.user_id) == ("Jukebox", "")
    named = back(bot_id="B2", bot_profile={"name": "Alarms"})
    assert named is not None
    assert named.user_name == "Alarms"
    for notice in ("channel_join", "tombstone", "message_deleted", "channel_topic"):
        assert back(subtype=notice) is None


@pytest.mark.parametrize("ts", ["", "1700000000", "17.1234567", "x.1", "1700000000.1\n", "٣.١"])
def test_what_is_no_time_stamp_is_refused(ts: str) -> None:
    with pytest.raises(ValueError, match="no time stamp"):
        moment_of(ts)
