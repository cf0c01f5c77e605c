"""Messages that change: memory and answers follow."""

from __future__ import annotations

import pytest
from support.office import office
from support.slack_interruptions import hold_after
from support.slack_looks import introductions, labels, quiet
from support.slack_said import NOTES, first_lines, known

from adapters.slack.reply_blocks import AGAIN
from bot.domain.policy import AnswerPolicy
from bot.errors import EngineFailedError


async def test_an_edit_changes_what_is_known() -> None:
    async with office("Noted.") as o:
        asked = await o.call(o.ana, "my dog is called Biscuit")
        await o.answered()
        await o.team.edit(o.ana, asked, f"{o.me} my dog is called Bruno")
        await quiet(o)
        assert o.ellie.facts() == ["My dog is called Bruno."]
        assert first_lines(o) == ["Noted."]
        assert len(o.ellie.generator.requests) == 1


@pytest.mark.parametrize("words", [0, 2])
async def test_an_edit_while_she_answers_has_the_new_words_answered(words: int) -> None:
    async with office("one two three four", "Two plus three is five.") as o:
        asked = await hold_after(o, words, "what is two plus two?")
        before = o.hers()
        o.ellie.generator.go.set()
        await o.team.edit(o.ana, asked, f"{o.me} what is two plus three?")
        await o.slack.until(lambda: o.is_finished(1) and o.said() == ["Two plus three is five."])
        assert o.hers()[: len(before)] == before
        assert len(o.hers()) == 1
        assert labels(o.hers()[0]) == ["Again"]
        [turn] = o.ellie.turns()
        assert turn.text == "what is two plus three?"
        assert "two plus three" in o.ellie.prompts()[-1]
        assert introductions(o) == 1
        await quiet(o)
        assert o.team.session(o.hall, asked.ts).status == "active"


async def test_two_edits_while_she_answers_have_the_last_words_answered() -> None:
    async with office("one two", "never", "Six.", "Six.") as o:
        asked = await hold_after(o, 1, "what is two plus two?")
        o.ellie.generator.go.set()
        await o.team.edit(o.ana, asked, f"{o.me} what is two plus three?")
        await o.team.edit(o.ana, asked, f"{o.me} what is two plus four?")
        await quiet(o)
        [turn] = o.ellie.turns()
        assert turn.text == "what is two plus four?"
        assert len(o.hers()) == 1
        assert not o.hers()[0].is_streaming
        assert "two plus four" in o.ellie.prompts()[-1] or len(o.ellie.prompts()) == 2


async def test_an_edit_of_a_message_that_failed_is_answered() -> None:
    async with office(EngineFailedError("broken"), "Now it works.") as o:
        asked = await o.call(o.ana, "hello")
        await o.slack.until(lambda: o.is_finished(1))
        assert "My language model is not working" in o.said()[0]
        [told] = o.hers()
        await o.team.edit(o.ana, asked, f"{o.me} hello again")
        await o.slack.until(lambda: o.is_finished(1) and o.said() == ["Now it works."])
        assert o.hers() == [told]


async def test_an_edit_that_calls_her_afterwards_is_answered() -> None:
    async with office("Here I am.") as o:
        asked = await o.team.say(o.ana, o.hall, "what do you think?")
        await quiet(o)
        assert o.hers() == []
        await o.team.edit(o.ana, asked, f"{o.me} what do you think?")
        assert await o.answered() == ["Here I am."]
        await quiet(o)
        assert len(o.ellie.turns()) == 1


async def test_an_old_message_that_is_edited_to_call_her_is_left_alone() -> None:
    async with office() as o:
        asked = await o.team.say(o.ana, o.hall, "what do you think?")
        await o.slack.advance(601)
        await o.team.edit(o.ana, asked, f"{o.me} what do you think?")
        await quiet(o)
        assert o.hers() == []
        assert o.ellie.turns() == []


async def test_an_edit_that_speaks_to_somebody_else_is_not_kept() -> None:
    async with office("Hello.") as o:
        asked = await o.call(o.ana, "my dog is called Biscuit")
        await o.answered()
        await o.team.edit(o.ana, asked, "<@U2> my salary is 5000 and I live in Paris")
        await quiet(o)
        assert "5000" not in known(o)
        assert o.ellie.facts() == []
        assert o.hers() == []
        assert len(o.ellie.generator.requests) == 1


async def test_slack_is_not_kept_waiting_until_a_withdrawn_message_has_no_answer() -> None:
    async with office("Noted.") as o:
        asked = await o.call(o.ana, "my dog is called Biscuit")
        await o.answered()
        o.slack.hold("chat.delete")
        [edit] = await o.team.edit(o.ana, asked, "<@U2> my dog is called Biscuit")
        await o.slack.until(lambda: edit.is_acked)
        assert len(o.hers()) == 1
        assert "Biscuit" not in known(o)
        o.slack.release("chat.delete")
        await quiet(o)
        assert o.hers() == []


