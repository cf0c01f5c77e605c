"""Modals are opened, filled in, checked, submitted and closed, as in Slack."""

from __future__ import annotations

from typing import Any

from slack_stand_in import SlackStandIn
from support.slack_app import Pressed, button, client_of, connected, options, plain, refused


def form(*blocks: dict[str, Any], **traits: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain("A form"),
        "submit": plain("Send"),
        "blocks": list(blocks),
        **traits,
    }


WORDS = {
    "type": "input",
    "block_id": "words",
    "label": plain("Words"),
    "element": {"type": "plain_text_input", "action_id": "text", "max_length": 5},
}
KIND = {
    "type": "input",
    "block_id": "kind",
    "optional": True,
    "label": plain("Kind"),
    "element": {"type": "static_select", "action_id": "one", "options": options("Big", "Small")},
}


async def test_a_modal_is_filled_in_checked_and_submitted() -> None:
    app = Pressed()
    app.opens = form(WORDS, KIND, private_metadata="secret")
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana, hall = acme.add_user("U1"), acme.add_channel("C1")
        async with connected(slack, acme, app.listen):
            await acme.slash(ana, hall)
            app.opens = None
            asked = len(app.payloads)
            for words in ("", "too long"):
                refused_here = await acme.submit(ana, {"words": words})
                assert not refused_here.is_sent
                assert list(refused_here.errors) == ["words"]
            assert len(app.payloads) == asked

            app.answer = {"response_action": "errors", "errors": {"words": "No."}}
            by_app = await acme.submit(ana, {"text": "right", "kind": "Small"})
            assert by_app.errors == {"words": "No."}
            assert acme.modal(ana)

            app.answer = {"response_action": "update", "view": form(title=plain("Done"))}
            await acme.submit(ana, {"words": "right"})
            view = acme.modal(ana)
            assert view
            assert view.title == "Done"

            app.answer = {}
            assert (await acme.submit(ana)).acked

    assert acme.modal(ana) is None
    values = by_app.payload["view"]["state"]["values"]
    assert values["words"]["text"]["value"] == "right"
    assert values["kind"]["one"]["selected_option"]["value"] == "small"
    assert by_app.payload["view"]["private_metadata"] == "secret"


async def test_closing_is_told_only_when_the_view_asks_for_it() -> None:
    app = Pressed()
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana, hall = acme.add_user("U1"), acme.add_channel("C1")
        async with connected(slack, acme, app.listen):
            for notify in (False, True):
                app.opens = form(WORDS, notify_on_close=notify)
                await acme.slash(ana, hall)
                app.opens = None
                before = len(app.payloads)
                await acme.close(ana)
                assert len(app.payloads) - before == int(notify)

    assert app.payloads[-1]["type"] == "view_closed"


async def test_a_trigger_is_good_for_one_view_within_three_seconds() -> None:
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana, hall = acme.add_user("U1"), acme.add_channel("C1")
        client = client_of(slack, acme)
        async with connected(slack, acme, Pressed().listen):
            trigger = (await acme.slash(ana, hall)).payload["trigger_id"]
            late = (await acme.slash(ana, hall)).payload["trigger_id"]
            await client.views_open(trigger_id=trigger, view=form(WORDS))
            async with refused("exchanged_trigger_id"):
                await client.views_open(trigger_id=trigger, view=form(WORDS))
            slack.advance(3)
            async with refused("expired_trigger_id"):
                await client.views_open(trigger_id=late, view=form(WORDS))
            async with refused("invalid_trigger_id"):
                await client.views_open(trigger_id="made up", view=form(WORDS))


async def test_modals_are_pushed_three_deep_and_updated_with_the_right_hash() -> None:
    app = Pressed()
    with_button = form({"type": "actions", "elements": [button("Next")]})
    async with SlackStandIn() as slack:
        acme = slack.add_team("T1")
        ana, hall = acme.add_user("U1"), acme.add_channel("C1")
        client = client_of(slack, acme)
        async with connected(slack, acme, app.listen):
            trigger = (await acme.slash(ana, hall)).payload["trigger_id"]
            first = (await client.views_open(trigger_id=trigger, view=with_button))["view"]
            for _ in range(2):
                trigger = (await acme.press(ana, None, text="Next")).payload["trigger_id"]
                await client.views_push(trigger_id=trigger, view=with_button)
            trigger = (await acme.press(ana, None, text="Next")).payload["trigger_id"]
            async with refused("push_limit_reached"):
                await client.views_push(trigger_id=trigger, view=with_button)
            changed = form(title=plain("Changed"))
            async with refused("hash_conflict"):
                await client.views_update(view_id=first["id"], hash="old", view=changed)
            await client.views_update(view_id=first["id"], hash=first["hash"], view=changed)
            await acme.close(ana, everything=True)
            async with refused("not_found"):
                await client.views_update(view_id=first["id"], view=changed)

    assert acme.views[first["id"]].title == "Changed"
