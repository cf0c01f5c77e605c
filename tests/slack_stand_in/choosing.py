"""Finding what a person presses, and telling the app of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_stand_in.block_text import Control, controls, labels
from slack_stand_in.form_state import MANY, PICKERS, TEXTS
from slack_stand_in.models import Blocks

BUTTONS = frozenset({"button", "icon_button"})
Choice = Mapping[str, Any] | None


def find_control(
    blocks: Blocks, *, action_id: str | None, text: str | None, value: str | None
) -> tuple[Control, Choice]:
    """The element that is meant, and what is chosen in it.

    Raises:
        LookupError: nothing fits; says what there is.
    """
    for control in controls(blocks):
        if action_id is not None and control.action_id != action_id:
            continue
        if control.kind in BUTTONS:
            own = (control.element.get("text") or {}).get("text")
            if text in (None, own) and value in (None, control.element.get("value")):
                return control, None
            continue
        if control.kind in TEXTS | set(PICKERS) and action_id is not None:
            return control, {"value": value}
        for choice in _choices(control):
            label = (choice.get("text") or {}).get("text")
            if text in (None, label) and value in (None, choice.get("value")):
                return control, choice
    known = [(control.action_id, control.labels) for control in controls(blocks)]
    wanted = {"action_id": action_id, "text": text, "value": value}
    raise LookupError(f"Nothing here is {wanted}. There is {known or labels(blocks)}.")


def _choices(control: Control) -> list[dict[str, Any]]:
    if control.kind == "feedback_buttons":
        return [control.element["positive_button"], control.element["negative_button"]]
    return [dict(option) for option in control.options]


def action_of(control: Control, choice: Choice, action_ts: str) -> dict[str, Any]:
    """One entry of a payload's ``actions``."""
    element, kind = control.element, control.kind
    action: dict[str, Any] = {
        "action_id": control.action_id,
        "block_id": control.block.get("block_id", ""),
        "type": kind,
        "action_ts": action_ts,
    }
    if kind in BUTTONS:
        action["text"] = element.get("text")
        for name in ("value", "style"):
            if element.get(name) is not None:
                action[name] = element[name]
    elif kind == "feedback_buttons":
        action |= {"text": (choice or {}).get("text"), "value": (choice or {}).get("value")}
    elif kind in TEXTS:
        action["value"] = (choice or {}).get("value")
    elif kind in PICKERS:
        action[PICKERS[kind][0]] = (choice or {}).get("value")
    elif kind in MANY:
        action["selected_options"] = [choice] if choice else []
    else:
        action["selected_option"] = choice
    return action


def as_value(control: Control, choice: Choice) -> dict[str, Any]:
    """What the pressed element itself adds to the state of the fields; nothing for buttons."""
    if choice is None or control.kind in BUTTONS | {"feedback_buttons", "overflow"}:
        return {}
    chosen = choice.get("value")
    return {control.action_id: [chosen] if control.kind in MANY else chosen}
