"""Block Kit's rules for elements and the objects that they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Checked = Iterator[str]
Part = Mapping[str, Any]

MOST_OPTIONS: Mapping[str, int] = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}
WITH_OPTIONS = frozenset(
    {"overflow", "checkboxes", "radio_buttons", "static_select", "multi_static_select"}
)
LONGEST_INPUT = 3000


def check_text(value: Any, at: str, *, most: int, plain: bool = False) -> Checked:
    """A text object: its type, that it says something, and its length."""
    if not isinstance(value, Mapping):
        yield f"missing required field: text object [json-pointer:{at}]"
        return
    kind, text = value.get("type"), value.get("text")
    allowed = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if kind not in allowed:
        yield f"unsupported type: {kind}, must be one of {', '.join(allowed)} [json-pointer:{at}]"
    if not isinstance(text, str) or not text:
        yield f"must be more than 0 characters [json-pointer:{at}/text]"
    elif len(text) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{at}/text]"
    if kind == "mrkdwn" and "emoji" in value:
        yield f"no additional property allowed: emoji [json-pointer:{at}]"


def check_element(element: Part, at: str) -> Checked:
    """One element of any kind."""
    yield from _check_length(element, "action_id", 255, at)
    kind = str(element.get("type"))
    if element.get("placeholder") is not None:
        yield from check_text(element["placeholder"], f"{at}/placeholder", most=150, plain=True)
    if element.get("confirm") is not None:
        yield from _check_confirm(element["confirm"], f"{at}/confirm")
    if kind == "button":
        yield from _check_button(element, at)
    elif kind == "feedback_buttons":
        yield from _check_feedback(element, at)
    elif kind == "icon_button":
        yield from _check_icon_button(element, at)
    elif kind in WITH_OPTIONS:
        yield from _check_options(element, kind, at)
    elif kind == "plain_text_input":
        yield from _check_input(element, at)
    elif kind == "image" and not element.get("alt_text"):
        yield f"missing required field: alt_text [json-pointer:{at}]"


def _check_length(part: Part, name: str, most: int, at: str) -> Checked:
    value = part.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > most):
        yield f"must be less than {most + 1} characters [json-pointer:{at}/{name}]"


def _check_confirm(confirm: Part, at: str) -> Checked:
    yield from check_text(confirm.get("title"), f"{at}/title", most=100, plain=True)
    yield from check_text(confirm.get("text"), f"{at}/text", most=300)
    for name in ("confirm", "deny"):
        yield from check_text(confirm.get(name), f"{at}/{name}", most=30, plain=True)
    yield from _check_style(confirm, at)


def _check_style(part: Part, at: str) -> Checked:
    if part.get("style") not in {None, "primary", "danger"}:
        yield f"must be a valid enum value [json-pointer:{at}/style]"


def _check_button(element: Part, at: str) -> Checked:
    yield from check_text(element.get("text"), f"{at}/text", most=75, plain=True)
    yield from _check_length(element, "value", 2000, at)
    yield from _check_length(element, "url", 3000, at)
    yield from _check_length(element, "accessibility_label", 75, at)
    yield from _check_style(element, at)


def _check_feedback(element: Part, at: str) -> Checked:
    for name in ("positive_button", "negative_button"):
        button = element.get(name)
        if not isinstance(button, Mapping):
            yield f"missing required field: {name} [json-pointer:{at}]"
            continue
        yield from check_text(button.get("text"), f"{at}/{name}/text", most=75, plain=True)
        yield from _check_length(button, "value", 2000, f"{at}/{name}")
        yield from _check_length(button, "accessibility_label", 75, f"{at}/{name}")
        if not button.get("value"):
            yield f"missing required field: value [json-pointer:{at}/{name}]"


def _check_icon_button(element: Part, at: str) -> Checked:
    if element.get("icon") != "trash":
        yield f"must be a valid enum value [json-pointer:{at}/icon]"
    yield from check_text(element.get("text"), f"{at}/text", most=75, plain=True)
    yield from _check_length(element, "value", 2000, at)


def _check_options(element: Part, kind: str, at: str) -> Checked:
    options, groups = element.get("options"), element.get("option_groups")
    if not options and not groups:
        yield f"must provide at least 1 option [json-pointer:{at}/options]"
    most = MOST_OPTIONS.get(kind, 100)
    for name, found in (("options", options), ("option_groups", groups)):
        if found is not None and len(found) > most:
            yield f"no more than {most} items allowed [json-pointer:{at}/{name}]"
    known: list[Part] = list(options or ())
    for number, option in enumerate(options or ()):
        yield from _check_option(option, f"{at}/options/{number}")
    for number, group in enumerate(groups or ()):
        where = f"{at}/option_groups/{number}"
        yield from check_text(group.get("label"), f"{where}/label", most=75, plain=True)
        if len(group.get("options") or ()) > 100:
            yield f"no more than 100 items allowed [json-pointer:{where}/options]"
        for place, option in enumerate(group.get("options") or ()):
            known.append(option)
            yield from _check_option(option, f"{where}/options/{place}")
    for initial in [element.get("initial_option"), *(element.get("initial_options") or ())]:
        if initial is not None and initial not in known:
            yield f"initial option is not one of the options [json-pointer:{at}/initial_option]"


def _check_option(option: Part, at: str) -> Checked:
    yield from check_text(option.get("text"), f"{at}/text", most=75)
    value = option.get("value")
    if not isinstance(value, str) or not 0 < len(value) <= 150:
        yield f"must be less than 151 characters [json-pointer:{at}/value]"
    if option.get("description") is not None:
        yield from check_text(option["description"], f"{at}/description", most=75)


def _check_input(element: Part, at: str) -> Checked:
    most = element.get("max_length", LONGEST_INPUT)
    if not isinstance(most, int) or not 1 <= most <= LONGEST_INPUT:
        yield f"must be between 1 and {LONGEST_INPUT} [json-pointer:{at}/max_length]"
        return
    least = element.get("min_length", 0)
    if not isinstance(least, int) or not 0 <= least <= most:
        yield f"must be between 0 and max_length [json-pointer:{at}/min_length]"
    initial = element.get("initial_value")
    if initial is not None and (not isinstance(initial, str) or len(initial) > most):
        yield f"must be less than {most + 1} characters [json-pointer:{at}/initial_value]"
