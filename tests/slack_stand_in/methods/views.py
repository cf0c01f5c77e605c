"""Modals and home tabs, from the app's side."""

from __future__ import annotations

from typing import Any

from slack_stand_in.calling import Asked, Methods
from slack_stand_in.errors import SlackError
from slack_stand_in.models import View
from slack_stand_in.payloads import view_payload
from slack_stand_in.view_rules import check_view
from slack_stand_in.view_store import change_view, open_view, publish_view, push_view
from slack_stand_in.workspace import Trigger

Json = dict[str, Any]


def _trigger(asked: Asked) -> Trigger:
    """What a person did just now; it is good for one modal.

    Raises:
        SlackError: it is unknown, was used, or is older than three seconds.
    """
    trigger = asked.team.triggers.get(asked.text("trigger_id"))
    if trigger is None:
        raise SlackError("invalid_trigger_id")
    if trigger.is_used:
        raise SlackError("exchanged_trigger_id")
    if asked.slack.clock.now() >= trigger.expires_at:
        raise SlackError("expired_trigger_id")
    return trigger


def _answer(asked: Asked, view: View) -> Json:
    return {"view": view_payload(asked.team, view)}


def open_(asked: Asked) -> Json:
    """A modal for who pressed something."""
    trigger = _trigger(asked)
    content = check_view(asked.arguments.get("view"), kinds=("modal",))
    trigger.is_used = True
    if trigger.view is not None and trigger.view.is_open:
        # From inside a modal views.open works like views.push.
        return _answer(asked, push_view(asked.team, trigger.user, content, trigger.view))
    return _answer(asked, open_view(asked.team, trigger.user, content))


def push(asked: Asked) -> Json:
    """A modal on top of the one in which something was pressed."""
    trigger = _trigger(asked)
    content = check_view(asked.arguments.get("view"), kinds=("modal",))
    if trigger.view is None or not trigger.view.is_open:
        raise SlackError("not_in_modal")
    trigger.is_used = True
    return _answer(asked, push_view(asked.team, trigger.user, content, trigger.view))


def update(asked: Asked) -> Json:
    """Other content for a view that is open."""
    external = asked.text("external_id")
    view = asked.team.views.get(asked.text("view_id"))
    if external:
        views = asked.team.views.values()
        view = next((one for one in views if one.content.get("external_id") == external), None)
    if view is None or not view.is_open:
        raise SlackError("not_found")
    if asked.text("hash") and asked.text("hash") != view.hash:
        raise SlackError("hash_conflict")
    content = check_view(asked.arguments.get("view"), kinds=(view.kind,))
    return _answer(asked, change_view(asked.team, view, content))


def publish(asked: Asked) -> Json:
    """The home tab of one person."""
    if not asked.team.manifest.has_home:
        raise SlackError("not_enabled")
    user = asked.user("user_id")
    content = check_view(asked.arguments.get("view"), kinds=("home",))
    home = asked.team.home(user)
    if home is not None and asked.text("hash") and asked.text("hash") != home.hash:
        raise SlackError("hash_conflict")
    return _answer(asked, publish_view(asked.team, user, content))


METHODS: Methods = {
    "views.open": open_,
    "views.push": push,
    "views.update": update,
    "views.publish": publish,
}
