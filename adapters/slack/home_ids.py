"""Names of what can be pressed in the Home tab, and of its dialogs.

Whatever is named here may be pressed in a view that an earlier process showed: names and what the
values of buttons mean stay as they are.
"""

from __future__ import annotations

PREFIX = "ellie:home:"

SEARCH = f"{PREFIX}search"
ALL = f"{PREFIX}all"
AGAIN = f"{PREFIX}again"
PREVIOUS = f"{PREFIX}page:previous"
FOLLOWING = f"{PREFIX}page:following"
PAUSE = f"{PREFIX}pause"
RESUME = f"{PREFIX}resume"
INCOGNITO_ON = f"{PREFIX}incognito:on"
INCOGNITO_OFF = f"{PREFIX}incognito:off"
UNDO = f"{PREFIX}undo"
EXPORT = f"{PREFIX}export"
FORGET_ALL = f"{PREFIX}forget_all"

FACT = f"{PREFIX}fact"
"""The menu of a fact; its values are one of these, a colon, and the fact's number."""
EDIT = "edit"
FORGET = "forget"
PIN = "pin"
UNPIN = "unpin"
READ = "read"

POLICY = f"{PREFIX}policy"
CHANNEL_DEFAULT = f"{PREFIX}channel_default"
"""Its value is the channel's id."""
CHANNELS_PREVIOUS = f"{PREFIX}channels:previous"
CHANNELS_FOLLOWING = f"{PREFIX}channels:following"
KEPT = f"{PREFIX}kept"

CONFIRM_FORM = f"{PREFIX}confirm"
EDIT_FORM = f"{PREFIX}edit"
KEPT_FORM = f"{PREFIX}kept"
"""Dialogs, by their callback ids."""
KEPT_CHOICE = "choice"
KEPT_DAYS = "days"
"""Fields of the dialog about how long things are kept; blocks and elements are called alike."""
