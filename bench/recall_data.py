"""Conversations with questions and the turns that hold their answers, in the form of LoCoMo."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.domain.conversation import Audience, ConversationId, Visibility
from bot.domain.identity import PersonId
from bot.domain.shown import Shown
from bot.domain.turn import Turn, TurnId, TurnStatus

HOW_TO_GET = """\
needs LoCoMo, conversations with questions and their evidence (CC BY-NC 4.0, Maharana et al. 2024):
download data/locomo10.json from the repository snap-research/locomo on GitHub, which is not part
of Ellie, and give its path as --data."""

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open", 4: "single-hop", 5: "adversarial"}

PERSON = PersonId("somebody")
_AUDIENCE = Audience(visibility=Visibility.DIRECT, channel="dm")
_EVIDENCE = re.compile(r"D:?(\d+):(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question, and the ids of the turns that hold its answer."""

    text: str
    category: int
    evidence: frozenset[TurnId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """One conversation of two people, asked about after its end."""

    name: str
    turns: tuple[tuple[Turn, str], ...]
    """Each with who says it."""
    questions: tuple[Question, ...]

    @property
    def ends_at(self) -> datetime:
        """When the questions are asked."""
        return self.turns[-1][0].received_at


def load_dialogues(path: Path) -> list[Dialogue]:
    """Every conversation in the file; ends the program with help when there is no such file."""
    if not path.is_file():
        sys.exit(f"There is no file {path}. This benchmark {HOW_TO_GET}")
    return [_dialogue(sample) for sample in json.loads(path.read_text("utf-8"))]


def _dialogue(sample: dict[str, Any]) -> Dialogue:
    conversation = sample["conversation"]
    numbers = sorted(
        int(key.removeprefix("session_"))
        for key in conversation
        if re.fullmatch(r"session_\d+", key)
    )
    turns: list[tuple[Turn, str]] = []
    for number in numbers:
        began_at = _moment(conversation[f"session_{number}_date_time"])
        for minute, said in enumerate(conversation[f"session_{number}"]):
            turn = _turn(said, len(turns) + 1, began_at + timedelta(minutes=minute))
            turns.append((turn, said["speaker"]))
    questions = [_question(asked) for asked in sample["qa"]]
    return Dialogue(
        name=sample["sample_id"],
        turns=tuple(turns),
        questions=tuple(question for question in questions if question.evidence),
    )


def _turn(said: dict[str, Any], number: int, at: datetime) -> Turn:
    caption = said.get("blip_caption", "")
    return Turn(
        id=TurnId(said["dia_id"]),
        person_id=PERSON,
        conversation_id=ConversationId("dm"),
        audience=_AUDIENCE,
        event_key=said["dia_id"],
        number=number,
        text=said["text"],
        received_at=at,
        status=TurnStatus.CANCELLED,
        # Describing pictures is a vision model's work, and the data set has done it.
        shown=(Shown(name="photo", description=caption),) if caption else (),
    )


def _question(asked: dict[str, Any]) -> Question:
    # Some ids are malformed: "D8:6; D9:17", "D:11:26", "D30:05".
    found = _EVIDENCE.findall(" ".join(asked["evidence"]))
    return Question(
        text=asked["question"],
        category=asked["category"],
        evidence=frozenset(TurnId(f"D{int(one)}:{int(two)}") for one, two in found),
    )


def _moment(text: str) -> datetime:
    return datetime.strptime(text.upper(), "%I:%M %p ON %d %B, %Y").replace(tzinfo=UTC)
