"""``link`` and ``unlink``: one memory for two accounts of one person."""

from __future__ import annotations

import hashlib

import pytest
from structlog.testing import capture_logs
from support.commanding import Desk, text_of

from bot.commands.reply import ReplyKind
from bot.domain.fact import FactStatus
from bot.domain.identity import Platform
from bot.domain.operation import OperationKind
from bot.engine.linking import MAX_CODES, MAX_WRONG_CODES, digest_of
from bot.system import RandomIds

DISCORD = Platform.DISCORD


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def new_code(desk: Desk, user: str = "ana") -> str:
    await desk.ask("/link", user)
    return desk.ids.codes[-1]


async def test_a_code_is_shown_once_with_what_to_do(desk: Desk) -> None:
    reply = await desk.ask("/link")

    (code,) = desk.ids.codes
    written = f"{code[:4]}-{code[4:]}"
    assert reply.lines[0] == f"Your code is {written}"
    assert f"Type /link {written} with your other account within 10 minutes" in reply.lines[1]
    assert f"in Slack /ellie link {written}." in reply.lines[1]
    assert reply.private
    assert code not in repr(desk.storage.state)
    assert hashlib.sha256(code.encode()).hexdigest() in repr(desk.storage.state)


async def test_two_accounts_become_one_person_after_a_yes(desk: Desk) -> None:
    await desk.say("I live in Porto.")
    await desk.learn("I live in Porto.", slot="city", value="Porto")
    await desk.say("I like tea.", user="anna", platform=DISCORD)
    desk.later(days=1)
    await desk.learn("I live in Faro.", slot="city", value="Faro", user="anna", platform=DISCORD)
    await desk.learn("I like tea.", user="anna", platform=DISCORD)
    code = await new_code(desk)

    asked = await desk.ask(f"/link {code[:4].lower()}-{code[4:].lower()}", "anna", platform=DISCORD)

    assert asked.kind is ReplyKind.QUESTION
    assert text_of(asked).splitlines() == [
        "This would become one memory",
        "This account",
        " Anna (Discord)",
        " 1 message, 2 facts",
        "The other account",
        " Ana (Slack)",
        " 1 message, 1 fact",
        "Only one of these can be true; I keep the newer one",
        " “I live in Faro.” stays, “I live in Porto.” goes out of use",
        "Join them?",
    ]
    ana, anna = await desk.person(), await desk.person("anna", platform=DISCORD)
    assert ana != anna

    assert asked.confirmation
    done = await asked.confirmation.answer(True)

    assert "share one memory now, with 2 messages and 2 facts." in text_of(done)
    joined = await desk.person("anna", platform=DISCORD)
    assert joined
    assert ana
    assert joined.id == ana.id
    facts = await desk.facts()
    assert {fact.text: fact.status for fact in facts.values()} == {
        "I live in Porto.": FactStatus.SUPERSEDED,
        "I live in Faro.": FactStatus.ACTIVE,
        "I like tea.": FactStatus.ACTIVE,
    }
    async with desk.storage.unit_of_work() as work:
        *_, last = await work.operations.of_person(ana.id)
    assert (last.kind, last.reason) == (OperationKind.OVERWRITE, "accounts linked")
    assert "#2 I live in Faro." in text_of(await desk.ask("/memory show"))
    assert "(was: Porto, until 5 May 2026) #1" in text_of(await desk.ask("/memory show"))


async def test_accounts_that_say_the_same_keep_both(desk: Desk) -> None:
    dog = "I have a dog."
    await desk.learn("I live in Porto.", slot="city", value="Porto")
    await desk.learn(dog, slot="pet")
    desk.later(days=1)
    await desk.learn("My city: porto.", slot="city", value="porto", user="anna", platform=DISCORD)
    await desk.learn(dog, slot="pet", user="anna", platform=DISCORD)
    code = await new_code(desk)

    asked = await desk.ask(f"/link {code}", "anna", platform=DISCORD)
    assert asked.confirmation
    await asked.confirmation.answer(True)

    assert "Only one of these" not in text_of(asked)
    facts = await desk.facts()
    assert [fact.status for fact in facts.values()] == [FactStatus.ACTIVE] * 4


async def test_the_same_text_with_another_value_is_a_conflict(desk: Desk) -> None:
    await desk.learn("I moved.", slot="city", value="Porto")
    desk.later(days=1)
    await desk.learn("I moved.", slot="city", value="Faro", user="anna", platform=DISCORD)

    await desk.agree(f"/link {await new_code(desk)}", "anna", platform=DISCORD)

    statuses = {fact.value: fact.status for fact in (await desk.facts()).values()}
    assert statuses == {"Porto": FactStatus.SUPERSEDED, "Faro": FactStatus.ACTIVE}


