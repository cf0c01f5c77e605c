"""What the Home tab shows, and that Slack takes it whatever is in it."""

from __future__ import annotations

import itertools
import json

import pytest
from support.slack_home import HOSTILE, HomeDesk, marked_up, menu_of, pressable, read

from adapters.slack import home_ids as ids
from adapters.slack.home_state import Notice, Position
from bot.commands.language import Language
from bot.domain.fact import FactKind
from bot.domain.identity import Platform, TenantRef
from bot.domain.policy import AnswerPolicy
from bot.domain.recipient import Purpose, Recipient

TOWN = TenantRef(platform=Platform.SLACK, external_id="T1")


async def test_a_stranger_is_told_how_to_begin() -> None:
    view = await HomeDesk().view("bo")
    assert "Hello, Bo" in read(view)
    assert "We haven't talked yet." in read(view)
    assert ids.SEARCH not in pressable(view)
    assert ids.EXPORT not in pressable(view)


async def test_facts_stand_with_their_numbers_their_words_and_where_they_come_from() -> None:
    desk = HomeDesk()
    await desk.learn("I live in Lisbon.", quote="well, I live in Lisbon now")
    turn = await desk.say("My dog is called Rex.")
    await desk.learn("Rex is my dog.", turn, kind=FactKind.RELATION)
    shown = read(await desk.view())
    assert "#1  I live in Lisbon." in shown
    assert "you said “well, I live in Lisbon now” on 4 May 2026" in shown
    assert "About you" in shown
    assert "People" in shown
    assert "I keep 1 message of yours, with my replies." in shown


async def test_a_fact_can_be_edited_forgotten_and_pinned() -> None:
    desk = HomeDesk()
    await desk.learn("I live in Lisbon.")
    assert menu_of(await desk.view(), 1) == ["edit:1", "forget:1", "pin:1"]
    await desk.ask("/memory pin 1")
    view = await desk.view()
    assert menu_of(view, 1) == ["edit:1", "forget:1", "unpin:1"]
    assert "I live in Lisbon. · pinned" in read(view)


async def test_what_is_no_longer_true_can_only_be_forgotten() -> None:
    desk = HomeDesk()
    plan = await desk.learn("I live in Rome.")
    await desk.learn("I live in Lisbon.", replaces=plan)
    view = await desk.view()
    assert "(was: I live in Rome., until 4 May 2026) #1" in read(view)
    await desk.agree("/memory forget 2")
    assert menu_of(await desk.view(), 1) == ["forget:1"]


async def test_five_hundred_facts_come_in_pages_that_slack_takes() -> None:
    desk = HomeDesk()
    kinds = itertools.cycle(FactKind)
    for number in range(1, 501):
        await desk.learn(f"Fact of number {number}, which is a long one.", kind=next(kinds))
    seen: set[int] = set()
    for page in range(1, 35):
        view = await desk.view(page=page, is_admin=True)
        on_page = {number for number in range(1, 501) if menu_of(view, number)}
        assert 0 < len(on_page) <= 15
        assert not on_page & seen
        seen |= on_page
    assert seen == set(range(1, 501))
    assert "Page 34 of 34" in read(view)
    assert ids.FOLLOWING not in pressable(view)


async def test_a_page_that_is_gone_is_the_last_one() -> None:
    desk = HomeDesk()
    for number in range(16):
        await desk.learn(f"Fact {number}.")
    view = await desk.view(page=99)
    assert "Page 2 of 2" in read(view)
    assert Position.unpacked(view["private_metadata"]).page == 2


@pytest.mark.parametrize("query", ["", "bold"])
async def test_hostile_words_neither_format_nor_call_anybody(query: str) -> None:
    desk = HomeDesk()
    desk.names["ana"] = HOSTILE
    turn = await desk.say(HOSTILE)
    await desk.learn(HOSTILE, turn, quote=f"{HOSTILE} indeed")
    view = await desk.view(query=query, notice=Notice(lines=(HOSTILE,), channel_id=HOSTILE))
    assert "*bold* _italic_ ~gone~ `code`" in read(view)
    assert list(marked_up(view["blocks"])) == []
    for calls in ("<!", "<@", "<#", "@here", "@everyone"):
        assert calls not in json.dumps(view["blocks"])


async def test_a_fact_of_forty_thousand_characters_is_cut_and_can_be_read_whole() -> None:
    desk = HomeDesk()
    await desk.learn("word " * 8_000)
    view = await desk.view()
    assert "read:1" in menu_of(view, 1)
    assert "…" in read(view)


async def test_pages_full_of_long_facts_in_emoji_fit_too() -> None:
    desk = HomeDesk()
    for number in range(15):
        await desk.learn("👩‍👩‍👧 " * 2_000, quote=f"{number} 🙂", kind=FactKind.PLAN)
    view = await desk.view(is_admin=True)
    assert len(menu_of(view, 15)) == 4


async def test_it_speaks_chinese() -> None:
    desk = HomeDesk()
    await desk.learn("我住在里斯本。")
    shown = read(await desk.view(language=Language.CHINESE, is_admin=True))
    assert "你好，Ana" in shown
    assert "#1  我住在里斯本。" in shown
    assert "我保存的关于你的内容" in shown
    assert "这个工作区" in shown
    assert "Page" not in shown


