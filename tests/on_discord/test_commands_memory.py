"""The commands about memory as people use them on Discord."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator

import pytest
from support.discord_commands import (
    CommandServer,
    buttons_of,
    command_server,
    last_of,
    words_of,
)


@pytest.fixture
async def server() -> AsyncIterator[CommandServer]:
    async with command_server() as running:
        yield running


async def test_memory_is_shown_to_whoever_asks_alone(server: CommandServer) -> None:
    await server.learn("Ana lives in Porto.")
    await server.learn("Ben plays the oboe.", user=server.ben)

    shown = await server.slash("memory show")

    assert shown.ephemeral
    assert "Ana lives in Porto." in words_of(shown)
    assert "**#1**" in words_of(shown)
    assert "oboe" not in words_of(shown)


async def test_memory_is_the_same_in_direct_messages(server: CommandServer) -> None:
    await server.learn("Ana lives in Porto.")

    shown = await server.ana.user.slash("memory show")

    assert "Ana lives in Porto." in words_of(shown)


async def test_a_search_finds_what_bears_on_it(server: CommandServer) -> None:
    await server.learn("Ana lives in Porto.")
    await server.learn("Ana keeps bees.")

    shown = words_of(await server.slash("memory show", query="bees"))

    assert "bees" in shown
    assert "Porto" not in shown


async def test_forgetting_asks_first_and_yes_erases(server: CommandServer) -> None:
    await server.learn("Ana keeps bees.")
    asked = await server.slash("memory forget", what="1")
    assert "**This erases 1 fact and 0 sentences for good.**" in words_of(asked)
    assert await server.facts() == ["Ana keeps bees."]

    await server.ana.click(asked.response, label="Yes")

    assert await server.facts() == []
    assert "are erased" in words_of(asked)
    assert "bees" not in words_of(asked)
    assert not buttons_of(asked.response)


async def test_no_keeps_everything(server: CommandServer) -> None:
    await server.learn("Ana keeps bees.")
    asked = await server.slash("memory forget", what="bees")

    await server.ana.click(asked.response, label="No")

    assert await server.facts() == ["Ana keeps bees."]
    assert words_of(asked) == "Nothing was erased."


async def test_the_button_that_erases_looks_dangerous(server: CommandServer) -> None:
    await server.learn("Ana keeps bees.")

    asked = await server.slash("memory forget", what="1")

    buttons = buttons_of(asked.response)
    assert {label: button["style"] for label, button in buttons.items()} == {"Yes": 4, "No": 2}
    assert all(button["custom_id"].startswith("ellie:confirm:") for button in buttons.values())


async def test_a_question_that_nobody_answers_changes_nothing(server: CommandServer) -> None:
    await server.learn("Ana keeps bees.")
    asked = await server.slash("memory forget", what="1")

    await server.env.advance_time(599)
    assert buttons_of(asked.response)
    await server.env.advance_time(2)

    assert not buttons_of(asked.response)
    assert "so nothing was changed" in words_of(asked)
    assert await server.facts() == ["Ana keeps bees."]


async def test_what_came_in_meanwhile_is_asked_about_anew(server: CommandServer) -> None:
    await server.learn("Ana keeps bees.")
    asked = await server.slash("memory forget", what="bees")
    await server.learn("The bees of Ana are black.")

    await server.ana.click(asked.response, label="Yes")
    assert "Something new came in meanwhile" in words_of(asked)
    assert len(await server.facts()) == 2
    await server.ana.click(asked.response, label="Yes")

    assert await server.facts() == []


async def test_editing_opens_a_form_with_the_words_as_they_are(server: CommandServer) -> None:
    await server.learn("Ana lives in Porto.")
    opened = await server.slash("memory edit", fact=1)
    assert opened.modal is not None
    (label,) = opened.modal["components"]
    assert label["component"]["value"] == "Ana lives in Porto."

    done = await server.ana.submit_modal(
        opened, {label["component"]["custom_id"]: "Ana lives in Faro."}
    )

    assert done.ephemeral
    assert "Ana lives in Faro." in words_of(done)
    assert "Ana lives in Faro." in await server.facts()


async def test_words_given_with_the_command_need_no_form(server: CommandServer) -> None:
    await server.learn("Ana lives in Porto.")

    done = await server.slash("memory edit", fact=1, text="Ana lives in Faro.")

    assert done.modal is None
    assert "Ana lives in Faro." in await server.facts()


async def test_no_form_opens_for_the_fact_of_another(server: CommandServer) -> None:
    await server.learn("Ben plays the oboe.", user=server.ben)

    opened = await server.slash("memory edit", fact=1)

    assert opened.modal is None
    assert opened.ephemeral
    assert words_of(opened) == "There is no fact #1. /memory show lists those there are."


async def test_no_form_opens_for_what_is_not_true_any_more(server: CommandServer) -> None:
    old = await server.learn("Ana lives in Porto.", slot="home")
    await server.learn("Ana lives in Faro.", slot="home", replaces=old)

    opened = await server.slash("memory edit", fact=1)

    assert opened.modal is None
    assert "not in use any more" in words_of(opened)


async def test_a_text_too_long_for_a_form_is_left_to_the_option(server: CommandServer) -> None:
    await server.learn("Ana " + "very " * 800 + "much likes bees.")

    opened = await server.slash("memory edit", fact=1)

    assert opened.modal is None
    assert "option “text”" in words_of(opened)


async def test_a_long_memory_is_leafed_through_in_place(server: CommandServer) -> None:
    for number in range(60):
        await server.learn(f"Ana knows the word w{number}x.")
    shown = await server.slash("memory show")
    assert "w0x" in words_of(shown)
    assert "w30x" not in words_of(shown)
    buttons = buttons_of(last_of(shown))
    assert buttons["Previous"]["disabled"]
    assert buttons["Next"]["custom_id"].startswith("ellie:page:")

    await server.ana.click(last_of(shown), label="Next")
    assert "w30x" in words_of(shown)
    assert "w0x" not in words_of(shown)
    await server.ana.click(last_of(shown), label="Next")
    assert "w59x" in words_of(shown)
    assert buttons_of(last_of(shown))["Next"]["disabled"]
    await server.ana.click(last_of(shown), label="Previous")

    assert "w30x" in words_of(shown)


async def test_leafing_outlives_the_first_token(server: CommandServer) -> None:
    for number in range(60):
        await server.learn(f"Ana knows w{number}x.")
    shown = await server.slash("memory show")

    for _ in range(2):  # Discord takes no change by an interaction of more than 15 minutes ago
        await server.env.advance_time(500)
        await server.ana.click(last_of(shown), label="Next")

    assert "w59x" in words_of(last_of(shown))


async def test_buttons_that_nobody_presses_vanish(server: CommandServer) -> None:
    for number in range(30):
        await server.learn(f"Ana knows the word w{number}x.")
    shown = await server.slash("memory show")

    await server.env.advance_time(601)

    assert not buttons_of(last_of(shown))
    assert "w0x" in words_of(shown)


async def test_pages_of_different_lengths_leave_nothing_of_each_other(
    server: CommandServer,
) -> None:
    for number in range(30):
        await server.learn(f"Ana knows w{number}x. " + "And more of it. " * 40)
    shown = await server.slash("memory show")
    assert len(shown.followups) > 1
    assert all(f"w{number}x" in words_of(shown) for number in range(25))

    await server.ana.click(last_of(shown), label="Next")

    assert all(f"w{number}x" in words_of(shown) for number in range(25, 30))
    assert not any(f"w{number}x" in words_of(shown) for number in range(25))


async def test_a_page_can_be_asked_for(server: CommandServer) -> None:
    for number in range(60):
        await server.learn(f"Ana knows the word w{number}x.")

    shown = await server.slash("memory show", page=3)

    assert "w59x" in words_of(shown)
    assert buttons_of(last_of(shown))["Next"]["disabled"]


async def test_nothing_of_a_very_long_fact_is_lost(server: CommandServer) -> None:
    words = " ".join(f"w{number}x" for number in range(3000))
    await server.learn(words)

    shown = await server.slash("memory show", query="1")

    assert [word for word in words_of(shown).split() if word.startswith("w")] == words.split()
    assert all(message.ephemeral for message in shown.followups)


async def test_a_long_text_without_blanks_is_cut_all_the_same(server: CommandServer) -> None:
    family = "👩‍👩‍👧‍👦"
    await server.learn(f"我喜欢养蜂{family}" * 700)

    shown = await server.slash("memory show", query="1")

    messages = [words_of(message) for message in (shown.response, *shown.followups)]
    assert sum(line.count(family) for text in messages for line in text.split("\n")) == 700
    assert all(len(text.encode("utf-16-le")) // 2 <= 4000 for text in messages)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**bold** _it_ `code` ||no|| ~~x~~", r"\*\*bold\*\* \_it\_ \`code\` \|\|no\|\| \~\~x\~\~"),
        ("[here](https://evil.example)", r"\[here\](https://evil.example)"),
        ("see https://a.example/b_c_d ok", "see https://a.example/b_c_d ok"),
        ("@everyone and @here", "@\u200beveryone and @\u200bhere"),
        (
            "<@123456789012345678> <#1> <:a:1> <t:1>",
            r"\<@123456789012345678\> \<#1\> \<:a:1\> \<t:1\>",
        ),
        ("one\n# two\n- three\n1. four\n-# five", "one\n\\# two\n\\- three\n1\\. four\n\\-# five"),
    ],
)
async def test_a_fact_is_shown_as_it_was_written(
    server: CommandServer, written: str, shown: str
) -> None:
    await server.learn(written)

    answer = await server.slash("memory show", query="1")

    assert f"**#1** {shown}\n" in words_of(answer)


async def test_no_answer_pings_anybody(server: CommandServer) -> None:
    await server.learn("@everyone <@&1> Ana")

    await server.slash("memory show")

    sent = [r.json for r in server.env.http_requests if "components" in str(r.json)]
    assert sent
    assert all("'allowed_mentions': {'parse': []}" in str(json) for json in sent)


async def test_an_export_comes_as_files(server: CommandServer) -> None:
    await server.learn("Ana keeps bees.")

    answer = await server.slash("memory export")

    files = {file.filename: file for message in answer.followups for file in message.attachments}
    assert sorted(name.rpartition(".")[2] for name in files) == ["json", "md"]
    assert all(message.ephemeral for message in answer.followups)
    (name,) = [name for name in files if name.endswith("json")]
    buffer = io.BytesIO()
    await files[name].save(buffer)
    assert json.loads(buffer.getvalue())["facts"][0]["text"] == "Ana keeps bees."


async def test_one_format_comes_alone(server: CommandServer) -> None:
    await server.learn("Ana keeps bees.")

    answer = await server.slash("memory export", format="markdown")

    (message,) = answer.followups
    assert [file.filename.rpartition(".")[2] for file in message.attachments] == ["md"]


async def test_switches_and_days_are_understood(server: CommandServer) -> None:
    await server.say("I keep bees.")

    assert "store nothing" in words_of(await server.slash("incognito", switch="on"))
    assert "neither a number of days" in words_of(await server.slash("memory keep", days="soon"))
    assert "for 90 days" in words_of(await server.slash("memory keep", days="90"))


async def test_help_is_for_everybody_and_mistakes_are_not(server: CommandServer) -> None:
    everybody = await server.slash("help", command="memory pin")
    mistaken = await server.slash("help", command="dance")

    assert not everybody.ephemeral
    assert "/memory pin" in words_of(everybody)
    assert mistaken.ephemeral
    assert "I don't know /dance" in words_of(mistaken)
