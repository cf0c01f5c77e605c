"""Keeping views: new ones, changed ones, the stack of modals that a person sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slack_stand_in.errors import SlackError
from slack_stand_in.models import Blocks, User, View

if TYPE_CHECKING:
    from slack_stand_in.workspace import Workspace

DEEPEST = 3


def with_ids(team: Workspace, blocks: Blocks) -> Blocks:
    """The blocks with ids where the app gave none, as Slack fills them in."""
    named: Blocks = []
    for block in blocks:
        found = dict(block)
        found.setdefault("block_id", team.next_id("b"))
        for place in ("accessory", "element"):
            if isinstance(found.get(place), dict):
                found[place] = _named(team, found[place])
        if isinstance(found.get("elements"), list) and found.get("type") != "rich_text":
            found["elements"] = [_named(team, element) for element in found["elements"]]
        named.append(found)
    return named


def _named(team: Workspace, element: dict[str, Any]) -> dict[str, Any]:
    if element.get("type") in {"plain_text", "mrkdwn", "image"} or "action_id" in element:
        return element
    return {**element, "action_id": team.next_id("a")}


def _new(team: Workspace, user: User, content: dict[str, Any], kind: str) -> View:
    view_id = team.next_id("V")
    view = View(
        id=view_id,
        kind=kind,
        user_id=user.id,
        content={**content, "blocks": with_ids(team, content.get("blocks", []))},
        hash=_new_hash(team),
        root_id=view_id,
    )
    team.views[view_id] = view
    return view


def _new_hash(team: Workspace) -> str:
    return f"{int(team.slack.clock.now())}.{team.next_id('h')}"


def open_view(team: Workspace, user: User, content: dict[str, Any]) -> View:
    """A first modal, over whatever the person did."""
    for left in team.stacks.get(user.id, []):
        left.is_open = False
    view = _new(team, user, content, "modal")
    team.stacks[user.id] = [view]
    team.slack.changed()
    return view


def push_view(team: Workspace, user: User, content: dict[str, Any], on: View) -> View:
    """A modal on top of another."""
    stack = team.stacks.setdefault(user.id, [])
    if len(stack) >= DEEPEST:
        raise SlackError("push_limit_reached")
    view = _new(team, user, content, "modal")
    view.root_id, view.previous_id = on.root_id, on.id
    stack.append(view)
    team.slack.changed()
    return view


def change_view(team: Workspace, view: View, content: dict[str, Any]) -> View:
    """Other content for a view; its id stays."""
    view.content = {**content, "blocks": with_ids(team, content.get("blocks", []))}
    view.hash = _new_hash(team)
    team.slack.changed()
    return view


def publish_view(team: Workspace, user: User, content: dict[str, Any]) -> View:
    """What the home tab shows this person from now on."""
    home = team.homes.get(user.id)
    if home is not None:
        return change_view(team, home, content)
    view = _new(team, user, content, "home")
    team.homes[user.id] = view
    team.slack.changed()
    return view
