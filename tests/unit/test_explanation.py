"""`memory why`: what was in the prompt of a reply, and what each part did to it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from support.engine import Ellie, settle, started
from support.published import publish, sum_up

from bot.domain.conversation import Visibility
from bot.domain.generation import Prompt
from bot.domain.turn import TurnStatus
from bot.engine.explanation import MAX_MEASURED, Explanation, Explanations
from bot.engine.forgetting import Forgetting
from bot.engine.turn import TurnLimits
from bot.errors import EngineFailedError, ModelError
from bot.ports.generation import ChatTokenizer
from bot.ports.scripted import ScriptedGenerator

LOBBY = {"channel": "lobby", "visibility": Visibility.PUBLIC}


def explanations(ellie: Ellie, generator: ScriptedGenerator | None = None) -> Explanations:
    return Explanations(
        ellie.storage, generator or ellie.generator, ids=ellie.ids, limits=TurnLimits()
    )


async def why(
    ellie: Ellie, number: int | None = None, *, user: str = "ana", **where: object
) -> Explanation | None:
    message = ellie.message("x", user=user, **where)  # type: ignore[arg-type]
    return await explanations(ellie).explain(message.author, message.conversation, number)


async def measured(ellie: Ellie, number: int | None = None) -> Explanation:
    explanation = await why(ellie, number)
    assert explanation
    found = await explanations(ellie).measure(ellie.message("x").author, explanation)
    assert found
    return found


def size_of(prompt: Prompt) -> int:
    return sum(len(message.content) for message in prompt.messages)


def told(explanation: Explanation | None) -> list[tuple[str, int | None, str]]:
    assert explanation
    return [(item.kind, item.number, item.words) for item in explanation.items]


async def three_turns(ellie: Ellie) -> None:
    await ellie.say("My dog is called Biscuit.", **LOBBY)
    await ellie.say("The weather is grey.")
    await ellie.say("What is my dog called?")


async def test_every_item_is_shown_with_its_words_and_the_account_of_it() -> None:
    async with started("Nice!", "Indeed.", "Biscuit.") as ellie:
        await ellie.say("My dog is called Biscuit.", **LOBBY)
        await ellie.say("I like tea.")
        await ellie.say("What is my dog called?")
        turn = (await ellie.turns())[2]
        trace = await ellie.trace(turn)
        assert trace

        explanation = await why(ellie)

        assert explanation
        assert explanation.turn == turn
        assert (explanation.model, explanation.finish_reason) == ("scripted", "stop")
        assert explanation.prompt_tokens == trace.prompt_tokens > 0
        assert explanation.timings_ms == trace.timings_ms
        assert told(explanation)[:2] == [
            ("fact", 1, "My dog is called Biscuit."),
            ("loop", 2, "I like tea."),
        ]
        assert ("fresh", 2, "I like tea.") in told(explanation)
        assert {bool(item.reason) for item in explanation.items} == {True, False}
        assert all(item.said_at == ellie.clock.now() for item in explanation.items)
        assert [(i.kind, i.tokens, i.included, i.reason, i.scores) for i in explanation.items] == [
            (i.kind, i.tokens, i.included, i.reason, i.scores) for i in trace.items
        ]
        assert {item.influence for item in explanation.items} == {None}
        assert explanation.measured is False


async def test_a_note_is_shown_without_words() -> None:
    async with started("I don't know.") as ellie:
        await ellie.say("What is my dog called?")

        assert told(await why(ellie)) == [("note", None, "")]


async def test_without_a_number_it_is_the_reply_of_this_conversation() -> None:
    async with started("Nice!", "Indeed.", "Biscuit.") as ellie:
        await three_turns(ellie)

        here = await why(ellie)
        there = await why(ellie, **LOBBY)
        assert here
        assert there
        assert (here.turn.number, there.turn.number) == (3, 1)
        assert await why(ellie, channel="dm-new") is None
        assert "dm-new" not in {key[2] for key in ellie.storage.state.conversations}


async def test_without_a_conversation_it_is_the_last_reply_of_all() -> None:
    async with started("one", "two") as ellie:
        await ellie.say("Hi.")
        await ellie.say("Hi.", **LOBBY)

        explanation = await explanations(ellie).explain(ellie.message("x").author, None)

        assert explanation
        assert explanation.turn.reply == "two"


async def test_turns_that_were_not_answered_are_explained_by_their_number_only() -> None:
    async with started("answered", EngineFailedError("broken"), *["not yet"] * 2) as ellie:
        await ellie.say("Hi.")
        await ellie.say("Fail!")
        ellie.generator.hold(after_words=1)
        reply = await ellie.engine.handle(ellie.message("Stop!"))
        await settle()
        reply.cancel()
        await reply.outcome()
        ellie.generator.hold()
        await ellie.engine.handle(ellie.message("Waiting."))
        await settle()

        for found in (
            await why(ellie),
            await explanations(ellie).explain(ellie.message("x").author, None),
        ):
            assert found
            assert found.turn.reply == "answered"
        failed, stopped, waiting = [await why(ellie, number) for number in (2, 3, 4)]
        assert failed
        assert stopped
        assert waiting
        assert (failed.turn.status, failed.model, failed.items) == (TurnStatus.FAILED, "", ())
        assert (waiting.turn.status, waiting.model) == (TurnStatus.ACCEPTED, "")
        assert stopped.finish_reason == "cancelled"
        assert ("loop", 1, "Hi.") in told(stopped)
        ellie.generator.release()


async def test_there_is_nothing_to_explain_before_a_first_reply() -> None:
    async with started("Hi.") as ellie:
        assert await why(ellie) is None
        assert await why(ellie, 1) is None
        await ellie.say("Hi.")
        for unknown in (0, -1, 2):
            assert await why(ellie, unknown) is None


async def test_an_incognito_reply_is_not_mistaken_for_an_older_one() -> None:
    async with started("stored", "not stored") as ellie:
        await ellie.say("Hi.")
        async with ellie.storage.unit_of_work() as work:
            ana = await work.persons.find(ellie.message("x").author)
            assert ana
            await work.persons.set_incognito(ana.id, incognito=True)
            await work.commit()
        await ellie.say("Hi.")

        assert await why(ellie) is None
        older = await why(ellie, 1)
        assert older
        assert older.turn.reply == "stored"


async def test_nobody_can_have_somebody_elses_turn_explained() -> None:
    async with started("for Ana", "for Ana too", "for Bea") as ellie:
        await ellie.say("My dog is called Biscuit.", **LOBBY)
        await ellie.say("What is my dog called?", **LOBBY)
        assert await why(ellie, user="bea", **LOBBY) is None
        await ellie.say("Hello.", user="bea", **LOBBY)

        last, first = await why(ellie, user="bea", **LOBBY), await why(ellie, 1, user="bea")
        assert last
        assert first
        assert last.turn.reply == first.turn.reply == "for Bea"
        assert await why(ellie, 2, user="bea") is None

        anas = await why(ellie, 2)
        assert anas
        bea = ellie.message("x", user="bea").author
        assert await explanations(ellie).measure(bea, anas) is None
        nobody = ellie.message("x", user="zoe").author
        assert await explanations(ellie).measure(nobody, anas) is None
        assert ellie.generator.scored == []


async def test_influence_is_what_the_reply_loses_without_the_item() -> None:
    async with started("Nice!", "Indeed.", "Your dog is called Biscuit.") as ellie:
        await three_turns(ellie)
        # So that the influence of each item tells which lines were left out for it.
        ellie.generator.likelihood = lambda prompt, reply: float(size_of(prompt))

        explanation = await measured(ellie)

        assert explanation.measured
        whole = ellie.generator.scored[0][0]
        assert whole == ellie.generator.requests[2].prompt
        assert {reply for _, reply in ellie.generator.scored} == {"Your dog is called Biscuit."}
        headings = len("\n\nWhat Ana told you:"), len("Earlier, Ana told you:\n\n")
        expected = {
            "fact": len('\n- "My dog is called Biscuit."') + headings[0],
            "loop": len("The weather is grey.") + len("Indeed."),
            "recalled": len('- 4 May 2026: "My dog is called Biscuit."\n') + headings[1],
        }
        found = {item.kind: item.influence for item in explanation.items if item.included}
        assert found == expected


async def test_an_episode_is_shown_and_its_influence_measured() -> None:
    async with started(*["ok"] * 9) as ellie:
        for words in ("The bear report.", "The wolf report."):
            await ellie.say(words)
        await sum_up(ellie, 1, 2, words="I watched animals.")
        await publish(ellie)
        await ellie.say("hello", channel="dm-other")
        ellie.generator.likelihood = lambda prompt, reply: float(size_of(prompt))

        (item,) = (await measured(ellie, 3)).items

        assert (item.kind, item.number, item.words) == ("episode", None, "I watched animals.")
        assert (item.included, item.said_at) == (True, ellie.clock.now())
        line = '\n- 4 May 2026: "I watched animals."'
        assert item.influence == len(f"\n\nEarlier conversations with Ana, in short:{line}")


async def test_what_is_left_out_of_the_prompt_has_no_influence() -> None:
    async with started("Hi Zoe.", "ok") as ellie:
        await ellie.say("My name is Zoe. My dog is called Biscuit.")
        await ellie.say("What is my dog called?")

        items = (await measured(ellie)).items
        assert [i.influence for i in items if not i.included] != []
        assert all((i.influence is not None) is i.included for i in items)


async def test_at_most_so_many_are_measured_and_the_likeliest_first() -> None:
    async with started(*["ok"] * 20) as ellie:
        for number in range(15):
            await ellie.say(f"My friend number {number} is very tall.")
        await ellie.say("I like tea.", **LOBBY)
        await ellie.say("Is this all?")

        explanation = await measured(ellie)

        included = [item for item in explanation.items if item.included and item.kind != "note"]
        found = [item for item in included if item.influence is not None]
        assert len(included) > MAX_MEASURED == len(found)
        assert len(ellie.generator.scored) == 1 + MAX_MEASURED
        assert all(i.influence is not None for i in included if i.kind in ("fact", "recalled"))
        loop = [item.influence is not None for item in included if item.kind == "loop"]
        assert loop == sorted(loop)  # the oldest ones are those not measured
        assert True in loop


async def test_what_was_forgotten_since_has_no_words_and_no_influence() -> None:
    async with started("Nice!", "Indeed.", "I see.") as ellie:
        await ellie.say("My dog is called Biscuit.", **LOBBY)
        await ellie.say("My cat is called Tinkerbell.", **LOBBY)
        await ellie.say("What are my dog and my cat called?")
        before = told(await why(ellie))
        ana = ellie.message("x").author
        forgetting = Forgetting(ellie.storage, ellie.recall, clock=ellie.clock, ids=ellie.ids)
        await forgetting.forget(ana, await forgetting.plan_words(ana, "Biscuit"))

        explanation = await measured(ellie)

        assert any("Biscuit" in words for _, _, words in before)
        expected = [
            (kind, None, "") if "Biscuit" in words else (kind, number, words)
            for kind, number, words in before
        ]
        assert told(explanation) == expected
        gone = [item for item in explanation.items if not item.words]
        assert gone
        assert {item.influence for item in gone} == {None}
        assert {item.said_at for item in gone} == {None}
        assert "Biscuit" not in str(ellie.generator.scored)
        assert any(item.influence is not None for item in explanation.items)


async def test_a_reply_that_was_forgotten_is_not_measured() -> None:
    async with started("Nice!", "It is Biscuit.") as ellie:
        await ellie.say("My dog is called Biscuit.")
        await ellie.say("What is my dog called?")
        ana = ellie.message("x").author
        forgetting = Forgetting(ellie.storage, ellie.recall, clock=ellie.clock, ids=ellie.ids)
        await forgetting.forget(ana, await forgetting.plan_words(ana, "Biscuit"))

        explanation = await measured(ellie, 2)

        assert explanation.turn.reply == ""
        assert not explanation.measured
        assert explanation.items
        assert ellie.generator.scored == []


async def test_somebody_forgotten_meanwhile_gets_no_explanation() -> None:
    async with started("Nice!", "Biscuit.") as ellie:
        await ellie.say("My dog is called Biscuit.")
        explanation = await why(ellie)
        assert explanation
        ana = ellie.message("x").author
        forgetting = Forgetting(ellie.storage, ellie.recall, clock=ellie.clock, ids=ellie.ids)
        await forgetting.forget_everything(ana)
        assert await explanations(ellie).measure(ana, explanation) is None
        await ellie.say("Hello.")

        assert await explanations(ellie).measure(ana, explanation) is None


async def test_a_reply_without_the_model_has_nothing_to_measure() -> None:
    async with started() as ellie:
        await ellie.say("Remember that I like tea.")

        explanation = await measured(ellie)

        assert explanation.turn.status is TurnStatus.ANSWERED
        assert (explanation.model, explanation.items, explanation.measured) == ("", (), False)


async def test_nothing_in_the_prompt_is_measured_without_the_model() -> None:
    async with started("Hi.") as ellie:
        await ellie.say("Hello.")

        explanation = await measured(ellie)

        assert explanation.measured
        assert ellie.generator.scored == []


async def test_another_model_does_not_tell_why_this_one_spoke() -> None:
    async with started("Nice!", "Indeed.", "Biscuit.") as ellie:
        await three_turns(ellie)
        other = ScriptedGenerator()
        other.model_name = "other"
        explanation = await why(ellie)
        assert explanation

        found = await explanations(ellie, other).measure(ellie.message("x").author, explanation)

        assert found == explanation
        assert other.scored == []


class Unloaded(ScriptedGenerator):
    async def tokenizer(self) -> ChatTokenizer:
        raise ModelError("The model is not there.")


class Broken(ScriptedGenerator):
    async def score(self, prompts: Sequence[Prompt], reply: str) -> tuple[float, ...]:
        raise EngineFailedError("The engine broke.")


@pytest.mark.parametrize(("kind", "error"), [(Unloaded, ModelError), (Broken, EngineFailedError)])
async def test_errors_of_the_model_are_the_callers(
    kind: type[ScriptedGenerator], error: type[Exception]
) -> None:
    async with started("Nice!", "Indeed.", "Biscuit.") as ellie:
        await three_turns(ellie)
        explanation = await why(ellie)
        assert explanation

        with pytest.raises(error):
            await explanations(ellie, kind()).measure(ellie.message("x").author, explanation)


async def test_no_transaction_is_open_while_the_model_reads() -> None:
    async with started("Nice!", "Indeed.", "Biscuit.") as ellie:
        await three_turns(ellie)
        open_then: list[bool] = []

        def likelihood(prompt: Prompt, reply: str) -> float:
            open_then.append(ellie.storage.writing.locked())
            return 0.0

        ellie.generator.likelihood = likelihood
        await measured(ellie)

        assert open_then
        assert not any(open_then)
