"""The Home tab is kept fresh, survives restarts, and says so when something is wrong."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from support.slack_house import house

from adapters.slack import home_ids as ids
from adapters.slack.home_texts import home_texts
from bot.commands.definitions import EXPORT, PRIVACY, SHOW
from bot.commands.dispatch import Commands
from bot.commands.language import Language
from bot.commands.parsing import Invocation


async def test_what_changes_is_shown_where_the_tab_was_opened() -> None:
    async with house() as here:
        await here.open()
        await here.learn("I live in Lisbon.")
        await here.home.changed("UANA")
        await here.quiet()
        assert "I live in Lisbon." in here.reads()


async def test_nothing_is_published_for_those_who_never_opened_it() -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        await here.home.changed("UANA")
        await here.quiet()
        assert here.slack.calls_of("views.publish") == []


async def test_many_changes_are_published_once_and_a_second_apart() -> None:
    async with house() as here:
        await here.open()
        here.go_on.clear()
        await here.learn("I live in Lisbon.")
        for _ in range(20):
            await here.home.changed("UANA")
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(here.slack.calls_of("views.publish")) == 1
        await here.learn("My dog is called Rex.")
        here.go_on.set()
        await here.quiet()
        assert len(here.slack.calls_of("views.publish")) == 2
        assert "My dog is called Rex." in here.reads()
        assert here.waited == [1.0]


async def test_a_change_while_it_is_published_is_published_too() -> None:
    async with house() as here:
        await here.open()
        here.clock.pass_time(5)
        here.slack.hold("views.publish")
        await here.home.changed("UANA")
        await here.slack.until(lambda: len(here.slack.calls_of("views.publish")) == 2)
        await here.learn("I live in Lisbon.")
        await here.home.changed("UANA")
        here.slack.release("views.publish")
        await here.quiet()
        assert "I live in Lisbon." in here.reads()


async def test_a_notice_goes_when_something_else_is_done_or_it_is_old() -> None:
    async with house() as here:
        await here.open()
        said = "From now on I learn nothing"
        assert said in await here.press(ids.PAUSE)
        await here.home.changed("UANA")
        await here.quiet()
        assert said in here.reads()
        here.clock.pass_time(60)
        await here.home.changed("UANA")
        await here.quiet()
        assert said not in here.reads()


async def test_only_so_many_tabs_are_kept_in_mind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.slack.home.MOST_OPEN", 1)
    async with house() as here:
        await here.open()
        await here.open(here.ben)
        count = len(here.slack.calls_of("views.publish"))
        await here.home.changed("UANA")
        await here.quiet()
        assert len(here.slack.calls_of("views.publish")) == count


async def test_buttons_of_an_earlier_process_still_work() -> None:
    async with house() as here:
        for number in range(1, 21):
            await here.learn(f"Fact {number}.")
        await here.open()
        await here.press(ids.FOLLOWING)
        await here.restart()
        assert "Pinned." in await here.press(ids.FACT, "pin:20")
        assert "Page 2 of 2" in here.reads()


@pytest.mark.parametrize("is_restarted", [True, False])
async def test_a_question_that_nobody_knows_any_more_is_asked_anew(is_restarted: bool) -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        await here.open()
        await here.press(ids.FACT, "forget:1")
        if is_restarted:
            await here.restart()
        else:
            here.clock.pass_time(16 * 60)
        await here.submit()
        assert await here.facts() == ["I live in Lisbon."]
        assert "This erases 1 fact" in here.modal().shown_text
        await here.submit()
        assert await here.facts() == []


async def test_without_memory_it_says_so_and_can_be_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        with monkeypatch.context() as patch:
            here.break_storage(patch)
            await here.open()
            assert here.reads() == (
                "I can't reach my memory just now. Please try again in a minute. "
                "Whoever runs me finds the reason in the log."
            )
        assert "I live in Lisbon." in await here.press(ids.AGAIN)


async def test_presses_without_memory_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        old = replace(await here.open())
        with monkeypatch.context() as patch:
            here.break_storage(patch)
            for action_id, value in ((ids.FACT, "forget:1"), (ids.PAUSE, None)):
                await here.press(action_id, value, view=old)
                assert "I can't reach my memory just now." in here.reads()
        assert await here.facts() == ["I live in Lisbon."]


async def test_a_form_sent_without_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        await here.open()
        await here.press(ids.FACT, "edit:1")
        with monkeypatch.context() as patch:
            here.break_storage(patch)
            await here.submit({"words": "I live in Porto."})
        await here.home.changed("UANA")
        await here.quiet()
        assert "I can't reach my memory just now." in here.reads()
        assert "#1  I live in Lisbon." in here.reads()


async def test_slow_memory_gets_a_dialog_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(patience_seconds=0) as here:
        await here.learn("I live in Lisbon.")
        await here.open()
        answers = here.slow_storage(monkeypatch)
        await here.team.press(here.ana, here.view(), action_id=ids.FACT, value="forget:1")
        await here.slack.until(lambda: here.team.modal(here.ana))
        assert here.modal().title == "One moment…"
        answers.set()
        await here.quiet()
        assert "This erases 1 fact" in here.modal().shown_text

        answers.clear()
        await here.team.submit(here.ana)
        assert here.modal().title == "One moment…"
        answers.set()
        await here.quiet()
        assert "are erased" in here.modal().shown_text
        assert "are erased" in here.reads()
        assert await here.facts() == []


async def test_slow_memory_that_has_nothing_to_ask_says_so_in_the_dialog(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with house(patience_seconds=0) as here:
        await here.open()
        await here.press(ids.PAUSE)
        answers = here.slow_storage(monkeypatch)
        await here.team.press(here.ana, here.view(), action_id=ids.UNDO)
        await here.slack.until(lambda: here.team.modal(here.ana))
        answers.set()
        await here.quiet()
        assert "There is nothing to take back." in here.modal().shown_text
        assert "There is nothing to take back." in here.reads()


@pytest.mark.parametrize("is_slow", [True, False])
async def test_a_dialog_that_slack_does_not_take_is_told(
    monkeypatch: pytest.MonkeyPatch, is_slow: bool
) -> None:
    async with house(patience_seconds=0 if is_slow else 5) as here:
        await here.learn("I live in Lisbon.")
        await here.open()
        here.slack.fail("views.open", "expired_trigger_id")
        answers = here.slow_storage(monkeypatch)
        if not is_slow:
            answers.set()
        await here.team.press(here.ana, here.view(), action_id=ids.FACT, value="forget:1")
        await here.slack.until(lambda: here.slack.calls_of("views.open"))
        answers.set()
        await here.quiet()
        assert "That took me too long" in here.reads()
        assert await here.facts() == ["I live in Lisbon."]


async def test_nothing_is_done_while_slack_does_not_say_who_presses() -> None:
    async with house() as here:
        await here.learn("I live in Lisbon.")
        old = replace(await here.open())
        here.clock.pass_time(3_600)
        here.home._visitors._people._known.clear()  # as in a new process
        here.slack.fail("users.info", "internal_error", times=20)
        for action_id, value in ((ids.FACT, "forget:1"), (ids.PAUSE, None), (ids.EXPORT, None)):
            await here.press(action_id, value, view=old)
            assert "Something went wrong on my side." in here.reads()
        assert here.team.modal(here.ana) is None
        person = await here.desk.person("UANA")
        assert person is not None
        assert not person.paused
        assert await here.facts() == ["I live in Lisbon."]


async def test_a_tab_that_slack_does_not_take_harms_nothing() -> None:
    async with house() as here:
        here.slack.fail("views.publish", "internal_error")
        await here.team.open_home(here.ana)
        await here.quiet()
        assert here.team.home(here.ana) is None
        await here.open()
        assert "Hello, ana" in here.reads()


async def test_people_are_spoken_to_in_their_language() -> None:
    async with house() as here:
        here.ana.locale = "zh-CN"
        await here.learn("我住在里斯本。")
        await here.open()
        assert "你好，ana" in here.reads()
        await here.press(ids.FACT, "forget:1")
        assert here.modal().title == "确定吗？"
        await here.submit()
        assert "完成：1条事实和0句话已删除" in here.reads()


@pytest.mark.parametrize(
    ("locale", "first"),
    [("en-US", "What do you remember about me?"), ("zh-CN", "你记得我什么？")],
)
async def test_messages_begin_with_suggestions_once(locale: str, first: str) -> None:
    async with house() as here:
        here.ana.locale = locale
        await here.open(tab="messages")
        await here.open(tab="messages")
        prompts = here.team.prompts(here.team.dm(here.ana))
        assert len(prompts) == 4
        assert prompts[0]["message"] == first
        (call,) = here.slack.calls_of("assistant.threads.setSuggestedPrompts")
        assert "thread_ts" not in call.arguments


@pytest.mark.parametrize("language", Language)
def test_suggestions_about_memory_are_commands(language: Language) -> None:
    understood = [Commands.understand(said) for said in home_texts(language).prompts.values()]
    named = [found.command for found in understood if isinstance(found, Invocation)]
    assert named == [SHOW, PRIVACY, EXPORT]


async def test_suggestions_that_slack_refuses_harm_nothing() -> None:
    async with house() as here:
        here.slack.fail("assistant.threads.setSuggestedPrompts", "missing_scope")
        await here.open(tab="messages")
        assert here.team.prompts(here.team.dm(here.ana)) == []