async def test_recall_finds_what_the_other_account_said(desk: Desk) -> None:
    await desk.say("My cabin has a blue door.")
    await desk.say("hello", user="anna", platform=DISCORD)
    assert "blue" not in text_of(await desk.ask("/memory show door", "anna", platform=DISCORD))
    await desk.ask("/memory show door")

    await desk.agree(f"/link {await new_code(desk)}", "anna", platform=DISCORD)

    for user, account in (("ana", {}), ("anna", {"platform": DISCORD})):
        assert "blue" in text_of(await desk.ask("/memory show door", user, **account))


async def test_without_a_yes_nothing_is_joined_and_the_code_stays_good(desk: Desk) -> None:
    code = await new_code(desk)

    reply = await desk.agree(f"/link {code}", "anna", platform=DISCORD, yes=False)

    assert text_of(reply).startswith("Nothing was joined.")
    assert await desk.person("anna", platform=DISCORD) is None
    await desk.agree(f"/link {code}", "anna", platform=DISCORD)
    joined = await desk.person("anna", platform=DISCORD)
    assert joined == await desk.person()


async def test_a_code_works_once(desk: Desk) -> None:
    code = await new_code(desk)
    await desk.agree(f"/link {code}", "anna", platform=DISCORD)

    reply = await desk.ask(f"/link {code}", "eve", platform=DISCORD)

    assert reply.kind is ReplyKind.REFUSED
    assert text_of(reply).startswith("That code is not good")


async def test_of_two_who_agree_one_is_joined(desk: Desk) -> None:
    code = await new_code(desk)
    first = await desk.ask(f"/link {code}", "anna", platform=DISCORD)
    second = await desk.ask(f"/link {code}", "eve", platform=DISCORD)
    assert first.confirmation
    assert second.confirmation

    await first.confirmation.answer(True)
    late = await second.confirmation.answer(True)

    assert text_of(late).startswith("That code is not good")
    eve = await desk.person("eve", platform=DISCORD)
    assert eve != await desk.person()


@pytest.mark.parametrize(("minutes", "good"), [(9.9, True), (10, False), (60, False)])
async def test_a_code_expires_after_ten_minutes(desk: Desk, minutes: float, good: bool) -> None:
    code = await new_code(desk)
    desk.later(minutes=minutes)

    reply = await desk.ask(f"/link {code}", "anna", platform=DISCORD)

    assert (reply.confirmation is not None) is good


async def test_a_new_code_replaces_the_earlier_one(desk: Desk) -> None:
    first, second = await new_code(desk), await new_code(desk)

    assert (await desk.ask(f"/link {first}", "anna", platform=DISCORD)).confirmation is None
    assert (await desk.ask(f"/link {second}", "anna", platform=DISCORD)).confirmation


async def test_codes_are_limited_per_hour(desk: Desk) -> None:
    for _ in range(MAX_CODES):
        assert (await desk.ask("/link")).kind is ReplyKind.DONE
    assert text_of(await desk.ask("/link")).startswith("You asked for too many codes.")
    assert (await desk.ask("/link", "bob")).kind is ReplyKind.DONE

    desk.later(minutes=61)
    assert (await desk.ask("/link")).kind is ReplyKind.DONE


async def test_wrong_codes_are_limited_per_hour_and_then_even_a_right_one_fails(
    desk: Desk,
) -> None:
    code = await new_code(desk)
    for number in range(MAX_WRONG_CODES):
        wrong = await desk.ask(f"/link WRONG{number}", "eve", platform=DISCORD)
        assert text_of(wrong).startswith("That code is not good")

    reply = await desk.ask(f"/link {code}", "eve", platform=DISCORD)
    assert text_of(reply).startswith("Too many wrong codes.")
    assert (await desk.ask(f"/link {code}", "anna", platform=DISCORD)).confirmation

    desk.later(minutes=61)
    code = await new_code(desk)
    assert (await desk.ask(f"/link {code}", "eve", platform=DISCORD)).confirmation


async def test_the_own_code_does_not_count_as_a_try(desk: Desk) -> None:
    code = await new_code(desk)

    for _ in range(MAX_WRONG_CODES + 1):
        reply = await desk.ask(f"/link {code}")
        assert text_of(reply).startswith("That is this account's own code.")

    assert (await desk.ask(f"/link {code}", "anna", platform=DISCORD)).confirmation


