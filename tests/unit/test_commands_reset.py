"""``admin reset``: nothing goes without the code, and only what was said in channels here."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.administering import CHANNEL, OTHER_WORKSPACE, Office, channel
from support.commanding import text_of

from bot.commands.reply import CommandReply, ReplyKind
from bot.domain.conversation import Scope, Visibility

HALL, ELSEWHERE = channel("C2"), channel("C1", tenant=OTHER_WORKSPACE)
LINES = ("/admin reset user @ana", "/admin reset channel", "/admin reset server")


@pytest.fixture
async def office() -> Office:
    """Where Ana and Bob said something in two channels, to Ellie alone, and elsewhere."""
    office = Office()
    for user in ("ana", "bob"):
        await office.desk.say(f"{user} direct", user=user)
        for where, name in ((CHANNEL, "here"), (HALL, "hall"), (ELSEWHERE, "elsewhere")):
            await office.say(f"{user} {name}", where, user=user)
    office.desk.later(minutes=1)
    return office


async def said(office: Office, *, stored: bool = False) -> set[str]:
    """What is shown, or with ``stored`` what is there at all."""
    found: set[str] = set()
    async with office.desk.storage.unit_of_work() as work:
        for user in ("ana", "bob"):
            person = await work.persons.find(office.desk.identity(user))
            if person is not None:
                scope = Scope.in_private(person.id, set_aside=stored)
                found |= {turn.text for turn in await work.turns.after(scope, 0)}
    return found


def everything(*gone: str) -> set[str]:
    places = ("direct", "here", "hall", "elsewhere")
    return {f"{user} {place}" for user in ("ana", "bob") for place in places} - set(gone)


def code_in(reply: CommandReply) -> str:
    assert reply.kind is ReplyKind.QUESTION, text_of(reply)
    return reply.closing[0].split()[-1]


async def confirmed(office: Office, line: str, user: str = "ana") -> CommandReply:
    code = code_in(await office.ask(line, user=user))
    done = await office.ask(f"{line} {code}", user=user)
    await office.erasure.drain()
    return done


GONE = {
    LINES[0]: ("ana here", "ana hall"),
    LINES[1]: ("ana here", "bob here"),
    LINES[2]: ("ana here", "ana hall", "bob here", "bob hall"),
}


@pytest.mark.parametrize("line", LINES)
async def test_the_first_time_it_is_only_counted(office: Office, line: str) -> None:
    reply = await office.ask(line)

    messages = len(GONE[line])
    people = 1 if "user" in line else 2
    counted = f"{messages} messages, 0 facts and 0 summaries of {people} "
    assert counted in reply.lines[0]
    assert "Direct messages and other servers or workspaces are not touched." in reply.lines
    assert "after 72 hours" in text_of(reply)
    assert f"write within 10 minutes: {line.replace('@', '')} CODE" in text_of(reply)
    assert reply.private
    assert await said(office) == everything()
    assert await office.resets.listing(CHANNEL.tenant) == ()  # type: ignore[arg-type]


@pytest.mark.parametrize("line", LINES)
async def test_with_the_code_it_is_set_aside_and_can_be_undone(office: Office, line: str) -> None:
    done = await confirmed(office, line)

    assert done.kind is ReplyKind.DONE
    assert "I erase it for good on 7 May 2026 at 12:01 UTC" in text_of(done)
    assert await said(office) == everything(*GONE[line])
    assert await said(office, stored=True) == everything()

    undone = await office.ask("/admin reset undo")
    await office.erasure.drain()

    assert undone.kind is ReplyKind.DONE
    assert await said(office) == everything()
    assert (await office.ask("/admin reset undo")).kind is ReplyKind.REFUSED


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("now", ["now", "--now", "NOW", "—now"])
async def test_now_erases_at_once_and_for_good(office: Office, line: str, now: str) -> None:
    asked = await office.ask(f"{line} {now}")
    assert "That cannot be undone." in text_of(asked)
    assert f"{line.replace('@', '')} now CODE" in text_of(asked)

    done = await confirmed(office, f"{line} {now}")

    assert "I am erasing it" in text_of(done)
    assert await said(office, stored=True) == everything(*GONE[line])
    assert text_of(await office.ask("/admin reset undo")) == (
        "There is nothing that could be brought back."
    )


async def test_a_grace_of_no_hours_is_now(office: Office) -> None:
    soon = Office(grace_hours=0)
    await soon.say("ana here")
    assert "That cannot be undone." in text_of(await soon.ask("/admin reset server"))
    await confirmed(soon, "/admin reset server")
    assert await said(soon, stored=True) == set()


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/admin reset server", "/admin reset server now"),
        ("/admin reset server now", "/admin reset server"),
        ("/admin reset channel", "/admin reset server"),
        ("/admin reset user ana", "/admin reset user bob"),
        ("/admin reset user ana", "/admin reset server"),
    ],
)
async def test_a_code_is_for_one_thing(office: Office, asked: str, given: str) -> None:
    code = code_in(await office.ask(asked))

    reply = await office.ask(f"{given} {code}")

    assert reply.kind is ReplyKind.REFUSED
    assert "That is not the code" in text_of(reply)
    assert await said(office) == everything()


async def test_a_code_is_for_one_admin_in_one_place_for_ten_minutes(office: Office) -> None:
    line = "/admin reset server"
    code = code_in(await office.ask(line))
    refused = [
        await office.ask(f"{line} {code}", user="bob"),
        await office.ask(f"{line} {code}", where=ELSEWHERE),
        await office.ask(f"{line} {code}", is_admin=False),
        await office.ask(f"{line} WRONG"),
    ]
    office.desk.later(minutes=10)
    refused.append(await office.ask(f"{line} {code}"))

    assert {reply.kind for reply in refused} == {ReplyKind.REFUSED}
    assert await said(office) == everything()


async def test_who_lost_the_right_meanwhile_resets_nothing(office: Office) -> None:
    async def no_more() -> bool:
        return False

    code = code_in(await office.ask("/admin reset server"))
    reply = await office.ask(f"/admin reset server {code}", still_admin=no_more)

    assert reply.kind is ReplyKind.REFUSED
    assert "only for whoever may manage" in text_of(reply)
    assert await said(office) == everything()


@pytest.mark.parametrize("line", [*LINES, "/admin reset undo", "/admin reset list"])
async def test_others_are_refused_and_nobody_resets_direct_messages(
    office: Office, line: str
) -> None:
    direct = replace(CHANNEL, visibility=Visibility.DIRECT)
    for reply in (await office.ask(line, is_admin=False), await office.ask(line, where=direct)):
        assert reply.kind is ReplyKind.REFUSED


async def test_of_somebody_unknown_as_much_is_said_as_of_somebody_silent(office: Office) -> None:
    await office.desk.say("I live in Porto.", user="cleo")

    silent = await office.ask("/admin reset user cleo")
    unknown = await office.ask("/admin reset user nobody")

    assert silent.kind is ReplyKind.REFUSED
    assert text_of(silent).replace("cleo", "nobody") == text_of(unknown)
    assert "I have nothing stored of what nobody said to me in channels here." in text_of(unknown)


@pytest.mark.parametrize(
    "line", ["/admin reset user", "/admin reset user not a user!", "/admin reset user 💥"]
)
async def test_a_user_has_to_be_named(office: Office, line: str) -> None:
    reply = await office.ask(line)
    assert reply.kind is ReplyKind.REFUSED
    assert await said(office) == everything()


async def test_a_reset_of_nothing_more_is_refused_with_its_code(office: Office) -> None:
    code = code_in(await office.ask("/admin reset channel now"))
    await confirmed(office, "/admin reset server now")

    reply = await office.ask(f"/admin reset channel now {code}")

    assert reply.kind is ReplyKind.REFUSED
    assert "nothing stored" in text_of(reply)


async def test_what_is_said_afterwards_stays(office: Office) -> None:
    await confirmed(office, "/admin reset server")
    office.desk.later(minutes=1)
    await office.say("ana again")

    office.desk.later(hours=73)
    assert (await office.erasure.run_due()).turns == 4

    assert await said(office, stored=True) == everything(*GONE[LINES[2]]) | {"ana again"}


async def test_the_list_tells_what_is_pending_running_and_over(office: Office) -> None:
    assert "There are none." in text_of(await office.ask("/admin reset list"))
    await confirmed(office, "/admin reset channel")
    await office.ask("/admin reset undo")
    await office.erasure.drain()
    await confirmed(office, "/admin reset user bob")
    await confirmed(office, "/admin reset channel now")

    text = text_of(await office.ask("/admin reset"))

    pending, over = text.split("Over")
    assert "what bob said in channels" in pending
    assert "2 messages, 0 facts, 0 summaries of 1 person" in pending
    assert "erased for good on 7 May 2026 at 12:01 UTC; /admin reset undo " in pending
    assert "C1 what was said in one channel" in over
    assert "erased on 4 May 2026: 2 messages, 0 facts" in over
    assert "brought back" in over
    assert "Being erased" not in text
    elsewhere = await office.ask("/admin reset list", where=ELSEWHERE)
    assert "There are none." in text_of(elsewhere)


async def test_of_several_the_one_that_is_named_is_undone(office: Office) -> None:
    await confirmed(office, "/admin reset user ana")
    await confirmed(office, "/admin reset user bob")
    which = await office.ask("/admin reset undo")
    assert which.kind is ReplyKind.REFUSED
    (bob, ana) = which.sections[0].rows
    assert "bob" in bob.text
    named = ana.notes[1].split("undo ")[1].split()[0]

    assert (await office.ask("/admin reset undo zzz")).kind is ReplyKind.REFUSED
    elsewhere = await office.ask(f"/admin reset undo {named}", where=ELSEWHERE)
    assert elsewhere.kind is ReplyKind.REFUSED
    assert (await office.ask(f"/admin reset undo {named.upper()}")).kind is ReplyKind.DONE

    assert await said(office) == everything("bob here", "bob hall")


async def test_it_works_in_chinese(office: Office) -> None:
    asked = await office.ask("/管理 重置 服务器 立即")
    assert "无法撤销" in text_of(asked)
    line = asked.closing[0].partition("：")[2]

    done = await office.ask(line, locale="zh-CN")
    await office.erasure.drain()

    assert "我正在删除" in text_of(done)
    assert await said(office, stored=True) == everything(*GONE[LINES[2]])


async def test_without_resets_it_says_so(office: Office) -> None:
    for line in (*LINES, "/admin reset undo", "/admin reset list"):
        understood = office.desk.commands.understand(line)
        assert understood is not None
        caller = replace(office.desk.caller(), conversation=CHANNEL, is_admin=True)
        reply = await office.desk.commands.answer(understood, caller)
        assert text_of(reply) == "I cannot do that here."