async def test_an_edit_that_withdraws_while_she_answers_stops_the_answer() -> None:
    async with office("one two three") as o:
        asked = await hold_after(o, 1, "my dog is called Biscuit")
        await o.team.edit(o.ana, asked, "<@U2> my dog is called Biscuit")
        await quiet(o)
        assert o.hers() == []
        assert "Biscuit" not in known(o)


async def test_an_edit_in_a_thread_goes_on_being_said_to_her() -> None:
    async with office("Hello.", "Noted.") as o:
        asked = await o.call(o.ana, "hello")
        await o.answered()
        said = await o.team.say(o.ana, o.hall, "my dog is called Biscuit", thread_ts=asked.ts)
        await o.answered(2)
        await o.team.edit(o.ana, said, "my dog is called Bruno")
        await quiet(o)
        assert o.ellie.facts() == ["My dog is called Bruno."]
        await o.team.edit(o.ana, said, "<@U2> my dog is called Rex")
        await quiet(o)
        assert o.ellie.facts() == []
        assert o.said() == ["Hello."]


async def test_a_direct_message_is_said_to_her_whatever_is_edited() -> None:
    async with office("Noted.") as o:
        said = await o.write(o.ana, "my dog is called Biscuit")
        await o.answered(1, o.team.dm(o.ana))
        await o.team.edit(o.ana, said, "<@U2> my dog is called Bruno")
        await quiet(o)
        assert o.ellie.facts() == ["My dog is called Bruno."]


async def test_where_she_answers_everything_an_edit_needs_no_mention() -> None:
    async with office("Noted.") as o:
        await o.decide(AnswerPolicy.ALWAYS)
        said = await o.team.say(o.ana, o.hall, "my dog is called Biscuit")
        await o.answered()
        await o.team.edit(o.ana, said, "my dog is called Bruno")
        await quiet(o)
        assert o.ellie.facts() == ["My dog is called Bruno."]
        assert first_lines(o) == ["Noted."]


async def test_an_edit_that_leaves_nothing_is_a_deletion() -> None:
    async with office("Noted.") as o:
        notes = ("notes.txt", NOTES, "text/plain")
        asked = await o.call(o.ana, "my PIN is 4711", files=[notes])
        await o.answered()
        await o.team.edit(o.ana, asked, "")
        await quiet(o)
        assert "4711" not in known(o)
        assert "swordfish" not in known(o)
        assert o.hers() == []


async def test_an_edit_of_a_forgotten_message_does_not_bring_it_back() -> None:
    async with office("Noted.") as o:
        asked = await o.call(o.ana, "my dog is called Biscuit")
        await o.answered()
        result = await o.team.slash(o.ana, o.hall, "memory forget Biscuit")
        await o.slack.until(lambda: result.posts)
        await o.team.press(o.ana, result.posts[0], text="Yes")
        await o.slack.until(lambda: "Biscuit" not in known(o))
        await quiet(o)
        await o.team.edit(o.ana, asked, f"{o.me} my dog is called Biscuit!")
        await quiet(o)
        assert "Biscuit" not in known(o)


async def test_an_edit_that_comes_after_the_deletion_brings_nothing_back() -> None:
    async with office("Noted.") as o:
        asked = await o.call(o.ana, "my dog is called Biscuit")
        await o.answered()
        [edit] = await o.team.edit(o.ana, asked, f"{o.me} my dog is called Bruno")
        await quiet(o)
        await o.team.delete(o.ana, asked)
        await quiet(o)
        await o.slack.redeliver(edit)
        await quiet(o)
        assert "Bruno" not in known(o)
        assert o.hers() == []


async def test_an_edit_is_followed_once_although_it_is_told_twice() -> None:
    async with office("one two three", "Five.", "never") as o:
        asked = await hold_after(o, 1, "what is two plus two?")
        o.ellie.generator.go.set()
        [edit] = await o.team.edit(o.ana, asked, f"{o.me} what is two plus three?")
        await o.slack.redeliver(edit)
        await o.slack.until(lambda: o.is_finished(1) and o.said() == ["Five."])
        await quiet(o)
        assert o.said() == ["Five."]
        assert len(o.ellie.generator.requests) == 2


async def test_a_preview_of_a_link_disturbs_no_answer() -> None:
    async with office("one two three") as o:
        asked = await hold_after(o, 1, "read https://example.org")
        await o.team.unfurl(asked, {"title": "Example", "text": "<@U2> my dog is called Rex"})
        await o.slack.settled()
        o.ellie.generator.release()
        assert await o.answered() == ["one two three"]
        assert len(o.ellie.generator.requests) == 1


async def test_a_preview_in_a_message_that_was_edited_disturbs_no_answer() -> None:
    async with office("one two", "one two three") as o:
        asked = await hold_after(o, 1, "read it")
        await o.team.edit(o.ana, asked, f"{o.me} read https://example.org")
        await o.slack.until(lambda: len(o.ellie.generator.requests) == 2)
        await o.team.unfurl(asked, {"title": "Example"})
        await o.slack.settled()
        o.ellie.generator.release()
        await o.slack.until(lambda: o.is_finished(1) and o.said() == ["one two three"])
        assert len(o.ellie.generator.requests) == 2


