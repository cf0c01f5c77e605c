"""Asking without a mention: ``/ellie`` with words, and “Ask Ellie about this”."""

from __future__ import annotations

import pytest
from slack_stand_in import Message
from support.office import Office, office
from support.office_talk import is_answered, quiet, whispers

from adapters.slack.reply_blocks import AGAIN
from adapters.slack.shortcuts import CALLBACK_ID
from bot.domain.conversation import Visibility
from bot.domain.policy import AnswerPolicy

QUESTION = "> **Ana**: what is a fjord?"


async def ask_about(o: Office, message: Message, question: str) -> None:
    """Ana uses the shortcut on a message, and fills in the form."""
    used = await o.team.shortcut(o.ana, message, callback_id=CALLBACK_ID)
    assert used.acked
    await o.slack.until(lambda: o.team.modal(o.ana))
    sent = await o.team.submit(o.ana, {"question": question})
    assert sent.acked
    assert not sent.errors
    await quiet(o)


async def test_a_question_is_repeated_and_answered_directly() -> None:
    async with office("A long bay.") as o:
        asked = await o.team.slash(o.ana, o.hall, "what is a fjord?")
        assert asked.acked
        await quiet(o)
        direct = o.team.dm(o.ana)
        [question, answer] = o.hers(direct)
        assert question.shown_text == QUESTION
        assert question.thread_ts is None
        assert answer.thread_ts == question.ts
        assert o.said(direct)[1] == "A long bay."
        assert asked.texts == ["I answer you in our direct messages."]
        assert o.hall.hers == []
        [turn] = o.ellie.turns()
        assert turn.text == "what is a fjord?"
        assert turn.audience.visibility is Visibility.DIRECT


async def test_the_talk_goes_on_under_the_question() -> None:
    async with office("A long bay.", "In Norway.") as o:
        direct = o.team.dm(o.ana)
        await o.team.slash(o.ana, o.hall, "what is a fjord?")
        await quiet(o)
        root = o.hers(direct)[0]
        more = await o.team.say(o.ana, direct, "where are they?", thread_ts=root.ts)
        assert await is_answered(o, more)
        assert "what is a fjord?" in o.ellie.prompts()[1]
        assert "A long bay." in o.ellie.prompts()[1]


async def test_an_answer_is_streamed_and_can_be_written_again() -> None:
    async with office("one two three", "four five") as o:
        direct = o.team.dm(o.ana)
        o.ellie.generator.hold(after_words=2)
        await o.team.slash(o.ana, o.hall, "count")
        await o.slack.until(lambda: o.said(direct)[1:] == ["one two"])
        [question, answer] = o.hers(direct)
        assert answer.is_streaming
        session = o.team.session(direct, question.ts)
        assert session is not None
        assert session.status == "processing"
        o.ellie.generator.release()
        await quiet(o)
        assert session.status == "active"
        await o.team.press(o.ana, answer, action_id=AGAIN)
        await o.slack.until(lambda: o.said(direct)[1:] == ["four five"])


async def test_slacks_own_stop_button_stops_it() -> None:
    async with office("one two three") as o:
        direct = o.team.dm(o.ana)
        o.ellie.generator.hold(after_words=2)
        await o.team.slash(o.ana, o.hall, "count")
        await o.slack.until(lambda: o.said(direct)[1:] == ["one two"])
        await o.team.stop(o.ana, direct, o.hers(direct)[0].ts)
        await quiet(o)
        assert o.said(direct)[1:] == ["one two\n(stopped)"]


async def test_in_direct_messages_nothing_more_is_said_about_where() -> None:
    async with office("A long bay.") as o:
        direct = o.team.dm(o.ana)
        asked = await o.team.slash(o.ana, direct, "what is a fjord?")
        await quiet(o)
        assert [said.split("\n")[0] for said in o.said(direct)] == [QUESTION, "A long bay."]
        assert asked.texts == []


@pytest.mark.parametrize("kind", ["open", "closed", "direct messages of others"])
async def test_where_she_is_not_in_it_is_answered_directly_all_the_same(kind: str) -> None:
    async with office("A long bay.") as o:
        place = o.team.add_channel(
            "C2",
            name="elsewhere",
            members=[o.ana, o.bo],
            bot_is_member=False,
            is_private=kind == "closed",
            is_im=kind.startswith("direct"),
        )
        asked = await o.team.slash(o.ana, place, "what is a fjord?")
        await quiet(o)
        assert asked.texts == ["I answer you in our direct messages."]
        assert len(o.hers(o.team.dm(o.ana))) == 2
        assert place.hers == []
        assert {turn.audience.visibility for turn in o.ellie.turns()} == {Visibility.DIRECT}


async def test_where_she_is_switched_off_nothing_is_written_for_all() -> None:
    async with office("Hello.") as o:
        await o.decide(AnswerPolicy.OFF, o.hall)
        await o.team.slash(o.ana, o.hall, "hello?")
        await quiet(o)
        assert len(o.hers(o.team.dm(o.ana))) == 2
        message = await o.team.say(o.bo, o.hall, "quack")
        await ask_about(o, message, "what does he mean?")
        assert "switched off" in whispers(o)[-1]
        assert o.hers() == []
        assert len(o.ellie.turns()) == 1


