"""Files that the app sends."""

from __future__ import annotations

from typing import Any

from slack_stand_in.calling import Asked, Methods
from slack_stand_in.errors import SlackError
from slack_stand_in.methods.chat import thread_of
from slack_stand_in.models import File, Message
from slack_stand_in.payloads import file_payload

Json = dict[str, Any]


def get_upload_url(asked: Asked) -> Json:
    """An address for the content of one file."""
    name = asked.needed("filename")
    length = asked.number("length", 0)
    if length <= 0:
        raise SlackError("invalid_arguments")
    file = File(
        id=asked.team.next_id("F"),
        name=name,
        content=b"",
        mimetype="text/plain" if name.endswith((".txt", ".md")) else "application/octet-stream",
        filetype=name.rpartition(".")[2] or "text",
        user_id=asked.team.bot.id,
        alt_txt=asked.text("alt_txt"),
        size=length,
    )
    asked.team.uploads[file.id] = file
    url = f"{asked.slack.url}upload/v1/{asked.team.id}/{file.id}"
    return {"upload_url": url, "file_id": file.id}


async def complete_upload(asked: Asked) -> Json:
    """The files are there; show them in a conversation if one is named."""
    given = asked.arguments.get("files")
    if not isinstance(given, list) or not given:
        raise SlackError("invalid_arguments")
    files = []
    for one in given:
        file = asked.team.uploads.get(str(one.get("id")))
        if file is None or not file.content:
            raise SlackError("file_not_found")
        file.title = str(one.get("title") or file.name)
        files.append(file)
    name = "channel_id" if asked.text("channel_id") else "channels"
    if asked.text(name):
        channel = asked.channel(name, to_write=True)
        message = Message(
            channel=channel,
            ts=asked.slack.clock.ts(),
            user_id=asked.team.bot.id,
            bot_id=asked.team.bot_id,
            text=asked.text("initial_comment"),
            thread_ts=thread_of(asked, channel),
            files=files,
            subtype="file_share",
        )
        channel.kept.append(message)
        await asked.team.tell_of(message)
    for file in files:
        asked.team.files[file.id] = asked.team.uploads.pop(file.id)
    return {"files": [file_payload(asked.team, file) for file in files]}


def info(asked: Asked) -> Json:
    """One file, also one of another workspace whose content had to be asked for."""
    file = asked.team.files.get(asked.needed("file"))
    if file is None or file.is_deleted:
        raise SlackError("file_not_found")
    file.access = "visible"
    return {"file": file_payload(asked.team, file)}


METHODS: Methods = {
    "files.getUploadURLExternal": get_upload_url,
    "files.completeUploadExternal": complete_upload,
    "files.info": info,
}
