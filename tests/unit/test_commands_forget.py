"""``memory forget``: asked once, then gone for good, also from where it would be recalled."""

from __future__ import annotations

import pytest
from support.commanding import Desk, text_of

from bot.commands.reply import ReplyKind
from bot.domain.conversation import Scope
from bot.domain.fact import Evidence
from bot.domain.operation import OperationKind
from bot.domain.shown import Shown
from bot.errors import StorageBusyError


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_fact_goes_with_the_sentences_that_tell_it(desk: Desk) -> None:
    told = await desk.say("Hello! I live in Porto. It rains.", "Porto is nice. Take an umbrella.")
    await desk.learn("I live in Porto.", told, slot="city", value="Porto")
    await desk.say("Where do I live?", "In Porto. Anything else?")

    asked = await desk.ask("/memory forget 1")

    assert asked.kind is ReplyKind.QUESTION
    assert asked.private
    assert text_of(asked).splitlines() == [
        "This is what would go",
        "Facts",
        "#1 I live in Porto.",
        "  said on 4 May 2026",
        "Sentences",
        "m1 I live in Porto. [you]",
        "m1 Porto is nice. [me]",
        "m2 In Porto. [me]",
        "This erases 1 fact and 3 sentences for good.",
    ]
    assert 1 in await desk.facts()

    assert asked.confirmation
    done = await asked.confirmation.answer(True)

    assert text_of(done) == "Done: 1 fact and 3 sentences are erased. That cannot be undone."
    assert done.erased
    assert await desk.facts() == {}
    assert await desk.turns() == [
        ("Hello! It rains.", "Take an umbrella."),
        ("Where do I live?", "Anything else?"),
    ]
    assert "Porto" not in repr(desk.storage.state)


async def test_nothing_goes_without_a_yes(desk: Desk) -> None:
    told = await desk.say("I live in Porto.")
    await desk.learn("I live in Porto.", told)

    reply = await desk.agree("/memory forget #1", yes=False)

    assert text_of(reply) == "Nothing was erased."
    assert not reply.erased
    assert 1 in await desk.facts()
    assert (await desk.turns())[0][0] == "I live in Porto."
    assert desk.storage.scrubbed == 0


async def test_what_is_forgotten_is_not_recalled(desk: Desk) -> None:
    told = await desk.say("My locker code is 4711.", "Noted.")
    await desk.learn("My locker code is 4711.", told, value="4711")
    await desk.say("I like the locker room")
    assert "4711" in text_of(await desk.ask("/memory show locker code"))
    before = await desk.person()

    await desk.agree("/memory forget 1")

    assert "4711" not in text_of(await desk.ask("/memory show locker code"))
    after = await desk.person()
    assert before
    assert after
    assert after.memory_epoch > before.memory_epoch
    async with desk.storage.unit_of_work() as work:
        index = await desk.recall.index_of(after, work)
    scope = Scope.in_private(after.id)
    assert index.rank("4711", scope, limit=5, now=desk.clock.now()) == []


async def test_the_files_are_overwritten_after_the_commit(desk: Desk) -> None:
    await desk.learn("I live in Porto.")
    await desk.agree("/memory forget 1")
    assert desk.storage.scrubbed == 1


async def test_every_evidence_goes(desk: Desk) -> None:
    first = await desk.say("I live in Porto.")
    fact = await desk.learn("I live in Porto.", first, value="Porto")
    second = await desk.say("My home is lovely Porto, you know. Bye.")
    async with desk.storage.unit_of_work() as work:
        await work.facts.add_evidence(
            fact.id,
            Evidence(quote="My home is lovely Porto", turn_id=second.id, said_at=desk.clock.now()),
        )
        await work.commit()

    await desk.agree("/memory forget 1")

    assert [said for said, _ in await desk.turns()] == ["", "Bye."]


async def test_only_the_named_one_of_a_slot_goes(desk: Desk) -> None:
    porto = await desk.learn("I live in Porto.", slot="city", value="Porto")
    await desk.learn("I live in Faro.", slot="city", value="Faro", replaces=porto)

    await desk.agree("/memory forget 1")

    assert list(await desk.facts()) == [2]


async def test_words_find_facts_and_sentences(desk: Desk) -> None:
    await desk.say("My ex is called Tom. Hello.", "Tom, hm. Hello.")
    await desk.learn("My friend Tom is kind.")
    await desk.learn("I like tea.")

    reply = await desk.agree("/memory forget Tom")

    assert "1 fact and 2 sentences" in text_of(reply)
    assert list(await desk.facts()) == [2]
    assert await desk.turns() == [("Hello.", "Hello.")]


