"""What stands under a reply and beside it: small print, buttons, thumbs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from adapters.reply_texts import ReplyTexts
from adapters.slack.markdown import escaped, for_slack
from bot.commands.definitions import COMMANDS
from bot.domain.text import shorten
from bot.domain.turn import TurnId

STOP = "ellie:stop"
AGAIN = "ellie:again"
VERDICT = "ellie:verdict"
"""Action ids of buttons."""

GOOD = "good"
BAD = "bad"

_FIRST_WORDS = sorted({command.name.split()[0] for command in COMMANDS})
_COMMAND = re.compile(rf"(?<![\w/])/({'|'.join(_FIRST_WORDS)})\b")
"""How the core names commands: as they are typed where each is one of its own."""

_SEPARATOR = "|"
_ABOUT = "about"
_REMARK = "context"

MARKDOWN_CHARACTERS = 10_500
"""Of one message. Slack takes 12,000 in all markdown of a message; the rest is room for what stands
under it (https://docs.slack.dev/reference/block-kit/blocks/markdown-block)."""
SMALL_PRINT_CHARACTERS = 1_900
FALLBACK_CHARACTERS = 200
"""Of what notifications show."""

Block = dict[str, Any]


def said(text: str, blocks: Sequence[Block] = ()) -> tuple[str, list[Block]]:
    """A message that says ``text``, in GitHub's Markdown, with ``blocks`` under it.

    The first of the two is what is shown where blocks are not: in notifications.
    """
    if text.strip():
        return fallback([text]), [{"type": "markdown", "text": text}, *blocks]
    remarks = [
        one["text"] for block in blocks if block["type"] == _REMARK for one in block["elements"]
    ]
    return shorten(" ".join(remarks), FALLBACK_CHARACTERS) or "…", list(blocks)


def as_typed(text: str, prefix: str) -> str:
    """``text`` with commands as they are typed after ``prefix``; the core names them by a slash."""
    return _COMMAND.sub(lambda found: f"{prefix}{found[1]}", text)


def small_print(notice: str, prefix: str) -> list[Block]:
    """Remarks about a reply, which are no part of it; cut where they are too long."""
    here = as_typed(notice, prefix)
    lines = "\n".join(" ".join(line.split()) for line in here.splitlines() if line.strip())
    if not lines:
        return []
    shown = escaped(for_slack(shorten_lines(lines, SMALL_PRINT_CHARACTERS)))
    return [{"type": _REMARK, "elements": [{"type": "mrkdwn", "text": shown, "verbatim": True}]}]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a reply answers: a turn, and the message that it came from.

    With ``is_about`` somebody asked about that message, which need not be theirs.
    """

    turn_id: TurnId
    ts: str = ""
    is_about: bool = False

    def in_button(self) -> str:
        """As the value of a button."""
        return _SEPARATOR.join((self.turn_id, self.ts, _ABOUT if self.is_about else ""))

    @classmethod
    def of_button(cls, value: str) -> Self:
        """Read from the value of a button."""
        turn_id, ts, about = (*value.split(_SEPARATOR), "", "")[:3]
        return cls(turn_id=TurnId(turn_id), ts=ts, is_about=about == _ABOUT)


def while_written(asked: Asked, texts: ReplyTexts) -> list[Block]:
    """Under a reply that grows by edits. A native stream has Slack's own button."""
    return [_actions(_button(texts.stop, STOP, asked))]


def when_answered(asked: Asked, texts: ReplyTexts) -> list[Block]:
    """Under a finished reply."""
    thumbs = {
        "type": "feedback_buttons",
        "action_id": VERDICT,
        "positive_button": {"text": _plain("👍"), "value": f"{GOOD}:{asked.turn_id}"},
        "negative_button": {"text": _plain("👎"), "value": f"{BAD}:{asked.turn_id}"},
    }
    return [
        _actions(_button(texts.again, AGAIN, asked)),
        {"type": "context_actions", "elements": [thumbs]},
    ]


def when_failed(asked: Asked, texts: ReplyTexts) -> list[Block]:
    """Under an apology."""
    return [_actions(_button(texts.retry, AGAIN, asked))]


def fallback(parts: Sequence[str]) -> str:
    """One line for notifications, of what a message says."""
    return escaped(shorten(" ".join(" ".join(parts).split()), FALLBACK_CHARACTERS)) or "…"


def shorten_lines(text: str, limit: int) -> str:
    """``text`` cut to ``limit`` characters, at the end of a line where one is near."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    at = cut.rfind("\n")
    return f"{cut[:at] if at > limit // 2 else cut}…"


def _actions(*buttons: Block) -> Block:
    return {"type": "actions", "elements": list(buttons)}


def _button(label: str, action: str, asked: Asked) -> Block:
    return {
        "type": "button",
        "text": _plain(label),
        "action_id": action,
        "value": asked.in_button(),
    }


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}