async def test_the_privacy_notice_is_the_commands_own() -> None:
    desk = HomeDesk()
    shown = read(await desk.view())
    reply = await desk.ask("/privacy")
    assert reply.title in shown
    for line in reply.lines:
        assert line in shown


async def test_it_says_who_else_gets_what_is_written() -> None:
    desk = HomeDesk(sent_to=[Recipient("llm.example.org:8000", (Purpose.ANSWERING,))])
    assert "is sent to llm.example.org:8000 (to answer you)" in read(await desk.view())


async def test_a_search_shows_what_it_found_and_the_way_back() -> None:
    desk = HomeDesk()
    await desk.learn("I live in Lisbon.")
    await desk.learn("My dog is called Rex.")
    await desk.say("Rex barks.")
    view = await desk.view(query="Rex")
    assert "What I remember about “Rex”" in read(view)
    assert "My dog is called Rex." in read(view)
    assert "Rex barks." in read(view)
    assert "Lisbon" not in read(view)
    assert menu_of(view, 2) == ["edit:2", "forget:2", "pin:2"]
    assert ids.ALL in pressable(view)
    assert ids.ALL not in pressable(await desk.view())


async def test_a_search_without_result_says_so() -> None:
    desk = HomeDesk()
    await desk.learn("I live in Lisbon.")
    assert "I found nothing about “Berlin”." in read(await desk.view(query="Berlin"))


async def test_the_search_field_holds_what_was_sought_and_is_another_one_when_all_is_shown() -> (
    None
):
    desk = HomeDesk()
    await desk.learn("I live in Lisbon.")
    found, everything = await desk.view(query="Lisbon"), await desk.view()
    fields = [
        next(block for block in view["blocks"] if block["type"] == "input")
        for view in (found, everything)
    ]
    assert fields[0]["element"]["initial_value"] == "Lisbon"
    assert "initial_value" not in fields[1]["element"]
    assert fields[0]["block_id"] != fields[1]["block_id"]


async def test_the_longest_search_fits_into_the_view() -> None:
    desk = HomeDesk()
    await desk.learn("I live in Lisbon.")
    view = await desk.view(query="🙂" * 200)
    assert len(view["private_metadata"]) <= 3_000
    assert Position.unpacked(view["private_metadata"]).query == "🙂" * 200


async def test_buttons_say_what_they_change() -> None:
    desk = HomeDesk()
    await desk.learn("I live in Lisbon.")
    view = await desk.view()
    assert ids.PAUSE in pressable(view)
    assert ids.INCOGNITO_ON in pressable(view)
    await desk.ask("/memory pause")
    await desk.ask("/incognito on")
    view = await desk.view()
    assert ids.RESUME in pressable(view)
    assert ids.INCOGNITO_OFF in pressable(view)
    assert "I am paused" in read(view)
    assert "You are incognito" in read(view)


async def test_only_those_who_run_the_workspace_see_its_panel() -> None:
    desk = HomeDesk()
    assert ids.POLICY not in pressable(await desk.view())
    view = await desk.view(is_admin=True)
    assert ids.POLICY in pressable(view)
    assert ids.KEPT in pressable(view)
    assert "What is said here is kept until somebody erases it." in read(view)


async def test_the_panel_lists_what_was_decided_in_pages() -> None:
    desk = HomeDesk()
    await desk.policies.set(TOWN, None, AnswerPolicy.MENTIONS)
    for number in range(25):
        await desk.policies.set(TOWN, f"C0{number:02}", AnswerPolicy.OFF)
    view = await desk.view(is_admin=True, channels=3)
    assert "<#C024>: off" in read(view)
    assert "<#C000>" not in read(view)
    assert pressable(view).count(ids.CHANNEL_DEFAULT) == 5
    assert "Page 3 of 3" in read(view)
    select = next(
        block["accessory"]
        for block in view["blocks"]
        if block.get("accessory", {}).get("action_id") == ids.POLICY
    )
    assert select["initial_option"]["value"] == "mentions"


@pytest.mark.parametrize("language", Language)
async def test_the_fullest_view_of_all_is_taken(language: Language) -> None:
    desk = HomeDesk()
    kinds = itertools.cycle(FactKind)
    for number in range(60):
        turn = await desk.say(f"lisbon {number} " + "long " * 700)
        await desk.learn(f"lisbon {number} " + "long " * 700, turn, kind=next(kinds))
    for number in range(25):
        await desk.policies.set(TOWN, f"C0{number:02}", AnswerPolicy.OFF)
    for query in ("", "lisbon"):
        for page in (1, 2, 3):
            view = await desk.view(
                language=language,
                is_admin=True,
                query=query,
                page=page,
                channels=2,
                notice=Notice(lines=("long " * 1000,) * 12, channel_id="C01"),
            )
            # The panel stands last: nothing had to be left out.
            assert view["blocks"][-1]["type"] == "context"
            assert ids.KEPT in pressable(view)


@pytest.mark.parametrize("packed", ["", "{", "[]", '{"page": "x", "query": 3}', '{"page": -4}'])
def test_what_is_no_position_is_the_first_page(packed: str) -> None:
    assert Position.unpacked(packed).page == 1
