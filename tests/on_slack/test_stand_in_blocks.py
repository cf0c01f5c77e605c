"""Block Kit's rules in the Slack stand-in: what is refused, and that what is allowed passes."""

from __future__ import annotations

from typing import Any

import pytest
from slack_stand_in import SlackStandIn
from support.slack_app import client_of, refused

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str = "t", **traits: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **traits}


def button(**traits: Any) -> Json:
    return {"type": "button", "action_id": "b", "text": plain("t"), **traits}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def option(text: str = "t", value: str = "v") -> Json:
    return {"text": plain(text), "value": value}


def select(count: int = 1, kind: str = "static_select", **traits: Any) -> Json:
    return {"type": kind, "action_id": "s", "options": [option()] * count, **traits}


def feedback(**traits: Any) -> Json:
    side = {"text": plain("t"), "value": "v"}
    found = {"type": "feedback_buttons", "action_id": "f"}
    return {**found, "positive_button": side, "negative_button": side, **traits}


def confirm(title: str = "t", text: str = "t") -> Json:
    return {"title": plain(title), "text": plain(text), "confirm": plain("y"), "deny": plain("n")}


def input_block(**traits: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": "i", **traits}
    return {"type": "input", "label": plain("t"), "element": element}


ALLOWED = [
    [section("x" * 3000)] * 50,
    [{"type": "header", "text": plain("x" * 150)}],
    [{"type": "markdown", "text": "x" * 12_000}],
    [actions(*(button(action_id=f"{n}") for n in range(25)))],
    [actions(button(text=plain("x" * 75), value="x" * 2000, action_id="x" * 255))],
    [actions(button(confirm=confirm("x" * 100, "x" * 300)))],
    [actions(select(100, placeholder=plain("x" * 150)))],
    [actions(select(5, "overflow"))],
    [actions({**select(), "options": [option("x" * 75, "x" * 150)]})],
    [{"type": "context", "elements": [plain("t")] * 10}],
    [{"type": "context_actions", "elements": [feedback()]}],
    [input_block(max_length=3000, initial_value="x" * 3000)],
    [{"type": "divider"}],
]
ALLOWED[0] = [section("x" * 200)] * 50

REFUSED = [
    [section()] * 51,
    [{"type": "made_up"}],
    [section("x" * 3001)],
    [section("")],
    [{"type": "section"}],
    [section(block_id="x" * 256)],
    [section(block_id="same"), section(block_id="same")],
    [{"type": "header", "text": plain("x" * 151)}],
    [{"type": "header", "text": {"type": "mrkdwn", "text": "t"}}],
    [actions(*(button(action_id=f"{n}") for n in range(26)))],
    [actions(button(), button())],
    [actions()],
    [actions(button(text=plain("x" * 76)))],
    [actions(button(text={"type": "mrkdwn", "text": "t"}))],
    [actions(button(value="x" * 2001))],
    [actions(button(action_id="x" * 256))],
    [actions(button(style="blue"))],
    [actions(button(confirm=confirm("x" * 101)))],
    [actions(button(confirm=confirm(text="x" * 301)))],
    [actions(select(101))],
    [actions(select(0))],
    [actions(select(6, "overflow"))],
    [actions(select(placeholder=plain("x" * 151)))],
    [actions({**select(), "options": [option("x" * 76)]})],
    [actions({**select(), "options": [option(value="x" * 151)]})],
    [actions(select(initial_option=option("other")))],
    [actions(feedback())],
    [{"type": "context", "elements": [plain("t")] * 11}],
    [{"type": "context_actions", "elements": [button()]}],
    [{"type": "context_actions", "elements": [feedback(action_id=f"{n}") for n in range(6)]}],
    [{"type": "context_actions", "elements": [feedback(negative_button=None)]}],
    [input_block(max_length=3001)],
    [input_block(max_length=3, initial_value="four")],
]


@pytest.mark.parametrize("blocks", ALLOWED)
async def test_these_blocks_are_taken(blocks: list[Json]) -> None:
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        hall = acme.add_channel("C1")
        await client_of(slack, acme).chat_postMessage(channel="C1", text="t", blocks=blocks)
        assert len(hall.hers) == 1
        assert all(block["block_id"] for block in hall.hers[0].blocks)


@pytest.mark.parametrize("blocks", REFUSED)
async def test_these_blocks_are_refused_with_a_reason(blocks: list[Json]) -> None:
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        hall = acme.add_channel("C1")
        async with refused("invalid_blocks") as caught:
            await client_of(slack, acme).chat_postMessage(channel="C1", text="t", blocks=blocks)

    assert hall.hers == []
    assert "[json-pointer:/blocks" in caught.value.response["response_metadata"]["messages"][0]


@pytest.mark.parametrize(
    "blocks",
    [
        [{"type": "markdown", "text": "x" * 6_001}] * 2,
        [section("x" * 3000)] * 5,
    ],
)
async def test_blocks_may_be_too_long_together(blocks: list[Json]) -> None:
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        acme.add_channel("C1")
        async with refused("msg_blocks_too_long"):
            await client_of(slack, acme).chat_postMessage(channel="C1", text="t", blocks=blocks)


def modal(**traits: Any) -> Json:
    found = {"type": "modal", "title": plain("t"), "submit": plain("s")}
    return {**found, "blocks": [input_block()], **traits}


@pytest.mark.parametrize(
    ("view", "is_taken"),
    [
        (modal(title=plain("x" * 24)), True),
        (modal(title=plain("x" * 25)), False),
        (modal(submit=plain("x" * 25)), False),
        (modal(submit=None), False),
        (modal(close=plain("x" * 25)), False),
        (modal(private_metadata="x" * 3000), True),
        (modal(private_metadata="x" * 3001), False),
        (modal(callback_id="x" * 256), False),
        (modal(blocks=[section()] * 100), True),
        (modal(blocks=[section()] * 101), False),
        (modal(blocks=[{"type": "markdown", "text": "t"}]), False),
        ({"type": "home", "blocks": []}, False),
    ],
)
async def test_views_have_rules_of_their_own(view: Json, is_taken: bool) -> None:
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana = acme.add_user("U1")
        client = client_of(slack, acme)
        trigger = acme.new_trigger(ana)
        if is_taken:
            await client.views_open(trigger_id=trigger, view=view)
            return
        async with refused("invalid_arguments"):
            await client.views_open(trigger_id=trigger, view=view)
        assert acme.modal(ana) is None
