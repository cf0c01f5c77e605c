"""Pictures on Slack, from the file to the prompt."""

from __future__ import annotations

import json
from typing import Any

from support.office import Office, office
from support.sight import ScriptedSight, png

from adapters.slack.manifest import manifest
from adapters.slack.shortcuts import CALLBACK_ID

SEEN = "a brown dog asleep on a sofa"
PNG = png()
DOG = ("dog.png", PNG, "image/png")


def eyes(**more: Any) -> ScriptedSight:
    return ScriptedSight({"dog.png": SEEN}, **more)


def downloads(o: Office) -> int:
    return sum(call.method == "download" for call in o.slack.calls)


async def test_a_picture_is_fetched_seen_and_described() -> None:
    sight = eyes()
    async with office("A dog!", "Your dog.", sight=sight) as o:
        await o.call(o.ana, "what is on it?", files=[DOG])
        assert await o.answered() == ["A dog!"]
        assert sight.looked_at == [("dog.png", PNG)]
        assert f"it seems to show: {SEEN}" in o.ellie.prompts()[0]
        [turn] = o.ellie.turns()
        assert turn.shown[0].description == SEEN
        assert repr(PNG)[2:-1] not in repr(o.ellie.state)


async def test_a_measured_picture_is_fetched_only_by_who_looks() -> None:
    async with office("Nice.") as o:
        file = o.team.add_file("dog.png", PNG, mimetype="image/png", user=o.ana)
        file.width, file.height = 64, 48
        await o.call(o.ana, "what is on it?", files=[file])
        await o.answered()
        assert downloads(o) == 0
        assert "[picture dog.png, 64x48" in o.ellie.prompts()[0]


async def test_a_picture_that_somebody_asks_about_is_seen_for_this_answer() -> None:
    sight = eyes()
    async with office("A dog!", sight=sight) as o:
        theirs = await o.team.say(o.bo, o.hall, "my dog", files=[DOG])
        await o.team.shortcut(o.ana, theirs, callback_id=CALLBACK_ID)
        await o.slack.until(lambda: o.team.modal(o.ana))
        await o.team.submit(o.ana, {"question": "what is on it?"})
        await o.slack.until(lambda: bool(o.ellie.prompts()))
        assert sight.looked_at == [("dog.png", PNG)]
        assert f"> it seems to show: {SEEN}" in o.ellie.prompts()[0]
        assert SEEN not in repr(o.ellie.state)


async def test_where_slack_shows_its_front_page_instead_nothing_is_seen() -> None:
    """Without the right to read files Slack answers with a page, and calls it a success."""
    rights = json.loads(json.dumps(manifest()))
    rights["oauth_config"]["scopes"]["bot"].remove("files:read")
    sight = eyes()
    async with office("A page?", sight=sight, manifest=rights) as o:
        file = o.team.add_file("dog.png", PNG, mimetype="image/png", user=o.ana)
        file.width, file.height = 64, 48
        await o.call(o.ana, "what is on it?", files=[file])
        await o.answered()
        assert sight.looked_at == [("dog.png", None)]


async def test_a_slow_sight_keeps_nobody_else_waiting() -> None:
    sight = eyes(held=frozenset({"dog.png"}))
    async with office("Hello.", "A dog!", sight=sight) as o:
        await o.call(o.ana, "what is on it?", files=[DOG])
        await o.slack.until(lambda: bool(sight.looked_at))
        await o.call(o.bo, "hello")
        await o.slack.until(lambda: o.said() == ["Hello."])
        assert len(o.ellie.prompts()) == 1

        sight.go.set()
        await o.slack.until(lambda: sorted(o.said()) == ["A dog!", "Hello."])
        assert SEEN in o.ellie.prompts()[1]


async def test_the_message_is_acknowledged_before_anybody_looks() -> None:
    sight = eyes(held=frozenset({"dog.png"}))
    async with office("A dog!", sight=sight) as o:
        await o.call(o.ana, "what is on it?", files=[DOG])
        await o.slack.until(lambda: bool(sight.looked_at))
        [turn] = o.ellie.turns()
        assert turn.text == "what is on it?"
        assert turn.shown[0].description == ""
        sight.go.set()
        await o.answered()
