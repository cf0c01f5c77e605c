"""``memory why``: what was in mind for a reply, at once; what it did to it, a little later."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.commanding import Desk, text_of
from support.engine import NOON

from bot.commands.reply import ReplyKind
from bot.domain.conversation import ConversationRef
from bot.domain.identity import IdentityRef
from bot.domain.turn import Turn
from bot.engine.explanation import ExplainedItem, Explanation
from bot.errors import EngineFailedError

ITEMS = (
    ExplainedItem(
        kind="fact",
        tokens=9,
        included=True,
        number=3,
        words="I live in Porto.",
        said_at=NOON,
        scores={"bm25": 1.5, "recency": 0.25},
    ),
    ExplainedItem(kind="note", tokens=5, included=True),
    ExplainedItem(kind="recalled", tokens=7, included=True),
    ExplainedItem(
        kind="recalled", tokens=40, included=False, reason="no room", number=2, words="It rains."
    ),
)


class Scripted:
    """Explains one turn."""

    def __init__(self, explanation: Explanation | None = None) -> None:
        self.explanation = explanation
        self.asked: list[tuple[str, str | None, int | None]] = []
        self.error: Exception | None = None

    async def explain(
        self,
        identity: IdentityRef,
        conversation: ConversationRef | None,
        turn_number: int | None = None,
    ) -> Explanation | None:
        channel = conversation.channel_id if conversation else None
        self.asked.append((identity.external_id, channel, turn_number))
        return self.explanation

    async def measure(self, identity: IdentityRef, explanation: Explanation) -> Explanation | None:
        if self.error:
            raise self.error
        if self.explanation is None:
            return None
        first, *others = explanation.items
        return replace(explanation, items=(replace(first, influence=0.5), *others), measured=True)


@pytest.fixture
async def turn() -> Turn:
    return replace(await Desk().say("Where do I live?"), reply="In Porto.")


def explained(turn: Turn) -> Explanation:
    return Explanation(turn=turn, model="toy", prompt_tokens=99, items=ITEMS)


async def test_the_latest_reply_of_this_conversation_is_explained(turn: Turn) -> None:
    explanations = Scripted(explained(turn))

    reply = await Desk(explanations).ask("Why did you say that?")

    assert explanations.asked == [("ana", "dm-ana", None)]
    assert reply.private
    assert text_of(reply).splitlines() == [
        "Why I answered that",
        "You wrote (m1, 4 May 2026): “Where do I live?”",
        "I answered: “In Porto.”",
        "What I had in mind",
        "#3 “I live in Porto.”  4 May 2026 [fact]",
        "  9 tokens",
        "  score: bm25 1.50, recency 0.25",
        " (a remark of mine) [a remark]",
        "  5 tokens",
        " (forgotten since) [recalled message]",
        "  7 tokens",
        "What I left out",
        "m2 “It rains.” [recalled message]",
        "  no room",
        "  40 tokens",
        "99 tokens in all, read by toy.",
        "I am measuring what each of them did to my reply; this takes a moment.",
    ]


@pytest.mark.parametrize(
    ("question", "line"),
    [
        (
            "Why did you say that?",
            " “I watched animals.”  4 May 2026 [earlier conversation, in short]",
        ),
        ("你为什么这么说？", " “I watched animals.”  2026年5月4日 [以前对话的摘要]"),
    ],
)
async def test_an_episode_is_shown_with_its_day(turn: Turn, question: str, line: str) -> None:
    episode = ExplainedItem(
        kind="episode", tokens=9, included=True, words="I watched animals.", said_at=NOON
    )
    explanation = Explanation(turn=turn, model="toy", prompt_tokens=99, items=(episode,))

    reply = await Desk(Scripted(explanation)).ask(question)

    assert line in text_of(reply).splitlines()


async def test_influence_follows(turn: Turn) -> None:
    reply = await Desk(Scripted(explained(turn))).ask("/why")

    assert reply.more
    fuller = await reply.more()

    assert "  influence: +0.50" in text_of(fuller).splitlines()
    assert "measuring" not in text_of(fuller)
    assert fuller.more is None


async def test_a_turn_can_be_named(turn: Turn) -> None:
    explanations = Scripted(explained(turn))

    await Desk(explanations).ask("/memory why m17")

    assert explanations.asked == [("ana", "dm-ana", 17)]


@pytest.mark.parametrize("error", [EngineFailedError("broke"), None])
async def test_what_cannot_be_measured_is_said(turn: Turn, error: Exception | None) -> None:
    explanations = Scripted(explained(turn))
    reply = await Desk(explanations).ask("/why")
    assert reply.more

    explanations.error = error
    if error is None:
        explanations.explanation = None
    fuller = await reply.more()

    assert fuller.kind is ReplyKind.REFUSED


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/why", "There is no reply that I could explain yet."),
        ("/why 17", "There is no message m17."),
        ("/why 0", "There is no message m0."),
    ],
)
async def test_nothing_to_explain_gives_a_sentence(line: str, sentence: str) -> None:
    reply = await Desk(Scripted()).ask(line)

    assert reply.kind is ReplyKind.REFUSED
    assert text_of(reply).startswith(sentence)


async def test_a_reply_without_a_record_or_without_memories_says_so(turn: Turn) -> None:
    bare = await Desk(Scripted(Explanation(turn=turn))).ask("/why")
    empty = await Desk(Scripted(Explanation(turn=turn, model="toy"))).ask("/why")

    assert "There was no prompt" in text_of(bare)
    assert "I had nothing in mind but your message." in text_of(empty)
    assert bare.more is None
    assert empty.more is None


async def test_where_nobody_explains_that_is_said() -> None:
    assert text_of(await Desk().ask("/why")) == "I cannot explain replies here."
