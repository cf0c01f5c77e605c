"""What comes along with a message of Slack's: files, forwarded messages, things to see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.slack.payloads import mappings_of, number_of, text_of

_GONE = frozenset({"hidden_by_limit", "tombstone"})
"""Modes of files that are there no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackFile:
    """A file that came with a message.

    ``is_external`` says that it lies elsewhere, as in Google Drive. With ``must_ask`` Slack told
    nothing but the id, which is usual for files from another organisation.
    """

    id: str
    name: str = ""
    media_type: str = ""
    size: int | None = None
    url: str = ""
    width: int | None = None
    height: int | None = None
    alt_text: str = ""
    is_external: bool = False
    must_ask: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """A message that came along with another one. ``text`` is raw.

    ``is_share``: the person forwarded it; otherwise they wrote a link to it.
    """

    text: str
    is_share: bool = True
    author_id: str = ""
    author_name: str = ""
    ts: str = ""
    files: tuple[SlackFile, ...] = ()


def file_in(raw: Mapping[str, Any]) -> SlackFile | None:
    """A file as Slack describes it in messages and in ``files.info``; None for a deleted one."""
    mode = text_of(raw, "mode")
    if mode in _GONE or not text_of(raw, "id"):
        return None
    return SlackFile(
        id=text_of(raw, "id"),
        name=text_of(raw, "name") or text_of(raw, "title"),
        media_type=text_of(raw, "mimetype"),
        size=number_of(raw, "size"),
        url=text_of(raw, "url_private_download") or text_of(raw, "url_private"),
        width=number_of(raw, "original_w"),
        height=number_of(raw, "original_h"),
        alt_text=text_of(raw, "alt_txt"),
        is_external=mode == "external" or raw.get("is_external") is True,
        must_ask=text_of(raw, "file_access") == "check_file_info",
    )


def files_in(raw: Mapping[str, Any]) -> tuple[SlackFile, ...]:
    """The files of a message that are still there."""
    found = (file_in(file) for file in mappings_of(raw, "files"))
    return tuple(file for file in found if file is not None)


def forwarded_in(raw: Mapping[str, Any]) -> Iterator[Forwarded]:
    """The messages that came along with one."""
    for attachment in mappings_of(raw, "attachments"):
        if _is_message(attachment):
            files = files_in(attachment)
            yield Forwarded(
                text=text_of(attachment, "text")
                or ("" if files else text_of(attachment, "fallback")),
                is_share=attachment.get("is_share") is True,
                author_id=text_of(attachment, "author_id"),
                author_name=text_of(attachment, "author_name")
                or text_of(attachment, "author_subname"),
                ts=text_of(attachment, "ts"),
                files=files,
            )


def embedded_in(raw: Mapping[str, Any]) -> Iterator[str]:
    """What a message shows beside its words, raw: of programs, or a preview of a link."""
    for attachment in mappings_of(raw, "attachments"):
        if _is_message(attachment):
            continue
        parts = [text_of(attachment, key) for key in ("pretext", "title", "text")]
        if words := ": ".join(filter(None, parts)) or text_of(attachment, "fallback"):
            yield words


def _is_message(attachment: Mapping[str, Any]) -> bool:
    return attachment.get("is_share") is True or attachment.get("is_msg_unfurl") is True
