"""What groups inside groups of commands are about, in English."""

from __future__ import annotations

TEXTS = {
    "help.group": "What there is under {p}{name}",
    "group.admin reset": "erase what was said by somebody, in a channel, or everywhere here",
    "group.admin policy": "what I answer and remember here, and for whom",
    "group.admin export": "files about what I keep from here",
}
