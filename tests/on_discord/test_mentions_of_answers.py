"""Whatever a model writes and people are called: no answer of hers pings anybody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from simcord.actors import MemberActor
from support.discord_commands import words_of
from support.town import Town, town

SHOUT = "@everyone @here <@&1> come and look"
NAMES = ("@everyone", "@here", "<@1>", "<@&1>")


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second and a half for each press: all of them are dealt with."""
    monkeypatch.setattr("adapters.discord.command_replies.GRACE_SECONDS", 60.0)


def sent(t: Town) -> list[Any]:
    """Every message that she sent or changed, as Discord was given it."""
    found = []
    for request in t.env.http_requests:
        body = request.json or {}
        if request.path.endswith("/callback"):
            body = body.get("data") or {}
        if request.method in ("POST", "PATCH") and "content" in body:
            found.append(body)
    return found


def assert_nobody_is_pinged(t: Town, *, at_least: int) -> None:
    bodies = sent(t)
    assert len(bodies) >= at_least
    for body in bodies:
        allowed = {key: value for key, value in body["allowed_mentions"].items() if value}
        assert allowed == {}
        assert body["allowed_mentions"]["parse"] == []
    hers = [
        message
        for channel in t.env.backend.messages.values()
        for message in channel.values()
        if message.author_id == t.env.backend.bot_user.id
    ]
    assert hers
    for message in hers:
        assert not message.mention_everyone
        assert message.ping_user_ids == message.ping_role_ids == []
        assert message.mention_user_ids == message.mention_role_ids == []
        assert not any(name in message.content for name in NAMES)


async def by_chat(t: Town, who: MemberActor, text: str) -> None:
    await who.slash(t.hall, "chat", text=text)


async def by_mention(t: Town, who: MemberActor, text: str) -> None:
    await t.say(who, text)


async def by_menu(t: Town, who: MemberActor, text: str) -> None:
    said = await t.bo.send(t.hall, f"{SHOUT}, says the duck")
    form = await who.context_menu(t.hall, "Ask Ellie about this", said)
    assert form.modal is not None
    field = form.modal["components"][0]["components"][0]["custom_id"]
    await who.submit_modal(form, {field: text})


async def test_an_answer_in_place_of_thinking_pings_nobody(tmp_path: Path) -> None:
    async with town(tmp_path, SHOUT) as t:
        await by_chat(t, t.ana, f"say this: {SHOUT}")
        [edit] = t.requests("PATCH", "/messages/@original")
        assert edit.json["allowed_mentions"] == {"parse": []}
        assert "everyone" in t.said()[0]
        assert_nobody_is_pinged(t, at_least=1)


async def test_further_messages_of_an_answer_ping_nobody(tmp_path: Path) -> None:
    text = "\n\n".join(f"{number}. {SHOUT}. " + "Again and again. " * 20 for number in range(12))
    async with town(tmp_path, text) as t:
        await by_chat(t, t.ana, "shout a lot")
        followups = [
            r for r in t.env.http_requests if r.method == "POST" and "content" in (r.json or {})
        ]
        assert followups
        assert all(r.path.startswith("/webhooks/") for r in followups)
        assert len(t.hers()) == 1 + len(followups)
        assert_nobody_is_pinged(t, at_least=2)


async def test_later_changes_of_an_answer_ping_nobody(tmp_path: Path) -> None:
    async with town(tmp_path, SHOUT) as t:
        t.ellie.generator.hold(after_words=1)
        await by_chat(t, t.ana, "shout")
        await t.env.advance_time(60)
        t.ellie.generator.go_on(after_words=3)
        await t.env.settle()
        await t.env.advance_time(60)
        t.ellie.generator.release()
        await t.env.settle()
        await t.env.advance_time(60)
        assert len(t.edits()) >= 2
        assert all(edit.json["allowed_mentions"] == {"parse": []} for edit in t.edits())
        assert_nobody_is_pinged(t, at_least=3)


async def test_another_answer_pings_nobody(tmp_path: Path) -> None:
    async with town(tmp_path, "Psst.", SHOUT) as t:
        await by_chat(t, t.ana, SHOUT)
        await t.press(t.ana, t.hers()[0], "again")
        assert "everyone" in t.said()[0].split("\n")[1]
        assert_nobody_is_pinged(t, at_least=2)


async def test_an_answer_by_an_interaction_that_is_over_pings_nobody(tmp_path: Path) -> None:
    async with town(tmp_path, SHOUT) as t:
        t.ellie.generator.hold()
        await by_chat(t, t.ana, "shout")
        await t.env.advance_time(16 * 60)
        t.ellie.generator.release()
        await t.env.advance_time(60)
        assert "everyone" in t.said()[-1]
        assert_nobody_is_pinged(t, at_least=1)


@pytest.mark.parametrize("name", ["@everyone", "<@1>", "<@&1> @here"])
@pytest.mark.parametrize("ask", [by_chat, by_mention, by_menu])
async def test_nobody_is_pinged_by_what_somebody_is_called(
    tmp_path: Path, name: str, ask: Callable[[Town, MemberActor, str], Awaitable[None]]
) -> None:
    async with town(tmp_path, f"Hello {name}! {SHOUT}") as t:
        who = t.guild.add_member(t.env.create_user("eve", global_name=name))
        await ask(t, who, "my friend is called @everyone, too")
        await t.env.advance_time(60)
        assert "Hello" in t.said()[0]
        assert_nobody_is_pinged(t, at_least=1)
        [turn] = t.ellie.turns()
        assert turn.text == "my friend is called @everyone, too"


async def test_commands_that_repeat_such_words_ping_nobody(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        everyone = t.guild.add_member(t.env.create_user("eve", global_name="@everyone"))
        await t.say(everyone, f"remember that my motto is {SHOUT}")
        shown = await everyone.slash(t.hall, "memory show")
        assert "motto" in words_of(shown)
        await t.say(everyone, "/memory show")
        for request in t.env.http_requests:
            body = request.json if isinstance(request.json, dict) else {}
            if "components" in body:
                assert body["allowed_mentions"]["parse"] == []