async def test_her_own_messages_may_change_as_they_like() -> None:
    async with office("Hello.") as o:
        await o.call(o.ana, "hello")
        await o.answered()
        [reply] = o.hers()
        await o.team.edit(o.team.bot, reply, f"{o.me} what do you think?")
        await o.team.unfurl(reply, {"title": "Example"})
        await quiet(o)
        assert len(o.hers()) == len(o.ellie.turns()) == 1


async def test_an_edit_without_a_database_leaves_no_half_answer() -> None:
    async with office("one two three") as o:
        asked = await hold_after(o, 1, "count")
        o.ellie.storage.is_alive = False
        await o.team.edit(o.ana, asked, f"{o.me} count please")
        o.ellie.generator.release()
        await o.slack.until(lambda: not any(reply.is_streaming for reply in o.hers()))
        [reply] = o.hers()
        assert "one two three" in reply.shown_text
        told = [one for one in o.slack.deliveries if one.subtype == "message_changed"]
        assert not told[0].is_acked  # so Slack tells of it again, when there may be a database


async def test_an_edit_of_what_is_said_incognito_leaves_no_half_answer() -> None:
    async with office("Hello.", "one two three") as o:
        dm = o.team.dm(o.ana)
        await o.write(o.ana, "hello")
        await o.answered(1, dm)
        await o.team.slash(o.ana, dm, "incognito on")
        await quiet(o)
        o.ellie.generator.hold(after_words=1)
        asked = await o.write(o.ana, "count")
        await o.slack.until(lambda: o.said(dm)[-1] == "one")
        await o.team.edit(o.ana, asked, "count please")
        o.ellie.generator.release()
        await o.slack.until(lambda: o.said(dm)[-1] == "one two three")
        await quiet(o)
        assert "count" not in known(o)


async def test_an_edited_question_is_answered_with_its_files() -> None:
    async with office("It s", "It says swordfish.") as o:
        o.ellie.generator.hold(after_words=1)
        notes = ("notes.txt", NOTES, "text/plain")
        asked = await o.call(o.ana, "what does it say?", files=[notes])
        await o.slack.until(lambda: o.said() == ["It"])
        o.ellie.generator.go.set()
        await o.team.edit(o.ana, asked, f"{o.me} what does the file say?")
        await o.slack.until(lambda: o.is_finished(1) and o.said() == ["It says swordfish."])
        assert "swordfish" in o.ellie.prompts()[1]


async def test_an_edit_while_it_is_answered_again_has_the_new_words_answered() -> None:
    async with office("Four.", "one two three", "Five.") as o:
        asked = await o.call(o.ana, "what is two plus two?")
        await o.answered()
        [reply] = o.hers()
        o.ellie.generator.hold(after_words=1)
        await o.team.press(o.ana, reply, action_id=AGAIN)
        await o.slack.until(lambda: "one" in o.said()[0].split())
        o.ellie.generator.go.set()
        await o.team.edit(o.ana, asked, f"{o.me} what is two plus three?")
        await o.slack.until(lambda: o.is_finished(1) and o.said() == ["Five."])
        assert o.hers() == [reply]
        assert "two plus three" in o.ellie.prompts()[-1]


async def test_a_refusal_is_not_taken_for_the_answer_to_the_new_words() -> None:
    async with office("Four.") as o:
        o.ellie.storage.is_alive = False
        asked = await o.call(o.ana, "what is two plus two")
        await o.answered()
        await quiet(o)
        o.ellie.storage.is_alive = True
        await o.team.edit(o.ana, asked, f"{o.me} what is two plus two?")
        await o.slack.until(lambda: o.is_finished(1) and o.said()[-1] == "Four.")
        assert labels(o.hers()[-1]) == ["Again"]


async def test_nothing_that_was_said_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    async with office("I whisper plugh.") as o:
        asked = await o.call(o.ana, "I whisper xyzzy")
        await o.answered()
        await o.team.edit(o.ana, asked, f"{o.me} I whisper xyzzy twice")
        await quiet(o)
        await o.team.delete(o.ana, asked)
        await quiet(o)
    logged = "".join(capsys.readouterr())
    assert "message_deleted" in logged
    assert "xyzzy" not in logged
    assert "plugh" not in logged


async def test_an_edit_that_adds_a_mention_to_somebody_elses_thread_is_answered_there() -> None:
    async with office("Here I am.") as o:
        root = await o.team.say(o.bo, o.hall, "who can help?")
        said = await o.team.say(o.ana, o.hall, "not me", thread_ts=root.ts)
        await o.team.edit(o.ana, said, f"{o.me} can help")
        await o.answered()
        assert [reply.thread_ts for reply in o.hers()] == [root.ts]