async def test_a_plain_sentence_reaches_the_same(desk: Desk) -> None:
    await desk.say("My locker code is 4711.", "Noted.")

    reply = await desk.agree("Please forget my locker code")

    assert "1 fact" not in text_of(reply)
    assert await desk.turns() == [("", "")]


async def test_a_chinese_sentence_reaches_the_same_in_chinese(desk: Desk) -> None:
    await desk.say("我的密码是八七六。今天很热。", "好的。")

    asked = await desk.ask("忘记我的密码")

    assert asked.confirmation
    assert asked.confirmation.question == "这会永久删除0条事实和1句话。"
    await asked.confirmation.answer(True)
    assert (await desk.turns())[0][0] == "今天很热。"


@pytest.mark.parametrize("what", ["Tom", "1"])
async def test_what_came_in_meanwhile_is_shown_before_it_goes(desk: Desk, what: str) -> None:
    told = await desk.say("My friend is Tom. Hi.")
    await desk.learn("My friend is Tom.", told, value="Tom")
    first = await desk.ask(f"/memory forget {what}")
    again = await desk.say("Tom is my friend. Well.", "So Tom is. Well, well.")
    await desk.learn("Tom is my friend.", again, value="Tom")

    assert first.confirmation
    second = await first.confirmation.answer(True)

    assert second.kind is ReplyKind.QUESTION
    assert not second.erased
    assert text_of(second).splitlines() == [
        "This is what would go",
        "Something new came in meanwhile, so nothing is erased yet. All of this goes now:",
        "Facts",
        "#1 My friend is Tom.",
        "  said on 4 May 2026",
        "#2 Tom is my friend.",
        "  said on 4 May 2026",
        "Sentences",
        "m1 My friend is Tom. [you]",
        "m2 Tom is my friend. [you]",
        "m2 So Tom is. [me]",
        "This erases 2 facts and 3 sentences for good.",
    ]
    assert list(await desk.facts()) == [1, 2]
    assert desk.storage.scrubbed == 0

    assert second.confirmation
    done = await second.confirmation.answer(True)

    assert "2 facts and 3 sentences are erased" in text_of(done)
    assert await desk.facts() == {}
    assert await desk.turns() == [("Hi.", "ok"), ("Well.", "Well, well.")]


@pytest.mark.parametrize(
    ("said", "reply"), [("Tom came.", "ok"), ("Who called?", "Tom did."), ("Tom called.", "ok")]
)
async def test_a_sentence_alone_is_something_new(desk: Desk, said: str, reply: str) -> None:
    await desk.say("Tom called.")
    asked = await desk.ask("/忘记 Tom")
    await desk.say(said, reply)

    assert asked.confirmation
    second = await asked.confirmation.answer(True)

    assert "这期间又有了新的内容，所以还没有删除任何内容。" in text_of(second)
    assert [text for text, _ in await desk.turns()] == ["Tom called.", said]


async def test_what_came_in_meanwhile_can_be_kept(desk: Desk) -> None:
    await desk.say("Tom called.")
    asked = await desk.ask("/memory forget Tom")
    await desk.say("Tom came.")
    assert asked.confirmation
    second = await asked.confirmation.answer(True)

    assert second.confirmation
    assert text_of(await second.confirmation.answer(False)) == "Nothing was erased."
    assert [text for text, _ in await desk.turns()] == ["Tom called.", "Tom came."]


async def test_other_news_need_no_second_question(desk: Desk) -> None:
    await desk.say("Tom called.")
    asked = await desk.ask("/memory forget Tom")
    await desk.say("I like tea.")
    await desk.learn("I like tea.")

    assert asked.confirmation
    assert (await asked.confirmation.answer(True)).erased

    assert [said for said, _ in await desk.turns()] == ["", "I like tea."]
    assert len(await desk.facts()) == 1


async def test_the_wording_before_an_edit_goes_along(desk: Desk) -> None:
    told = await desk.say("I live in Porto. Bye.")
    await desk.learn("I live in Porto.", told, slot="city", value="Porto")
    await desk.ask("/memory edit 1 My home is Gaia")
    await desk.ask("/memory edit 2 My house is in Gaia")

    asked = await desk.ask("/memory forget 3")

    shown = text_of(asked)
    assert "#1 I live in Porto." in shown
    assert "#2 My home is Gaia" in shown
    assert "3 facts and 1 sentence" in shown
    assert asked.confirmation
    await asked.confirmation.answer(True)
    assert await desk.facts() == {}
    assert (await desk.turns())[0][0] == "Bye."


