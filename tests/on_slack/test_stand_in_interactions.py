"""People press, choose and use commands; a real Bolt app hears of it as from Slack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_stand_in import SlackStandIn
from support.slack_app import Pressed, button, client_of, connected, options, plain


async def test_a_slash_command_is_confirmed_and_answered_by_its_url() -> None:
    def set_up(app: AsyncApp) -> None:
        @app.command("/ellie")
        async def on_command(ack: Any, respond: Any, body: Any) -> None:
            await ack("working")
            await respond(text=f"only you: {body['text']}")
            await respond(text="for all", response_type="in_channel")

    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1", name="ana")
        ben = acme.add_user("U2", name="ben")
        hall = acme.add_channel("C1", name="hall", members=[ana, ben])
        async with connected(slack, acme, set_up):
            result = await acme.slash(ana, hall, f"tell {ben.mention} 1 < 2")
            await slack.until(lambda: len(result.posts) == 3)

    assert result.acked
    assert set(result.texts) == {
        "working",
        "only you: tell <@U2|ben> 1 &lt; 2",
        "for all",
    }
    assert result.payload["channel_name"] == "hall"
    assert [message.shown_text for message in hall.messages] == ["for all"]
    assert len(acme.ephemerals(ana)) == 2
    assert acme.ephemerals(ben) == []


async def test_an_unknown_command_never_reaches_the_app() -> None:
    manifest = {"features": {"slash_commands": [{"command": "/ellie"}]}}
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1", manifest=manifest)
        with pytest.raises(LookupError):
            await acme.slash(acme.add_user("U1"), acme.add_channel("C1"), command="/other")


async def test_a_command_that_is_not_confirmed_is_seen_to_fail() -> None:
    app = Pressed()
    app.acks = False
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana, hall = acme.add_user("U1"), acme.add_channel("C1")
        async with connected(slack, acme, app.listen):
            result = await acme.slash(ana, hall, wait=False)
            await slack.until(lambda: app.payloads)
            slack.advance(3)
            await slack.answered(result.delivery)

    assert not result.acked


async def test_a_response_url_is_good_for_five_answers_and_half_an_hour() -> None:
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana, hall = acme.add_user("U1"), acme.add_channel("C1")
        async with connected(slack, acme, Pressed().listen):
            used = await acme.slash(ana, hall)
            late = await acme.slash(ana, hall)
            respond = client_of(slack, acme)
            statuses = [await post(respond, used.payload, f"{n}") for n in range(6)]
            assert statuses == [200] * 5 + [404]
            slack.advance(30 * 60)
            assert await post(respond, late.payload, "late") == 404

    assert used.texts == ["0", "1", "2", "3", "4"]


async def post(client: Any, payload: Mapping[str, Any], text: str) -> int:
    from slack_sdk.webhook.async_client import AsyncWebhookClient

    answer = await AsyncWebhookClient(payload["response_url"]).send(text=text)
    return answer.status_code


async def test_a_button_of_a_private_answer_can_replace_and_remove_it() -> None:
    def set_up(app: AsyncApp) -> None:
        @app.action("more")
        async def on_more(ack: Any, respond: Any) -> None:
            await ack()
            await respond(text="more", replace_original=True, blocks=actions(button("Close", "x")))

        @app.action("x")
        async def on_close(ack: Any, respond: Any) -> None:
            await ack()
            await respond(delete_original=True)

    def actions(*elements: dict[str, Any]) -> list[dict[str, Any]]:
        text = {"type": "section", "text": plain("text")}
        return [text, {"type": "actions", "elements": list(elements)}]

    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        hall = acme.add_channel("C1", members=[ana])
        async with connected(slack, acme, set_up):
            await client_of(slack, acme).chat_postEphemeral(
                channel="C1", user="U1", text="t", blocks=actions(button("More", "more"))
            )
            [shown] = acme.ephemerals(ana)
            pressed = await acme.press(ana, shown, text="More")
            await slack.until(lambda: shown.text == "more")
            await acme.press(ana, shown, action_id="x")
            await slack.until(lambda: not acme.ephemerals(ana))
            with pytest.raises(LookupError):
                await acme.press(ana, shown, action_id="x")

    assert pressed.payload["container"]["is_ephemeral"]
    assert "message" not in pressed.payload
    assert hall.messages == []


async def test_menus_and_feedback_tell_what_was_chosen() -> None:
    app = Pressed()
    blocks = [
        {
            "type": "actions",
            "block_id": "menus",
            "elements": [
                {"type": "overflow", "action_id": "o", "options": options("Edit", "Forget")},
                {"type": "static_select", "action_id": "s", "options": options("Big", "Small")},
            ],
        },
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "f",
                    "positive_button": {"text": plain("Good"), "value": "+"},
                    "negative_button": {"text": plain("Bad"), "value": "-"},
                }
            ],
        },
    ]
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        hall = acme.add_channel("C1", members=[ana])
        async with connected(slack, acme, app.listen):
            await client_of(slack, acme).chat_postMessage(channel="C1", text="t", blocks=blocks)
            [message] = hall.hers
            await acme.press(ana, message, text="Forget")
            await acme.press(ana, message, action_id="s", value="small")
            await acme.press(ana, message, text="Bad")
            with pytest.raises(LookupError, match="Edit"):
                await acme.press(ana, message, text="Explode")

    overflow, select, feedback = [payload["actions"][0] for payload in app.payloads[-3:]]
    assert overflow["selected_option"]["value"] == "forget"
    assert select["selected_option"]["value"] == "small"
    chosen = app.payloads[-2]["state"]["values"]["menus"]["s"]["selected_option"]
    assert chosen["value"] == "small"
    assert feedback["value"] == "-"
    assert app.payloads[-1]["message"]["ts"] == message.ts
    assert app.payloads[-1]["response_url"]


async def test_the_home_tab_shows_what_was_published_and_its_buttons_work() -> None:
    app = Pressed()
    home = {"type": "home", "blocks": [{"type": "actions", "elements": [button("Memory")]}]}
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana, ben = acme.add_user("U1"), acme.add_user("U2")
        async with connected(slack, acme, app.listen):
            await client_of(slack, acme).views_publish(user_id="U1", view=home)
            view = acme.home(ana)
            assert view
            await acme.press(ana, view, text="Memory")

    assert acme.home(ben) is None
    assert app.payloads[-1]["container"] == {"type": "view", "view_id": view.id}
    assert "response_url" not in app.payloads[-1]


async def test_a_shortcut_brings_the_message() -> None:
    app = Pressed()
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        hall = acme.add_channel("C1", members=[ana])
        message = await acme.say(ana, hall, "look", deliver=False)
        async with connected(slack, acme, app.listen):
            await acme.shortcut(ana, message, callback_id="ask")

    assert app.payloads[-1]["type"] == "message_action"
    assert app.payloads[-1]["message"]["text"] == "look"
    assert app.payloads[-1]["trigger_id"]
