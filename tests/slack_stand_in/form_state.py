"""What stands in the fields of a form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from slack_stand_in.block_text import Control, controls

PICKERS: Mapping[str, tuple[str, str]] = {
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}
TEXTS = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})
ONE = frozenset({"static_select", "external_select", "radio_buttons"})
MANY = frozenset({"checkboxes", "multi_static_select"})


def state_of(
    blocks: Iterable[Mapping[str, Any]], given: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """The values of every field: what a person put in, else what was there before.

    ``given`` names fields by block id or action id. Options are named by their value or label.

    Raises:
        LookupError: a field or an option does not exist.
    """
    state: dict[str, dict[str, Any]] = {}
    left = set(given)
    for control in controls(blocks):
        block_id = str(control.block.get("block_id", ""))
        names = [name for name in (control.action_id, block_id) if name in given]
        left -= set(names)
        value = _value(control, bool(names), given[names[0]] if names else None)
        if value is not None:
            state.setdefault(block_id, {})[control.action_id] = value
    if left:
        there = [(control.block.get("block_id"), control.action_id) for control in controls(blocks)]
        raise LookupError(f"There are no fields {sorted(left)}; there are {there}.")
    return state


def _value(control: Control, is_given: bool, given: Any) -> dict[str, Any] | None:
    element, kind = control.element, control.kind
    if kind in TEXTS:
        text = given if is_given else element.get("initial_value")
        return {"type": kind, "value": text or None}
    if kind in ONE:
        option = _option(control, given) if is_given else element.get("initial_option")
        return {"type": kind, "selected_option": option}
    if kind in MANY:
        chosen = element.get("initial_options") or []
        if is_given:
            chosen = [_option(control, one) for one in given]
        return {"type": kind, "selected_options": chosen}
    if kind in PICKERS:
        name, initial = PICKERS[kind]
        return {"type": kind, name: given if is_given else element.get(initial)}
    return None


def _option(control: Control, wanted: Any) -> Mapping[str, Any] | None:
    if wanted is None:
        return None
    for option in control.options:
        if wanted in (option.get("value"), (option.get("text") or {}).get("text")):
            return option
    raise LookupError(f"{control.action_id} has no option {wanted!r}: {control.labels}")


def missing(
    blocks: Iterable[Mapping[str, Any]], state: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """What Slack's client would not let pass, by block id: empty, too short, too long."""
    found: dict[str, str] = {}
    for block in blocks:
        if block.get("type") != "input":
            continue
        element = block["element"]
        block_id = str(block.get("block_id", ""))
        values = state.get(block_id, {}).get(str(element.get("action_id", "")), {})
        filled = [value for name, value in values.items() if name != "type" and value]
        if not filled:
            if not block.get("optional"):
                found[block_id] = "Please complete this required field."
            continue
        text = values.get("value")
        if isinstance(text, str) and element.get("type") == "plain_text_input":
            if len(text) > element.get("max_length", 3000):
                found[block_id] = "This entry is too long."
            elif len(text) < element.get("min_length", 0):
                found[block_id] = "This entry is too short."
    return found