async def test_a_second_yes_finds_nothing_left(desk: Desk) -> None:
    await desk.learn("I live in Porto.", await desk.say("I live in Porto."))
    asked = await desk.ask("/memory forget 1")
    assert asked.confirmation
    await asked.confirmation.answer(True)

    assert "0 facts and 0 sentences" in text_of(await asked.confirmation.answer(True))


async def test_shown_things_go_with_their_description(desk: Desk) -> None:
    await desk.say("Look", shown=(Shown(name="tom.png", caption="Tom at sea"),))

    asked = await desk.ask("/memory forget Tom")

    assert "m1 tom.png [shown]" in text_of(asked)
    assert asked.confirmation
    await asked.confirmation.answer(True)
    assert "tom.png" not in repr(desk.storage.state)


async def test_a_long_list_is_cut_and_counted(desk: Desk) -> None:
    for number in range(30):
        await desk.say(f"Tom called {number} times. Hi.")

    asked = await desk.ask("/memory forget Tom")

    (sentences,) = asked.sections
    assert len(sentences.rows) == 21
    assert sentences.rows[-1].text == "… and 10 more"
    assert "30 sentences" in text_of(asked)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/memory forget 7", "There is no fact #7."),
        ("/memory forget giraffe", "I have nothing with “giraffe”."),
        ("/memory forget the", "“the” has no words that I could look for."),
        ("/memory forget", "What shall I forget?"),
    ],
)
async def test_what_cannot_be_forgotten_gives_a_sentence(
    desk: Desk, line: str, sentence: str
) -> None:
    await desk.learn("I like tea.")

    reply = await desk.ask(line)

    assert reply.kind is ReplyKind.REFUSED
    assert reply.confirmation is None
    assert text_of(reply).startswith(sentence)
    assert "/memory" in text_of(reply)


@pytest.mark.parametrize(
    "line", ["/memory forget everything", "/forget ALL", "forget everything about me", "/忘记 一切"]
)
async def test_everything_goes_after_a_yes(desk: Desk, line: str) -> None:
    await desk.say("I live in Porto.")
    await desk.learn("I live in Porto.")
    await desk.say("I am Bob.", user="bob")

    await desk.agree(line, yes=False)
    assert len(await desk.facts()) == 1
    reply = await desk.agree(line)

    assert reply.erased
    assert await desk.person() is None
    assert "Porto" not in repr(desk.storage.state)
    assert await desk.turns("bob") == [("I am Bob.", "ok")]


async def test_a_stranger_has_nothing_to_forget(desk: Desk) -> None:
    reply = await desk.ask("/memory forget everything")

    assert text_of(reply) == "There is nothing I remember about you."
    assert reply.confirmation is None


async def test_the_journal_says_that_it_happened_and_no_words(desk: Desk) -> None:
    fact = await desk.learn("I live in Porto.")
    await desk.agree("/memory forget 1")

    async with desk.storage.unit_of_work() as work:
        *_, last = await work.operations.of_person(fact.person_id)
    assert last.kind is OperationKind.ERASE
    assert last.detail == {"turns": 0, "facts": 1, "sentences": 0}
    assert last.changes == ()
    assert "Porto" not in repr(last)


async def test_an_open_database_is_said_and_overwritten_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.learn("I live in Porto.")

    async def busy() -> None:
        raise StorageBusyError("another program")

    with monkeypatch.context() as patched:
        patched.setattr(desk.storage, "scrub", busy)
        reply = await desk.agree("/memory forget 1")
    assert "Another program is using the database" in text_of(reply)

    await desk.control.forgetting.finish_scrubbing()
    assert desk.storage.scrubbed == 1
    await desk.control.forgetting.finish_scrubbing()
    assert desk.storage.scrubbed == 1


async def test_nobody_forgets_for_somebody_else(desk: Desk) -> None:
    await desk.learn("I live in Porto.", user="bob")
    await desk.say("I live in Porto.", user="bob")

    assert (await desk.ask("/memory forget 1")).kind is ReplyKind.REFUSED
    assert (await desk.ask("/memory forget Porto")).kind is ReplyKind.REFUSED
    assert len(await desk.facts("bob")) == 1


async def test_nothing_derived_from_the_words_stays_in_memory(desk: Desk) -> None:
    await desk.say("My locker code is 4711.", "Noted.")
    await desk.ask("/memory show locker")
    person = await desk.person()
    assert person
    assert person.id in desk.recall._entries

    await desk.agree("/memory forget locker")

    assert person.id not in desk.recall._entries
