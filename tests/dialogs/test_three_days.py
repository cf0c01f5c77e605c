"""Three days with Ellie, in two languages: what changes is gone, what stays is known, once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.dialog import ANA, Dialog, account

from bot.domain.fact import FactStatus
from storage.database import open_storage

MONDAY = datetime(2026, 5, 4, 9, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Story:
    """A conversation and what has to come of it.

    ``outdated`` names words, and the message after which they are in no prompt any more; ``never``
    what is learned by no means; ``where`` the last question and ``city`` its answer, told in
    ``moved``; ``plan`` what a plan that is over was about.
    """

    days: Sequence[Sequence[str]]
    known: frozenset[str]
    former: frozenset[str]
    outdated: dict[str, str]
    never: Sequence[str]
    where: str
    city: str
    moved: str
    plan: str

    @property
    def texts(self) -> list[str]:
        return [text for day in self.days for text in day]


ENGLISH = Story(
    days=(
        (
            "Hi Ellie!",
            "My name is Anna.",
            "I live in Porto.",
            "I work as a nurse.",
            "I'm allergic to peanuts.",
            "What lovely weather today!",
            "If I lived in Rome I would eat pizza every day.",
            "Tom says he hates cilantro.",
            "Where do I live?",
            "I'm flying to Lisbon tomorrow.",
        ),
        (
            "Good morning!",
            "Sorry, my name is Ana, not Anna.",
            "What's my name?",
            "Can you recommend a snack for me?",
            "What did Tom say?",
            "I live in Porto.",
            "My sister is called Clara.",
            "Just kidding, I am the king of Spain!",
            "Thank you!",
            "Remember that my locker code is 4417.",
        ),
        (
            "Good evening!",
            "I moved from Porto to Berlin.",
            "Where do I live?",
            "I work as a teacher now.",
            "What do I do for a living?",
            "What is my locker code?",
            "Is it cold in winter here?",
            "What are my plans?",
            "What am I allergic to?",
            "Where do I live now?",
        ),
    ),
    known=frozenset(
        {
            "My name is Ana.",
            "I am allergic to peanuts.",
            "My sister is called Clara.",
            "My locker code is 4417.",
            "I moved to Berlin.",
            "I work as a teacher.",
        }
    ),
    former=frozenset({"My name is Anna.", "I live in Porto.", "I work as a nurse."}),
    outdated={
        "I live in Porto": "I moved from Porto to Berlin.",
        "nurse": "I work as a teacher now.",
        "My name is Anna": "Sorry, my name is Ana, not Anna.",
    },
    never=("Rome", "cilantro", "Spain"),
    where="Where do I live now?",
    city="Berlin",
    moved="I moved from Porto to Berlin.",
    plan="Lisbon",
)

CHINESE = Story(
    days=(
        (
            "你好，Ellie！",
            "我叫安妮。",
            "我住在波尔图。",
            "我是护士。",
            "我对花生过敏。",
            "今天天气真好！",
            "如果我住在罗马，我会每天吃披萨。",
            "小汤说他讨厌香菜。",
            "我住在哪里？",
            "我明天要去里斯本。",
        ),
        (
            "早上好！",
            "不好意思，我叫安娜，不是安妮。",
            "我叫什么名字？",
            "给我推荐一种零食吧？",
            "小汤说了什么？",
            "我住在波尔图。",
            "我姐姐叫克拉拉。",
            "开玩笑的，我是西班牙国王！",
            "谢谢你！",
            "记住我的储物柜密码是4417。",
        ),
        (
            "晚上好！",
            "我从波尔图搬到了柏林。",
            "我住在哪里？",
            "我现在是老师。",
            "我做什么工作？",
            "我的储物柜密码是什么？",
            "这里冬天冷吗？",
            "我有什么计划？",
            "我对什么过敏？",
            "我现在住在哪里？",
        ),
    ),
    known=frozenset(
        {
            "我叫安娜。",
            "我对花生过敏。",
            "我姐姐叫克拉拉。",
            "我的储物柜密码是4417。",
            "我搬到柏林了。",
            "我是老师。",
        }
    ),
    former=frozenset({"我叫安妮。", "我住在波尔图。", "我是护士。"}),
    outdated={
        "我住在波尔图": "我从波尔图搬到了柏林。",
        "护士": "我现在是老师。",
        "我叫安妮": "不好意思，我叫安娜，不是安妮。",
    },
    never=("罗马", "香菜", "西班牙"),
    where="我现在住在哪里？",
    city="柏林",
    moved="我从波尔图搬到了柏林。",
    plan="里斯本",
)


@pytest.fixture(params=["inmemory", "sqlite"])
async def dialog(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Dialog]:
    if request.param == "inmemory":
        yield Dialog(encoding=True)
        return
    async with open_storage(f"sqlite:///{tmp_path}/ellie.db") as storage:
        yield Dialog(storage, encoding=True)


@dataclass(frozen=True)
class Heard:
    """The prompts by day and message, and what was remarked on each message."""

    prompts: dict[str, str] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)


async def live(dialog: Dialog, story: Story) -> Heard:
    """Say all of it; Ellie restarts every night."""
    heard, other = Heard(), account("bea")
    for number, day in enumerate(story.days):
        dialog.clock.moment = MONDAY.replace(day=MONDAY.day + number)
        dialog.restart()
        for text in day:
            before = len(dialog.generator.requests)
            outcome = await dialog.say(text)
            heard.notices[text] = heard.notices.get(text, "") + outcome.notice
            if len(dialog.generator.requests) > before:
                heard.prompts[f"{number} {text}"] = dialog.last_prompt()
        await dialog.say("I live in Lagos. 我住在拉各斯。", other)
    return heard


@pytest.mark.parametrize("story", [ENGLISH, CHINESE], ids=["english", "chinese"])
async def test_three_days_later_everything_is_right(dialog: Dialog, story: Story) -> None:
    assert len(story.texts) == 30
    heard = await live(dialog, story)

    # What is known is right, once each, and nothing of it was made up, borrowed or supposed.
    assert sorted(await dialog.known()) == sorted(story.known)
    superseded = await dialog.facts(ANA, FactStatus.SUPERSEDED)
    assert {fact.text for fact in superseded} == story.former
    everything = " ".join(fact.text for fact in await dialog.facts(ANA, *FactStatus))
    assert not [word for word in story.never if word in everything]

    # What was overwritten is in no prompt after the change, not even as what was once said.
    prompts = list(heard.prompts.items())
    order = {f"{number} {text}": place for place, (number, text) in enumerate(_said(story))}
    for words, change in story.outdated.items():
        changed = next(place for place, (_, text) in enumerate(_said(story)) if text == change)
        seen = [text for key, text in prompts if order[key] < changed]
        later = [text for key, text in prompts if order[key] > changed]
        assert any(words in prompt for prompt in seen), words
        assert later
        for prompt in later:
            assert words not in _before_newest(prompt), prompt

    # The answer to the last question stands in its prompt, and is where it came from.
    last = heard.prompts[f"2 {story.where}"]
    assert story.city in last
    assert "Lagos" not in "".join(heard.prompts.values())
    why = await dialog.ask("/memory why")
    (turn,) = [turn for turn in await dialog.turns() if turn.text == story.moved]
    (fact,) = [fact for fact in await dialog.facts() if fact.slot == "city"]
    assert fact.evidence[0].turn_id == turn.id
    included = why.split("What I left out")[0]
    assert f"#{fact.number}" in included
    assert story.city in included


def _said(story: Story) -> list[tuple[int, str]]:
    return [(number, text) for number, day in enumerate(story.days) for text in day]


def _before_newest(prompt: str) -> str:
    """All but the newest message, which may say anything."""
    return prompt.rsplit("\n", 1)[0]


@pytest.mark.parametrize("story", [ENGLISH, CHINESE], ids=["english", "chinese"])
async def test_memory_show_lists_what_is_true_and_what_was(story: Story) -> None:
    dialog = Dialog()
    await live(dialog, story)

    shown = await dialog.ask("/memory show")

    rows = [line.split(" ", 1)[1] for line in shown.splitlines() if line.startswith("#")]
    (passed,) = [row for row in rows if row not in story.known]
    assert len(rows) == len(story.known) + 1
    assert story.plan in passed
    for former in ("Porto", "波尔图"):
        was = [line for line in shown.splitlines() if "(was:" in line and former in line]
        assert len(was) == (former in story.moved)
    assert not [row for row in rows if any(word in row for word in story.never)]


@pytest.mark.parametrize("story", [ENGLISH, CHINESE], ids=["english", "chinese"])
async def test_only_what_changed_memory_is_remarked_on(story: Story) -> None:
    dialog = Dialog()
    await dialog.say("Hello")
    heard = await live(dialog, story)

    told = [text for text, notice in heard.notices.items() if notice]
    taught = {
        evidence.turn_id
        for fact in await dialog.facts(ANA, *FactStatus)
        for evidence in fact.evidence[:1]
    }
    texts = {turn.text for turn in await dialog.turns() if turn.id in taught}
    assert set(told) == texts


@pytest.mark.parametrize(
    ("plan", "question", "city"),
    [
        ("I'm flying to Lisbon tomorrow.", "What are my plans?", "Lisbon"),
        ("我明天要去里斯本。", "我有什么计划？", "里斯本"),
    ],
)
async def test_a_plan_ends_with_its_day(plan: str, question: str, city: str) -> None:
    dialog = Dialog()
    dialog.clock.moment = MONDAY
    await dialog.say(plan)
    (fact,) = await dialog.facts()
    assert fact.text in await dialog.prompt_for(question)

    dialog.clock.moment = MONDAY.replace(day=MONDAY.day + 2)

    assert await dialog.known() == []
    assert fact.text not in await dialog.prompt_for(question)
    shown = await dialog.ask("/memory show")
    assert city in shown