async def test_accounts_that_are_linked_already_are_told_so(desk: Desk) -> None:
    await desk.agree(f"/link {await new_code(desk)}", "anna", platform=DISCORD)

    reply = await desk.ask(f"/link {await new_code(desk)}", "anna", platform=DISCORD)

    assert text_of(reply) == "These accounts are linked already."


async def test_parting_begins_anew_and_leaves_what_was_learned(desk: Desk) -> None:
    await desk.learn("I like tea.", user="anna", platform=DISCORD)
    await desk.agree(f"/link {await new_code(desk)}", "anna", platform=DISCORD)
    asked = await desk.ask("/unlink", "anna", platform=DISCORD)

    assert "Anna (Discord) [this account]" in text_of(asked)
    assert "(Slack)" in text_of(asked)
    assert asked.confirmation
    assert "begin anew" in asked.confirmation.question
    assert text_of(await asked.confirmation.answer(False)) == "The accounts stay linked."
    assert len(await desk.facts("anna", platform=DISCORD)) == 1
    done = await asked.confirmation.answer(True)

    assert "stays with the other accounts, 0 messages and 1 fact" in text_of(done)
    assert await desk.facts("anna", platform=DISCORD) == {}
    assert len(await desk.facts()) == 1
    await desk.learn("I like rum.", user="anna", platform=DISCORD)
    assert [fact.text for fact in (await desk.facts()).values()] == ["I like tea."]
    again = await asked.confirmation.answer(True)
    assert again.kind is ReplyKind.REFUSED


async def test_accounts_on_one_platform_are_told_apart(desk: Desk) -> None:
    desk.names = {"201": "Ana", "202": "Bo"}
    await desk.ask("/link", "201", platform=DISCORD)

    asked = await desk.ask(f"/link {desk.ids.codes[-1]}", "202", platform=DISCORD)
    assert [row.text for section in asked.sections for row in section.rows[:-1]] == [
        "Bo (Discord, 202)",
        "Ana (Discord, 201)",
    ]
    assert asked.confirmation
    done = await asked.confirmation.answer(True)

    assert [row.text for row in done.sections[0].rows] == [
        "Ana (Discord, 201)",
        "Bo (Discord, 202)",
    ]
    own, other = (await desk.ask("/unlink", "202", platform=DISCORD)).sections[0].rows
    assert (own.text, own.marks) == ("Bo (Discord, 202)", ("this account",))
    assert other.text.endswith("(Discord, 201)")


@pytest.mark.parametrize(
    ("user", "name", "platform", "shown"),
    [
        ("ana", "Ana", Platform.CONSOLE, "Ana (Console)"),
        ("owner", "", Platform.CONSOLE, "owner (Console)"),
        ("201", "", DISCORD, "201 (Discord)"),
        ("201", "Ana", DISCORD, "Ana (Discord, 201)"),
    ],
)
async def test_an_id_that_says_no_more_than_the_name_is_left_out(
    desk: Desk, user: str, name: str, platform: Platform, shown: str
) -> None:
    desk.names = {user: name}
    code = await new_code(desk, "eve")

    asked = await desk.ask(f"/link {code}", user, platform=platform)

    assert asked.sections[0].rows[0].text == shown


async def test_an_account_that_is_not_linked_cannot_be_parted(desk: Desk) -> None:
    for user in ("ana", "stranger"):
        reply = await desk.ask("/unlink", user)
        assert text_of(reply).startswith("This account is not linked with another one.")
        assert reply.confirmation is None
        await desk.say("hello")


async def test_codes_are_never_logged(desk: Desk) -> None:
    with capture_logs() as logs:
        code = await new_code(desk)
        await desk.ask("/link WRONGONE", "anna", platform=DISCORD)
        await desk.agree(f"/link {code}", "anna", platform=DISCORD)

    assert logs
    for secret in (code, digest_of(code), "WRONGONE", digest_of("WRONGONE")):
        assert secret not in repr(logs)


def test_a_code_may_be_typed_in_any_way() -> None:
    assert digest_of("abcd efgh") == digest_of("ABCD-EFGH") == digest_of(" ABCD\u2013EFGH ")
    assert digest_of("ABCDEFGH") != digest_of("ABCDEFGJ")


def test_real_codes_are_eight_characters_that_are_not_misread() -> None:
    codes = {RandomIds().new_code() for _ in range(500)}

    assert len(codes) == 500
    assert {len(code) for code in codes} == {8}
    assert not set("".join(codes)) & set("01ILOU")
    assert "".join(codes).isalnum()
    assert "".join(codes).upper() == "".join(codes)
