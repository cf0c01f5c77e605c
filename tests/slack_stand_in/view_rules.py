"""What Slack would refuse about a modal or a home tab."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from slack_stand_in.block_rules import check_view_blocks
from slack_stand_in.element_rules import check_text
from slack_stand_in.errors import InvalidBlocksError, SlackError

LONGEST_TITLE = 24
LONGEST_METADATA = 3000


def check_view(view: Any, *, kinds: tuple[str, ...]) -> dict[str, Any]:
    """The view, or a refusal with every reason.

    Raises:
        SlackError: it is no view, of the wrong kind, or breaks a rule.
    """
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments")
    if view.get("type") not in kinds:
        reason = f"unsupported type: {view.get('type')} [json-pointer:/view/type]"
        raise InvalidBlocksError(reason, code="invalid_arguments")
    reasons = [*_check(view), *check_view_blocks(view.get("blocks"))]
    if reasons:
        raise InvalidBlocksError(*reasons, code="invalid_arguments")
    return view


def _check(view: Mapping[str, Any]) -> Iterator[str]:
    if view["type"] == "modal":
        yield from check_text(view.get("title"), "/view/title", most=LONGEST_TITLE, plain=True)
        for name in ("submit", "close"):
            if view.get(name) is not None:
                yield from check_text(view[name], f"/view/{name}", most=LONGEST_TITLE, plain=True)
        has_input = any(block.get("type") == "input" for block in view.get("blocks") or ())
        if has_input and view.get("submit") is None:
            yield "missing required field: submit [json-pointer:/view]"
    for name, most in (("private_metadata", LONGEST_METADATA), ("callback_id", 255)):
        value = view.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > most):
            yield f"must be less than {most + 1} characters [json-pointer:/view/{name}]"
