"""Block Kit's rules for blocks: what Slack would refuse with ``invalid_blocks``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from slack_stand_in.element_rules import Checked, check_element, check_text
from slack_stand_in.errors import InvalidBlocksError, SlackError

MOST_IN_MESSAGES = 50
MOST_IN_VIEWS = 100
LONGEST_MARKDOWN = 12_000
LONGEST_TOGETHER = 13_000

IN_MESSAGES = frozenset(
    {
        "actions", "alert", "call", "card", "carousel", "container", "context", "context_actions",
        "data_table", "data_visualization", "divider", "file", "header", "image", "input",
        "markdown", "plan", "rich_text", "section", "table", "task_card", "video",
    }
)  # fmt: skip
IN_VIEWS = frozenset(
    {
        "actions", "alert", "call", "card", "carousel", "container", "context", "data_table",
        "data_visualization", "divider", "header", "image", "input", "rich_text", "section",
        "table", "video",
    }
)  # fmt: skip
IN_ACTIONS = frozenset(
    {
        "button", "channels_select", "checkboxes", "conversations_select", "datepicker",
        "datetimepicker", "external_select", "multi_static_select", "overflow", "radio_buttons",
        "static_select", "timepicker", "users_select", "workflow_button",
    }
)  # fmt: skip
IN_SECTIONS = IN_ACTIONS | {"image", "multi_users_select", "multi_conversations_select"}
IN_INPUTS = frozenset(
    {
        "channels_select", "checkboxes", "conversations_select", "datepicker", "datetimepicker",
        "email_text_input", "external_select", "file_input", "multi_channels_select",
        "multi_conversations_select", "multi_external_select", "multi_static_select",
        "multi_users_select", "number_input", "plain_text_input", "radio_buttons",
        "rich_text_input", "static_select", "timepicker", "url_text_input", "users_select",
    }
)  # fmt: skip
IN_CONTEXT_ACTIONS = frozenset({"feedback_buttons", "icon_button"})


def check_message_blocks(blocks: Any) -> list[dict[str, Any]]:
    """The blocks of a message, or a refusal.

    Raises:
        InvalidBlocksError: a rule is broken.
        SlackError: they are no list of blocks, or too long all together.
    """
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise SlackError("invalid_blocks_format")
    _refuse(_check(blocks, IN_MESSAGES, most=MOST_IN_MESSAGES, where="/blocks"))
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if markdown > LONGEST_MARKDOWN:
        raise SlackError("msg_blocks_too_long")
    if sum(map(_length, blocks)) > LONGEST_TOGETHER:
        raise SlackError("msg_blocks_too_long")
    return blocks


def check_view_blocks(blocks: Any, *, where: str = "/view/blocks") -> list[str]:
    """What is wrong with the blocks of a view; nothing when the list is empty."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return [f"must be an array of blocks [json-pointer:{where}]"]
    return list(_check(blocks, IN_VIEWS, most=MOST_IN_VIEWS, where=where))


def _refuse(reasons: Iterable[str]) -> None:
    found = list(reasons)
    if found:
        raise InvalidBlocksError(*found)


def _length(part: Any) -> int:
    """Characters of everything that is text, however deep."""
    if isinstance(part, Mapping):
        own = part.get("text")
        length = len(own) if isinstance(own, str) else 0
        return length + sum(_length(value) for value in part.values())
    if isinstance(part, list):
        return sum(map(_length, part))
    return 0


def _check(
    blocks: Sequence[Mapping[str, Any]], known: frozenset[str], *, most: int, where: str
) -> Checked:
    if len(blocks) > most:
        yield f"no more than {most} items allowed [json-pointer:{where}]"
    block_ids: set[str] = set()
    for number, block in enumerate(blocks):
        at = f"{where}/{number}"
        kind = block.get("type")
        if kind not in known:
            yield f"unsupported type: {kind} [json-pointer:{at}/type]"
            continue
        block_id = block.get("block_id")
        if block_id is not None:
            if not isinstance(block_id, str) or len(block_id) > 255:
                yield f"must be less than 256 characters [json-pointer:{at}/block_id]"
            elif block_id in block_ids:
                yield f"`block_id` {block_id} already exists [json-pointer:{at}/block_id]"
            block_ids.add(str(block_id))
        yield from _check_block(block, str(kind), at)


