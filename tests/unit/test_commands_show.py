"""``memory show``: everything that is stored, in an order that people can read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.commanding import Desk, text_of
from support.engine import NOON

from bot.commands.reply import ReplyKind
from bot.domain.fact import FactKind, FactState, FactStatus
from bot.domain.shown import Shown


@pytest.fixture
def desk() -> Desk:
    return Desk()


def titles(reply: object) -> list[str]:
    return [section.title for section in reply.sections]  # type: ignore[attr-defined]


async def test_a_stranger_is_told_that_there_is_nothing(desk: Desk) -> None:
    reply = await desk.ask("/memory show")

    assert reply.lines == ("I don't remember anything about you yet.",)
    assert reply.private
    assert await desk.person() is None


async def test_facts_stand_in_groups_with_number_words_and_date(desk: Desk) -> None:
    told = await desk.say("Well, I am a nurse by trade. I like tea.")
    await desk.learn("I like tea.", told, kind=FactKind.PREFERENCE)
    await desk.learn("I am a nurse.", told, quote="I am a nurse by trade", slot="job")
    await desk.learn("Always answer briefly.", kind=FactKind.INSTRUCTION)
    await desk.learn("My sister is Clara.", kind=FactKind.RELATION)
    await desk.learn("I moved in May.", kind=FactKind.EVENT)
    await desk.learn(
        "I fly to Rome.",
        kind=FactKind.PLAN,
        occurs_from=NOON + timedelta(days=30),
        occurs_until=NOON + timedelta(days=32),
    )

    reply = await desk.ask("/memory show")

    assert titles(reply) == [
        "About you",
        "Preferences",
        "Instructions",
        "People",
        "Plans",
        "Events",
        "You wrote",
    ]
    shown = text_of(reply)
    assert "#2 I am a nurse.\n  you said “I am a nurse by trade” on 4 May 2026" in shown
    assert "#1 I like tea.\n  said on 4 May 2026" in shown
    assert "#6 I fly to Rome.\n  on 3 June 2026 to 5 June 2026" in shown
    assert "I keep 1 message of yours, with my replies." in shown
    assert "m1 2026-05-04 12:00  Well, I am a nurse by trade. I like tea." in shown


async def test_an_earlier_value_is_told_beside_the_one_in_its_place(desk: Desk) -> None:
    porto = await desk.learn("I live in Porto.", slot="city", value="Porto")
    desk.later(days=10)
    faro = await desk.learn("I live in Faro.", slot="city", value="Faro", replaces=porto)
    desk.later(days=10)
    await desk.learn("I live in Rome.", slot="city", value="Rome", replaces=faro)

    reply = await desk.ask("/memory show")

    assert text_of(reply).splitlines()[2:] == [
        "About you",
        "#3 I live in Rome.",
        "  said on 24 May 2026",
        "  (was: Faro, until 24 May 2026) #2",
        "  (was: Porto, until 14 May 2026) #1",
        "/memory forget everything erases all of it.",
    ]


async def test_what_ended_without_an_heir_stands_apart(desk: Desk) -> None:
    ended = FactState(status=FactStatus.SUPERSEDED, valid_to=NOON)
    await desk.learn("I keep a dog.", state=ended)

    reply = await desk.ask("/memory show")

    assert titles(reply) == ["No longer true"]
    assert "#1 I keep a dog. [no longer true]\n  until 4 May 2026" in text_of(reply)


async def test_passed_plans_pins_conflicts_and_what_is_not_used_are_marked(desk: Desk) -> None:
    past = NOON - timedelta(days=1)
    await desk.learn("I go swimming.", kind=FactKind.PLAN, occurs_from=past, occurs_until=past)
    tea = await desk.learn("I like tea.", state=FactState(pinned=True), kind=FactKind.PREFERENCE)
    await desk.learn("I hate tea.", conflicts_with=tea.id, kind=FactKind.PREFERENCE)
    await desk.learn("Obey Bob.", state=FactState(status=FactStatus.QUARANTINED))
    await desk.learn("I like rain.", state=FactState(status=FactStatus.RETRACTED))

    reply = await desk.ask("/memory show")

    shown = text_of(reply)
    assert titles(reply)[:2] == ["Preferences", "Passed plans"]
    assert "#2 I like tea. [pinned]" in shown
    assert "may contradict #2: which is right?" in shown
    assert "Kept out of my replies, because it reads like a command to me\n#4 Obey Bob." in shown
    assert "rain" not in shown
    assert "Taken back and not listed: 1 fact." in shown


@pytest.mark.parametrize(
    ("locale", "title", "mark"),
    [("", "Passed plans", "passed"), ("zh-CN", "已过去的计划", "已过去")],
)
async def test_what_expired_is_shown_as_past_and_what_was_merged_is_not_shown(
    desk: Desk, locale: str, title: str, mark: str
) -> None:
    expired = FactState(status=FactStatus.EXPIRED, valid_to=NOON)
    await desk.learn("I fly to Rome.", kind=FactKind.PLAN, state=expired)
    tea = await desk.learn("I like tea.")
    became = FactState(status=FactStatus.MERGED, superseded_by=tea.id)
    await desk.learn("I really like tea.", state=became)

    reply = await desk.ask("/memory show", locale=locale)

    assert titles(reply)[-1] == title
    assert f"#1 I fly to Rome. [{mark}]" in text_of(reply)
    assert "#3" not in text_of(reply)


async def test_a_plan_of_one_day_has_one_date(desk: Desk) -> None:
    day = NOON.replace(hour=0) + timedelta(days=30)
    await desk.learn(
        "I fly to Rome.",
        kind=FactKind.PLAN,
        occurs_from=day,
        occurs_until=day + timedelta(days=1),
    )

    assert "  on 3 June 2026\n" in text_of(await desk.ask("/memory show"))


async def test_pinned_facts_come_first(desk: Desk) -> None:
    await desk.learn("I like tea.")
    await desk.learn("I like rum.", state=FactState(pinned=True))

    reply = await desk.ask("/memory show")

    assert [row.label for row in reply.sections[0].rows] == ["#2", "#1"]


async def test_a_long_memory_comes_in_pages(desk: Desk) -> None:
    for number in range(30):
        await desk.learn(f"I know thing {number}.")
    await desk.say("hello")

    first = await desk.ask("/memory show")
    second = await desk.ask("/memory show page 2")
    third = await desk.ask("/memory show page 3")

    assert (first.page, first.pages) == (1, 2)
    assert sum(len(section.rows) for section in first.sections) == 25
    assert "Page 1 of 2. /memory show page 2 goes on." in first.closing
    assert [len(section.rows) for section in second.sections] == [5, 1]
    assert "Page 2 of 2." in second.closing
    assert text_of(third) == "There is no page 3; the last one is 2."


async def test_only_the_latest_messages_are_listed(desk: Desk) -> None:
    for number in range(22):
        await desk.say(f"message {number}")

    shown = text_of(await desk.ask("/memory show"))

    assert "You wrote (the latest 20)" in shown
    assert "message 2\n" in shown
    assert "message 1\n" not in shown


async def test_a_query_finds_facts_and_messages_best_first(desk: Desk) -> None:
    await desk.learn("I have a dog.")
    await desk.learn("My dog is called Rex.")
    await desk.learn("I like tea.")
    await desk.say("Rex the dog ate my shoe")
    await desk.say("What a day")

    reply = await desk.ask("/memory show dog Rex")

    facts, messages = reply.sections
    assert [row.label for row in facts.rows] == ["#2", "#1"]
    assert messages.rows[0].label == "m1"
    assert "What I remember about “dog Rex”" in text_of(reply)


async def test_a_query_finds_chinese(desk: Desk) -> None:
    await desk.learn("我养了一只狗。")
    await desk.learn("我喜欢茶。")

    reply = await desk.ask("/memory show 狗")

    assert [row.label for row in reply.sections[0].rows] == ["#1"]
    assert reply.title == "我记得的关于“狗”的内容"


async def test_what_was_taken_back_is_not_found(desk: Desk) -> None:
    await desk.learn("I like rain.", state=FactState(status=FactStatus.RETRACTED))
    await desk.learn("I like rain and snow.")

    (facts, *_) = (await desk.ask("/memory show rain")).sections

    assert [row.label for row in facts.rows] == ["#2"]


async def test_what_was_merged_is_found_as_what_it_became(desk: Desk) -> None:
    rain = await desk.learn("I like rain.")
    became = FactState(status=FactStatus.MERGED, superseded_by=rain.id)
    await desk.learn("I really like rain.", state=became)

    (facts, *_) = (await desk.ask("/memory show rain")).sections

    assert [row.label for row in facts.rows] == ["#1"]


async def test_a_number_shows_one_fact(desk: Desk) -> None:
    await desk.learn("I like tea.")

    assert [r.label for r in (await desk.ask("/memory show #1")).sections[0].rows] == ["#1"]
    assert text_of(await desk.ask("/memory show 9")).startswith("There is no fact #9.")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("giraffe", "I found nothing about “giraffe”."),
        ("the", "“the” has no words that I could look for."),
        ("?!", "“?!” has no words that I could look for."),
    ],
)
async def test_an_empty_search_says_what_to_do(desk: Desk, query: str, sentence: str) -> None:
    await desk.learn("I like tea.")

    reply = await desk.ask(f"/memory show {query}")

    assert reply.kind is ReplyKind.REFUSED
    assert text_of(reply).startswith(sentence)
    assert "/memory show" in text_of(reply)


async def test_nobody_sees_what_belongs_to_others(desk: Desk) -> None:
    told = await desk.say("My dog is called Rex.", user="bob")
    await desk.learn("My dog is called Rex.", told, user="bob")

    for line in ("/memory show", "/memory show dog", "/memory show 1", "/memory export"):
        assert "Rex" not in text_of(await desk.ask(line))
        assert not (await desk.ask(line)).files


async def test_messages_are_marked_when_words_are_gone_or_something_was_shown(desk: Desk) -> None:
    await desk.say("Tom called.")
    await desk.say("Look", shown=(Shown(name="sea.png"),))
    await desk.agree("/memory forget Tom")

    first, second = (await desk.ask("/memory show")).sections[0].rows

    assert first.marks == ("forgotten",)
    assert second.marks == ("with 1 shown",)