@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
async def test_where_she_may_not_write_the_asker_is_told(method: str) -> None:
    async with office() as o:
        o.slack.fail(method, "user_disabled", times=9)
        o.slack.fail("chat.postMessage", "messages_tab_disabled", times=9)
        asked = await o.team.slash(o.ana, o.hall, "hello?")
        await quiet(o)
        assert "try again" in asked.texts[0]
        assert o.ellie.turns() == []
        assert o.ellie.generator.requests == []
        assert not o.ellie.state.persons


async def test_a_command_that_arrives_twice_is_answered_once() -> None:
    async with office("A long bay.") as o:
        await o.team.slash(o.ana, o.hall, "what is a fjord?", trigger_id="T.1")
        await o.team.slash(o.ana, o.hall, "what is a fjord?", trigger_id="T.1")
        await quiet(o)
        assert len(o.hers(o.team.dm(o.ana))) == 2
        assert len(o.ellie.turns()) == 1


HOSTILE = [
    "<!channel> hello",
    "&lt;!channel&gt; hello",
    "@everyone hello",
    "<@U2> hello",
    "<!subteam^S1|@team> hello",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_question_that_is_repeated_calls_nobody(text: str) -> None:
    async with office("Hello.", "Hello.") as o:
        await o.team.slash(o.ana, o.hall, text)
        said = await o.team.say(o.bo, o.hall, "quack quack")
        await ask_about(o, said, text.replace("&lt;", "<").replace("&gt;", ">"))
        for question in (o.hers(o.team.dm(o.ana))[0], o.hers()[0]):
            for shown in (question.text, question.shown_text):
                assert "hello" in shown
                for call in ("<!", "<@", "@channel", "@everyone"):
                    assert call not in shown


async def test_a_long_question_is_repeated_in_part() -> None:
    async with office("Yes.") as o:
        await o.team.slash(o.ana, o.hall, "so " + "very " * 500 + "long?\n\nis it?")
        await quiet(o)
        question = o.hers(o.team.dm(o.ana))[0].shown_text
        assert len(question) < 400
        assert "\n" not in question
        assert o.ellie.turns()[0].text.endswith("is it?")


async def test_a_question_in_chinese() -> None:
    async with office("是海湾。") as o:
        asked = await o.team.slash(o.ana, o.hall, "什么是峡湾？")
        await quiet(o)
        [question, answer] = o.hers(o.team.dm(o.ana))
        assert question.shown_text == "> **Ana**: 什么是峡湾？"
        assert "重新回答" in str(answer.blocks)
        assert "我是 Ellie" in answer.shown_text
        assert asked.texts == ["我在我们的私信里回答你。"]


async def test_what_is_asked_about_a_message_is_answered_in_its_thread() -> None:
    async with office("He likes ducks.") as o:
        said = await o.team.say(o.bo, o.hall, "I live in Duckburg, says the duck")
        await ask_about(o, said, "what does he mean?")
        assert [message.thread_ts for message in o.hers()] == [said.ts, said.ts]
        assert o.said() == ["> **Ana**: what does he mean?", "He likes ducks."]
        assert 'Bo: "I live in Duckburg, says the duck"' in o.ellie.prompts()[0]
        [turn] = o.ellie.turns()
        assert turn.text == "what does he mean?"
        assert "Duckburg" not in repr(o.ellie.turns()) + repr(o.ellie.facts())


async def test_it_may_be_ones_own_message_and_is_not_learned_from_either() -> None:
    async with office("I see.") as o:
        said = await o.team.say(o.ana, o.hall, "my dog is called Biscuit")
        await ask_about(o, said, "is that a good name?")
        assert "Biscuit" in o.ellie.prompts()[0]
        assert o.ellie.facts() == []


async def test_an_answer_about_a_message_written_again_knows_the_message() -> None:
    async with office("He likes ducks.", "He is a duck.") as o:
        said = await o.team.say(o.bo, o.hall, "quack quack")
        await ask_about(o, said, "what does he mean?")
        await o.team.press(o.ana, o.hers()[-1], action_id=AGAIN)
        await o.slack.until(lambda: o.said()[-1] == "He is a duck.")
        await quiet(o)
        assert "quack quack" in o.ellie.prompts()[1]
        assert o.said() == ["> **Ana**: what does he mean?", "He is a duck."]


async def test_in_the_thread_of_such_an_answer_the_talk_goes_on() -> None:
    async with office("He likes ducks.", "Yes.") as o:
        said = await o.team.say(o.bo, o.hall, "quack quack")
        await ask_about(o, said, "what does he mean?")
        more = await o.team.say(o.bo, o.hall, "do I?", thread_ts=said.ts)
        assert await is_answered(o, more)


async def test_a_question_that_was_cut_off_can_be_asked_again_by_a_button() -> None:
    async with office("one two three") as o:
        direct = o.team.dm(o.ana)
        o.ellie.generator.hold(after_words=1)
        await o.team.slash(o.ana, o.hall, "count")
        await o.slack.until(lambda: o.said(direct)[1:] == ["one"])
        await o.restart("one two three")
        await o.slack.until(lambda: "I was interrupted" in o.said(direct)[-1])
        await quiet(o)
        assert len(o.hers(direct)) == 2
        await o.team.press(o.ana, o.hers(direct)[-1], action_id=AGAIN)
        await o.slack.until(lambda: o.said(direct)[1:] == ["one two three"])
        await quiet(o)
        assert [turn.reply for turn in o.ellie.turns()] == ["one two three"]


async def test_what_was_asked_about_a_message_and_cut_off_is_asked_with_it_again() -> None:
    async with office("one two three") as o:
        o.ellie.generator.hold(after_words=1)
        said = await o.team.say(o.bo, o.hall, "quack quack")
        await o.team.shortcut(o.ana, said, callback_id=CALLBACK_ID)
        await o.slack.until(lambda: o.team.modal(o.ana))
        await o.team.submit(o.ana, {"question": "what is it?"})
        await o.slack.until(lambda: o.said()[1:] == ["one"])
        await o.restart("one two three")
        await o.slack.until(lambda: "I was interrupted" in o.said()[-1])
        await o.team.press(o.ana, o.hers()[-1], action_id=AGAIN)
        await o.slack.until(lambda: o.said()[1:] == ["one two three"])
        assert "quack" in o.ellie.prompts()[0]


async def test_where_she_is_not_in_it_is_answered_directly() -> None:
    async with office("He likes ducks.", "Yes.") as o:
        away = o.team.add_channel("C2", name="away", members=[o.ana, o.bo], bot_is_member=False)
        said = await o.team.say(o.bo, away, "quack quack")
        await ask_about(o, said, "what does he mean?")
        direct = o.team.dm(o.ana)
        [question, answer] = o.hers(direct)
        assert question.shown_text == "> **Ana**: what does he mean?"
        assert answer.thread_ts == question.ts
        assert "He likes ducks." in answer.shown_text
        assert away.hers == []
        posts = o.slack.calls_of("chat.postMessage")
        assert {call.arguments["channel"] for call in posts} == {direct.id}
        assert "quack quack" in o.ellie.prompts()[0]
        more = await o.team.say(o.ana, direct, "really?", thread_ts=question.ts)
        assert await is_answered(o, more)


async def test_a_file_of_the_message_is_read_and_is_somebody_elses() -> None:
    async with office("Milk.") as o:
        file = ("list.txt", b"milk and honey", "text/plain")
        said = await o.team.say(o.bo, o.hall, "my list", files=[file])
        await ask_about(o, said, "what is on it?")
        assert "milk and honey" in o.ellie.prompts()[0]
        [turn] = o.ellie.turns()
        assert turn.shown == ()
        assert o.ellie.facts() == []


async def test_about_a_notice_of_slacks_nothing_can_be_asked() -> None:
    async with office() as o:
        notice = await o.team.say(o.bo, o.hall, "has joined", subtype="channel_join")
        await ask_about(o, notice, "who is that?")
        assert "try again" in whispers(o)[-1]
        assert o.hers() == []
        assert o.ellie.turns() == []


async def test_what_she_said_herself_can_be_asked_about() -> None:
    async with office("42.", "Six times seven.") as o:
        await o.call(o.ana, "what is the answer?")
        await quiet(o)
        await ask_about(o, o.hers()[0], "how so?")
        assert '"42.' in o.ellie.prompts()[1]
        assert o.said()[-1] == "Six times seven."


async def test_a_form_is_answered_once() -> None:
    async with office("He likes ducks.") as o:
        said = await o.team.say(o.bo, o.hall, "quack quack")
        await ask_about(o, said, "what does he mean?")
        [sent] = [one for one in o.slack.deliveries if one.event_type == "view_submission"]
        again = await o.slack.redeliver(sent)
        await o.slack.answered(again)
        assert again.is_acked
        assert not again.response
        await quiet(o)
        assert o.said() == ["> **Ana**: what does he mean?", "He likes ducks."]
        assert len(o.ellie.turns()) == 1


async def test_when_she_cannot_remember_whoever_asks_is_told_and_may_try_again() -> None:
    async with office("A long bay.") as o:
        direct = o.team.dm(o.ana)
        o.ellie.storage.is_alive = False
        await o.team.slash(o.ana, o.hall, "what is a fjord?")
        await quiet(o)
        [question, sorry] = o.hers(direct)
        assert "memory" in sorry.shown_text
        o.ellie.storage.is_alive = True
        more = await o.team.say(o.ana, direct, "what is a fjord?", thread_ts=question.ts)
        assert await is_answered(o, more)
        assert "A long bay." in o.said(direct)[-1]