def _check_block(block: Mapping[str, Any], kind: str, at: str) -> Checked:
    checks = {
        "section": _check_section,
        "header": _check_header,
        "markdown": _check_markdown,
        "context": _check_context,
        "actions": _check_actions,
        "context_actions": _check_context_actions,
        "input": _check_input,
    }
    check = checks.get(kind)
    if check is not None:
        yield from check(block, at)


def _check_section(block: Mapping[str, Any], at: str) -> Checked:
    text, fields = block.get("text"), block.get("fields")
    if text is None and not fields:
        yield f"must have either `text` or `fields` [json-pointer:{at}]"
    if text is not None:
        yield from check_text(text, f"{at}/text", most=3000)
    if fields is not None:
        if len(fields) > 10:
            yield f"no more than 10 items allowed [json-pointer:{at}/fields]"
        for number, field in enumerate(fields):
            yield from check_text(field, f"{at}/fields/{number}", most=2000)
    accessory = block.get("accessory")
    if accessory is not None:
        yield from _check_elements([accessory], IN_SECTIONS, f"{at}/accessory")


def _check_header(block: Mapping[str, Any], at: str) -> Checked:
    yield from check_text(block.get("text"), f"{at}/text", most=150, plain=True)


def _check_markdown(block: Mapping[str, Any], at: str) -> Checked:
    text = block.get("text")
    if not isinstance(text, str) or not text:
        yield f"must be a non-empty string [json-pointer:{at}/text]"


def _check_context(block: Mapping[str, Any], at: str) -> Checked:
    elements = block.get("elements") or []
    if not elements:
        yield f"must provide at least 1 item [json-pointer:{at}/elements]"
    if len(elements) > 10:
        yield f"no more than 10 items allowed [json-pointer:{at}/elements]"
    for number, element in enumerate(elements):
        where = f"{at}/elements/{number}"
        if element.get("type") == "image":
            yield from check_element(element, where)
        else:
            yield from check_text(element, where, most=3000)


def _check_actions(block: Mapping[str, Any], at: str) -> Checked:
    elements = block.get("elements") or []
    if not elements:
        yield f"must provide at least 1 item [json-pointer:{at}/elements]"
    if len(elements) > 25:
        yield f"no more than 25 items allowed [json-pointer:{at}/elements]"
    yield from _check_elements(elements, IN_ACTIONS, f"{at}/elements")


def _check_context_actions(block: Mapping[str, Any], at: str) -> Checked:
    elements = block.get("elements") or []
    if not elements:
        yield f"must provide at least 1 item [json-pointer:{at}/elements]"
    if len(elements) > 5:
        yield f"no more than 5 items allowed [json-pointer:{at}/elements]"
    yield from _check_elements(elements, IN_CONTEXT_ACTIONS, f"{at}/elements")


def _check_input(block: Mapping[str, Any], at: str) -> Checked:
    yield from check_text(block.get("label"), f"{at}/label", most=2000, plain=True)
    if block.get("hint") is not None:
        yield from check_text(block["hint"], f"{at}/hint", most=2000, plain=True)
    element = block.get("element")
    if not isinstance(element, Mapping):
        yield f"missing required field: element [json-pointer:{at}]"
        return
    yield from _check_elements([element], IN_INPUTS, f"{at}/element")


def _check_elements(
    elements: Sequence[Mapping[str, Any]], known: frozenset[str], at: str
) -> Iterator[str]:
    """The elements of one block; an ``action_id`` may be there once in it."""
    action_ids: set[str] = set()
    for number, element in enumerate(elements):
        where = at if len(elements) == 1 and not at.endswith("elements") else f"{at}/{number}"
        kind = element.get("type")
        if kind not in known:
            yield f"unsupported type: {kind} [json-pointer:{where}/type]"
            continue
        action_id = element.get("action_id")
        if action_id is not None and action_id in action_ids:
            yield f"`action_id` {action_id} already exists [json-pointer:{where}/action_id]"
        if action_id is not None:
            action_ids.add(str(action_id))
        yield from check_element(element, where)
