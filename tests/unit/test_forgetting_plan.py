"""What has to go with a fact, so that nothing brings it back."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from support.engine import NOON

from bot.domain.conversation import Audience, ConversationId, Visibility
from bot.domain.fact import Evidence, Fact, FactId, FactKind, FactSource, FactState, FactStatus
from bot.domain.identity import PersonId
from bot.domain.shown import Shown
from bot.domain.turn import Turn, TurnId, TurnStatus
from bot.memory.cutting import Words, search_terms, sentence_spans, without
from bot.memory.forgetting import ForgetPlan, Sought, Sweep, TurnCut
from bot.memory.terms import terms

HERE = Audience(visibility=Visibility.DIRECT, channel="dm")
NUMBERS = itertools.count(1)
SPOKEN = """
    dying lying tying skies skis news hoping hopped happily happiness agreed agreement relational
    sensibility sensitivity possibly early only gently ugly idly using used goes going does cities
    flies studied studies analogously conditional digitizer formality hopeful goodness communism
    caresses ponies cats feed plastered motoring conflated troubled sized falling hissing tanned
    Müller's naïve Straße ﬁne ＡＢＣ 4711 42 7 o'clock children's A b 狗 密码 上海市
"""


def turn(text: str, reply: str = "", shown: tuple[Shown, ...] = ()) -> Turn:
    number = next(NUMBERS)
    return Turn(
        id=TurnId(f"t{number}"),
        person_id=PersonId("ana"),
        conversation_id=ConversationId("c"),
        audience=HERE,
        event_key=f"e{number}",
        number=number,
        text=text,
        received_at=NOON,
        status=TurnStatus.ANSWERED,
        reply=reply,
        shown=shown,
    )


def fact(text: str, *evidence: tuple[str, Turn | None], **more: Any) -> Fact:
    number = next(NUMBERS)
    return Fact(
        id=FactId(f"f{number}"),
        person_id=PersonId("ana"),
        audience=HERE,
        number=number,
        kind=FactKind.IDENTITY,
        text=text,
        evidence=tuple(
            Evidence(quote=quote, turn_id=where and where.id, said_at=NOON)
            for quote, where in evidence
        ),
        valid_from=NOON,
        **more,
    )


def plan_of(sweep: Sweep, turns: Sequence[Turn]) -> ForgetPlan:
    return ForgetPlan(facts=sweep.facts, cuts=tuple(filter(None, map(sweep.cut, turns))))


def plan_for_fact(target: Fact, facts: Sequence[Fact], turns: Sequence[Turn]) -> ForgetPlan:
    return plan_of(Sweep([target], facts), turns)


def plan_for_words(words: str, facts: Sequence[Fact], turns: Sequence[Turn]) -> ForgetPlan:
    return plan_of(Sought(words=words).sweep(facts), turns)


def after(plan: ForgetPlan, *turns: Turn) -> list[tuple[str, str]]:
    cuts = {cut.turn_id: cut for cut in plan.cuts}
    return [
        (cuts[t.id].text_of(t), cuts[t.id].reply_of(t)) if t.id in cuts else (t.text, t.reply)
        for t in turns
    ]


def test_the_sentence_that_taught_a_fact_goes_and_the_others_stay() -> None:
    told = turn("Hello! I live in Porto. It rains.", "Nice. Porto is lovely. Take an umbrella.")
    porto = fact("I live in Porto.", ("I live in Porto", told), slot="city", value="Porto")

    plan = plan_for_fact(porto, [porto], [told])

    assert plan.facts == (porto,)
    assert after(plan, told) == [("Hello! It rains.", "Nice. Take an umbrella.")]
    assert plan.sentence_count == 2


def test_every_evidence_goes_and_what_says_the_same_elsewhere() -> None:
    first, second = turn("I live in Porto."), turn("Yes: I live in Porto, as I said. Anything new?")
    third = turn("Porto has a fine river.", "It has. You live in Porto after all!")
    porto = fact("I live in Porto.", ("I live in Porto", first), slot="city", value="Porto")

    plan = plan_for_fact(porto, [porto], [first, second, third])

    assert after(plan, first, second, third) == [
        ("", ""),
        ("Anything new?", ""),
        ("Porto has a fine river.", "It has."),
    ]


def test_an_answer_to_words_that_are_gone_goes_too() -> None:
    told = turn("My locker code is 4711.", "Noted! I will keep those digits safe.")
    code = fact("My locker code is 4711.", ("My locker code is 4711", told), value="4711")

    plan = plan_for_fact(code, [code], [told])

    assert after(plan, told) == [("", "")]


def test_replies_that_repeat_the_value_go_wherever_they_are() -> None:
    told = turn("My locker code is 4711. Keep it.", "Sure.")
    asked = turn("What opens my locker?", "Try 4711. Or ask the porter.")
    code = fact("My locker code is 4711.", ("My locker code is 4711", told), value="4711")

    assert after(plan_for_fact(code, [code], [told, asked]), asked) == [
        ("What opens my locker?", "Or ask the porter.")
    ]


def test_a_short_number_alone_gives_nothing_away() -> None:
    told = turn("I am 42. Hi.", "Great. There are 42 birds outside. You are 42, fine age!")
    age = fact("My age is 42.", ("I am 42", told), slot="age", value="42")

    ((text, reply),) = after(plan_for_fact(age, [age], [told]), told)

    assert text == "Hi."
    assert "42 birds" in reply
    assert "fine age" not in reply


def test_other_facts_of_a_cut_sentence_keep_their_words() -> None:
    told = turn("Well, I live in Porto and I have a dog called Rex! Bye.", "Hello Rex!")
    porto = fact("I live in Porto.", ("I live in Porto", told), slot="city", value="Porto")
    rex = fact("I have a dog called Rex.", ("I have a dog called Rex", told), value="Rex")

    plan = plan_for_fact(porto, [porto, rex], [told])

    assert plan.facts == (porto,)
    assert after(plan, told) == [("I have a dog called Rex Bye.", "Hello Rex!")]


def test_a_fact_whose_quote_holds_the_words_goes_along() -> None:
    told = turn("I'm Ana, a nurse.")
    name = fact("My name is Ana.", ("I'm Ana, a nurse", told), slot="name", value="Ana")
    job = fact("I am a nurse.", ("I'm Ana, a nurse", told), slot="job", value="nurse")
    tea = fact("I like tea.", ("I like tea", turn("I like tea")), value="tea")

    assert plan_for_fact(name, [name, job, tea], [told]).facts == (name, job)


@pytest.mark.parametrize(
    "status",
    [FactStatus.RETRACTED, FactStatus.SUPERSEDED, FactStatus.MERGED, FactStatus.EXPIRED],
)
def test_copies_that_say_the_same_go_along_in_every_state(status: FactStatus) -> None:
    old = fact(
        "i live in porto", ("i live in porto", None), slot="city", state=FactState(status=status)
    )
    new = fact("I live in Porto.", ("I live in Porto.", None), slot="city", value="Porto")
    other = fact("I live in Faro.", ("I live in Faro.", None), slot="city", value="Faro")

    assert plan_for_fact(new, [old, new, other], []).facts == (old, new)


def test_an_earlier_value_of_the_same_slot_stays() -> None:
    porto = fact("I live in Porto.", ("I live in Porto.", None), slot="city", value="Porto")
    faro = fact("I live in Faro.", ("I live in Faro.", None), slot="city", value="Faro")

    assert plan_for_fact(porto, [porto, faro], []).facts == (porto,)


def replaced(old: Fact, by: Fact) -> Fact:
    return old.in_state(FactState(status=FactStatus.SUPERSEDED, superseded_by=by.id))


def test_what_a_fact_said_before_its_edits_goes_along() -> None:
    told = turn("I work with Tom. Bye.")
    third = fact("My boss is Tim.", ("My boss is Tim.", None), source=FactSource.COMMAND)
    second = fact("My boss is Kim.", ("My boss is Kim.", None), source=FactSource.COMMAND)
    first = fact("I work with Tom.", ("I work with Tom", told))
    facts = [replaced(first, second), replaced(second, third), third]

    plan = plan_for_fact(third, facts, [told])

    assert {f.id for f in plan.facts} == {first.id, second.id, third.id}
    assert after(plan, told) == [("Bye.", "")]
    assert {f.id for f in plan_for_words("Tim", facts, []).facts} == {f.id for f in facts}
    assert plan_for_fact(facts[0], facts, [told]).facts == (facts[0],)


def test_a_value_that_the_conversation_overwrote_is_another_matter() -> None:
    told = turn("I moved to Berlin.")
    berlin = fact("I moved to Berlin.", ("I moved to Berlin", told), slot="city", value="Berlin")
    porto = fact("I live in Porto.", ("I live in Porto.", None), slot="city", value="Porto")

    assert plan_for_fact(berlin, [replaced(porto, berlin), berlin], [told]).facts == (berlin,)


def test_a_plan_is_within_another_that_takes_at_least_as_much() -> None:
    told = turn("Tom came. Tom went.", "Who is Tom? Hm.", (Shown(name="tom.png"),))
    tom = fact("My friend is Tom.", ("My friend is Tom.", None))
    said = TurnCut(turn=told, said=("Tom came.",))
    more = TurnCut(turn=told, said=("Tom came.", "Tom went."))
    replied = TurnCut(turn=told, said=("Tom came.",), replied=("Who is Tom?",))
    whole = TurnCut(turn=told, said=(told.text,), replied=(told.reply,), shown=told.shown)
    plans = [ForgetPlan(cuts=(cut,)) for cut in (said, more, replied, whole)]
    one, two, three, everything = plans

    assert all(plan.is_within(plan) and plan.is_within(everything) for plan in plans)
    assert one.is_within(two)
    assert not two.is_within(one)
    assert not three.is_within(one)
    assert not ForgetPlan(cuts=(TurnCut(turn=told, shown=told.shown),)).is_within(two)
    assert not one.is_within(ForgetPlan(facts=(tom,)))
    assert not ForgetPlan(facts=(tom,)).is_within(everything)
    assert ForgetPlan().is_within(ForgetPlan())


def test_facts_that_were_made_one_go_together() -> None:
    kept = fact("I like a cup of green tea.", ("I like a cup of green tea.", None))
    gone = fact(
        "Green tea is what I like.",
        ("Green tea is what I like.", None),
        state=FactState(status=FactStatus.MERGED, superseded_by=kept.id),
    )
    other = fact("I like rye bread.", ("I like rye bread.", None))
    facts = [kept, gone, other]

    assert plan_for_fact(kept, facts, []).facts == (kept, gone)
    assert plan_for_fact(gone, facts, []).facts == (kept, gone)


def test_a_reply_may_repeat_what_the_person_said_in_that_turn() -> None:
    porto = fact("I live in Porto.", ("I live in Porto.", None), slot="city", value="Porto")
    sweep = Sweep([porto], ())

    assert sweep.names_in_reply(turn("Hi!", "Porto! Nice.")) == ("Porto!",)
    assert sweep.names_in_reply(turn("Is Porto big?", "Porto is not big.")) == ()
    assert sweep.names_in_reply(turn("Hi!", "Hello.")) == ()
    assert Sweep([], ()).names_in_reply(turn("Hi!", "Hello.")) == ()


def test_words_find_facts_and_sentences_of_both_sides() -> None:
    told = turn("Lunch was fine. The locker has a code, 4711.", "Your locker code is safe. Bye.")
    code = fact("My locker code is 4711.", ("My locker code is 4711.", None), value="4711")
    bike = fact("My bike is in the locker.", ("My bike is in the locker.", None))

    plan = plan_for_words("my locker code", [code, bike], [told])

    assert plan.facts == (code,)
    assert after(plan, told) == [("Lunch was fine.", "Bye.")]


def test_chinese_words_are_found_inside_longer_runs() -> None:
    told = turn("今天很热。我的密码是八七六。", "好的，记下密码了。喝水吧。")

    plan = plan_for_words("我的密码", [], [told])

    assert after(plan, told) == [("今天很热。", "喝水吧。")]


@pytest.mark.parametrize("words", ["", "my the of", "的", "?!"])
def test_words_without_a_topic_find_nothing(words: str) -> None:
    assert not plan_for_words(words, [], [turn("my the of 的 ?!")])


def test_things_shown_go_when_their_description_tells() -> None:
    key = Shown(name="locker-code.png", caption="my locker code")
    sea = Shown(name="sea.png")
    told = turn("Look!", shown=(key, sea))

    (cut,) = plan_for_words("locker code", [], [told]).cuts

    assert cut.shown_of(told) == (sea,)
    assert cut.text_of(told) == "Look!"


def test_unrelated_turns_are_left_alone() -> None:
    porto = fact("I live in Porto.", ("I live in Porto.", None), slot="city", value="Porto")

    assert plan_for_fact(porto, [porto], [turn("I live here.", "Do you?")]).cuts == ()


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("It costs 3.5 euros in St. Gallen.", ["It costs 3.5 euros in St. Gallen."]),
        ("一。二！三", ["一。", "二！", "三"]),
        ("a\n\nb", ["a", "b"]),
        ("", []),
    ],
)
def test_texts_are_taken_apart_into_sentences(text: str, sentences: list[str]) -> None:
    assert [span.of(text) for span in sentence_spans(text)] == sentences


def test_nothing_is_left_of_a_text_but_its_marks() -> None:
    text = "(I live in Porto.) …"
    assert without(text, sentence_spans(text)[:1]) == ""


def test_a_cut_between_lines_leaves_the_lines() -> None:
    text = "one\ntwo. three\nfour"
    spans = sentence_spans(text)
    assert without(text, [spans[1]]) == "one\nthree\nfour"
    assert without(text, [spans[2]]) == "one\ntwo.\nfour"


def test_a_single_chinese_character_is_found_inside_a_run() -> None:
    assert Words("我有一只狗").hold(search_terms("狗"))
    assert not Words("我有一只猫").hold(search_terms("狗"))


@pytest.mark.parametrize("word", SPOKEN.split())
def test_every_form_of_a_word_is_found(word: str) -> None:
    assert Words(f"so: {word.title()}!").hold(terms(word)) is bool(terms(word))


def test_terms_are_looked_for_as_whole_words() -> None:
    assert not Words("a Portolan chart").hold(search_terms("Porto"))
    assert not Words("code").hold(search_terms("locker code"))
    assert not Words("anything").hold(frozenset())
