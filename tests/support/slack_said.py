"""What was said in a local Slack, and what is kept of it."""

from __future__ import annotations

from support.office import Office

NOTES = b"This house has many rooms.\n" * 40 + b"The password of the wifi is swordfish."
"""A text file."""


def known(o: Office) -> str:
    """Everything that is kept of what was said."""
    return repr(o.ellie.turns()) + repr(o.ellie.facts())


def first_lines(o: Office) -> list[str]:
    """What she said, without what she remarks below it."""
    return [said.split("\n")[0] for said in o.said()]
