"""Reading blocks as a person would, and finding what can be pressed in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Part = Mapping[str, Any]
WITH_TEXT = frozenset({"alert", "header", "markdown", "section"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """An interactive element and the block that it is in."""

    block: Part
    element: Part

    @property
    def action_id(self) -> str:
        """The name under which the app hears of it."""
        return str(self.element.get("action_id", ""))

    @property
    def kind(self) -> str:
        """The element's type."""
        return str(self.element.get("type", ""))

    @property
    def options(self) -> list[Part]:
        """Everything that can be chosen."""
        found = list(self.element.get("options") or ())
        for group in self.element.get("option_groups") or ():
            found.extend(group.get("options") or ())
        return found

    @property
    def labels(self) -> list[str]:
        """Every text that a person could press or choose."""
        if self.kind == "feedback_buttons":
            sides = (self.element.get("positive_button"), self.element.get("negative_button"))
            return [_text(side.get("text")) for side in sides if side]
        label = _text(self.element.get("text"))
        return ([label] if label else []) + [_text(option.get("text")) for option in self.options]


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("text", ""))
    return str(value or "")


def text_of_blocks(blocks: Iterable[Part]) -> str:
    """Everything readable, a line for each part; labels of buttons are not text."""
    return "\n".join(line for block in blocks for line in _lines(block) if line)


def _lines(block: Part) -> Iterator[str]:
    kind = block.get("type")
    if kind in WITH_TEXT:
        yield _text(block.get("text"))
        yield from map(_text, block.get("fields") or ())
    elif kind == "context":
        for element in block.get("elements") or ():
            yield _text(element.get("text") or element.get("alt_text"))
    elif kind == "rich_text":
        yield from map(_rich, block.get("elements") or ())
    elif kind == "input":
        yield _text(block.get("label"))
        yield _text(block.get("hint"))
    elif kind == "image":
        yield _text(block.get("title")) or str(block.get("alt_text", ""))


def _rich(part: Part) -> str:
    kind = part.get("type")
    if kind == "text":
        return str(part.get("text", ""))
    if kind == "user":
        return f"<@{part.get('user_id')}>"
    if kind == "link":
        return str(part.get("text") or part.get("url", ""))
    if kind == "emoji":
        return f":{part.get('name')}:"
    return "".join(_rich(child) for child in part.get("elements") or ())


def controls(blocks: Iterable[Part]) -> Iterator[Control]:
    """Every interactive element, in reading order."""
    for block in blocks:
        places = [block.get("accessory"), block.get("element"), *(block.get("elements") or ())]
        for element in places:
            if isinstance(element, Mapping) and element.get("action_id"):
                yield Control(block=block, element=element)


def labels(blocks: Iterable[Part]) -> list[str]:
    """Every text that can be pressed or chosen."""
    return [label for control in controls(blocks) for label in control.labels]
